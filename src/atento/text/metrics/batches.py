"""A stream of texts in batches of about a megabyte, with all that is counted in a text whatever the tokenizer."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.whole_words import LookedAt
from atento.text.words import count

BATCH_BYTES: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Texts that follow each other in a stream."""

    texts: list[str]
    lines: NDArray[np.int64]
    """Which line of the stream each is, from 0; blank lines are no texts."""
    bytes: NDArray[np.int64]
    characters: NDArray[np.int64]
    visible: NDArray[np.int64]
    """Characters that are no white space, accents composed (NFC)."""
    words: NDArray[np.int64]
    looked: tuple[LookedAt, ...]
    """The texts in which words kept whole are looked for."""

    @property
    def size(self) -> int:
        """Bytes of all texts."""
        return int(self.bytes.sum())


def batches(texts: Iterable[str], config: MeasureConfig, size: int = BATCH_BYTES) -> Iterator[Batch]:
    """Batches of at least ``size`` bytes (but for the last one), read as they are asked for."""
    waiting: list[tuple[int, str, int]] = []
    total = 0
    for line, text in enumerate(texts):
        if not text.strip():
            continue
        length = len(text.encode())
        waiting.append((line, text, length))
        total += length
        if total >= size:
            yield _batch(waiting, config)
            waiting, total = [], 0
    if waiting:
        yield _batch(waiting, config)


def visible(text: str) -> str:
    """A text without white space, accents composed: spaces are what tokenizers of words never keep."""
    return "".join(unicodedata.normalize("NFC", text).split())


def _batch(waiting: list[tuple[int, str, int]], config: MeasureConfig) -> Batch:
    texts = [text for _, text, _ in waiting]
    return Batch(
        texts=texts,
        lines=np.array([line for line, _, _ in waiting], dtype=np.int64),
        bytes=np.array([length for _, _, length in waiting], dtype=np.int64),
        characters=np.array([len(text) for text in texts], dtype=np.int64),
        visible=np.array([len(visible(text)) for text in texts], dtype=np.int64),
        words=np.array([count(text, config.words) for text in texts], dtype=np.int64),
        looked=tuple(
            LookedAt.of(place, text, config.words)
            for place, (line, text, _) in enumerate(waiting)
            if line % config.look_every == 0
        ),
    )
