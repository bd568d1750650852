"""Encoded sentence pairs in memory-mapped arrays, so that a corpus larger than memory trains, and starts at once.

The arrays are made by ``encoding``. Token ids stay on the disk; lengths and positions (40 bytes a pair) are in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from atento.core.environment import default_cache
from atento.core.errors import DataError
from atento.core.progress import Progress, Silent
from atento.data.corpus_files import CorpusFiles
from atento.data.encoding import EncodedFiles, TextEncoder, encode_corpus

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """How many pairs of a corpus a run does not use, and why."""

    empty: int = 0
    """A side without any token."""
    too_long: int = 0
    """A side longer than the limit."""

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(empty=self.empty + other.empty, too_long=self.too_long + other.too_long)

    @property
    def total(self) -> int:
        """All of them."""
        return self.empty + self.too_long

    def __str__(self) -> str:
        reasons = {"with an empty side": self.empty, "too long": self.too_long}
        return ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count) or "none"


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One side of an encoded corpus: pair i is ``ids[starts[i] : starts[i] + lengths[i]]``."""

    ids: npt.NDArray[Any]
    starts: Int64s
    lengths: Int64s


@dataclass(frozen=True, kw_only=True)
class _Links:
    """Links between tokens: pair i has ``places[starts[i] : starts[i] + counts[i]]``, each (target, source)."""

    places: npt.NDArray[Any]
    starts: Int64s
    counts: Int64s


@dataclass(frozen=True, kw_only=True)
class EncodedCorpus:
    """One corpus of a dataset; ``weight`` says how often its pairs occur in an epoch."""

    name: str
    weight: float
    sides: tuple[_Side, _Side]
    lines: Int64s
    left_out: LeftOut
    links: _Links | None = None

    def __len__(self) -> int:
        return len(self.lines)


class ParallelDataset:
    """Encoded pairs of one or several corpora, numbered through from 0.

    ``source_lengths`` and ``target_lengths`` (int64, one entry a pair) count tokens without special ones.
    """

    def __init__(self, corpora: Sequence[EncodedCorpus]) -> None:
        self.corpora = tuple(corpora)
        self.bounds = np.cumsum([0, *map(len, corpora)])
        """Corpus c holds the pairs ``bounds[c] … bounds[c + 1] - 1``."""
        self.source_lengths, self.target_lengths = (
            np.concatenate([np.zeros(0, np.int64), *(corpus.sides[side].lengths for corpus in corpora)])
            for side in (0, 1)
        )

    @property
    def left_out(self) -> LeftOut:
        """Pairs of all corpora that are not in this dataset."""
        return sum((corpus.left_out for corpus in self.corpora), LeftOut())

    @property
    def weights(self) -> tuple[float, ...]:
        """Each corpus's weight."""
        return tuple(corpus.weight for corpus in self.corpora)

    @property
    def has_links(self) -> bool:
        """Whether some corpus came with an alignment."""
        return any(corpus.links is not None for corpus in self.corpora)

    @property
    def num_links(self) -> int:
        """Links between tokens, of all pairs."""
        return sum(int(corpus.links.counts.sum()) for corpus in self.corpora if corpus.links is not None)

    def __len__(self) -> int:
        return int(self.bounds[-1])

    def pair(self, index: int) -> tuple[Int64s, Int64s]:
        """Source ids and target ids of a pair, without special tokens.

        Raises:
            IndexError: there is no such pair.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        number = int(np.searchsorted(self.bounds, index, side="right")) - 1
        row = index - self.bounds[number]
        source, target = (
            np.array(side.ids[side.starts[row] : side.starts[row] + side.lengths[row]], np.int64)
            for side in self.corpora[number].sides
        )
        return source, target

    def line(self, index: int) -> tuple[str, int]:
        """The corpus's name and the line in it where a pair stands."""
        number = int(np.searchsorted(self.bounds, index, side="right")) - 1
        return self.corpora[number].name, int(self.corpora[number].lines[index - self.bounds[number]])

    def padded(self, side: int, indices: Int64s, width: int, fill: int) -> Int64s:
        """The ids of a side (0 source, 1 target) of these pairs as one array [indices, width], filled up at the end.

        ``width`` is at least the longest of them.
        """
        result = np.full((len(indices), width), fill, dtype=np.int64)
        owners = np.searchsorted(self.bounds, indices, side="right") - 1
        positions = np.arange(width)
        for number in np.unique(owners):
            mine = owners == number
            rows = indices[mine] - self.bounds[number]
            encoded = self.corpora[number].sides[side]
            real = positions < encoded.lengths[rows, None]
            places = (encoded.starts[rows, None] + positions)[real]
            block = np.full(real.shape, fill, dtype=np.int64)
            block[real] = encoded.ids[places]
            result[mine] = block
        return result

    def links(self, indices: Int64s) -> Int64s:
        """The links between the tokens of these pairs, [links, 3]: place in ``indices``, target token, source token.

        In order; pairs of a corpus without alignment have none.
        """
        found = [np.zeros((0, 3), np.int64)]
        owners = np.searchsorted(self.bounds, indices, side="right") - 1
        for number in np.unique(owners):
            encoded = self.corpora[number].links
            if encoded is None:
                continue
            places = np.flatnonzero(owners == number)
            rows = indices[places] - self.bounds[number]
            counts = encoded.counts[rows]
            within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            tokens = encoded.places[np.repeat(encoded.starts[rows], counts) + within]
            found.append(np.concatenate([np.repeat(places, counts)[:, None], tokens], axis=1).astype(np.int64))
        result = np.concatenate(found)
        return result[np.argsort(result[:, 0], kind="stable")]


