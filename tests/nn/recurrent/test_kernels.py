"""The hand-written derivatives against finite differences, and the kernels against the plain equations."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from atento.nn.recurrent import attentional, equations, kernels
from atento.nn.recurrent.cells import GATES, CellKind, CellState
from atento.nn.recurrent.equations import AdditiveReader, Recurrent
from atento.nn.recurrent.packing import Packing
from atento.nn.recurrent.pointwise import tanh_

ROWS, UNITS, SIZE, ANNOTATION, SOURCE = 3, 3, 2, 4, 5
KINDS: list[CellKind] = ["rnn", "lstm", "gru"]
LENGTHS = [[3, 3, 3], [3, 2, 1], [3, 1, 0]]
Run = Callable[..., tuple[Tensor, ...]]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.double, requires_grad=True)


def packing_of(lengths: list[int]) -> Packing:
    valid = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    return Packing.of((len(lengths), max(lengths)), valid, torch.device("cpu"))


def fixed_case(kind: CellKind, lengths: list[int], module: object) -> tuple[Run, tuple[Tensor, ...]]:
    """A recurrence as a function of tensors alone, and tensors for it."""
    packing, gates = packing_of(lengths), GATES[kind] * UNITS

    def run(inputs: Tensor, weight: Tensor, bias: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, ...]:
        recurrent = Recurrent(kind, weight, bias if kind == "gru" else None)
        initial = CellState(hidden, cell if kind == "lstm" else None)
        found = module.recurrence(inputs, recurrent, initial, packing)  # type: ignore[attr-defined]
        return tuple(t for t in (found.hidden, found.final.hidden, found.final.cell) if t is not None)

    return run, (random(packing.real, gates), random(gates, UNITS), random(UNITS), random(3, UNITS), random(3, UNITS))


def attentional_case(
    kind: CellKind, lengths: list[int], module: object, mask: Tensor | None
) -> tuple[Run, tuple[Tensor, ...]]:
    packing, gates = packing_of(lengths), GATES[kind] * UNITS

    def run(
        inputs: Tensor, weight: Tensor, bias: Tensor, keys: Tensor, values: Tensor, query: Tensor, vector: Tensor,
        weight_context: Tensor, hidden: Tensor, cell: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        found = module.attentional_recurrence(  # type: ignore[attr-defined]
            inputs,
            Recurrent(kind, weight, bias if kind == "gru" else None),
            AdditiveReader(keys, values, mask, query, vector, weight_context),
            CellState(hidden, cell if kind == "lstm" else None),
            packing,
        )
        final = found.final
        return tuple(t for t in (found.hidden, found.contexts, final.hidden, final.cell) if t is not None)

    tensors = (
        random(packing.real, gates), random(gates, UNITS), random(UNITS), random(ROWS, SOURCE, SIZE),
        random(ROWS, SOURCE, ANNOTATION), random(SIZE, UNITS), random(SIZE), random(gates, ANNOTATION),
        random(ROWS, UNITS), random(ROWS, UNITS),
    )  # fmt: skip
    return run, tensors


def masks() -> list[Tensor | None]:
    return [None, torch.arange(SOURCE) < torch.tensor([[5], [3], [1]])]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_the_recurrence(kind: CellKind, lengths: list[int]) -> None:
    torch.manual_seed(0)
    run, tensors = fixed_case(kind, lengths, kernels)
    assert torch.autograd.gradcheck(run, tensors)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_the_attentional_recurrence(kind: CellKind, lengths: list[int], masked: bool) -> None:
    torch.manual_seed(0)
    run, tensors = attentional_case(kind, lengths, attentional, masks()[masked])
    assert torch.autograd.gradcheck(run, tensors)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_kernels_and_plain_equations_agree(kind: CellKind, lengths: list[int]) -> None:
    torch.manual_seed(0)
    cases = [
        (fixed_case(kind, lengths, kernels), fixed_case(kind, lengths, equations)),
        (
            attentional_case(kind, lengths, attentional, masks()[1]),
            attentional_case(kind, lengths, equations, masks()[1]),
        ),
    ]
    for (fast, tensors), (plain, _) in cases:
        ours, wanted = fast(*tensors), plain(*tensors)
        torch.testing.assert_close(ours, wanted)
        weights = [torch.randn_like(output) for output in ours]
        for found, expected in zip(
            torch.autograd.grad(ours, tensors, weights, allow_unused=True),
            torch.autograd.grad(wanted, tensors, weights, allow_unused=True),
            strict=True,
        ):
            assert (found is None) == (expected is None)
            if found is not None and expected is not None:
                torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_go_through_the_plain_equations(kind: CellKind) -> None:
    torch.manual_seed(0)
    run, tensors = fixed_case(kind, [2, 1], kernels)
    assert torch.autograd.gradgradcheck(
        lambda *a: run(*a)[0], tensors[:3] + tuple(t[:2] for t in tensors[3:]), fast_mode=True
    )
    run, tensors = attentional_case(kind, [2, 2, 1], attentional, masks()[1])
    assert torch.autograd.gradgradcheck(lambda *a: run(*a)[:2], tensors, fast_mode=True)


def test_a_source_without_tokens_has_the_zero_context() -> None:
    mask = torch.zeros(ROWS, SOURCE, dtype=torch.bool)
    for module in (attentional, equations):
        run, tensors = attentional_case("lstm", [2, 2, 2], module, mask)
        assert run(*tensors)[1].abs().max() == 0


def test_no_gradient_wanted_gives_the_same_states() -> None:
    run, tensors = attentional_case("lstm", [3, 2, 1], attentional, None)
    with torch.no_grad():
        found = run(*tensors)
    torch.testing.assert_close(found, tuple(t.detach() for t in run(*tensors)))


def test_tanh_by_the_sigmoid_is_tanh() -> None:
    values = torch.cat([torch.linspace(-30, 30, 10001), torch.logspace(-8, 0, 100)])
    assert (tanh_(values.clone()) - values.double().tanh()).abs().max() < 3e-7


def test_under_autocast_states_stay_float32() -> None:
    run, tensors = attentional_case("lstm", [3, 2, 1], attentional, None)
    single = [t.detach().float() for t in tensors]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = run(*single)
    assert {t.dtype for t in found} == {torch.float32}
    torch.testing.assert_close(found, run(*single))
