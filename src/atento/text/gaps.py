"""Texts with gaps, ``A vida é [MASK].``, as ids in which the mask token stands for each gap."""

from __future__ import annotations

import re
from dataclasses import dataclass

from atento.core.errors import DataError
from atento.core.vocabulary import MASK
from atento.text.pipeline import PREFIXED, TILING
from atento.text.tokenizer import Tokenizer

MARKS = ("[MASK]", MASK)
"""What people write for a gap; a tokenizer's own mark is understood, too."""
_STANDINS = "ꙮꔖꕢꖴ\u1680ᚠᚢ"
"""Letters of scripts that hardly any vocabulary has: one takes a gap's place while a text is cut into words."""


@dataclass(frozen=True, kw_only=True)
class GappedText:
    """A text cut into tokens; no special token but the mask is added."""

    ids: tuple[int, ...]
    gaps: tuple[int, ...]
    """Where in ``ids`` the mask token stands."""


def encode_with_gaps(tokenizer: Tokenizer, text: str) -> GappedText:
    """Cut a text with gaps into tokens, as the text would be with words in them.

    A space before a gap belongs to what fills it, where the tokenizer's pieces hold their spaces.

    Raises:
        DataError: the tokenizer has no mask token, or the text no gap.
    """
    if tokenizer.mask is None:
        raise DataError("this model's tokenizer has no mask token: gaps are for masked language models")
    parts = re.split("|".join(map(re.escape, {*MARKS, tokenizer.piece(tokenizer.mask)})), text)
    if len(parts) == 1:
        raise DataError(f"there is no gap in {_shortened(text)!r}: write {MARKS[0]} where a word is wanted")
    ids = _tiled(tokenizer, parts) if tokenizer.kind in TILING else _joined(tokenizer, parts)
    return GappedText(ids=tuple(ids), gaps=tuple(place for place, token in enumerate(ids) if token == tokenizer.mask))


def _tiled(tokenizer: Tokenizer, parts: list[str]) -> list[int]:
    """Part after part: pieces hold their spaces, so that each may be cut alone."""
    assert tokenizer.mask is not None
    ids: list[int] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        held = part.removesuffix(" ") if tokenizer.kind in PREFIXED and not last else part
        ids += tokenizer.encode_batch([held], continued=number > 0)[0] if held else []
        ids += [] if last else [tokenizer.mask]
    return ids


def _joined(tokenizer: Tokenizer, parts: list[str]) -> list[int]:
    """The whole text with a word that nobody knows in every gap, so that marks of joining come as they would.

    Letters that touch a gap are words of their own, as in BERT's tokenizer, and what is between two gaps as well.
    """
    assert tokenizer.mask is not None
    standin = next((letter for letter in _STANDINS if tokenizer.unknown(letter) and letter not in "".join(parts)), None)
    if standin is None:
        raise DataError("this tokenizer knows every letter that could stand for a gap; take one of kind bpe or unigram")
    text = parts[0]
    for part in parts[1:]:
        text += (" " if text[-1:].isalnum() else "") + standin + (" " if part[:1].isalnum() else "") + part
    raw, tokens = text.encode(), tokenizer.encode(text)
    return [
        tokenizer.mask if standin in raw[start:stop].decode(errors="ignore") else token
        for token, (start, stop) in zip(tokens.ids, tokens.spans, strict=True)
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
