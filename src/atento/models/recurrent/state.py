"""What the recurrent decoder keeps: its sources (memory) and the states of its layers (state)."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.nn.recurrent.cells import CellState


@dataclass(frozen=True, kw_only=True)
class RecurrentMemory:
    """Per-source constants; see ``nn.protocols.Memory``."""

    initial: tuple[CellState, ...]
    """The decoder's first state, one a layer."""
    annotations: Float[Tensor, "sources source annotation"] | None = None
    """With attention: what is read …"""
    keys: Float[Tensor, "sources source attention"] | None = None
    """… and U h, which finds it."""
    mask: Bool[Tensor, "sources source"] | None = None
    """None where no source is padded."""
    context: Float[Tensor, "sources annotation"] | None = None
    """Without attention: the one context, where the output reads it …"""
    drive: Float[Tensor, "sources gates"] | None = None
    """… and C c, projected once, where the state does."""

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
            context=chosen(self.context),
            drive=chosen(self.drive),
        )


@dataclass(frozen=True)
class RecurrentState:
    """See ``nn.protocols.State``. It owns no buffers: a state may be continued any number of times."""

    layers: tuple[CellState, ...]
    lengths: Int[Tensor, " rows"]

    def reorder(self, rows: Int[Tensor, " new"]) -> RecurrentState:
        """The state whose row ``i`` continues this state's row ``rows[i]``."""
        return RecurrentState(tuple(layer.select(rows) for layer in self.layers), self.lengths.index_select(0, rows))
