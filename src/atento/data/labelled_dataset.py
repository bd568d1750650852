"""Encoded texts with classes, in memory: what a classifier learns from and is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from atento.core.errors import DataError
from atento.core.progress import Progress, Silent
from atento.data.batch_plan import Int64s
from atento.data.labelled_files import LabelledFiles, LabelledText, read_labelled

Encode = Callable[[Sequence[str]], list[list[int]]]
"""From raw texts to their ids, such as ``Tokenizer.encode_batch``."""


@dataclass(frozen=True, kw_only=True)
class Ragged:
    """Rows of ids of unequal length: row i is ``ids[starts[i] : starts[i + 1]]``."""

    ids: Int64s
    starts: Int64s

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """From lists."""
        lengths = np.array([len(row) for row in rows], np.int64)
        ids = np.fromiter((token for row in rows for token in row), np.int64, count=int(lengths.sum()))
        return cls(ids=ids, starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))

    @property
    def lengths(self) -> Int64s:
        """Tokens of each row."""
        return np.diff(self.starts)

    def row(self, number: int) -> list[int]:
        """One row."""
        ids: list[int] = self.ids[self.starts[number] : self.starts[number + 1]].tolist()
        return ids


@dataclass(frozen=True, kw_only=True)
class LabelledDataset:
    """Texts, in pairs or not, and their classes as numbers."""

    names: tuple[str, ...]
    """Of the files."""
    weights: tuple[float, ...]
    counts: tuple[int, ...]
    """Texts of each file; they stand one file after another."""
    first: Ragged
    second: Ragged | None
    labels: Int64s

    def __len__(self) -> int:
        return len(self.labels)


def classes_of(files: Sequence[LabelledFiles]) -> tuple[str, ...]:
    """The classes that occur in files, sorted.

    Raises:
        DataError: a file cannot be read, or there are not two classes.
    """
    found = sorted({each.label for file in files for each in read_labelled(file)})
    if len(found) < 2:
        names = ", ".join(file.file for file in files)
        raise DataError(f"{names}: every text has the class {found[0]!r}; there is nothing to tell apart")
    return tuple(found)


def open_labelled(
    files: Sequence[LabelledFiles], classes: Sequence[str], encode: Encode, *, progress: Progress | None = None
) -> LabelledDataset:
    """Read and encode labelled texts.

    Raises:
        DataError: a file cannot be read, a class is none of ``classes``, or some files have pairs and others not.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    every: list[LabelledText] = []
    counts = []
    bar = progress or Silent()
    bar.start("encoding", None)
    try:
        for file in files:
            texts = list(read_labelled(file))
            for each in texts:
                if each.label not in numbers:
                    raise DataError(
                        f"{file.file}, line {each.line}: the class {each.label!r} is none of those of training "
                        f"({', '.join(classes)}); mend it, or leave the line out"
                    )
            counts.append(len(texts))
            every += texts
        paired = every[0].second is not None
        if any((each.second is not None) is not paired for each in every):
            raise DataError(
                f"{', '.join(file.file for file in files)}: some have pairs of texts and others single ones"
            )
        first = Ragged.of(encode([each.text for each in every]))
        second = Ragged.of(encode([each.second or "" for each in every])) if paired else None
    finally:
        bar.finish()
    return LabelledDataset(
        names=tuple(file.file for file in files),
        weights=tuple(file.weight for file in files),
        counts=tuple(counts),
        first=first,
        second=second,
        labels=np.array([numbers[each.label] for each in every], np.int64),
    )
