"""Texts with gaps, ``A vida é [MASK].``, as ids in which the mask token stands for each gap."""

from __future__ import annotations

import re
from dataclasses import dataclass

from atento.core.errors import DataError
from atento.core.vocabulary import MASK
from atento.text.tokenizer import Tokenizer

MARKS = ("[MASK]", MASK)
"""What people write for a gap; a tokenizer's own mark is understood, too."""


@dataclass(frozen=True, kw_only=True)
class GappedText:
    """A text cut into tokens; no special token but the mask is added."""

    ids: tuple[int, ...]
    gaps: tuple[int, ...]
    """Where in ``ids`` the mask token stands."""


def encode_with_gaps(tokenizer: Tokenizer, text: str) -> GappedText:
    """Cut a text with gaps into tokens, as the text would be with words in them (``text.gapped``).

    A tokenizer that comes from elsewhere cuts it as its own library does.

    Raises:
        DataError: the tokenizer has no mask token, or the text no gap, or it cannot be cut.
    """
    if tokenizer.mask is None:
        raise DataError("this model's tokenizer has no mask token: gaps are for masked language models")
    parts = re.split(_gap(tokenizer.piece(tokenizer.mask)), text)
    if len(parts) == 1:
        raise DataError(f"there is no gap in {_shortened(text)!r}: write {MARKS[0]} where a word is wanted")
    ids = tokenizer.encode_gapped(tokenizer.piece(tokenizer.mask).join(parts))
    return GappedText(ids=tuple(ids), gaps=tuple(place for place, token in enumerate(ids) if token == tokenizer.mask))


def has_gap(tokenizer: Tokenizer, text: str) -> bool:
    """Whether a text has a mark of a gap in it."""
    return tokenizer.mask is not None and re.search(_gap(tokenizer.piece(tokenizer.mask)), text) is not None


def _gap(mark: str) -> str:
    """The pattern of what stands for a gap."""
    return "|".join(map(re.escape, {*MARKS, mark}))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
