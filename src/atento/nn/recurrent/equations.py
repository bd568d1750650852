"""The recurrences written as their papers have them: plain loops over the steps, differentiated by autograd.

They are the reference for the fast kernels (``kernels.py``), the path that is taken while somebody listens or where a
second derivative is wanted, and the fastest way to make a single step. All work in the layout of ``packing.Packing``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool, Float
from torch import Tensor

from atento.nn.attention import additive_scores, attend
from atento.nn.recurrent.cells import CellKind, CellState, cell_step
from atento.nn.recurrent.packing import Packing


@dataclass(frozen=True)
class Recurrent:
    """The recurrent part of a layer: U and, for a GRU, the bias b′ of its candidate."""

    kind: CellKind
    weight: Float[Tensor, "gates units"]
    bias: Float[Tensor, " units"] | None = None

    @property
    def whole_bias(self) -> Float[Tensor, " gates"] | None:
        """b′ for all gates: the candidate comes last."""
        return None if self.bias is None else F.pad(self.bias, (self.weight.shape[0] - self.bias.shape[0], 0))


@dataclass(frozen=True)
class AdditiveReader:
    """What an attentional recurrence needs to read its sources (Bahdanau et al. 2015, A.1.2 and A.2.2)."""

    keys: Float[Tensor, "sources source attention"]
    """U h, made once."""
    values: Float[Tensor, "sources source annotation"]
    mask: Bool[Tensor, "sources source"] | None
    """None where no source is padded."""
    weight_query: Float[Tensor, "attention units"]
    """W."""
    vector: Float[Tensor, " attention"]
    """v."""
    weight_context: Float[Tensor, "gates annotation"]
    """C: how the context enters the state."""

    def first(self, sources: int) -> AdditiveReader:
        """The reader of the first sources."""
        if sources == self.keys.shape[0]:
            return self
        mask = None if self.mask is None else self.mask[:sources]
        return AdditiveReader(
            self.keys[:sources], self.values[:sources], mask, self.weight_query, self.vector, self.weight_context
        )


@dataclass(frozen=True)
class Look:
    """One look at the sources; rows are grouped by source (see ``nn.protocols``)."""

    context: Float[Tensor, "rows annotation"]
    weights: Float[Tensor, "rows source"]
    scores: Float[Tensor, "rows source"]
    queries: Float[Tensor, "rows attention"]
    """W s."""


@dataclass(frozen=True)
class Run:
    """What a recurrence computed, packed, and every row's last state (sorted).

    The fast kernels give neither gates nor cells, and the plain equations give cells of an LSTM alone.
    """

    hidden: Float[Tensor, "real units"]
    final: CellState
    gates: Float[Tensor, "real gates"] | None
    cells: Float[Tensor, "real units"] | None


@dataclass(frozen=True)
class AttentionalRun(Run):
    """With attention, also the contexts and, by the plain equations, how they came about, one row a packed element."""

    contexts: Float[Tensor, "real annotation"]
    weights: Float[Tensor, "real source"] | None
    scores: Float[Tensor, "real source"] | None
    queries: Float[Tensor, "real attention"] | None


def look(reader: AdditiveReader, hidden: Float[Tensor, "rows units"]) -> Look:
    """αᵢⱼ = softmaxⱼ(vᵀ tanh(W sᵢ₋₁ + U hⱼ)), cᵢ = Σⱼ αᵢⱼ hⱼ (Bahdanau et al. 2015, eqs. 5 and 6)."""
    sources = reader.keys.shape[0]
    queries = F.linear(hidden, reader.weight_query).view(sources, -1, reader.keys.shape[-1])  # [sources, n, A]
    mask = None if reader.mask is None else reader.mask.unsqueeze(1)
    scores = additive_scores(queries, reader.keys, reader.vector)  # [sources, n, S]
    context, weights = attend(scores, reader.values, mask)
    return Look(*(part.flatten(0, 1) for part in (context, weights, scores, queries)))


def recurrence(inputs: Float[Tensor, "real gates"], recurrent: Recurrent, initial: CellState, packing: Packing) -> Run:
    """hₜ = cell(inputsₜ, h₍t₋₁₎) for every step; ``initial`` is sorted as the packing's rows."""
    state, states, gates = initial, [], []
    bias = recurrent.whole_bias
    for start, size in packing.slices():
        previous = state.first(size)
        projected = F.linear(previous.hidden, recurrent.weight, bias)
        new, activated = cell_step(recurrent.kind, inputs[start : start + size], projected, previous)
        state = state.replace_first(new)
        states.append(new)
        gates.append(activated)
    return Run(join_hidden(states), state, _join(gates), join_cells(states))


def attentional_recurrence(
    inputs: Float[Tensor, "real gates"],
    recurrent: Recurrent,
    reader: AdditiveReader,
    initial: CellState,
    packing: Packing,
) -> AttentionalRun:
    """sᵢ = cell(inputsᵢ + C cᵢ, sᵢ₋₁), where cᵢ is read with the previous state sᵢ₋₁ (Bahdanau et al. 2015, A.2.2).

    The reader's sources are sorted as the packing's rows; they may be fewer than the rows where all rows have equal
    lengths.
    """
    state, states, gates = initial, [], []
    looks: list[Look] = []
    bias = recurrent.whole_bias
    group = initial.hidden.shape[0] // reader.keys.shape[0]
    for start, size in packing.slices():
        previous = state.first(size)
        seen = look(reader.first(size // group), previous.hidden)
        projected = F.linear(previous.hidden, recurrent.weight, bias)
        driven = inputs[start : start + size] + F.linear(seen.context, reader.weight_context)
        new, activated = cell_step(recurrent.kind, driven, projected, previous)
        state = state.replace_first(new)
        states.append(new)
        gates.append(activated)
        looks.append(seen)
    return AttentionalRun(
        hidden=join_hidden(states),
        final=state,
        gates=_join(gates),
        cells=join_cells(states),
        contexts=_join([seen.context for seen in looks]),
        weights=_join([seen.weights for seen in looks]),
        scores=_join([seen.scores for seen in looks]),
        queries=_join([seen.queries for seen in looks]),
    )


def join_hidden(states: list[CellState]) -> Float[Tensor, "real units"]:
    """The hidden states of all steps, packed."""
    return _join([state.hidden for state in states])


def join_cells(states: list[CellState]) -> Float[Tensor, "real units"] | None:
    """The cells of all steps, packed; only an LSTM has some."""
    cells = [state.cell for state in states if state.cell is not None]
    return _join(cells) if cells else None


def _join(pieces: list[Tensor]) -> Tensor:
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)
