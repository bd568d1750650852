"""Counts of a tokenizer over many texts, as data for ``atento tokenizer show``: nothing is printed here."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from atento.text.opened.protocol import OpenTokenizer
from atento.text.words import segment

_BATCH = 1024


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Many texts, cut."""

    texts: int
    words: int
    tokens: int
    size: int
    """Bytes of UTF-8."""
    unknown: int
    """Tokens that are ``<unk>``."""
    exact: int
    """Texts that came back as they were."""

    @property
    def tokens_per_word(self) -> float:
        """Tokens per word; 0 without words."""
        return self.tokens / self.words if self.words else 0.0

    @property
    def bytes_per_token(self) -> float:
        """Bytes per token; 0 without tokens."""
        return self.size / self.tokens if self.tokens else 0.0

    def data(self) -> dict[str, int | float]:
        """Everything, for JSON."""
        return dataclasses.asdict(self) | {
            "tokens_per_word": self.tokens_per_word,
            "bytes_per_token": self.bytes_per_token,
        }


def summarize(tokenizer: OpenTokenizer, texts: Iterable[str]) -> Summary:
    """Counts over a stream of texts, which is never held together."""
    counts = dict.fromkeys(("texts", "words", "tokens", "size", "unknown", "exact"), 0)
    stream = iter(texts)
    while batch := list(itertools.islice(stream, _BATCH)):
        ids = tokenizer.encode_batch(batch)
        counts["texts"] += len(batch)
        counts["words"] += sum(len(segment(text)) for text in batch)
        counts["tokens"] += sum(map(len, ids))
        counts["size"] += sum(len(text.encode()) for text in batch)
        counts["unknown"] += sum(row.count(tokenizer.unknown) for row in ids if tokenizer.unknown is not None)
        counts["exact"] += sum(a == b for a, b in zip(batch, tokenizer.decode_batch(ids), strict=True))
    return Summary(**counts)