def open_dataset(
    corpora: Sequence[CorpusFiles],
    source_encoder: TextEncoder,
    target_encoder: TextEncoder,
    *,
    max_length: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> ParallelDataset:
    """Encode the corpora, or map what an earlier call with the same content encoded.

    ``max_length`` leaves out pairs with a side of more tokens (special ones not counted); how many is in ``left_out``.
    ``cache`` is the folder for encoded corpora, by default ``default_cache()``.

    Raises:
        DataError: a corpus cannot be read (file and line are named), or no pair remains.
        OutputError: the cache cannot be written.
    """
    encoders = source_encoder, target_encoder
    folder = cache or default_cache()
    opened = [
        _selected(corpus, encode_corpus(corpus, encoders, folder, progress or Silent()), max_length)
        for corpus in corpora
    ]
    dataset = ParallelDataset(opened)
    if not len(dataset):
        names = ", ".join(corpus.name for corpus in corpora) or "no corpus was given"
        raise DataError(
            f"{names}: no sentence pair to use (left out: {dataset.left_out}); give more data or allow longer sentences"
        )
    return dataset


def _selected(corpus: CorpusFiles, encoded: EncodedFiles, max_length: int | None) -> EncodedCorpus:
    source_lengths, target_lengths = encoded.lengths
    empty = (source_lengths == 0) | (target_lengths == 0)
    limit = max_length if max_length is not None else np.iinfo(np.int64).max
    too_long = ~empty & (np.maximum(source_lengths, target_lengths) > limit)
    kept = ~(empty | too_long)
    source, target = (
        _Side(ids=ids, starts=(np.cumsum(lengths) - lengths)[kept], lengths=lengths[kept])
        for ids, lengths in zip(encoded.ids, encoded.lengths, strict=True)
    )
    links = None
    if encoded.links is not None:
        places, counts = encoded.links
        links = _Links(places=places, starts=(np.cumsum(counts) - counts)[kept], counts=counts[kept])
    return EncodedCorpus(
        name=corpus.name,
        weight=corpus.weight,
        sides=(source, target),
        lines=encoded.lines[kept],
        left_out=LeftOut(empty=int(empty.sum()), too_long=int(too_long.sum())),
        links=links,
    )
