"""What one tokenizer makes of a stream's batches: sums, how often each type occurs, and how long encoding takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atento.text.metrics.batches import Batch, visible
from atento.text.metrics.sums import GroupedSums, Matrix, rows_of
from atento.text.metrics.whole_words import WholeWords
from atento.text.opened.protocol import OpenTokenizer

MEGABYTE: Final = 1_000_000
"""Bytes; no 2²⁰."""


class Counts:
    """Grows batch by batch.

    Args:
        tokenizer: whose counts they are.
        whole_words: of the same tokenizer.
        clock: seconds, from any start.
    """

    def __init__(
        self, tokenizer: OpenTokenizer, whole_words: WholeWords, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._tokenizer, self._whole_words, self._clock = tokenizer, whole_words, clock
        self.sums = GroupedSums()
        self.types: NDArray[np.int64] = np.zeros(max(tokenizer.numbers) + 1, dtype=np.int64)
        """How often each id occurred."""
        self.seconds: list[float] = []
        """Of each batch, for the call of ``encode_batch`` alone."""
        self.bytes: list[int] = []
        """Of each batch."""

    def add(self, batch: Batch) -> None:
        """Encode a batch, and decode it again."""
        begun = self._clock()
        ids = self._tokenizer.encode_batch(batch.texts)
        self.seconds.append(self._clock() - begun)
        self.bytes.append(batch.size)
        lengths = np.array([len(row) for row in ids], dtype=np.int64)
        flat = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=int(lengths.sum()))
        self.types += np.bincount(flat, minlength=len(self.types))
        self.sums.add(batch.lines, self._rows(batch, ids, lengths, flat))

    def _rows(
        self, batch: Batch, ids: Sequence[list[int]], lengths: NDArray[np.int64], flat: NDArray[np.int64]
    ) -> Matrix:
        unknown = np.zeros(len(ids), dtype=np.int64)
        if self._tokenizer.unknown is not None:
            of = np.repeat(np.arange(len(ids)), lengths)
            unknown = np.bincount(of[flat == self._tokenizer.unknown], minlength=len(ids))
        decoded = self._tokenizer.decode_batch(ids)
        exact = [text == back for text, back in zip(batch.texts, decoded, strict=True)]
        looked, whole = np.zeros(len(ids)), np.zeros(len(ids))
        for text in batch.looked:
            looked[text.place] = len(text.words)
            whole[text.place] = self._whole_words.count(text, ids[text.place])
        return rows_of(
            {
                "texts": np.ones(len(ids)),
                "bytes": batch.bytes.astype(np.float64),
                "characters": batch.characters.astype(np.float64),
                "visible": batch.visible.astype(np.float64),
                "words": batch.words.astype(np.float64),
                "tokens": lengths.astype(np.float64),
                "unknown": unknown.astype(np.float64),
                "lost": self._lost(batch.texts, ids, decoded, exact),
                "exact": np.array(exact, dtype=np.float64),
                "looked": looked,
                "whole": whole,
            },
            len(ids),
        )

    def _lost(
        self, texts: Sequence[str], ids: Sequence[list[int]], decoded: Sequence[str], exact: Sequence[bool]
    ) -> NDArray[np.float64]:
        """Characters of each text that do not come back; what unknown tokens decode to is no character of a text."""
        result = np.zeros(len(texts))
        places = [place for place, is_exact in enumerate(exact) if not is_exact]
        unknown = self._tokenizer.unknown
        with_unknown = [place for place in places if unknown in ids[place]]
        known = [[number for number in ids[place] if number != unknown] for place in with_unknown]
        instead = dict(zip(with_unknown, self._tokenizer.decode_batch(known) if known else [], strict=True))
        for place in places:
            result[place] = lost_characters(texts[place], instead.get(place, decoded[place]))
        return result


def lost_characters(text: str, decoded: str) -> int:
    """How many visible characters of a text are not in what came back, wherever they stand there.

    Accents are composed first. A capital letter that comes back small is lost, and so is a letter that comes back
    without its accent; white space is not looked at.
    """
    return (Counter(visible(text)) - Counter(visible(decoded))).total()
