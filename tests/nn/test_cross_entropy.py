"""The chunked loss against F.cross_entropy: values and gradients, any chunk, any precision."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from atento.nn import cross_entropy
from atento.nn.cross_entropy import linear_cross_entropy


@pytest.fixture(params=[1, 3, 4, 100])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_entropy, "_CHUNK", request.param)


def example(tokens: int, dtype: torch.dtype, bias: bool) -> tuple[Tensor, nn.Linear, Tensor]:
    output = nn.Linear(5, 11, bias=bias, dtype=dtype)
    hidden = torch.randn(tokens, 5, dtype=dtype).mul_(3).requires_grad_()
    return hidden, output, torch.randint(11, (tokens,))


def gradients(loss: Tensor, hidden: Tensor, output: nn.Linear) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [hidden, *output.parameters()]))


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("tokens", [1, 8, 10])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_equals_torchs_cross_entropy(tokens: int, smoothing: float, bias: bool, dtype: torch.dtype) -> None:
    hidden, output, labels = example(tokens, dtype, bias)
    loss, likelihood = linear_cross_entropy(hidden, output, labels, smoothing)
    logits = output(hidden)
    wanted = F.cross_entropy(logits, labels, reduction="sum", label_smoothing=smoothing)
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(likelihood, F.cross_entropy(logits, labels, reduction="sum"))
    assert not likelihood.requires_grad
    found = gradients(loss * 0.25, hidden, output)
    torch.testing.assert_close(found, gradients(wanted * 0.25, hidden, output))


@pytest.mark.usefixtures("chunk")
def test_gradcheck() -> None:
    hidden, output, labels = example(6, torch.float64, True)

    def loss(hidden: Tensor, *_: Tensor) -> Tensor:
        return linear_cross_entropy(hidden, output, labels, 0.1)[0]

    assert torch.autograd.gradcheck(loss, (hidden, *output.parameters()))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_none_are_made(mode: type, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, output, labels = example(6, torch.float32, True)
    wanted = [value.detach() for value in linear_cross_entropy(hidden, output, labels, 0.1)]

    def never(*_: object) -> Tensor:
        raise AssertionError("a gradient was made")

    monkeypatch.setattr(cross_entropy, "_gradient", never)
    with mode():
        torch.testing.assert_close(list(linear_cross_entropy(hidden, output, labels, 0.1)), wanted)


@pytest.mark.parametrize("frozen", ["hidden", "output", "bias"])
def test_a_part_that_does_not_learn_gets_no_gradient(frozen: str) -> None:
    hidden, output, labels = example(6, torch.float64, True)
    learning = {"hidden": hidden, "output": output.weight, "bias": output.bias}
    learning.pop(frozen).requires_grad_(False)
    loss = linear_cross_entropy(hidden, output, labels, 0.1)[0]
    wanted = F.cross_entropy(output(hidden), labels, reduction="sum", label_smoothing=0.1)
    found = torch.autograd.grad(loss, list(learning.values()))
    torch.testing.assert_close(found, torch.autograd.grad(wanted, list(learning.values())))


def test_no_token_has_no_loss_and_zero_gradients() -> None:
    hidden, output, labels = example(0, torch.float32, True)
    loss, likelihood = linear_cross_entropy(hidden, output, labels, 0.1)
    assert loss.item() == likelihood.item() == 0
    assert all(int(gradient.count_nonzero()) == 0 for gradient in gradients(loss, hidden, output))


@pytest.mark.usefixtures("chunk")
def test_under_autocast_it_stays_close_and_gradients_keep_the_parameters_type() -> None:
    hidden, output, labels = example(10, torch.float32, True)
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = linear_cross_entropy(hidden, output, labels, 0.1)
    assert loss.dtype == torch.float32
    found = gradients(loss, hidden, output)
    wanted = F.cross_entropy(output(hidden), labels, reduction="sum", label_smoothing=0.1)
    torch.testing.assert_close(loss, wanted, rtol=0.02, atol=0)
    for one, other in zip(found, gradients(wanted, hidden, output), strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=0.02 * float(other.abs().max()), rtol=0)


def test_a_second_derivative_is_refused_and_not_wrong() -> None:
    hidden, output, labels = example(3, torch.float64, False)
    loss, _ = linear_cross_entropy(hidden, output, labels)
    (gradient,) = torch.autograd.grad(loss**2, hidden, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_a_tied_matrix_gathers_both_gradients() -> None:
    embedding = nn.Embedding(11, 5, dtype=torch.float64)
    output = nn.Linear(5, 11, bias=False, dtype=torch.float64)
    output.weight = embedding.weight
    tokens, labels = torch.randint(11, (2, 7))
    (found,) = torch.autograd.grad(linear_cross_entropy(embedding(tokens), output, labels)[0], embedding.weight)
    wanted = F.cross_entropy(output(embedding(tokens)), labels, reduction="sum")
    torch.testing.assert_close(found, torch.autograd.grad(wanted, embedding.weight)[0])
