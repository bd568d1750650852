"""The recurrences as fast kernels: ``equations.recurrence`` with the loop over the steps differentiated by hand.

Why: autograd over a Python loop records a dozen nodes a step, keeps every intermediate tensor, and adds up the weights'
gradients step by step. Here a step is matrix products and pointwise work in place; only activated gates and states are
kept; and each weight's gradient is one large product after the loop. No compiler is needed: it is all ATen calls. The
attentional kernel is in ``attentional.py``.

Second derivatives (``create_graph=True``) go through the plain equations.

Why not ``torch.nn.LSTM``: ``benchmarks/recurrent_encoder.py`` (two directions, 256 → 512, 100 rows, forwards and
backwards, milliseconds of one core) gives, for lengths 28 ± 4 and for equal lengths::

            this          PackedSequence    padded, each row reversed inside its length
    LSTM    732    679    1052    552       757    547    (oneDNN's kernel)
    GRU     517    512     796    660       804    552
    RNN     175    181     279    236       243    202

Batches of sorted sentences are ragged on at least one side, so this one runs always. oneDNN's matrix products are about
a tenth faster than those of MKL, which ``mm`` calls, on the AMD processor measured: the advantage at equal lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from atento.nn.recurrent import equations
from atento.nn.recurrent.cells import CellKind, CellState
from atento.nn.recurrent.equations import Recurrent, Run
from atento.nn.recurrent.packing import Packing
from atento.nn.recurrent.pointwise import POINTWISE, BackwardStep, ForwardStep, Pointwise

Gradients = tuple[Tensor | None, ...]


def applies(packing: Packing) -> bool:
    """Whether a kernel is worth its set-up: for a single step the plain equations are faster."""
    return len(packing.sizes) > 1


def recurrence(inputs: Float[Tensor, "real gates"], recurrent: Recurrent, initial: CellState, packing: Packing) -> Run:
    """``equations.recurrence``, fast."""
    with torch.autocast(inputs.device.type, enabled=False):
        hidden, final, cell, *_ = _Recurrence.apply(  # type: ignore[no-untyped-call]
            Plan(recurrent.kind, packing),
            inputs.to(recurrent.weight.dtype),
            recurrent.weight,
            recurrent.whole_bias,
            initial.hidden.to(recurrent.weight.dtype),
            None if initial.cell is None else initial.cell.to(recurrent.weight.dtype),
        )
    return Run(hidden, CellState(final, cell), None, None)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is no tensor: the cell, and which rows are alive at each step."""

    kind: CellKind
    packing: Packing

    @property
    def cell(self) -> Pointwise:
        """The cell's pointwise work."""
        return POINTWISE[self.kind]

    def finals(self, packed: Tensor, initial: Tensor) -> Tensor:
        """Each row's last packed vector; ``initial`` where a row has none."""
        slices = self.packing.slices()
        if self.packing.uniform:
            return packed[slices[-1][0] :].clone()
        final, below = initial.clone(), 0
        for start, size in reversed(slices):
            final[below:size] = packed[start + below : start + size]
            below = size
        return final


