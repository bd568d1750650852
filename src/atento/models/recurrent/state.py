"""What the recurrent decoder keeps: its sources (memory) and the states of its layers (state)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.nn.recurrent.cells import CellState


@dataclass(frozen=True, kw_only=True)
class RecurrentMemory:
    """Per-source constants; see ``nn.protocols.Memory``."""

    initial: tuple[CellState, ...]
    """The decoder's first state, one a layer."""
    annotations: Float[Tensor, "sources source annotation"] | None = None
    """With attention: what is read."""
    keys: Float[Tensor, "sources source attention"] | None = None
    """With attention: projected annotations that queries are compared with."""
    mask: Bool[Tensor, "sources source"] | None = None
    """None where no source is padded."""
    positions: Int[Tensor, "sources source"] | None = None
    """With Luong's attention: each token's place in the order in which the encoder read, 0 at padding."""
    lengths: Int[Tensor, " sources"] | None = None
    """With Luong's attention: S, how many tokens each source has."""
    context: Float[Tensor, "sources annotation"] | None = None
    """Without attention: the one context, where the output reads it."""
    drive: Float[Tensor, "sources gates"] | None = None
    """Without attention: C c, the context projected to the gates, where it drives the state."""

    @property
    def sources(self) -> int:
        """How many sources it holds."""
        return self.initial[0].hidden.shape[0]

    def select(self, sources: Int[Tensor, " kept"]) -> RecurrentMemory:
        """The memory of these sources alone."""

        def chosen(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.index_select(0, sources)

        return RecurrentMemory(
            initial=tuple(state.select(sources) for state in self.initial),
            annotations=chosen(self.annotations),
            keys=chosen(self.keys),
            mask=chosen(self.mask),
            positions=chosen(self.positions),
            lengths=chosen(self.lengths),
            context=chosen(self.context),
            drive=chosen(self.drive),
        )


@dataclass(frozen=True)
class RecurrentState:
    """See ``nn.protocols.State``. It owns no buffers: a state may be continued any number of times."""

    layers: tuple[CellState, ...]
    lengths: Int[Tensor, " rows"]
    width: int = 1
    """Rows that each source has."""
    attentional: Float[Tensor, "rows attentional"] | None = None
    """With input feeding: h̃ of the last step, zeros at the start (Luong et al. 2015, 3.3)."""

    def reorder(self, parents: Int[Tensor, "sources width"]) -> RecurrentState:
        """Let row ``i`` of source ``s`` continue its row ``parents[s, i]``."""
        first = torch.arange(0, len(self.lengths), self.width, device=parents.device)
        return self.of_rows((parents + first.unsqueeze(1)).flatten(), parents.shape[1])

    def select(self, sources: Int[Tensor, " kept"]) -> RecurrentState:
        """The state of these sources alone."""
        places = torch.arange(self.width, device=sources.device)
        return self.of_rows((sources.unsqueeze(1) * self.width + places).flatten(), self.width)

    def of_rows(self, rows: Int[Tensor, " rows"], width: int) -> RecurrentState:
        """The state of these rows, in this order, ``width`` of them a source."""
        layers = tuple(layer.select(rows) for layer in self.layers)
        attentional = None if self.attentional is None else self.attentional.index_select(0, rows)
        return RecurrentState(layers, self.lengths.index_select(0, rows), width, attentional)
