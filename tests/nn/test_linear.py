"""oneDNN's product against PyTorch's usual one, and when each is taken."""

import copy
import gc
import pickle

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.nn import linear as module
from atento.nn.linear import Linear, linear

needs_onednn = pytest.mark.skipif(module._find_operators() is None, reason="this PyTorch has no oneDNN product")


@pytest.fixture(autouse=True)
def onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    """oneDNN is used, whoever made the processor."""
    monkeypatch.setattr(module, "_ONEDNN", module._find_operators())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that went to oneDNN."""
    shapes: list[tuple[int, ...]] = []
    real = module._multiply

    def counting(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        shapes.append((*inputs.shape[:-1], *weight.shape))
        return real(inputs, weight, bias)

    monkeypatch.setattr(module, "_multiply", counting)
    return shapes


def frozen(bias: bool = True) -> Linear:
    layer = Linear(256, 1000, bias=bias)
    return layer.requires_grad_(False)


@needs_onednn
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("shape", [(700, 1024, 48), (1, 4100, 256), (3, 4100, 256), (8, 4100, 256)])
def test_values_and_gradients_are_those_of_the_usual_product(
    shape: tuple[int, int, int], biased: bool, counted: list[tuple[int, ...]]
) -> None:
    rows, outputs, inputs = shape
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, inputs, generator=generator, requires_grad=True)
    w = torch.randn(outputs, inputs, generator=generator, requires_grad=True)
    b = torch.randn(outputs, generator=generator, requires_grad=True) if biased else None
    d = torch.randn(rows, outputs, generator=generator)
    wanted = [tensor for tensor in (x, w, b) if tensor is not None]
    found, expected = linear(x, w, b), F.linear(x, w, b)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    for ours, theirs in zip(
        torch.autograd.grad(found, wanted, d), torch.autograd.grad(expected, wanted, d), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
    assert counted == [(rows, outputs, inputs), (rows, inputs, outputs)]


@needs_onednn
def test_any_number_of_dimensions_and_any_strides(counted: list[tuple[int, ...]]) -> None:
    weight = torch.randn(4100, 256)
    inputs = torch.randn(256, 5, 3).permute(2, 1, 0)
    torch.testing.assert_close(linear(inputs, weight, None), F.linear(inputs, weight), rtol=1e-4, atol=1e-4)
    assert counted == [(3, 5, 4100, 256)]
    assert linear(torch.randn(0, 256), weight, None).shape == (0, 4100)


@pytest.mark.parametrize("learnt", [(True, False, False), (False, True, False), (False, False, True)])
def test_only_wanted_gradients_are_made(learnt: tuple[bool, ...]) -> None:
    parts = [torch.randn(64, 512), torch.randn(512, 512), torch.randn(512)]
    for part, wanted in zip(parts, learnt, strict=True):
        part.requires_grad_(wanted)
    linear(*parts).sum().backward()
    assert [part.grad is not None for part in parts] == list(learnt)


@needs_onednn
def test_small_products_and_other_types_stay_with_the_usual_one(counted: list[tuple[int, ...]]) -> None:
    layer = Linear(256, 1024)
    layer(torch.randn(8, 256))
    layer.double()(torch.randn(700, 256).double())
    with torch.autocast("cpu", torch.bfloat16):
        assert layer.float()(torch.randn(700, 256)).dtype == torch.bfloat16
    assert counted == []
    layer(torch.randn(700, 256))
    assert counted == [(700, 1024, 256)]


@needs_onednn
@pytest.mark.parametrize("rows", [1, 5, 64, 700])
@pytest.mark.parametrize("biased", [True, False])
def test_reordered_weights_give_the_same(rows: int, biased: bool) -> None:
    layer, inputs = frozen(bias=biased), torch.randn(rows, 1, 256)
    wanted = F.linear(inputs, layer.weight, layer.bias)
    with torch.inference_mode():
        torch.testing.assert_close(layer(inputs), wanted.detach(), rtol=1e-4, atol=1e-4)
    assert id(layer.weight) in module._REORDERED


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("inference", [True, False])
def test_a_sum_or_the_rectifier_may_follow(inference: bool, biased: bool) -> None:
    layer, inputs, other = frozen(bias=biased), torch.randn(5, 2, 256), torch.randn(5, 2, 1000)
    product, before = F.linear(inputs, layer.weight, layer.bias).detach(), other.clone()
    with torch.inference_mode(inference):
        torch.testing.assert_close(layer.bind()(inputs).detach(), product, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(layer.bind_rectified()(inputs).detach(), product.clamp(min=0), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(layer.bind_sum()(other, inputs).detach(), other + product, rtol=1e-4, atol=1e-4)
    assert torch.equal(other, before)


@needs_onednn
def test_reordered_weights_follow_the_weights() -> None:
    layer, inputs = frozen(), torch.randn(3, 256)

    def check() -> None:
        wanted = F.linear(inputs, layer.weight, layer.bias).detach()
        with torch.inference_mode():
            torch.testing.assert_close(layer(inputs), wanted, rtol=1e-4, atol=1e-4)

    check()
    with torch.no_grad():
        layer.weight.mul_(2)
    check()
    layer.load_state_dict(Linear(256, 1000).state_dict())
    check()
    layer.weight.data = torch.randn(1000, 256)
    check()


@pytest.mark.parametrize("fused", [True, False])
def test_weights_that_are_learnt_are_never_stale(fused: bool) -> None:
    layer, inputs = Linear(256, 1000), torch.randn(3, 256)
    optimiser = torch.optim.AdamW(layer.parameters(), lr=0.1, fused=fused)
    for _ in range(3):
        wanted = F.linear(inputs, layer.weight, layer.bias).detach()
        with torch.inference_mode():
            torch.testing.assert_close(layer(inputs), wanted, rtol=1e-4, atol=1e-4)
        layer(inputs).sum().backward()
        optimiser.step()


@needs_onednn
def test_reordered_weights_are_kept_once_and_die_with_the_weights() -> None:
    layer, inputs = frozen(), torch.randn(3, 256)
    key = id(layer.weight)
    with torch.inference_mode():
        layer(inputs)
        kept = module._REORDERED[key]
        layer(inputs)
    assert module._REORDERED[key] is kept
    copy.deepcopy(layer)
    pickle.dumps(layer)
    del layer
    gc.collect()
    assert key not in module._REORDERED


@needs_onednn
def test_weights_made_in_inference_mode_are_not_kept() -> None:
    with torch.inference_mode():
        layer, inputs = Linear(256, 1000), torch.randn(3, 256)
        first = layer(inputs)
        layer.weight.mul_(2)
        layer.bias.mul_(2)
        torch.testing.assert_close(layer(inputs), 2 * first, rtol=1e-4, atol=1e-4)
    assert id(layer.weight) not in module._REORDERED


def test_without_the_operator_the_usual_product_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ONEDNN", None)
    layer, inputs = Linear(256, 1024), torch.randn(700, 256)
    wanted = F.linear(inputs, layer.weight, layer.bias)
    assert torch.equal(layer(inputs), wanted)
    with torch.inference_mode():
        assert torch.equal(layer(inputs), wanted)


@needs_onednn
def test_intels_processors_keep_to_mkl() -> None:
    assert module._chosen("Intel(R) Xeon(R) Processor") is None
    assert module._chosen("AMD EPYC 7763 64-Core Processor") == module._find_operators()


def test_without_onednn_products_are_pytorchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ONEDNN", None)
    layer, inputs = frozen(), torch.randn(3, 256)
    with torch.inference_mode():
        assert torch.equal(layer.bind()(inputs), F.linear(inputs, layer.weight, layer.bias))
        assert torch.equal(
            layer.bind_sum()(torch.ones(3, 1000), inputs), 1 + F.linear(inputs, layer.weight, layer.bias)
        )
        assert torch.equal(layer.bind_rectified()(inputs), F.relu(F.linear(inputs, layer.weight, layer.bias)))
