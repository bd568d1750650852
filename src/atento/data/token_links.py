"""From links between words to links between a model's tokens, for training with guided alignment.

A link of two words joins each token of the one with each token of the other; which token belongs to which word is known
from byte spans. Sure and possible links count alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from atento.core.errors import DataError
from atento.core.files import read_lines
from atento.data.corpus_files import CorpusFiles
from atento.data.pharaoh import Alignment, check_inside, stream_alignments
from atento.data.records import Pair
from atento.text.spans import Span
from atento.text.words import assign, segment


class Spanned(Protocol):
    """A text cut into tokens."""

    @property
    def spans(self) -> Sequence[Span]:
        """Each token's bytes in the raw text."""
        ...


class SpanEncoder(Protocol):
    """What links between tokens ask of a tokenizer."""

    def encode(self, text: str) -> Spanned:
        """The tokens of a text, without special ones."""
        ...


class LinkReader:
    """Reads a corpus's links in step with its pairs.

    Raises (from every method):
        DataError: the file of links cannot be read, has a malformed line, a link outside its sentence, or another
            number of lines than the corpus has pairs; file and line are named.
    """

    def __init__(self, corpus: CorpusFiles, encoders: tuple[SpanEncoder, SpanEncoder]) -> None:
        assert corpus.alignment is not None
        self._path = Path(corpus.alignment)
        self._corpus = corpus
        self._encoders = encoders
        self._lines = stream_alignments(self._path, one_based=corpus.alignment_one_based)
        self._read = 0

    def read(self, pairs: Sequence[Pair]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The links of the next pairs, [links, 2] as (target token, source token) in order, and each pair's number."""
        found: list[tuple[int, int]] = []
        counts = []
        for pair in pairs:
            alignment = next(self._lines, None)
            if alignment is None:
                raise DataError(
                    f"{self._path} has {self._read} lines, but {self._corpus.name} more pairs; give one line of links "
                    "for each pair (an empty one where there are none)"
                )
            self._read += 1
            links = self._token_links(pair, alignment)
            found += links
            counts.append(len(links))
        return np.array(found, np.int32).reshape(-1, 2), np.array(counts, np.int32)

    def finish(self) -> None:
        """Make sure that no line is left."""
        if rest := sum(1 for _ in self._lines):
            raise DataError(
                f"{self._path} has {self._read + rest} lines, but {self._corpus.name} {self._read} pairs; give one "
                "line of links for each pair"
            )

    def _token_links(self, pair: Pair, alignment: Alignment) -> list[tuple[int, int]]:
        how = self._corpus.alignment_words
        source_words, target_words = segment(pair.source, how), segment(pair.target, how)
        where = f"{self._path}, line {self._read}"
        check_inside(alignment, len(source_words), len(target_words), where=where)
        source = _tokens_of_words(self._encoders[0].encode(pair.source).spans, source_words)
        target = _tokens_of_words(self._encoders[1].encode(pair.target).spans, target_words)
        return sorted((t, s) for i, j in alignment.possible for t in target.get(j, ()) for s in source.get(i, ()))


def shares(links: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """The part of its target token that each link gets, so that a linked token's parts sum to one.

    Args:
        links: [links, 3], whose first two columns (row, target token) say which token it is.
    """
    _, token, counts = np.unique(links[:, :2], axis=0, return_inverse=True, return_counts=True)
    result: npt.NDArray[np.float32] = (1.0 / counts[token.reshape(-1)]).astype(np.float32)
    return result


def _tokens_of_words(tokens: Sequence[Span], words: Sequence[Span]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for token, word in enumerate(assign(tokens, words)):
        if word is not None:
            found[word].append(token)
    return found


def lines_of_links(path: Path, count: int) -> Iterator[str]:
    """The lines of a file of links as they are, if there are as many as a corpus has pairs.

    Raises:
        DataError: there are not.
    """
    number = 0
    for number, line in enumerate(read_lines(path), 1):
        if number <= count:
            yield line
    if number != count:
        raise DataError(f"{path} has {number} lines for {count} pairs; give one line of links for each pair")
