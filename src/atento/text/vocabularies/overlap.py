"""What two vocabularies have in common.

Two entries are the same if they stand for the same bytes, or if their files spell them alike: these are two questions,
and both are counted. ``Ġcasa`` of GPT-2 and ``▁casa`` of a SentencePiece model are the same bytes (a space and
``casa``) and two strings; ``sa`` and ``##sa`` of BERT are two strings and the same bytes; ``é`` of byte-level
vocabularies is the byte E9 and the same string as BERT's ``é``, which is C3 A9. So only the count on bytes says what
two tokenizers share; the other is what comparing the files would give.

A value that several entries have counts once. Tokens that stand for no bytes of a text (special, unknown, unused) are
compared apart, by name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from atento.core.tables import Cell, Column, Table
from atento.text.opened.protocol import Entry, OpenTokenizer

APART: Final = frozenset({"special", "unknown", "unused"})
"""Roles of entries that stand for no bytes of a text."""

Value = TypeVar("Value", bytes, str)


@dataclass(frozen=True, kw_only=True)
class Member(Generic[Value]):
    """One value, and the ids that it has on both sides."""

    value: Value
    a: tuple[int, ...]
    """Ascending; empty if only the other side has it. Several are duplicates."""
    b: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison(Generic[Value]):
    """Two sets of values."""

    common: tuple[Member[Value], ...]
    """By their (first) id in A."""
    only_a: tuple[Member[Value], ...]
    """By their id in A."""
    only_b: tuple[Member[Value], ...]
    """By their id in B."""

    @property
    def jaccard(self) -> float:
        """Those in common among all there are, between 0 and 1; 0 if there are none at all."""
        return _share(len(self.common), len(self.common) + len(self.only_a) + len(self.only_b))

    @property
    def share_of_a(self) -> float:
        """Those in common among A's, between 0 and 1; 0 if A has none."""
        return _share(len(self.common), len(self.common) + len(self.only_a))

    @property
    def share_of_b(self) -> float:
        """Those in common among B's, between 0 and 1; 0 if B has none."""
        return _share(len(self.common), len(self.common) + len(self.only_b))


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two vocabularies, compared."""

    a: str
    """A's name."""
    b: str
    size_a: int
    """All of A's entries, special ones and duplicates counted."""
    size_b: int
    on_bytes: Comparison[bytes]
    """By the bytes of a text that entries stand for."""
    on_strings: Comparison[str]
    """By the strings that the files have; a ``.tiktoken`` file's bytes are spelled as GPT-2's ``vocab.json`` does."""
    specials: Comparison[str]
    """Special, unknown and unused tokens, by name."""

    def table(self) -> Table:
        """The counts, a row for each way of counting."""
        ways: tuple[tuple[str, Comparison[bytes] | Comparison[str]], ...] = (
            ("canonical bytes", self.on_bytes),
            ("strings in the files", self.on_strings),
            ("special tokens, by name", self.specials),
        )
        return Table(
            title=f"What {self.a} and {self.b} have in common",
            columns=(
                Column(key="counted_on", title="counted on"),
                Column(key="common", title="in common"),
                Column(key="only_a", title=f"only {self.a}"),
                Column(key="only_b", title=f"only {self.b}"),
                Column(key="jaccard", title="Jaccard", digits=3, note="those in common among all there are"),
                Column(key="share_of_a", title=f"of {self.a}", percent=True),
                Column(key="share_of_b", title=f"of {self.b}", percent=True),
            ),
            rows=tuple(_row(name, comparison) for name, comparison in ways),
            notes=(
                f"{self.a} has {self.size_a:,} entries and {self.b} {self.size_b:,}, duplicates and special tokens "
                "counted; a value that several entries have counts once.",
            ),
        )


def overlap(a: OpenTokenizer, b: OpenTokenizer) -> Overlap:
    """Compare the vocabularies of two tokenizers, entry by entry."""
    entries_a = [a.entry(number) for number in a.numbers]
    entries_b = [b.entry(number) for number in b.numbers]
    ordinary_a, ordinary_b = ([e for e in entries if e.role not in APART] for entries in (entries_a, entries_b))
    apart_a, apart_b = ([e for e in entries if e.role in APART] for entries in (entries_a, entries_b))
    return Overlap(
        a=a.name,
        b=b.name,
        size_a=len(entries_a),
        size_b=len(entries_b),
        on_bytes=_compare(_by_bytes(ordinary_a), _by_bytes(ordinary_b)),
        on_strings=_compare(_by_string(ordinary_a), _by_string(ordinary_b)),
        specials=_compare(_by_string(apart_a), _by_string(apart_b)),
    )


def _by_bytes(entries: Iterable[Entry]) -> dict[bytes, tuple[int, ...]]:
    return _grouped((entry.raw, entry.number) for entry in entries)


def _by_string(entries: Iterable[Entry]) -> dict[str, tuple[int, ...]]:
    return _grouped((entry.piece, entry.number) for entry in entries)


_Key = TypeVar("_Key", bound=Hashable)


def _grouped(pairs: Iterable[tuple[_Key, int]]) -> dict[_Key, tuple[int, ...]]:
    """The ids of each value, both in ascending order."""
    found: dict[_Key, list[int]] = {}
    for value, number in sorted(pairs, key=lambda pair: pair[1]):
        found.setdefault(value, []).append(number)
    return {value: tuple(numbers) for value, numbers in found.items()}


def _compare(a: Mapping[Value, tuple[int, ...]], b: Mapping[Value, tuple[int, ...]]) -> Comparison[Value]:
    return Comparison(
        common=tuple(Member(value=value, a=numbers, b=b[value]) for value, numbers in a.items() if value in b),
        only_a=tuple(Member(value=value, a=numbers, b=()) for value, numbers in a.items() if value not in b),
        only_b=tuple(Member(value=value, a=(), b=numbers) for value, numbers in b.items() if value not in a),
    )


def _row(name: str, comparison: Comparison[bytes] | Comparison[str]) -> tuple[Cell, ...]:
    counts = (len(comparison.common), len(comparison.only_a), len(comparison.only_b))
    return (name, *counts, comparison.jaccard, comparison.share_of_a, comparison.share_of_b)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
