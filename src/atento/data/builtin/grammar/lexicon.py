"""The word lists in ``lexicon/``, read once into plain records.

Each file is a table of ``|``-separated columns that its first lines describe; ``#`` starts a comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Gender = Literal["m", "f"]
GENDERS: dict[str, Gender] = {"m": "m", "f": "f"}
_EITHER: tuple[Gender, Gender] = ("m", "f")


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun pair; the genders may differ."""

    classes: frozenset[str]
    source: str
    source_gender: Gender
    target: str
    target_gender: Gender


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective pair with the noun classes that it describes and the side where it may precede its noun."""

    classes: frozenset[str]
    source: str
    target: str
    source_before: bool
    target_before: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb pair; a particle is a fixed part that follows the verb (*tomar café da manhã*)."""

    source: str
    target: str
    source_reflexive: bool = False
    target_reflexive: bool = False
    source_particle: str = ""
    target_particle: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What a person can do: a verb with the objects it takes (class and determiners) or a fixed complement."""

    verb: Verb
    prepositions: tuple[str, str]
    objects: tuple[tuple[str, str], ...]
    complement: tuple[str, str]
    uses: str
    places: frozenset[str]


@cache
def nouns() -> dict[str, tuple[Noun, ...]]:
    """Every noun by class; people are there with both genders as two nouns."""
    table: dict[str, list[Noun]] = {}
    for classes, source, source_gender, target, target_gender in _rows("nouns"):
        noun = Noun(frozenset(classes.split()), source, GENDERS[source_gender], target, GENDERS[target_gender])
        _file(table, noun)
    for kinds, source, target in _rows("people"):
        for gender, one, other in zip(_EITHER, source.split(", "), target.split(", "), strict=True):
            _file(table, Noun(frozenset(kinds.split()), one, gender, other, gender))
    return {kind: tuple(entries) for kind, entries in table.items()}


@cache
def adjectives() -> dict[str, tuple[Adjective, ...]]:
    """Adjectives by the class of noun that they describe."""
    table: dict[str, list[Adjective]] = {}
    for classes, source, target in _rows("adjectives"):
        adjective = Adjective(
            frozenset(classes.split()), source.lstrip("+"), target.lstrip("+"), source[0] == "+", target[0] == "+"
        )
        for kind in sorted(adjective.classes):
            table.setdefault(kind, []).append(adjective)
    return {kind: tuple(entries) for kind, entries in table.items()}


@cache
def actions() -> tuple[Action, ...]:
    """Every action, those with a fixed complement last."""
    found: list[Action] = []
    for source, target, objects, uses, places in _rows("actions"):
        (one, source_preposition), (other, target_preposition) = _governed(source), _governed(target)
        pairs = [entry.split(":") for entry in objects.split()]
        found.append(
            Action(
                _verb(one, other),
                (source_preposition, target_preposition),
                tuple((kind, d) for kind, d in pairs),
                ("", ""),
                uses,
                frozenset(places.split()),
            )
        )
    for source, target, source_complement, target_complement, uses, places in _rows("fixed_actions"):
        complement = (source_complement, target_complement)
        found.append(Action(_verb(source, target), ("", ""), (), complement, uses, frozenset(places.split())))
    return tuple(found)


@cache
def actions_for(use: str) -> tuple[Action, ...]:
    """The actions of one use: ``h`` habitual, ``p`` progressive, ``c`` command, or all of them for an empty use."""
    return tuple(action for action in actions() if use in action.uses)


@cache
def table(name: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The rows of ``lexicon/NAME.txt`` by each tag of their first column."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for tags, *row in _rows(name):
        for tag in tags.split():
            found.setdefault(tag, []).append(tuple(row))
    return {tag: tuple(rows) for tag, rows in found.items()}


def _rows(table: str) -> Iterator[list[str]]:
    text = resources.files(__package__).joinpath("lexicon", f"{table}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield [column.strip() for column in line.split("|")]


def _file(table: dict[str, list[Noun]], noun: Noun) -> None:
    for kind in sorted(noun.classes):
        table.setdefault(kind, []).append(noun)


def _governed(entry: str) -> tuple[str, str]:
    verb, _, preposition = entry.partition(",")
    return verb, preposition.strip()


def _verb(source: str, target: str) -> Verb:
    one, _, source_particle = source.partition("+")
    other, _, target_particle = target.partition("+")
    source_reflexive, target_reflexive = one.endswith("-se"), other.endswith("rse")
    return Verb(
        one.removesuffix("-se"),
        other.removesuffix("se") if target_reflexive else other,
        source_reflexive,
        target_reflexive,
        source_particle.replace("_", " "),
        target_particle.replace("_", " "),
    )
