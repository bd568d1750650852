"""oneDNN's product against PyTorch's usual one, and when each is taken."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.nn import linear as module
from atento.nn.linear import Linear, linear

needs_onednn = pytest.mark.skipif(module._ONEDNN is None, reason="this PyTorch has no oneDNN product")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that went to oneDNN."""
    shapes: list[tuple[int, ...]] = []
    real = module._ONEDNN

    def counting(inputs: Tensor, weight: Tensor, bias: Tensor | None, *rest: object) -> Tensor:
        shapes.append((*inputs.shape[:-1], *weight.shape))
        assert real is not None
        return real(inputs, weight, bias, *rest)  # type: ignore[arg-type]

    if real is not None:
        monkeypatch.setattr(module, "_ONEDNN", counting)
    return shapes


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


def test_without_the_operator_the_usual_product_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ONEDNN", None)
    layer, inputs = Linear(256, 1024), torch.randn(700, 256)
    assert torch.equal(layer(inputs), F.linear(inputs, layer.weight, layer.bias))
