"""The recurrent cells: tanh RNN, LSTM, GRU, as pure functions of their pre-activations.

A cell reads ``inputs`` = W x + b (and C c, where a context enters the state) and ``recurrent`` = U h₍t₋₁₎ (+ b′ in
a GRU's candidate). The order of the gates in the stacked weights is PyTorch's: LSTM i, f, g, o (Hochreiter and
Schmidhuber 1997, with a forget gate and without peepholes); GRU r, z, n.

The GRU follows PyTorch's and cuDNN's convention, which differs from the papers' in two ways::

    Cho et al. 2014, encoder     h̃ = tanh(W x + U (r ∘ h₍t₋₁₎));             h = z ∘ h₍t₋₁₎ + (1 − z) ∘ h̃
    Cho et al. 2014, decoder     h̃ = tanh(W x + r ∘ (U h₍t₋₁₎ + C c));       h = z ∘ h₍t₋₁₎ + (1 − z) ∘ h̃
    Bahdanau et al. 2015, A.1.1  s̃ = tanh(W x + U (r ∘ s₍i₋₁₎) + C c);       s = (1 − z) ∘ s₍i₋₁₎ + z ∘ s̃
    here                         n = tanh(W x + C c + r ∘ (U h₍t₋₁₎ + b′));  h = z ∘ h₍t₋₁₎ + (1 − z) ∘ n

Bahdanau's z is 1 − ours (the same function class: negate its weights). Resetting after the product rather than before
it (as Cho's decoder does, which resets the context, too) is a slightly different function of about the same quality; it
lets all of U h₍t₋₁₎ be one matrix product, which fused kernels need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

CellKind = Literal["rnn", "lstm", "gru"]

GATES: dict[CellKind, int] = {"rnn": 1, "lstm": 4, "gru": 3}
"""How many vectors of ``units`` a cell's pre-activations hold."""


@dataclass(frozen=True)
class CellState:
    """What one recurrent layer hands from step to step."""

    hidden: Float[Tensor, "rows units"]
    cell: Float[Tensor, "rows units"] | None = None
    """Only an LSTM has one."""

    def select(self, rows: Int[Tensor, " new"]) -> CellState:
        """The state of these rows, in this order."""
        return CellState(
            self.hidden.index_select(0, rows), None if self.cell is None else self.cell.index_select(0, rows)
        )

    def first(self, rows: int) -> CellState:
        """The state of the first rows."""
        if rows == self.hidden.shape[0]:
            return self
        return CellState(self.hidden[:rows], None if self.cell is None else self.cell[:rows])

    def replace_first(self, new: CellState) -> CellState:
        """This state with its first rows replaced."""
        rows = new.hidden.shape[0]
        if rows == self.hidden.shape[0]:
            return new
        hidden = torch.cat([new.hidden, self.hidden[rows:]])
        if new.cell is None or self.cell is None:
            return CellState(hidden)
        return CellState(hidden, torch.cat([new.cell, self.cell[rows:]]))


Step = tuple[CellState, Float[Tensor, "rows gates"]]
"""The new state and the activated gates."""


def rnn_cell(inputs: Float[Tensor, "rows gates"], recurrent: Float[Tensor, "rows gates"]) -> Step:
    """h = tanh(W x + U h₍t₋₁₎) (Elman 1990)."""
    hidden = torch.tanh(inputs + recurrent)
    return CellState(hidden), hidden


def lstm_cell(inputs: Float[Tensor, "rows gates"], recurrent: Float[Tensor, "rows gates"], previous: CellState) -> Step:
    """c = f ∘ c₍t₋₁₎ + i ∘ g, h = o ∘ tanh(c)."""
    assert previous.cell is not None
    i, f, g, o = (inputs + recurrent).chunk(4, dim=-1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cell = f * previous.cell + i * g
    return CellState(o * cell.tanh(), cell), torch.cat([i, f, g, o], dim=-1)


def gru_cell(inputs: Float[Tensor, "rows gates"], recurrent: Float[Tensor, "rows gates"], previous: CellState) -> Step:
    """n = tanh(W x + r ∘ (U h₍t₋₁₎ + b′)), h = n + z ∘ (h₍t₋₁₎ − n)."""
    r, z, n = inputs.chunk(3, dim=-1)
    recurrent_r, recurrent_z, recurrent_n = recurrent.chunk(3, dim=-1)
    r, z = (r + recurrent_r).sigmoid(), (z + recurrent_z).sigmoid()
    n = torch.tanh(n + r * recurrent_n)
    return CellState(n + z * (previous.hidden - n)), torch.cat([r, z, n], dim=-1)


def cell_step(
    kind: CellKind,
    inputs: Float[Tensor, "rows gates"],
    recurrent: Float[Tensor, "rows gates"],
    previous: CellState,
) -> Step:
    """One step of the given cell."""
    match kind:
        case "rnn":
            return rnn_cell(inputs, recurrent)
        case "lstm":
            return lstm_cell(inputs, recurrent, previous)
        case "gru":
            return gru_cell(inputs, recurrent, previous)