class _Recurrence(torch.autograd.Function):
    """hidden, final hidden, final cell (None where there is none) of packed pre-activations."""

    @staticmethod
    def forward(
        ctx: Any,
        plan: Plan,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        initial: Tensor,
        initial_cell: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        cell, units = plan.cell, weight.shape[1]
        gates = torch.empty_like(inputs)
        hidden = inputs.new_empty(inputs.shape[0], units)
        kept = torch.empty_like(hidden) if cell.keeps else None
        previous, previous_kept = initial, initial_cell
        for start, size in plan.packing.slices():
            now, before = slice(start, start + size), previous[:size]
            recurrent = None
            if cell.separate:
                gates[now] = inputs[now]
                recurrent = _product(before, weight, bias)
            else:
                torch.addmm(inputs[now], before, weight.t(), out=gates[now])
            kept_now = None if kept is None else kept[now]
            cell.forward(ForwardStep(gates[now], recurrent, before, _first(previous_kept, size), hidden[now], kept_now))
            previous, previous_kept = hidden[now], kept_now
        final = plan.finals(hidden, initial)
        final_cell = None if initial_cell is None or kept is None else plan.finals(kept, initial_cell)
        ctx.plan = plan
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(inputs, weight, bias, initial, initial_cell, gates, hidden, kept)
        return hidden, final, final_cell

    @staticmethod
    def backward(ctx: Any, *d_outputs: Tensor | None) -> Gradients:
        with torch.autocast(ctx.saved_tensors[0].device.type, enabled=False):
            return (None, *(_plain_gradients if torch.is_grad_enabled() else _gradients)(ctx, d_outputs))


def _gradients(ctx: Any, d_outputs: tuple[Tensor | None, ...]) -> Gradients:
    """Back through the steps, then one product a weight."""
    inputs, weight, _, initial, initial_cell, gates, hidden, kept = ctx.saved_tensors
    plan: Plan = ctx.plan
    cell, units = plan.cell, weight.shape[1]
    d_hidden, d_final, d_final_cell = d_outputs
    d_state = torch.zeros_like(initial) if d_final is None else d_final.clone(memory_format=torch.contiguous_format)
    d_cell = None
    if initial_cell is not None:
        d_cell = torch.zeros_like(initial_cell) if d_final_cell is None else d_final_cell.clone()
    d_inputs = torch.empty_like(inputs)
    d_recurrent = torch.empty_like(inputs) if cell.separate else d_inputs
    scratch = inputs.new_empty(2, initial.shape[0], units)
    slices = plan.packing.slices()
    for step in range(len(slices) - 1, -1, -1):
        start, size = slices[step]
        now, d_now = slice(start, start + size), d_state[:size]
        past = slice(slices[step - 1][0], slices[step - 1][0] + size)
        if d_hidden is not None:
            d_now.add_(d_hidden[now])
        cell.backward(
            BackwardStep(
                gates[now],
                hidden[past] if step else initial[:size],
                (kept[past] if step else initial_cell[:size]) if initial_cell is not None else None,
                kept[now] if kept is not None else None,
                d_now,
                _first(d_cell, size),
                d_inputs[now],
                d_recurrent[now] if cell.separate else None,
                scratch[:, :size],
            )
        )
        if cell.separate:
            d_now.addmm_(d_recurrent[now], weight)
        else:
            torch.mm(d_inputs[now], weight, out=d_now)
    d_weight = d_recurrent.t() @ plan.packing.previous(hidden, initial)
    d_bias = d_recurrent.sum(dim=0) if cell.separate else None
    return d_inputs, d_weight, d_bias, d_state, d_cell


def _plain_gradients(ctx: Any, d_outputs: tuple[Tensor | None, ...]) -> Gradients:
    """The same gradients by the plain equations, so that they can be differentiated again."""
    inputs, weight, bias, initial, initial_cell, *_ = ctx.saved_tensors
    plan: Plan = ctx.plan
    candidate = None if bias is None else bias[-weight.shape[1] :]
    run = equations.recurrence(
        inputs, Recurrent(plan.kind, weight, candidate), CellState(initial, initial_cell), plan.packing
    )
    return differentiate(
        (run.hidden, run.final.hidden, run.final.cell), d_outputs, (inputs, weight, bias, initial, initial_cell)
    )


def differentiate(
    outputs: tuple[Tensor | None, ...], d_outputs: tuple[Tensor | None, ...], inputs: tuple[Tensor | None, ...]
) -> Gradients:
    """The gradients by ``inputs``, with a graph; None for an input that needs none."""
    pairs = [(o, d) for o, d in zip(outputs, d_outputs, strict=True) if o is not None and d is not None]
    wanted = [tensor for tensor in inputs if tensor is not None and tensor.requires_grad]
    found = iter(
        torch.autograd.grad(
            [output for output, _ in pairs], wanted, [d for _, d in pairs], create_graph=True, allow_unused=True
        )
    )
    return tuple(next(found) if tensor is not None and tensor.requires_grad else None for tensor in inputs)


def _product(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return hidden @ weight.t() if bias is None else torch.addmm(bias, hidden, weight.t())


def _first(tensor: Tensor | None, rows: int) -> Tensor | None:
    return None if tensor is None else tensor[:rows]
