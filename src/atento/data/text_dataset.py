"""Encoded running text in memory-mapped arrays, to be read in windows.

Think of all documents of a corpus laid end to end, each followed by its end token: the *places* 0 … places − 1. Place p
of document d is a token of it or its end. So a window of places reads across documents, and says which is which.
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
from atento.data.text_encoding import Int64s, RunningTextEncoder, encode_text
from atento.data.text_files import Documents, TextFiles


@dataclass(frozen=True, kw_only=True)
class TextCorpus:
    """One text of a dataset; ``weight`` says how often it is read in an epoch."""

    name: str
    weight: float
    ids: npt.NDArray[Any]
    """Of all documents, one after another."""
    begins: Int64s
    """The place at which each document begins, and at the end the number of places."""
    size: int
    """Bytes of UTF-8."""
    lines: Int64s
    """The line of the file at which each document begins."""

    @property
    def places(self) -> int:
        """Tokens and ends."""
        return int(self.begins[-1])

    @property
    def documents(self) -> int:
        """How many."""
        return len(self.begins) - 1

    def owners(self, places: Int64s) -> Int64s:
        """Which document each place belongs to."""
        return np.searchsorted(self.begins, places, side="right") - 1

    def tokens(self, places: Int64s, documents: Int64s, end: int) -> Int64s:
        """The tokens at these places of these documents; ``end`` where a document ends."""
        ends = places == self.begins[documents + 1] - 1
        within = np.where(ends, 0, places - documents)
        return np.where(ends, end, self.ids[within].astype(np.int64) if len(self.ids) else 0)

    def document(self, number: int) -> Int64s:
        """The tokens of a document."""
        first = int(self.begins[number]) - number
        return np.array(self.ids[first : first + int(self.begins[number + 1] - self.begins[number]) - 1], np.int64)


class TextDataset:
    """Encoded texts."""

    def __init__(self, corpora: Sequence[TextCorpus]) -> None:
        self.corpora = tuple(corpora)

    @property
    def weights(self) -> tuple[float, ...]:
        """Each text's weight."""
        return tuple(corpus.weight for corpus in self.corpora)

    @property
    def documents(self) -> int:
        """Of all texts."""
        return sum(corpus.documents for corpus in self.corpora)

    @property
    def places(self) -> int:
        """Tokens and ends of documents, of all texts."""
        return sum(corpus.places for corpus in self.corpora)

    @property
    def size(self) -> int:
        """Bytes of UTF-8, of all texts."""
        return sum(corpus.size for corpus in self.corpora)


def open_texts(
    texts: Sequence[TextFiles],
    documents: Documents,
    encoder: RunningTextEncoder,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> TextDataset:
    """Encode texts, or map what an earlier call with the same content encoded.

    ``cache`` is the folder for encoded texts, by default ``default_cache()``.

    Raises:
        DataError: a text cannot be read, or has no token.
        OutputError: the cache cannot be written.
    """
    corpora = []
    for files in texts:
        encoded = encode_text(files, documents, encoder, cache or default_cache(), progress or Silent())
        if not encoded.lengths.sum():
            raise DataError(f"{files.name}: the tokenizer makes no token of it; give a file with text")
        corpora.append(
            TextCorpus(
                name=files.name,
                weight=files.weight,
                ids=encoded.ids,
                begins=np.concatenate([np.zeros(1, np.int64), np.cumsum(encoded.lengths + 1)]),
                size=int(encoded.sizes.sum()),
                lines=encoded.lines,
            )
        )
    return TextDataset(corpora)
