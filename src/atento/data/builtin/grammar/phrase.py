"""Phrases in both languages at once: two word lists whose words carry the links that join counterparts.

A phrase is never a tree. Each side is a flat sequence, so a construction may order the sides as it likes; the word
alignment is read off at the end from the links that words share. ``fill`` builds a phrase from two patterns in the
notation of the handwritten corpus (``markup``), with slots:

* units are separated by spaces; ``_`` joins words into one unit; ``~`` is an empty unit; ``word{a}`` labels a unit;
* unlabelled units are counterparts in order; each punctuation mark is a unit (Spanish ``¿`` and ``¡`` are none);
* ``[name]`` is a slot for another phrase, wherever it stands on either side.

    fill("[topic], o_que é?", "¿[topic], qué es?", topic=...)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

OPENING = "¿¡"
_ITEM = re.compile(r"\[(?P<slot>\w+)\]|(?P<text>[.,:;?!¿¡]|[^\s{}\[\].,:;?!¿¡]+)(?:\{(?P<label>\w+)\})?")


class Link:
    """What joins counterparts: words on either side that hold the same link are aligned."""

    __slots__ = ()


class Word(NamedTuple):
    """One word or punctuation mark of one side."""

    text: str
    links: tuple[Link, ...] = ()


Words = tuple[Word, ...]


class Phrase(NamedTuple):
    """Counterparts in the two languages (a plain tuple because millions are made)."""

    source: Words
    target: Words


EMPTY = Phrase((), ())


def join(*phrases: Phrase) -> Phrase:
    """The phrases one after another, in the same order on both sides."""
    source: Words = ()
    target: Words = ()
    for phrase in phrases:
        source += phrase.source
        target += phrase.target
    return Phrase(source, target)


def unit(source: str, target: str) -> Phrase:
    """Two texts that correspond as a whole; an empty text leaves the other unlinked."""
    links = (Link(),) if source and target else ()
    return Phrase(
        tuple(Word(text, links) for text in source.split()), tuple(Word(text, links) for text in target.split())
    )


def fill(source: str, target: str, **slots: Phrase) -> Phrase:
    """The phrase of two patterns with their slots filled."""
    pattern = _compile(source, target)
    links = [(Link(),) for _ in range(pattern.groups)]
    return Phrase(
        _words(pattern.source, links, slots, 0),
        _words(pattern.target, links, slots, 1),
    )


class _Item(NamedTuple):
    slot: str
    text: str
    group: int  # -1: no link


class _Pattern(NamedTuple):
    source: tuple[_Item, ...]
    target: tuple[_Item, ...]
    groups: int


def _words(items: tuple[_Item, ...], links: list[tuple[Link]], slots: dict[str, Phrase], side: int) -> Words:
    words: list[Word] = []
    for slot, text, group in items:
        if slot:
            words.extend(slots[slot][side])
        else:
            words.append(Word(text, links[group] if group >= 0 else ()))
    return tuple(words)


@cache
def _compile(source: str, target: str) -> _Pattern:
    groups: dict[str, int] = {}
    sides = [tuple(_items(side, groups)) for side in (source, target)]
    counts = [sum(1 for _ in _labels(side) if _.startswith("#")) for side in (source, target)]
    assert counts[0] == counts[1], f"{counts[0]} unlabelled units against {counts[1]}: {source!r} {target!r}"
    return _Pattern(sides[0], sides[1], len(groups))


def _units(side: str) -> Iterator[tuple[str, str, str]]:
    """(slot, text, label) of each item; unlabelled units get running labels ``#0``, ``#1`` …"""
    number = 0
    for match in _ITEM.finditer(side):
        text, label = match["text"] or "", match["label"] or ""
        if not match["slot"] and text not in OPENING and not label:
            label, number = f"#{number}", number + 1
        yield match["slot"] or "", text, label


def _labels(side: str) -> Iterator[str]:
    return (label for _, _, label in _units(side))


def _items(side: str, groups: dict[str, int]) -> Iterator[_Item]:
    for slot, text, label in _units(side):
        group = groups.setdefault(label, len(groups)) if label else -1
        if slot:
            yield _Item(slot, "", -1)
        elif text != "~":
            for piece in text.split("_"):
                yield _Item("", piece, group)
