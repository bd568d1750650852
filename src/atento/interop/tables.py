"""Names of weights in another library, as one table that is read in both directions.

A row names one of our matrices and the tensors that it holds, one below the other (a stacked projection holds those of
queries, keys and values). Reading joins them; writing cuts them apart. Nothing is passed over in silence: a tensor that
is missing, that nobody asked for, or that has another shape is an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from atento.core.errors import DataError
from atento.models.weights import is_finite


@dataclass(frozen=True, kw_only=True)
class Row:
    """One of our tensors and what it is called elsewhere."""

    ours: str
    theirs: tuple[str, ...]
    sizes: tuple[int, ...] | None = None
    """Rows of each of theirs; None: all have equally many."""
    transposed: bool = False
    """Theirs has inputs as rows (GPT-2's ``Conv1D``)."""
    unused: int = 0
    """Rows that theirs has before ours and that no model reads (RoBERTa's first positions)."""
    nested: bool = False
    """Theirs has a first dimension of one (Marian's bias)."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """All of a model's rows, and what else its files may hold."""

    rows: tuple[Row, ...]
    copies: Mapping[str, str]
    """Other names of the same tensors, which some files have as well: a copy and its original."""
    constants: tuple[str, ...] = ()
    """Patterns of tensors that hold no weights (masks, numbers of positions)."""
    unneeded: tuple[str, ...] = ()
    """Patterns of weights that the model has no place for; whoever imports is told."""


def paired(ours: str, theirs: str | Sequence[str], *, bias: bool = True, transposed: bool = False) -> Iterator[Row]:
    """Rows of a layer's weight and bias."""
    names = (theirs,) if isinstance(theirs, str) else tuple(theirs)
    yield Row(ours=f"{ours}.weight", theirs=tuple(f"{name}.weight" for name in names), transposed=transposed)
    if bias:
        yield Row(ours=f"{ours}.bias", theirs=tuple(f"{name}.bias" for name in names))


def read(
    table: Table, tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size], where: str
) -> dict[str, Tensor]:
    """Our weights, in float32, from theirs.

    Args:
        table: the model's.
        tensors: theirs by name.
        shapes: what our model wants.
        where: the folder, for errors.

    Raises:
        DataError: a tensor is missing, unknown, no weight of this shape, not finite, or a copy that differs from its
            original.
    """
    wanted = {name for row in table.rows for name in row.theirs}
    if missing := sorted(wanted - tensors.keys()):
        raise DataError(
            f"{where}: {missing[0]!r} is missing among its weights ({len(missing)} of {len(wanted)} are); "
            "its config.json asks for it: copy the folder again whole"
        )
    for name in sorted(tensors.keys() - wanted):
        if name in table.copies:
            _check_copy(name, table.copies[name], tensors, where)
        elif not any(re.fullmatch(pattern, name) for pattern in (*table.constants, *table.unneeded)):
            raise DataError(f"{where}: {name!r} among its weights belongs to nothing that its config.json describes")
    return {row.ours: _read(row, [tensors[name] for name in row.theirs], shapes[row.ours], where) for row in table.rows}


def unneeded(table: Table, names: Sequence[str]) -> list[str]:
    """Those of these tensors that are left out for lack of a place."""
    return sorted(name for name in names if any(re.fullmatch(pattern, name) for pattern in table.unneeded))


def write(table: Table, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Their tensors from our weights."""
    result: dict[str, Tensor] = {}
    for row in table.rows:
        ours = weights[row.ours]
        parts = ours.chunk(len(row.theirs)) if row.sizes is None else torch.split_with_sizes(ours, list(row.sizes))
        for name, part in zip(row.theirs, parts, strict=True):
            if row.unused:
                part = torch.cat([part.new_zeros(row.unused, *part.shape[1:]), part])
            part = part.t() if row.transposed else part
            result[name] = part.unsqueeze(0) if row.nested else part
    return result


def _read(row: Row, parts: Sequence[Tensor], shape: torch.Size, where: str) -> Tensor:
    used = []
    for name, part, rows in zip(row.theirs, parts, _rows(row, shape), strict=True):
        wanted = [rows + row.unused, *shape[1:]]
        wanted = wanted[::-1] if row.transposed else [1, *wanted] if row.nested else wanted
        if list(part.shape) != wanted or not part.is_floating_point():
            raise DataError(
                f"{where}: {name!r} has the shape {tuple(part.shape)} and the type {part.dtype}; its config.json "
                f"asks for numbers in the shape {tuple(wanted)}"
            )
        part = part.t() if row.transposed else part.squeeze(0) if row.nested else part
        used.append(part[row.unused :].float())
        if not is_finite(used[-1]):
            raise DataError(
                f"{where}: {name!r} holds NaN or infinite numbers, so nothing can be computed with it; copy the folder "
                "again whole, or take another model"
            )
    return torch.cat(used)


def _rows(row: Row, shape: torch.Size) -> tuple[int, ...]:
    count = len(row.theirs)
    return row.sizes if row.sizes is not None else (shape[0] // count,) * count


def _check_copy(name: str, original: str, tensors: Mapping[str, Tensor], where: str) -> None:
    if not torch.equal(tensors[name], tensors[original]):
        raise DataError(
            f"{where}: {name!r} and {original!r} differ, and its config.json says that they are one "
            "(tie_word_embeddings); correct it"
        )
