"""Raw text with masks in it: a tokenizer's file, changed so that a mask is cut out of a text like a word.

The ``tokenizers`` library cuts special tokens out of a text first and prepares what is between them piece by piece. Our
tokenizers would then put a space before every piece, or lose the marks by which signs join a gap. Here the whole text
is prepared with a stand-in for each mask, which becomes the mask again before the text is cut. So a model reads the
same wherever the file is opened.
"""

from __future__ import annotations

import re
from typing import Any, Final

from atento.text.configuration import Kind
from atento.text.pipeline import PREFIXED, TILING, WORD

STANDIN: Final = "ꙮᚠꔖ"
"""Letters of three scripts in a row, which no text has; two of it never overlap, nothing composes with its ends, and it
has no capital form."""


def gapped(description: dict[str, Any], kind: Kind, mask: str) -> dict[str, Any]:
    """A ``tokenizer.json`` of ours that cuts masks out of raw text.

    A space before a gap belongs to what fills it where pieces hold their spaces. Where they do not, letters that touch
    a gap are words of their own, and so is what is between two gaps; signs join a gap as they join a word.

    Args:
        description: the file's, as training made it.
        kind: the tokenizer's.
        mask: the mask's text.
    """
    if kind in TILING and kind not in PREFIXED:  # each piece is prepared as in the whole text
        return description
    before, after = _steps(kind, mask)
    normalizer = description["normalizer"]
    steps = [*before, *normalizer["normalizers"], *after]
    return _prepared(description, mask, {**normalizer, "normalizers": steps}, normalized=True)


def without_gaps(description: dict[str, Any], kind: Kind, mask: str) -> dict[str, Any]:
    """The file that ``gapped`` made this of; any other file as it is."""
    normalizer = description["normalizer"] or {}
    steps = normalizer.get("normalizers", ())
    before, after = _steps(kind, mask)
    inner = {**normalizer, "normalizers": list(steps[len(before) : len(steps) - len(after)])}
    original = _prepared(description, mask, inner, normalized=False)
    return original if gapped(original, kind, mask) == description else description


def _steps(kind: Kind, mask: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is done to a text before its usual preparation, and after it."""
    standing = _replaced(re.escape(mask), STANDIN)
    if kind in PREFIXED:
        return [standing], [_replaced(f" ?{STANDIN}", mask)]
    apart = rf"(?<=[{WORD}])(?={STANDIN})|(?<={STANDIN})(?=[{WORD}])"
    return [standing, _replaced(apart, " ")], [_replaced(STANDIN, mask)]


def _replaced(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _prepared(
    description: dict[str, Any], mask: str, normalizer: dict[str, Any], *, normalized: bool
) -> dict[str, Any]:
    tokens = [
        {**token, "normalized": normalized} if token["content"] == mask else token
        for token in description["added_tokens"]
    ]
    return {**description, "normalizer": normalizer, "added_tokens": tokens}
