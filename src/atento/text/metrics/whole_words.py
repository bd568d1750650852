"""Words that a tokenizer keeps whole: those that a single token covers, where they stand in the text.

Rust et al. (2021) call the other words *continued*, and count them in words cut out of the text; here the text is cut
as it is. Where the tokens' bytes, spaces left out, are the text's own, their lengths say where each lies; else the
tokenizer is asked for spans, which is slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atento.text.opened.protocol import OpenTokenizer
from atento.text.words import How, segment

_SPACES: Final = b" \t\n\r\v\f"
_NOWHERE: Final = b"\xff"
"""Stands in no text."""
Places = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """A text's words."""

    place: int
    """In its batch."""
    text: str
    bare: bytes
    """Its bytes without ASCII's white space."""
    words: Places
    """First byte of each word and the one after its last, [words, 2]."""
    bare_words: Places
    """The same in ``bare``."""

    @classmethod
    def of(cls, place: int, text: str, how: How) -> LookedAt:
        """The words of a text."""
        raw = text.encode()
        words = np.array(segment(text, how), dtype=np.int64).reshape(-1, 2)
        is_kept = ~np.isin(np.frombuffer(raw, dtype=np.uint8), np.frombuffer(_SPACES, dtype=np.uint8))
        before = np.concatenate([[0], np.cumsum(is_kept)])
        return cls(
            place=place, text=text, bare=raw.translate(None, _SPACES), words=words, bare_words=before[words],
        )  # fmt: skip


class WholeWords:
    """Counts the words that a tokenizer keeps whole."""

    def __init__(self, tokenizer: OpenTokenizer) -> None:
        self._tokenizer = tokenizer
        self._bare = [_NOWHERE] * (max(tokenizer.numbers) + 1)
        for number in tokenizer.numbers:
            if number != tokenizer.unknown:
                self._bare[number] = tokenizer.entry(number).raw.translate(None, _SPACES)

    def count(self, looked: LookedAt, ids: Sequence[int]) -> int:
        """How many of a text's words lie within one token, which is not the unknown one."""
        pieces = [self._bare[number] for number in ids]
        if b"".join(pieces) == looked.bare:
            lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
            ends = np.cumsum(lengths)
            return _covered(ends - lengths, ends, looked.bare_words)
        tokens = self._tokenizer.encode(looked.text)
        known = [
            span for number, span in zip(tokens.ids, tokens.spans, strict=True) if number != self._tokenizer.unknown
        ]
        spans = np.array(known, dtype=np.int64).reshape(-1, 2)
        return _covered(spans[:, 0], spans[:, 1], looked.words)


def _covered(starts: Places, ends: Places, words: Places) -> int:
    """How many words lie within one of the spans, which are in order and do not overlap."""
    if not len(ends) or not len(words):
        return 0
    first = np.searchsorted(ends, words[:, 0], side="right")  # the first span that ends after the word begins
    is_there = first < len(ends)
    span = np.minimum(first, len(ends) - 1)
    return int((is_there & (starts[span] <= words[:, 0]) & (ends[span] >= words[:, 1])).sum())
