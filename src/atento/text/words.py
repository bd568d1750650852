"""Words of a raw text, as byte spans: the unit in which people read alignments.

A word keeps its inner hyphens, apostrophes and number separators; every other sign stands alone: the rule of the
built-in corpus (``atento.data.builtin.markup.WORD``). Two additions make it serve any script: combining marks belong
to their letter (Python's ``\\w`` leaves them out, which would cut Devanagari or Thai words), and ideographs and kana,
written without spaces, are words one by one.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from atento.text.spans import Span, to_bytes

How = Literal["words", "whitespace", "runs"]

_IDEOGRAPH = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PART = re.compile(
    rf"[{_IDEOGRAPH}]|[^\W_{_IDEOGRAPH}]+(?:[-'’.,:/][^\W_{_IDEOGRAPH}]+)*|[^\w\s]|_",
)
_CHUNK = re.compile(r"\S+")
_JOINERS = "\u200c\u200d"
"""They shape letters inside a word and join emoji."""


def segment(text: str, how: How = "words") -> list[Span]:
    """The byte spans of a text's words in its UTF-8 form, in order; spaces are in none of them.

    ``whitespace`` cuts at spaces alone, ``runs`` as tokenizers of kind ``word`` do: letters, marks and digits that
    touch are a word, and every other sign is one.
    """
    return to_bytes(text, list(_parts(text, how)))


def count(text: str, how: How = "words") -> int:
    """How many words a text has; see ``segment``."""
    return sum(1 for _ in _parts(text, how))


def words_of(text: str, how: How = "words") -> list[str]:
    """The words of a text; see ``segment``."""
    raw = text.encode()
    return [raw[start:stop].decode() for start, stop in segment(text, how)]


def assign(tokens: Sequence[Span | None], words: Sequence[Span]) -> list[int | None]:
    """Which word each token belongs to, by byte spans: the one that it shares most bytes with, the first of equals.

    Words stand in their order and do not overlap. None for tokens without a span, and for those that share no byte with
    any word (a lone space).
    """
    ends = [stop for _, stop in words]
    result: list[int | None] = []
    for token in tokens:
        best, most = None, 0
        if token is not None:
            for number in range(bisect.bisect_right(ends, token[0]), len(words)):
                start, stop = words[number]
                if start >= token[1]:
                    break
                shared = min(stop, token[1]) - max(start, token[0])
                if shared > most:
                    best, most = number, shared
        result.append(best)
    return result


def _parts(text: str, how: How) -> Iterator[Span]:
    """The words as spans of characters."""
    match how:
        case "words":
            return _words(text)
        case "whitespace":
            return _whitespace(text)
        case "runs":
            return _runs(text)


def _whitespace(text: str) -> Iterator[Span]:
    return (match.span() for match in _CHUNK.finditer(text))


def _runs(text: str) -> Iterator[Span]:
    start = 0
    for letters, group in groupby(text, key=_is_letter):
        run = "".join(group)
        if letters:
            yield start, start + len(run)
        else:
            yield from ((start + i, start + i + 1) for i, character in enumerate(run) if not character.isspace())
        start += len(run)


def _words(text: str) -> Iterator[Span]:
    current: Span | None = None
    growing = False  # the current word ends with a mark that the regular expression cut off
    for match in _PART.finditer(text):
        start, stop = match.span()
        mark = _is_mark(text[start])
        adjacent = current is not None and current[1] == start
        if current is not None and adjacent and (mark or (growing and _continues(text, current, match))):
            current = (current[0], stop)
            growing = mark
            continue
        if current is not None:
            yield current
        current, growing = (start, stop), False
    if current is not None:
        yield current


def _is_letter(character: str) -> bool:
    """Or a digit, or a mark on one."""
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _is_mark(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character).startswith("M")


def _continues(text: str, current: Span, match: re.Match[str]) -> bool:
    """Whether letters after a combining mark go on with its word, or an emoji after a joiner with its emoji."""
    character = text[match.start()]
    if character.isalnum():
        return text[current[0]].isalnum()
    return text[current[1] - 1] == "\u200d"
