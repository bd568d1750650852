"""``equations.attentional_recurrence`` as a fast kernel; see ``kernels.py`` for the method.

The score's tanh(W s + U h), the largest tensor of an attentional model, is not kept but computed again in the
backward loop, and computed as 2σ(2x) − 1 (see ``pointwise.tanh_``). With p = σ(2(W s + U h)) [S, A] the score is
vᵀ(2p − 1); the −Σv is the same for all source tokens, so the softmax needs 2 vᵀp only. With α = softmax(e) and
δ = ∂L/∂e, whose sum over the source is zero::

    ∂L/∂(W s + U h) = δ vᵀ ∘ (1 − tanh²) = 4 δ vᵀ ∘ p(1 − p)
    ∂L/∂(W s)       = 4 v ∘ δᵀ p(1 − p)
    ∂L/∂v           = δᵀ (2p − 1) = 2 δᵀ p
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from atento.nn.recurrent import equations
from atento.nn.recurrent.cells import CellState
from atento.nn.recurrent.equations import AdditiveReader, AttentionalRun, Recurrent
from atento.nn.recurrent.kernels import Gradients, Plan, differentiate
from atento.nn.recurrent.packing import Packing
from atento.nn.recurrent.pointwise import BackwardStep, ForwardStep


def applies(packing: Packing, reader: AdditiveReader) -> bool:
    """Whether the kernel can run and is worth its set-up: more than one step, one row a source."""
    return len(packing.sizes) > 1 and reader.keys.shape[0] == packing.rows


def attentional_recurrence(
    inputs: Float[Tensor, "real gates"],
    recurrent: Recurrent,
    reader: AdditiveReader,
    initial: CellState,
    packing: Packing,
) -> AttentionalRun:
    """``equations.attentional_recurrence``, fast, for one row a source; only hidden states and contexts are given."""
    dtype = recurrent.weight.dtype
    with torch.autocast(inputs.device.type, enabled=False):
        hidden, contexts, final, cell = _AttentionalRecurrence.apply(  # type: ignore[no-untyped-call]
            _AttentionalPlan(recurrent.kind, packing, reader.mask),
            inputs.to(dtype),
            recurrent.weight,
            recurrent.whole_bias,
            reader.keys.to(dtype),
            reader.values.to(dtype),
            reader.weight_query,
            reader.vector,
            reader.weight_context,
            initial.hidden.to(dtype),
            None if initial.cell is None else initial.cell.to(dtype),
        )
    return AttentionalRun(
        hidden=hidden,
        final=CellState(final, cell),
        gates=None,
        cells=None,
        contexts=contexts,
        weights=None,
        scores=None,
        queries=None,
    )


@dataclass(frozen=True, eq=False)
class _AttentionalPlan(Plan):
    mask: Tensor | None


class _Reading:
    """The look at the sources, step by step, into tensors made beforehand."""

    def __init__(self, plan: _AttentionalPlan, keys: Tensor, values: Tensor, query: Tensor, vector: Tensor) -> None:
        self.doubled_keys = keys * 2
        self.values = values
        self.doubled_query = (query * 2).t()
        self.doubled_vector = vector * 2
        self.visible = None if plan.mask is None else plan.mask.to(keys.dtype)
        self.penalty = None
        if self.visible is not None:
            self.penalty = (1 - self.visible) * torch.finfo(keys.dtype).min
        self._inner = torch.empty_like(keys)
        self._query = keys.new_empty(keys.shape[0], keys.shape[2])

    def inner(self, hidden: Tensor) -> Tensor:
        """p = σ(2(W s + U h)) of the first rows [n, S, A]; overwritten by the next call."""
        rows = hidden.shape[0]
        query = torch.mm(hidden, self.doubled_query, out=self._query[:rows])
        return torch.add(self.doubled_keys[:rows], query.unsqueeze(1), out=self._inner[:rows]).sigmoid_()

    def look(self, hidden: Tensor, weights: Tensor, context: Tensor) -> None:
        """Write the weights [n, S] and the context [n, C] of the first rows."""
        rows, source = weights.shape
        scores = torch.mv(self.inner(hidden).view(rows * source, -1), self.doubled_vector).view(rows, source)
        if self.penalty is not None:
            scores.add_(self.penalty[:rows])
        torch.softmax(scores, dim=-1, out=weights)
        if self.visible is not None:
            weights.mul_(self.visible[:rows])  # a source without any token has the zero context
        torch.bmm(weights.unsqueeze(1), self.values[:rows], out=context.unsqueeze(1))


class _AttentionalRecurrence(torch.autograd.Function):
    """hidden, contexts, final hidden, final cell (None where there is none)."""

    @staticmethod
    def forward(
        ctx: Any,
        plan: _AttentionalPlan,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        keys: Tensor,
        values: Tensor,
        query: Tensor,
        vector: Tensor,
        weight_context: Tensor,
        initial: Tensor,
        initial_cell: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        cell, units, real = plan.cell, weight.shape[1], inputs.shape[0]
        reading = _Reading(plan, keys, values, query, vector)
        weight_both = torch.cat([weight, weight_context], dim=1)
        gates = torch.empty_like(inputs)
        hidden = inputs.new_empty(real, units)
        # [s₍i₋₁₎ | cᵢ] side by side: one product drives the state, and one gives both weights' gradients
        driving = inputs.new_empty(real, units + values.shape[2])
        weights = inputs.new_empty(real, keys.shape[1])
        kept = torch.empty_like(hidden) if cell.keeps else None
        previous, previous_kept = initial, initial_cell
        for start, size in plan.packing.slices():
            now = slice(start, start + size)
            before, context = driving[now, :units], driving[now, units:]
            before.copy_(previous[:size])
            reading.look(before, weights[now], context)
            recurrent = None
            if cell.separate:
                torch.addmm(inputs[now], context, weight_context.t(), out=gates[now])
                recurrent = before @ weight.t() if bias is None else torch.addmm(bias, before, weight.t())
            else:
                torch.addmm(inputs[now], driving[now], weight_both.t(), out=gates[now])
            kept_now = None if kept is None else kept[now]
            past_kept = None if previous_kept is None else previous_kept[:size]
            cell.forward(ForwardStep(gates[now], recurrent, before, past_kept, hidden[now], kept_now))
            previous, previous_kept = hidden[now], kept_now
        final = plan.finals(hidden, initial)
        final_cell = None if initial_cell is None or kept is None else plan.finals(kept, initial_cell)
        ctx.plan = plan
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(
            inputs, weight, bias, keys, values, query, vector, weight_context, initial, initial_cell,
            gates, driving, weights, kept,
        )  # fmt: skip
        return hidden, driving[:, units:].clone(), final, final_cell

    @staticmethod
    def backward(ctx: Any, *d_outputs: Tensor | None) -> Gradients:
        with torch.autocast(ctx.saved_tensors[0].device.type, enabled=False):
            again = torch.is_grad_enabled()
            return (None, *(_plain_gradients(ctx, d_outputs) if again else _Backward(ctx, d_outputs).run()))


class _Backward:
    """The backward loop: its tensors, one step, and the products after the loop."""

    def __init__(self, ctx: Any, d_outputs: tuple[Tensor | None, ...]) -> None:
        (
            self.inputs, self.weight, self.bias, self.keys, self.values, self.query, self.vector, self.weight_context,
            self.initial, self.initial_cell, self.gates, self.driving, self.weights, self.kept,
        ) = ctx.saved_tensors  # fmt: skip
        self.plan: _AttentionalPlan = ctx.plan
        self.cell = self.plan.cell
        self.units = self.weight.shape[1]
        self.d_hidden, self.d_contexts, d_final, d_final_cell = d_outputs
        self.d_state = torch.zeros_like(self.initial) if d_final is None else d_final.clone()
        self.d_cell = None
        if self.initial_cell is not None:
            self.d_cell = torch.zeros_like(self.initial_cell) if d_final_cell is None else d_final_cell.clone()
        rows, source, size = self.keys.shape
        steps = len(self.plan.packing.sizes)
        new = self.inputs.new_empty
        self.reading = _Reading(self.plan, self.keys, self.values, self.query, self.vector)
        self.weight_both = torch.cat([self.weight, self.weight_context], dim=1)
        self.d_inputs = torch.empty_like(self.inputs)
        self.d_recurrent = torch.empty_like(self.inputs) if self.cell.separate else self.d_inputs
        self.d_query = new(self.inputs.shape[0], size)
        self.d_keys = torch.zeros_like(self.keys)
        self.d_vector = torch.zeros_like(self.vector)
        # padded, zero where a row has ended: the values' gradient is one batched product of both
        self.padded_weights = self.inputs.new_zeros(steps, rows, source)
        self.d_context = self.inputs.new_zeros(steps, rows, self.values.shape[2])
        self.d_driving = new(rows, self.driving.shape[1])
        self.scratch = new(2, rows, self.units)
        self.slope = torch.empty_like(self.keys)

    def run(self) -> Gradients:
        """All gradients, in the order of the forward arguments after the plan."""
        slices = self.plan.packing.slices()
        for step in range(len(slices) - 1, -1, -1):
            past = slices[step - 1][0] if step else None
            self._step(step, *slices[step], past)
        if self.cell.separate:
            d_weight = self.d_recurrent.t() @ self.driving[:, : self.units]
            d_weight_context = self.d_inputs.t() @ self.driving[:, self.units :]
        else:
            d_weight, d_weight_context = (self.d_inputs.t() @ self.driving).split(
                [self.units, self.values.shape[2]], dim=1
            )
        return (
            self.d_inputs,
            d_weight,
            self.d_recurrent.sum(dim=0) if self.cell.separate else None,
            self.d_keys.mul_(4 * self.vector),
            torch.bmm(self.padded_weights.permute(1, 2, 0), self.d_context.transpose(0, 1)),
            self.d_query.t() @ self.driving[:, : self.units],
            self.d_vector.mul_(2),
            d_weight_context,
            self.d_state,
            self.d_cell,
        )

    def _step(self, step: int, start: int, size: int, past: int | None) -> None:
        now, d_now = slice(start, start + size), self.d_state[:size]
        before = self.driving[now, : self.units]
        if self.d_hidden is not None:
            d_now.add_(self.d_hidden[now])
        past_kept = None
        if self.initial_cell is not None:
            past_kept = self.initial_cell[:size] if past is None else self.kept[past : past + size]
        self.cell.backward(
            BackwardStep(
                self.gates[now],
                before,
                past_kept,
                self.kept[now] if self.kept is not None else None,
                d_now,
                self.d_cell[:size] if self.d_cell is not None else None,
                self.d_inputs[now],
                self.d_recurrent[now] if self.cell.separate else None,
                self.scratch[:, :size],
            )
        )
        d_context = self.d_context[step, :size]
        if self.cell.separate:
            d_now.addmm_(self.d_recurrent[now], self.weight)
            torch.mm(self.d_inputs[now], self.weight_context, out=d_context)
        else:
            d_driving = torch.mm(self.d_inputs[now], self.weight_both, out=self.d_driving[:size])
            d_now.copy_(d_driving[:, : self.units])
            d_context.copy_(d_driving[:, self.units :])
        if self.d_contexts is not None:
            d_context.add_(self.d_contexts[now])
        self._look(step, now, before, d_now, d_context)

    def _look(self, step: int, now: slice, before: Tensor, d_state: Tensor, d_context: Tensor) -> None:
        """Through the weights and scores to the previous state, the keys and the score's parameters."""
        rows = before.shape[0]
        weights = self.weights[now]
        self.padded_weights[step, :rows] = weights
        d_scores = torch.bmm(self.values[:rows], d_context.unsqueeze(2)).squeeze(2)
        d_scores = torch._softmax_backward_data(d_scores, weights, -1, weights.dtype)
        inner = self.reading.inner(before)
        self.d_vector.addmv_(inner.view(-1, inner.shape[2]).t(), d_scores.view(-1))
        slope = torch.addcmul(inner, inner, inner, value=-1, out=self.slope[:rows])
        self.d_keys[:rows].addcmul_(slope, d_scores.unsqueeze(2))
        d_query = self.d_query[now]
        torch.bmm(d_scores.unsqueeze(1), slope, out=d_query.unsqueeze(1))
        d_query.mul_(self.vector).mul_(4)
        d_state.addmm_(d_query, self.query)


def _plain_gradients(ctx: Any, d_outputs: tuple[Tensor | None, ...]) -> Gradients:
    """The same gradients by the plain equations, so that they can be differentiated again."""
    inputs, weight, bias, keys, values, query, vector, weight_context, initial, initial_cell, *_ = ctx.saved_tensors
    plan: _AttentionalPlan = ctx.plan
    candidate = None if bias is None else bias[-weight.shape[1] :]
    run = equations.attentional_recurrence(
        inputs,
        Recurrent(plan.kind, weight, candidate),
        AdditiveReader(keys, values, plan.mask, query, vector, weight_context),
        CellState(initial, initial_cell),
        plan.packing,
    )
    return differentiate(
        (run.hidden, run.contexts, run.final.hidden, run.final.cell),
        d_outputs,
        (inputs, weight, bias, keys, values, query, vector, weight_context, initial, initial_cell),
    )
