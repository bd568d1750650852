"""What one step of a recurrent layer shows: its gates, an LSTM's cell and the new state, in the encoder and decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jaxtyping import Float
from torch import Tensor

from atento.nn.capture import Trace
from atento.nn.recurrent.cells import GATES, CellKind

GATE_NAMES: Final[Mapping[CellKind, tuple[str, ...]]] = {
    "rnn": (),
    "gru": ("reset_gate", "update_gate", "candidate"),
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate"),
}
"""In the order in which ``gates`` has them; the simple RNN's one is its state."""
EQUATIONS_OF: Final[Mapping[CellKind, tuple[str, ...]]] = {
    "rnn": ("rnn.state",),
    "gru": ("gru.reset", "gru.update", "gru.candidate", "gru.state"),
    "lstm": ("lstm.input", "lstm.forget", "lstm.candidate", "lstm.output", "lstm.cell", "lstm.state"),
}


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What a layer reported of one row, by step (or token)."""

    hidden: Float[Tensor, "steps units"]
    gates: Float[Tensor, "steps gates units"] | None
    """None of a simple RNN."""
    cells: Float[Tensor, "steps units"] | None
    """Of an LSTM."""

    @classmethod
    def of(cls, trace: Trace, name: str, cell: CellKind) -> Steps:
        """The latest reports of a layer."""
        hidden = trace.last(name, "hidden")[0]
        gates = trace.last(name, "gates")[0].view(len(hidden), GATES[cell], -1) if GATE_NAMES[cell] else None
        cells = trace.last(name, "cells")[0] if cell == "lstm" else None
        return cls(hidden=hidden, gates=gates, cells=cells)
