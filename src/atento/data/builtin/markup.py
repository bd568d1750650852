"""The notation in which the built-in corpus is written: a sentence pair and its word alignment in one line.

A line is ``PORTUGUESE<TAB>SPANISH``. Each side is ordinary text plus four marks:

* units are separated by spaces; a punctuation mark is a unit of its own without being written apart;
* ``_`` joins words into one unit (``Gosto_de``): every word of a unit is linked to every word of its counterpart;
* ``~`` is an empty unit: its counterpart on the other side is linked to nothing;
* ``word{a}`` labels a unit: units with the same label are counterparts, wherever they stand.

Unlabelled units are counterparts in order, so both sides must have equally many of them. Spanish ``¿`` and ``¡`` are
no units: they are linked to whatever the next closing ``?`` or ``!`` is linked to. A line that starts with ``#`` and a
blank line are comments.

    Gosto_de ~ café.    Me_gusta el café.       0-0 0-1 1-0 1-1 2-3 3-4
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

EMPTY = "~"
OPENING = {"¿": "?", "¡": "!"}
WORD = re.compile(r"[^\W_]+(?:[-'’.,:/][^\W_]+)*|[^\w\s]|_")
"""A word with its inner hyphens, apostrophes and number separators, or one punctuation mark."""
_CHUNK = re.compile(r"(?P<body>[^\s{}]+)(?:\{(?P<label>\w+)\})?(?P<tail>[^\s\w{}~]*)")


class MarkupError(ValueError):
    """A line that does not follow the notation; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class AlignedPair:
    """A sentence pair with its exact word alignment.

    ``links`` holds (source word, target word) positions, counted from 0 over ``WORD``'s matches in each text, sorted.
    """

    source: str
    target: str
    links: tuple[tuple[int, int], ...]


def words(text: str) -> list[str]:
    """The words and punctuation marks of a text, in order."""
    return WORD.findall(text)


@dataclass(frozen=True, kw_only=True)
class _Unit:
    label: str | None
    words: tuple[int, ...]
    openings: tuple[int, ...] = ()


def parse(line: str) -> AlignedPair:
    """Read one line of the notation.

    Raises:
        MarkupError: the line is not two tab-separated sides, or their units do not match.
    """
    sides = line.rstrip("\n").split("\t")
    if len(sides) != 2:
        raise MarkupError(f"expected PORTUGUESE<TAB>SPANISH, found {len(sides)} tab-separated columns")
    (source, source_units), (target, target_units) = _side(sides[0]), _side(sides[1])
    links = sorted(
        {(i, j) for a, b in _counterparts(source_units, target_units) for i in a.words for j in (*b.words, *b.openings)}
    )
    return AlignedPair(source=source, target=target, links=tuple(links))


def _side(marked: str) -> tuple[str, list[_Unit]]:
    """The plain text of one side and its units, whose words are numbered over the whole side."""
    reader = _SideReader()
    plain = [text for chunk in marked.split() if (text := reader.read(chunk))]
    if reader.waiting:
        raise MarkupError(f"an opening mark has no closing {reader.waiting[0][0]!r} in {marked!r}")
    text = " ".join(plain)
    if len(words(text)) != reader.position:
        raise MarkupError(f"words of {text!r} change when its marks are removed")
    return text, reader.units


class _SideReader:
    """Reads the chunks of one side, from left to right."""

    def __init__(self) -> None:
        self.units: list[_Unit] = []
        self.position = 0
        self.waiting: list[tuple[str, int]] = []
        """Opening marks that wait for their closing mark: (closing mark, position)."""

    def read(self, chunk: str) -> str:
        """Add the units of a chunk; gives its plain text."""
        if chunk == EMPTY:
            self.units.append(_Unit(label=None, words=()))
            return ""
        match = _CHUNK.fullmatch(chunk)
        if match is None or EMPTY in chunk:
            raise MarkupError(f"cannot read {chunk!r}: labels are written word{{a}}, {EMPTY} stands alone")
        body = match["body"].replace("_", " ")
        pieces = words(body)
        inner = [number for number, piece in enumerate(pieces) if piece[0].isalnum()]
        first, last = (inner[0], inner[-1] + 1) if inner else (len(pieces), len(pieces))
        for piece in pieces[:first]:
            self._add_mark(piece)
        if inner:
            self._add_words(last - first, match["label"])
        for piece in (*pieces[last:], *words(match["tail"])):
            self._add_mark(piece)
        return body + match["tail"]

    def _add_words(self, count: int, label: str | None) -> None:
        self.units.append(_Unit(label=label, words=tuple(range(self.position, self.position + count))))
        self.position += count

    def _add_mark(self, mark: str) -> None:
        """A punctuation mark; an opening one is no unit but belongs to its closing one."""
        if mark in OPENING:
            self.waiting.append((OPENING[mark], self.position))
        else:
            openings = tuple(position for closing, position in self.waiting if closing == mark)
            self.waiting = [entry for entry in self.waiting if entry[0] != mark]
            self.units.append(_Unit(label=None, words=(self.position,), openings=openings))
        self.position += 1


def _counterparts(source: list[_Unit], target: list[_Unit]) -> Iterator[tuple[_Unit, _Unit]]:
    ordered = [unit for unit in source if unit.label is None], [unit for unit in target if unit.label is None]
    if len(ordered[0]) != len(ordered[1]):
        raise MarkupError(f"{len(ordered[0])} unlabelled units against {len(ordered[1])}: join with _ or fill with ~")
    yield from zip(*ordered, strict=True)
    labels = {unit.label for unit in source if unit.label}, {unit.label for unit in target if unit.label}
    if labels[0] != labels[1]:
        raise MarkupError(f"labels {sorted(labels[0])} against {sorted(labels[1])}: each must stand on both sides")
    for a in source:
        yield from ((a, b) for b in target if a.label and a.label == b.label)
