"""What the Transformer's decoder keeps: projected sources (memory) and its own past keys and values (state)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.nn.multi_head import Absorbed, Heads, KeysValues, Rotate, Vectors

_GROWTH = 32
"""Slots by which a cache grows at least."""


class Cache:
    """One layer's past keys and values.

    The first block of one row a source is kept as it came (training makes no other). Else they live in a buffer
    [sources, 2, heads, capacity, head], or [sources, 1, heads, capacity, d_k + d_v] where they stand side by side: a
    step fills one slot of as many places, or *columns*, as a source has rows. All columns of a source are keys for all
    its rows, and ``TransformerState.visible`` tells whose past is whose; so
    reordering a beam moves nothing here.
    """

    def __init__(self) -> None:
        self._held: Float[Tensor, "sources stacked heads capacity size"] | None = None

    def append(self, new: KeysValues, used: int, width: int) -> KeysValues:
        """Add the keys and values of ``width`` rows a source and return all of them, old and new.

        Args:
            new: [S, 2, H, width · T, K] (or side by side), a row's positions together.
            used: how many slots are filled.
            width: rows a source.

        Returns:
            [S, 2, H, (used + T) · width, K], a slot's columns together.
        """
        if used == 0 and width == 1:
            self._held = new
            return new
        filled, added = used * width, new.shape[3]
        if added != width and width != 1:
            new = _by_slot(new, width)
        held = self._held
        if held is None or held.shape[3] < filled + added:
            self._held = held = _enlarged(held, filled, new, width)
        held.narrow(3, filled, added).copy_(new)
        return held.narrow(3, 0, filled + added)

    def select(self, sources: Int[Tensor, " kept"], filled: int) -> None:
        """Keep these sources alone; ``filled`` places are in use."""
        if self._held is not None:
            self._held = self._held[:, :, :, :filled].index_select(0, sources)

    def gather(self, columns: Int[Tensor, "sources used new_width"], width: int) -> None:
        """Of a slot's ``width`` columns, let column ``i`` of slot ``t`` of source ``s`` be ``columns[s, t, i]``."""
        if self._held is not None:
            places = columns + torch.arange(columns.shape[1], device=columns.device).unsqueeze(1) * width
            self._held = self._held.take_along_dim(places.flatten(1)[:, None, None, :, None], dim=3)


