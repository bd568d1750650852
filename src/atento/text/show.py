"""What a tokenizer does to a text, as data for ``atento tokenizer show``: nothing is printed here."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from atento.text.spans import Span
from atento.text.tokenizer import Tokenizer
from atento.text.words import segment

_BATCH = 1024


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One text, cut."""

    text: str
    ids: tuple[int, ...]
    labels: tuple[str, ...]
    """The pieces for a reader: spaces as ``▁``, single bytes as ``⟨C3⟩``."""
    spans: tuple[Span, ...]
    """Bytes of the raw text."""
    decoded: str
    unknown: tuple[str, ...]
    """What training never saw."""
    words: int

    @property
    def exact(self) -> bool:
        """Whether the text came back as it was."""
        return self.decoded == self.text

    @property
    def difference(self) -> str:
        """Where the text that came back departs from the text first; empty if it does not."""
        if self.exact:
            return ""
        pairs = enumerate(itertools.zip_longest(self.text, self.decoded))
        place = next(number for number, (before, after) in pairs if before != after)
        return (
            f"from character {place + 1} on: {self.text[place : place + 12]!r} → {self.decoded[place : place + 12]!r}"
        )

    @property
    def tokens_per_word(self) -> float:
        """Tokens per word; 0 for a text without words."""
        return len(self.ids) / self.words if self.words else 0.0


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


def show(tokenizer: Tokenizer, text: str) -> Shown:
    """Cut one text and put it together again."""
    tokens = tokenizer.encode(text)
    return Shown(
        text=text,
        ids=tokens.ids,
        labels=tuple(tokenizer.label(number) for number in tokens.ids),
        spans=tokens.spans,
        decoded=tokenizer.decode(tokens.ids),
        unknown=tokenizer.unknown(text),
        words=len(segment(text)),
    )


def summarize(tokenizer: Tokenizer, texts: Iterable[str]) -> Summary:
    """Counts over a stream of texts, which is never held together."""
    counts = dict.fromkeys(("texts", "words", "tokens", "size", "unknown", "exact"), 0)
    stream = iter(texts)
    while batch := list(itertools.islice(stream, _BATCH)):
        ids = tokenizer.encode_batch(batch)
        counts["texts"] += len(batch)
        counts["words"] += sum(len(segment(text)) for text in batch)
        counts["tokens"] += sum(map(len, ids))
        counts["size"] += sum(len(text.encode()) for text in batch)
        counts["unknown"] += sum(row.count(tokenizer.unk) for row in ids)
        counts["exact"] += sum(a == b for a, b in zip(batch, tokenizer.decode_batch(ids), strict=True))
    return Summary(**counts)
