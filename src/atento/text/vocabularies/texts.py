"""The characters of a text of any size: what they are, what hides among them, and how a tokenizer spells them.

The text is read once, line by line; memory holds the different characters and no line. Line ends are no characters of
the text. With a tokenizer, each line is cut, too, and its tokens are shared out among scripts: a token of several
scripts counts to each by its bytes, so ``·casa`` is four fifths Latin.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from atento.core.progress import Progress, Silent
from atento.text.opened.protocol import OpenTokenizer
from atento.text.vocabularies.scripts import script_of

REPLACEMENT = "\ufffd"
"""What decoders put where bytes were no text."""
_REPORT = 1000
"""Lines between two reports of progress."""


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """What a tokenizer makes of a single character."""

    tokens: int
    """That have a part of it; 0 if it is dropped."""
    unknown: bool


@dataclass(frozen=True, kw_only=True)
class Spelled:
    """What a tokenizer makes of a text."""

    tokenizer: str
    tokens: int
    """Of all lines; no special tokens are added."""
    unknown: int
    """Tokens that are the unknown one."""
    by_script: Mapping[str, float]
    """Tokens, shared out by bytes; tokens that stand for no bytes (a space put before the text) are in none."""
    characters: Mapping[str, Spelling]
    """Each different character, by itself."""


@dataclass(frozen=True, kw_only=True)
class TextStatistics:
    """A text, counted."""

    lines: int
    empty: int
    """Lines without a character."""
    size: int
    """Bytes of UTF-8 without line ends."""
    longest: int
    """Characters of the longest line."""
    longest_line: int | None
    """Its number, from 1; None without lines."""
    lengths: Mapping[int, int]
    """How many lines have so many characters."""
    not_composed: int
    """Lines that are not in the normal form NFC."""
    not_composed_first: int | None
    """The first of them."""
    characters: Mapping[str, int]
    """How often each stands there."""
    first: Mapping[str, int]
    """The line that each stands in first, from 1."""
    spelled: Spelled | None

    @property
    def total(self) -> int:
        """Characters."""
        return sum(self.characters.values())


@dataclass
class _Counts:
    lines: int = 0
    size: int = 0
    longest: tuple[int, int] = (0, 0)
    not_composed: list[int] = field(default_factory=lambda: [0, 0])
    lengths: Counter[int] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, line: str) -> None:
        self.lines += 1
        self.size += len(line.encode(errors="surrogatepass"))
        self.lengths[len(line)] += 1
        if len(line) > self.longest[0]:
            self.longest = (len(line), self.lines)
        if not unicodedata.is_normalized("NFC", line):
            self.not_composed[0] += 1
            self.not_composed[1] = self.not_composed[1] or self.lines
        self.characters.update(line)
        for character in set(line).difference(self.first):
            self.first[character] = self.lines


def count_text(
    lines: Iterable[str], tokenizer: OpenTokenizer | None = None, progress: Progress | None = None
) -> TextStatistics:
    """Count a stream of lines.

    Args:
        lines: without their ends.
        tokenizer: also count what it makes of them.
        progress: told how many lines are done.

    Raises:
        DataError: a line has half a character (a lone surrogate), and there is a tokenizer.
    """
    shown = progress or Silent()
    shown.start("lines", None)
    counts = _Counts()
    tokens = None if tokenizer is None else _Tokens(tokenizer)
    for line in lines:
        counts.add(line)
        if tokens is not None:
            tokens.add(line)
        if counts.lines % _REPORT == 0:
            shown.advance(_REPORT)
    shown.finish()
    return TextStatistics(
        lines=counts.lines,
        empty=counts.lengths[0],
        size=counts.size,
        longest=counts.longest[0],
        longest_line=counts.longest[1] or (1 if counts.lines else None),
        lengths=counts.lengths,
        not_composed=counts.not_composed[0],
        not_composed_first=counts.not_composed[1] or None,
        characters=counts.characters,
        first=counts.first,
        spelled=None if tokens is None else tokens.result(sorted(counts.characters)),
    )


class _Tokens:
    """Tokens of lines, shared out among scripts."""

    def __init__(self, tokenizer: OpenTokenizer) -> None:
        self._tokenizer = tokenizer
        self._scripts: dict[str, int] = {}
        self._known: dict[str, tuple[int, int]] = {}  # script and bytes of each character
        self._shares: list[float] = []
        self._tokens = self._unknown = 0

    def add(self, line: str) -> None:
        found = self._tokenizer.encode(line)
        self._tokens += len(found.ids)
        if self._tokenizer.unknown is not None:
            self._unknown += found.ids.count(self._tokenizer.unknown)
        if not line or not found.spans:
            return
        marks = np.array([self._mark(character) for character in line])
        scripts = np.repeat(marks[:, 0], marks[:, 1])  # of each byte
        spans = np.array(found.spans)
        sizes = spans[:, 1] - spans[:, 0]
        weights = np.repeat(1 / np.maximum(sizes, 1), sizes)  # of each byte of a token
        inside = np.zeros(len(scripts) + 1, dtype=np.int64)
        np.add.at(inside, spans[:, 0], 1)
        np.add.at(inside, spans[:, 1], -1)
        shares = np.bincount(scripts[np.cumsum(inside)[:-1] > 0], weights, minlength=len(self._shares))
        for number, share in enumerate(shares):
            self._shares[number] += float(share)

    def _mark(self, character: str) -> tuple[int, int]:
        mark = self._known.get(character)
        if mark is None:
            script = self._scripts.setdefault(script_of(character), len(self._scripts))
            self._shares += [0.0] * (script + 1 - len(self._shares))
            mark = self._known[character] = (script, len(character.encode()))
        return mark

    def result(self, characters: Sequence[str]) -> Spelled:
        return Spelled(
            tokenizer=self._tokenizer.name,
            tokens=self._tokens,
            unknown=self._unknown,
            by_script={script: self._shares[number] for script, number in self._scripts.items()},
            characters={character: spelling(self._tokenizer, character) for character in characters},
        )


def spelling(tokenizer: OpenTokenizer, character: str) -> Spelling:
    """What a tokenizer makes of a character by itself."""
    found = tokenizer.encode(character)
    return Spelling(
        tokens=sum(stop > start for start, stop in found.spans),
        unknown=tokenizer.unknown is not None and tokenizer.unknown in found.ids,
    )
