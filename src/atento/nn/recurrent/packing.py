"""Ragged rows without padding: the layout in which every recurrent layer works.

The real elements of a padded ``[rows, steps, …]`` tensor are laid end to end, step by step, the rows of each step
sorted by falling length: ``[real, …]``, as in ``torch.nn.utils.rnn.PackedSequence``. At step t the first ``sizes[t]``
rows are alive and lie in one contiguous slice. So padding costs nothing, neither inside the loop over the steps nor in
the large matrix products before and after it, and can never reach a state; a backward direction is a permutation of the
elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name)
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Packing:
    """Where each real element of ``rows`` ragged rows stands. Make one with ``Packing.of``."""

    rows: int
    steps: int
    sizes: tuple[int, ...]
    """How many rows are alive at each step; never rising, never 0."""
    device: torch.device
    row_lengths: Int[Tensor, " rows"] | None
    """Real elements of each row in the caller's order; None where all have ``steps``."""
    order: Int[Tensor, " rows"] | None
    """The caller's row of each sorted row; None where the rows are sorted already."""

    @staticmethod
    def of(shape: tuple[int, int], valid: Bool[Tensor, "rows steps"] | None, device: torch.device) -> Packing:
        """The packing of rows whose real elements stand first.

        Args:
            shape: rows and steps of the padded tensors.
            valid: True where an element is real; padding stands at the end of a row. None: all are real.
        """
        rows, steps = shape
        if valid is None or bool(valid.all()):
            return Packing(rows, steps, (rows,) * steps, device, None, None)
        lengths = valid.sum(dim=1)
        alive = lengths > torch.arange(steps, device=device).unsqueeze(1)  # [T, R]
        sizes = tuple(size for size in alive.sum(dim=1).tolist() if size > 0)
        order = None
        if bool((lengths[1:] > lengths[:-1]).any()):
            order = lengths.argsort(descending=True, stable=True)
        return Packing(rows, steps, sizes, device, lengths, order)

    @property
    def uniform(self) -> bool:
        """Whether no element is padding."""
        return self.row_lengths is None

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each step's slice begins."""
        starts = [0]
        for size in self.sizes[:-1]:
            starts.append(starts[-1] + size)
        return tuple(starts)

    @property
    def real(self) -> int:
        """Number of real elements."""
        return sum(self.sizes)

    @cached_property
    def _sorted_lengths(self) -> Int[Tensor, " rows"]:
        if self.row_lengths is None:
            return torch.full((self.rows,), self.steps, device=self.device)
        return self.row_lengths if self.order is None else self.row_lengths[self.order]

    @cached_property
    def _coordinates(self) -> tuple[Int[Tensor, " real"], Int[Tensor, " real"]]:
        """Sorted row and step of each packed element."""
        alive = self._sorted_lengths > torch.arange(len(self.sizes), device=self.device).unsqueeze(1)  # [T, R]
        step, row = alive.nonzero(as_tuple=True)
        return row, step

    @cached_property
    def row_of(self) -> Int[Tensor, " real"]:
        """The caller's row of each packed element."""
        row, _ = self._coordinates
        return row if self.order is None else self.order[row]

    @property
    def step_of(self) -> Int[Tensor, " real"]:
        """The step of each packed element."""
        return self._coordinates[1]

    @cached_property
    def _places(self) -> Int[Tensor, " real"]:
        return self.row_of * self.steps + self.step_of

    def pack(self, padded: Shaped[Tensor, "rows steps *rest"]) -> Shaped[Tensor, "real *rest"]:
        """The real elements alone."""
        if self.uniform:
            return padded.transpose(0, 1).flatten(0, 1)
        return padded.flatten(0, 1)[self._places]

    def unpack(self, packed: Shaped[Tensor, "real *rest"]) -> Shaped[Tensor, "rows steps *rest"]:
        """Each element back in its place; zeros at padding."""
        rest = packed.shape[1:]
        if self.uniform:
            return packed.view(self.steps, self.rows, *rest).transpose(0, 1)
        padded = packed.new_zeros((self.rows * self.steps, *rest))
        return padded.index_copy(0, self._places, packed).view(self.rows, self.steps, *rest)

    def spread(self, rows: Float[Tensor, "rows units"]) -> Float[Tensor, "real units"]:
        """For each element what its (sorted) row has.

        Indexing would sum the gradient by atomic additions, in another order each time; this sums it in one.
        """
        row, _ = self._coordinates
        return F.embedding(row, rows)

    def sort(self, rows: Shaped[Tensor, "rows *rest"]) -> Shaped[Tensor, "rows *rest"]:
        """Something with one entry a row, in the packing's order of rows."""
        return rows if self.order is None else rows[self.order]

    def unsort(self, rows: Shaped[Tensor, "rows *rest"]) -> Shaped[Tensor, "rows *rest"]:
        """The inverse of ``sort``."""
        return rows if self.order is None else rows[self.order.argsort()]

    def reversal(self, kept: Int[Tensor, " rows"] | None = None) -> Int[Tensor, " real"]:
        """The permutation (its own inverse) that turns each row around inside its own length.

        Args:
            kept: how many elements at the end of each of the caller's rows stay where they are; None: none do.
        """
        row, step = self._coordinates
        turned = self._sorted_lengths if kept is None else self._sorted_lengths - self.sort(kept)
        starts = torch.tensor(self.starts, device=self.device)
        mirrored = turned[row] - 1 - step
        return starts[torch.where(mirrored >= 0, mirrored, step)] + row

    def previous(
        self, packed: Float[Tensor, "real units"], initial: Float[Tensor, "rows units"]
    ) -> Float[Tensor, "real units"]:
        """For each element what the same row had one step earlier, ``initial`` (sorted) at the first step."""
        pieces = [initial[: self.sizes[0]]] if self.sizes else []
        pieces += [packed[start : start + size] for start, size in zip(self.starts, self.sizes[1:], strict=False)]
        return torch.cat(pieces) if pieces else packed

    def slices(self) -> list[tuple[int, int]]:
        """Start and size of each step's slice."""
        return list(zip(self.starts, self.sizes, strict=True))
