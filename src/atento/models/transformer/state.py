"""What the Transformer's decoder keeps: projected sources (memory) and its own past keys and values (state)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.nn.multi_head import Heads

_STEP = 32
"""Positions by which a cache grows at a time."""


@dataclass(frozen=True, kw_only=True)
class TransformerMemory:
    """Each layer's keys and values of the sources; see ``nn.protocols.Memory``."""

    keys: tuple[Float[Tensor, "sources heads source head"], ...]
    values: tuple[Float[Tensor, "sources heads source head"], ...]
    mask: Bool[Tensor, "sources 1 1 source"] | None
    """None where no source is padded."""

    @property
    def sources(self) -> int:
        """How many sources it holds."""
        return self.keys[0].shape[0]

    def select(self, sources: Int[Tensor, " kept"]) -> TransformerMemory:
        """The memory of these sources alone."""
        return TransformerMemory(
            keys=tuple(keys[sources] for keys in self.keys),
            values=tuple(values[sources] for values in self.values),
            mask=None if self.mask is None else self.mask[sources],
        )


class Cache:
    """One layer's past keys and values.

    A first block is kept as it came (training makes no other). From the second on they live in one buffer
    [capacity, rows, 2, heads, head], positions first, so that a step writes one contiguous slice and reordering the
    rows copies contiguous memory.
    """

    def __init__(self) -> None:
        self._block: tuple[Heads, Heads] | None = None
        self._buffer: Tensor | None = None

    def append(
        self, keys: Heads, values: Heads, length: int, places: Int[Tensor, "rows steps"] | None
    ) -> tuple[Heads, Heads]:
        """Add the keys and values of new positions and return all of them, old and new.

        Args:
            keys: [R, H, T, K].
            values: [R, H, T, K].
            length: how many positions the buffer holds so far.
            places: where in the buffer each row's new positions go; None: behind ``length``.
        """
        if length == 0:
            self._block = (keys, values)
            return keys, values
        rows, _, steps, _ = keys.shape
        buffer = self._reserve(length, steps)
        new = torch.stack([keys, values], dim=3).permute(2, 0, 3, 1, 4)  # [T, R, 2, H, K]
        if places is None:
            buffer[length : length + steps] = new
        else:
            buffer[length : length + steps] = 0  # masked for shorter rows, but 0 · NaN would be NaN
            buffer[places.T, torch.arange(rows, device=places.device)] = new
        past = buffer[: length + steps].permute(2, 1, 3, 0, 4)  # [2, R, H, S, K]
        return past[0], past[1]

    def reorder(self, rows: Int[Tensor, " new"], length: int) -> None:
        """Let row ``i`` continue row ``rows[i]``."""
        if length == 0:
            return
        old = self._reserve(length, 1)
        new = old.new_empty((old.shape[0], len(rows), *old.shape[2:]))
        torch.index_select(old[:length], 1, rows, out=new[:length])
        self._buffer = new

    def _reserve(self, length: int, steps: int) -> Tensor:
        """The buffer, made from the first block or enlarged where it must be."""
        if self._block is not None:
            keys, values = self._block
            held = torch.stack([keys, values], dim=3).permute(2, 0, 3, 1, 4)[:length]
            self._block = None
        else:
            assert self._buffer is not None
            held = self._buffer
            if length + steps <= held.shape[0]:
                return held
            held = held[:length]
        self._buffer = held.new_empty((length + steps + _STEP, *held.shape[1:]))
        self._buffer[:length] = held
        return self._buffer


class TransformerState:
    """See ``nn.protocols.State``. Rows of equal length (the usual case) need no mask and no scattered writes."""

    def __init__(
        self, caches: list[Cache], rows: int, length: int, ragged: Int[Tensor, " rows"] | None, device: torch.device
    ) -> None:
        self.caches = caches
        self.rows = rows
        self.length = length
        """Positions in the caches: the longest row's."""
        self.ragged = ragged
        """Each row's length where they differ, else None."""
        self._device = device

    @property
    def lengths(self) -> Int[Tensor, " rows"]:
        """How many tokens each row has read."""
        if self.ragged is not None:
            return self.ragged
        return torch.full((self.rows,), self.length, device=self._device)

    def reorder(self, rows: Int[Tensor, " new"]) -> TransformerState:
        """The state whose row ``i`` continues this state's row ``rows[i]``; consumes this one."""
        for cache in self.caches:
            cache.reorder(rows, self.length)
        ragged = None if self.ragged is None else self.ragged[rows]
        return TransformerState(self.caches, len(rows), self.length, ragged, self._device)

    def advance(self, steps: int, valid: Bool[Tensor, "rows steps"] | None) -> TransformerState:
        """The state after ``steps`` more positions, of which ``valid`` are real."""
        if valid is None or bool(valid.all()):
            ragged = None if self.ragged is None else self.ragged + steps
            return TransformerState(self.caches, self.rows, self.length + steps, ragged, self._device)
        lengths = self.lengths + valid.sum(dim=1)
        return TransformerState(self.caches, self.rows, int(lengths.max()), lengths, self._device)
