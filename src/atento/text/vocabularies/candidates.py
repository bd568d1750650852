"""Texts that may give an entry of a vocabulary."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from atento.text.opened.protocol import Entry, LongestMatch, OpenTokenizer
from atento.text.vocabularies.cutting import longer_entry
from atento.text.vocabularies.scripts import class_of
from atento.text.vocabularies.utf8 import is_partial, texts_with

_STRANGERS: Final = "\U000f0000\ue000𐎠𐰀ꙮꔀ⸘"
"""Characters that are in hardly any vocabulary; some libraries drop those of private use."""
_NEIGHBOURS: Final = ("", "a", " ", "\n", "1", ".")


def text_of(entry: Entry) -> str | None:
    """What an entry stands for, if that is whole characters and not a byte of one that has no entry."""
    return None if is_partial(entry.raw) else entry.raw.decode()


def alone(entry: Entry) -> Iterator[str]:
    """What an entry stands for, by itself."""
    text = text_of(entry)
    if text:
        yield text


def spelled(entry: Entry, algorithm: LongestMatch) -> Iterator[str]:
    """The string of an entry inside words, mark and all: where words may have such signs, it can begin one."""
    if is_inner(entry, algorithm):
        yield entry.piece


def completed(entry: Entry, most: int, single: frozenset[str]) -> Iterator[str]:
    """Texts of the characters that an entry is a part of, at the beginning and after a space.

    Args:
        entry: any; whole characters give nothing, unless the entry is for bytes of characters that have none.
        most: how many completions.
        single: characters that have entries of their own; an entry for single bytes is for none of them.
    """
    if entry.role == "byte":
        yield from (text for text in texts_with(entry.raw, most) if text not in single)
    elif is_partial(entry.raw):
        for text in texts_with(entry.raw, most):
            yield from (text, " " + text)


def stranger(tokenizer: OpenTokenizer, characters: Container[str]) -> str:
    """A character that no entry has and that normalisation leaves, so that no entry reaches across it.

    The last of the known ones, if there is none such: then this is just a neighbour like others.
    """
    fitting = (c for c in _STRANGERS if c not in characters and c in tokenizer.cut(c).normalised)
    return next(fitting, _STRANGERS[-1])


def edges(unknown: str) -> list[tuple[str, str]]:
    """A character that no entry has, before and on both sides."""
    return [(unknown, ""), (unknown, unknown)]


def near_sides(unknown: str) -> list[tuple[str, str]]:
    """Neighbours of few kinds, on both sides."""
    kinds = (*_NEIGHBOURS, unknown)
    return list(itertools.product(kinds, kinds))


def between(entry: Entry, sides: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What an entry stands for, between neighbours."""
    text = text_of(entry)
    if text and entry.role != "byte":
        yield from (left + text + right for left, right in sides)


def far_sides(characters: Iterable[str]) -> list[tuple[str, str]]:
    """A character of every script and category of a vocabulary, on either side and on both."""
    kinds = list({class_of(character): character for character in characters}.values())
    return [side for kind in kinds for side in (("", kind), (kind, ""), (kind, kind))]


class Heads:
    """Beginnings of words after which an entry inside words can come: those that no longer entry joins it to."""

    def __init__(self, entries: Sequence[Entry], witnesses: Mapping[int, str], algorithm: LongestMatch) -> None:
        self._algorithm = algorithm
        heads: dict[str, list[tuple[str, str]]] = {}  # piece and text, by the class of the last character
        for entry in entries:
            text, witness = text_of(entry), witnesses.get(entry.number)
            if text and witness is not None and witness.endswith(text):
                heads.setdefault(class_of(text[-1]), []).append((entry.piece, witness))
        self._heads = sorted(heads.values(), key=len, reverse=True)

    def texts(self, entry: Entry, most: int) -> Iterator[str]:
        """A text for every script and category that the beginning may end with, the commonest first.

        Args:
            entry: any; those that do not stand inside words give nothing.
            most: how many texts at most.
        """
        text = text_of(entry)
        if not text or not is_inner(entry, self._algorithm):
            return iter(())
        rest = entry.piece.removeprefix(self._algorithm.continuation)
        found = (self._fitting(heads, rest) for heads in self._heads)
        return itertools.islice((witness + text for witness in found if witness is not None), most)

    def _fitting(self, heads: Sequence[tuple[str, str]], rest: str) -> str | None:
        fitting = (witness for piece, witness in heads if not longer_entry(piece, rest, self._algorithm))
        return next(fitting, None)


def is_inner(entry: Entry, algorithm: LongestMatch) -> bool:
    """Whether an entry stands only inside words."""
    return bool(algorithm.continuation) and entry.piece.startswith(algorithm.continuation)