def _by_slot(new: KeysValues, width: int) -> KeysValues:
    """[S, 2, H, width · T, K] with a row's positions together → a slot's columns together."""
    sources, stacked, heads, places, size = new.shape
    return new.view(sources, stacked, heads, width, places // width, size).transpose(3, 4).flatten(3, 4)


def _enlarged(held: KeysValues | None, filled: int, new: KeysValues, width: int) -> KeysValues:
    """A buffer with room for the new ones and more, which begins with the places that are filled."""
    sources, stacked, heads, added, size = new.shape
    buffer = new.new_empty((sources, stacked, heads, filled + added + max(filled, _GROWTH * width), size))
    if held is not None:
        buffer[:, :, :, :filled] = held[:, :, :, :filled]
    return buffer


class Step(NamedTuple):
    """What all layers need of one call."""

    sources: int
    used: int
    """Filled slots of the caches."""
    width: int
    """Rows a source."""
    mask: Bool[Tensor, "sources 1 queries keys"] | None
    causal: bool
    rotate: Rotate | None


class Source(NamedTuple):
    """One layer's view of the sources."""

    keys: Heads
    values: Heads
    mask: Bool[Tensor, "sources 1 1 source"] | None
    """None where no source is padded."""
    absorbed: Absorbed | None

    def select(self, sources: Int[Tensor, " kept"]) -> Source:
        """These sources alone."""
        mask = None if self.mask is None else self.mask[sources]
        return Source(self.keys[sources], self.values[sources], mask, absorbed=None)


BoundLayer = Callable[[Vectors, Source, Cache, Step], Vectors]
"""A decoder layer: see ``decoder.DecoderLayer.bind``."""


@dataclass(frozen=True)
class TransformerMemory:
    """What each layer keeps of the sources; see ``nn.protocols.Memory``."""

    layers: tuple[BoundLayer, ...]
    """The decoder's layers, bound: they stay the same for the sources too."""
    views: tuple[Source, ...]
    """One a layer."""

    @property
    def sources(self) -> int:
        """How many sources it holds."""
        return self.views[0].keys.shape[0]

    def select(self, sources: Int[Tensor, " kept"]) -> TransformerMemory:
        """The memory of these sources alone."""
        return TransformerMemory(self.layers, tuple(view.select(sources) for view in self.views))


class TransformerState:
    """See ``nn.protocols.State``. One row a source without padding (training, greedy search) needs no mask."""

    def __init__(
        self,
        caches: list[Cache],
        sources: int,
        device: torch.device,
        *,
        width: int = 1,
        used: int = 0,
        ragged: Int[Tensor, "sources width"] | None = None,
        visible: Bool[Tensor, "sources width used columns"] | None = None,
    ) -> None:
        self.caches = caches
        self.sources = sources
        self.width = width
        """Rows, and columns of the caches, that each source has."""
        self.used = used
        """Filled slots of the caches: the longest row's length, or more where rows were padded."""
        self.ragged = ragged
        """Each row's length where they may differ, else None: all fill every slot."""
        self.visible = visible
        """True where a slot's column belongs to the row's past; None: with one row a source, everywhere."""
        self._device = device

    @property
    def lengths(self) -> Int[Tensor, " rows"]:
        """How many tokens each row has read."""
        if self.ragged is not None:
            return self.ragged.flatten()
        return torch.full((self.sources * self.width,), self.used, device=self._device)

    def reorder(self, parents: Int[Tensor, "sources width"]) -> TransformerState:
        """Let row ``i`` of source ``s`` continue its row ``parents[s, i]``; consumes this state."""
        width, visible = parents.shape[1], self._visible()
        visible = visible.take_along_dim(parents[..., None, None], dim=1)
        if width != self.width:
            columns = visible.byte().argmax(3).transpose(1, 2)  # a row sees one column of a slot, or none if padded
            for cache in self.caches:
                cache.gather(columns, self.width)
            visible = visible.any(3, keepdim=True) & self._own(width)
        ragged = None if self.ragged is None else self.ragged.gather(1, parents)
        return TransformerState(
            self.caches, self.sources, self._device, width=width, used=self.used, ragged=ragged, visible=visible
        )

    def select(self, sources: Int[Tensor, " kept"]) -> TransformerState:
        """The state of these sources alone; consumes this one."""
        for cache in self.caches:
            cache.select(sources, self.used * self.width)
        ragged, visible = (None if held is None else held[sources] for held in (self.ragged, self.visible))
        return TransformerState(
            self.caches, len(sources), self._device, width=self.width, used=self.used, ragged=ragged, visible=visible
        )

    def mask(self, steps: int) -> Bool[Tensor, "sources 1 queries keys"] | None:
        """Where the next ``steps`` positions of each row may look, in the order of ``Cache.append``.

        None: everywhere or, in a fresh state, as causality wants.
        """
        if self.visible is None and (steps == 1 or self.used == 0):
            return None
        if steps == 1:
            return self._one_more.flatten(2).unsqueeze(1)
        past = self._visible().unsqueeze(2).expand(-1, -1, steps, -1, -1)  # [S, W, T, used, C]
        earlier = torch.ones(steps, steps, dtype=torch.bool, device=self._device).tril().unsqueeze(2)
        own = (self._own(self.width).unsqueeze(1) & earlier).expand(self.sources, -1, -1, -1, -1)  # [S, W, T, T, C]
        return torch.cat([past, own], dim=3).flatten(3).flatten(1, 2).unsqueeze(1)

    def advance(self, steps: int, valid: Bool[Tensor, "rows steps"] | None) -> TransformerState:
        """The state after ``steps`` more positions, of which ``valid`` are real."""
        ragged, visible = self.ragged, self.visible
        real = None if valid is None or bool(valid.all()) else valid.view(self.sources, self.width, steps)
        if visible is not None and real is None and steps == 1:
            visible = self._one_more
        elif visible is not None or real is not None:
            new = self._own(self.width).expand(self.sources, -1, steps, -1)
            visible = torch.cat([self._visible(), new if real is None else new & real.unsqueeze(3)], dim=2)
        if ragged is not None or real is not None:
            before = self.lengths.view(self.sources, self.width)
            ragged = before + (steps if real is None else real.sum(dim=2))
        used = self.used + steps
        return TransformerState(
            self.caches, self.sources, self._device, width=self.width, used=used, ragged=ragged, visible=visible
        )

    def _visible(self) -> Bool[Tensor, "sources width used columns"]:
        if self.visible is not None:
            return self.visible
        return torch.ones(self.sources, 1, self.used, 1, dtype=torch.bool, device=self._device)

    @functools.cached_property
    def _one_more(self) -> Bool[Tensor, "sources width used_and_one columns"]:
        """What each row sees after one more real token."""
        own = self._own(self.width).expand(self.sources, -1, 1, -1)
        return torch.cat([self._visible(), own], dim=2)

    def _own(self, width: int) -> Bool[Tensor, "width 1 columns"]:
        """Each row's own column."""
        return torch.eye(width, dtype=torch.bool, device=self._device).unsqueeze(1)


def positions_of(state: TransformerState, steps: int, device: torch.device) -> Int[Tensor, "rows steps"] | None:
    """Where the next tokens stand; None: behind the filled slots, the same for all queries of a source."""
    if state.ragged is None and (state.width == 1 or steps == 1):
        return None
    return state.lengths.unsqueeze(1) + torch.arange(steps, device=device)
