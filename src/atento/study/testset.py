"""What a study's runs are judged by."""

from __future__ import annotations

from dataclasses import dataclass

from atento.data.pharaoh import Alignment
from atento.text.words import How


@dataclass(frozen=True, kw_only=True)
class TestSet:
    """Sentences to translate and score, or texts to classify."""

    name: str
    sources: tuple[str, ...]
    references: tuple[str, ...]
    """Of classifiers: the texts' classes."""
    links: tuple[Alignment, ...] | None = None
    """Gold word alignments."""
    words: How = "words"
    """What the links count as a word."""

    def __len__(self) -> int:
        return len(self.sources)
