"""What each token adds to a decoded text, where a decoder cannot tell: it joins, strips, and puts bytes together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import tokenizers

_WINDOW = 64
"""Tokens that are decoded from one place on."""
_BEFORE = range(8, 16)
"""How many tokens before a window it is decoded from, so that what a decoder does to its first token stays outside."""


def text_ends(library: tokenizers.Tokenizer, ids: Sequence[int]) -> tuple[str, list[int]]:
    """The decoded text, and where in it what has been decoded ends: before the first token, and after each.

    The text of a beginning may change when more is decoded (half a character is a replacement character); what it has
    in common with the whole text counts. Windows are decoded token by token; beginnings of the whole would take the
    square of its length.

    Args:
        library: decodes; special tokens are shown.
        ids: of n tokens.

    Returns:
        The text, and n + 1 places in characters that never go back.
    """
    ids = list(ids)
    text = library.decode(ids, skip_special_tokens=False)
    ends, first, offset = [0], 0, 0  # the window is decoded from this token on, whose text stands there
    while len(ends) <= len(ids):
        stops = range(len(ends), min(len(ends) + _WINDOW, len(ids) + 1))
        beginnings = library.decode_batch([ids[first:stop] for stop in stops], skip_special_tokens=False)
        places = (offset + _shared(beginning, text, offset) for beginning in beginnings)
        ends += accumulate(places, max, initial=ends.pop())
        if ends[-1] == offset + len(beginnings[-1]):  # else it ends with half a character
            first, offset = _next_window(library, ids, text, first, offset, stop=stops[-1], end=ends[-1])
    return text, ends


def _next_window(
    library: tokenizers.Tokenizer, ids: list[int], text: str, first: int, offset: int, *, stop: int, end: int
) -> tuple[int, int]:
    """A token before ``stop``, where ``end`` is the text's place, and where its own text begins; or the same as now."""
    for begin in (stop - before for before in _BEFORE if first < stop - before):
        piece = library.decode(ids[begin:stop], skip_special_tokens=False)
        if text.endswith(piece, 0, end):  # else it begins with half a character
            return begin, end - len(piece)
    return first, offset


def _shared(beginning: str, text: str, offset: int) -> int:
    """How many characters a beginning and the text from ``offset`` on have in common."""
    if text.startswith(beginning, offset):
        return len(beginning)
    return next(place for place, character in enumerate(beginning) if not text.startswith(character, offset + place))
