"""How well a tokenizer fits a text: what it does not know, and into how many tokens it has to cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from atento.core.configuration import Configuration
from atento.text.tokenizer import Tokenizer

_MOST_UNKNOWN, _MOST_BYTES = 0.01, 0.05
_LEAST_LENGTH = 0.75
"""Of the tokens of another text: below it a text is cut much finer than that one."""


class Fit(Configuration, frozen=True, kw_only=True):
    """Counted over some texts."""

    unknown: float
    """The share of tokens that are ``<unk>``."""
    single_bytes: float
    """The share of tokens that are parts of a character, for want of an entry for it."""
    bytes_per_token: float

    def complaints(self, before: Fit | None = None) -> list[str]:
        """What is bad about it, in words; empty if nothing is.

        Args:
            before: how the tokenizer fits the text that it was made for.
        """
        found = []
        if self.unknown > _MOST_UNKNOWN:
            found.append(f"{self.unknown:.1%} of the tokens are unknown")
        if self.single_bytes > _MOST_BYTES:
            found.append(f"{self.single_bytes:.1%} are parts of characters")
        if before is not None and self.bytes_per_token < _LEAST_LENGTH * before.bytes_per_token:
            found.append(
                f"a token holds {self.bytes_per_token:.2f} bytes, and {before.bytes_per_token:.2f} of the text before"
            )
        return found


@dataclass
class _Count:
    tokens: int = 0
    unknown: int = 0
    parts: int = 0
    size: int = 0


def fit_of(tokenizer: Tokenizer, texts: Iterable[str]) -> Fit:
    """Count over texts; of no text at all every share is 0."""
    parts = np.array([number != tokenizer.unk and "⟨" in tokenizer.label(number) for number in range(tokenizer.size)])
    count = _Count()
    for text in texts:
        ids = np.array(tokenizer.encode_batch([text])[0], np.int64)
        count.tokens += len(ids)
        count.unknown += int((ids == tokenizer.unk).sum())
        count.parts += int(parts[ids].sum())
        count.size += len(text.encode())
    whole = max(1, count.tokens)
    return Fit(unknown=count.unknown / whole, single_bytes=count.parts / whole, bytes_per_token=count.size / whole)
