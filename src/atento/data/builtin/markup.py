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
    links = sorted({
        (i, j)
        for a, b in _counterparts(source_units, target_units)
        for i in a.words
        for j in (*b.words, *b.openings)
    })
    return AlignedPair(source=source, target=target, links=tuple(links))


def _side(marked: str) -> tuple[str, list[_Unit]]:
    """The plain text of one side and its units, whose words are numbered over the whole side."""
    plain: list[str] = []
    units: list[_Unit] = []
    position = 0
    pending: list[tuple[str, int]] = []  # opening marks that wait for their closing mark

    def add(pieces: list[str], label: str | None) -> None:
        nonlocal position
        numbers: list[int] = []
        openings: list[int] = []
        for piece in pieces:
            if piece in OPENING:
                pending.append((OPENING[piece], position))
            else:
                numbers.append(position)
            position += 1
        if len(pieces) == 1 and any(closing == pieces[0] for closing, _ in pending):
            openings = [number for closing, number in pending if closing == pieces[0]]
            pending[:] = [(closing, number) for closing, number in pending if closing != pieces[0]]
        if numbers:
            units.append(_Unit(label=label, words=tuple(numbers), openings=tuple(openings)))

    for chunk in marked.split():
        if chunk == EMPTY or re.fullmatch(r"~(\{\w+\})?", chunk):
            units.append(_Unit(label=None, words=()))
            continue
        match = _CHUNK.fullmatch(chunk)
        if match is None:
            raise MarkupError(f"cannot read {chunk!r}: labels are written word{{a}}, nothing else uses braces or ~")
        text = match["body"].replace("_", " ")
        pieces = words(text)
        first, last = 0, len(pieces)
        while first < last and not pieces[first][0].isalnum():
            first += 1
        while last > first and not pieces[last - 1][0].isalnum():
            last -= 1
        for piece in pieces[:first]:
            add([piece], None)
        if first < last:
            add(pieces[first:last], match["label"])
        for piece in (*pieces[last:], *words(match["tail"])):
            add([piece], None)
        plain.append(text + match["tail"])
    if pending:
        raise MarkupError(f"an opening mark has no closing {pending[0][0]!r} in {marked!r}")
    text = " ".join(plain)
    if len(words(text)) != position:
        raise MarkupError(f"words of {text!r} change when its marks are removed")
    return text, units


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
