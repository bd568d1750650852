"""Some entries of a vocabulary, by what they are or by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from atento.core.configuration import nearest
from atento.core.errors import ConfigurationError
from atento.text.vocabularies.described import PARTS, Described

_PICKS: Final[Mapping[str, Callable[[Described], bool]]] = {
    "all": lambda _: True,
    "special": lambda each: each.entry.role == "special",
    "unknown": lambda each: each.entry.role == "unknown",
    "unused": lambda each: each.entry.role == "unused",
    "byte": lambda each: each.entry.role == "byte",
    "partial": lambda each: each.script == PARTS,
    "digits": lambda each: each.digits > 0,
    "space": lambda each: each.leading_space,
    "right-to-left": lambda each: each.right_to_left,
    "mark": lambda each: each.leading_mark,
    "hidden": lambda each: each.hidden,
    "duplicate": lambda each: each.duplicate,
    "unreachable": lambda each: not each.reached,
    "proved": lambda each: each.reach is not None and each.reach.proved,
}
_VALUES: Final[Mapping[str, Callable[[Described], object]]] = {
    "script": lambda each: each.script,
    "category": lambda each: each.group,
    "reason": lambda each: each.reach.reason if each.reach is not None else None,
    "characters": lambda each: each.characters,
    "bytes": lambda each: each.size,
    "digits": lambda each: each.digits,
}
PICKS: Final = (*_PICKS, "longest", *(f"{name}=…" for name in _VALUES))
"""What ``pick`` knows."""


def pick(entries: Sequence[Described], which: Sequence[str]) -> list[Described]:
    """Entries that are all of this, each a property (``partial``) or a value (``script=Greek``, ``characters=12``).

    They are in the order of ids; with ``longest``, which all entries are, those with most bytes come first.

    Raises:
        ConfigurationError: there is no such property or value; what there is is named.
    """
    numbers = [{each.entry.number for each in _picked(entries, one)} for one in which]
    found = [each for each in entries if all(each.entry.number in those for those in numbers)]
    return sorted(found, key=lambda each: (-each.size, each.entry.number)) if "longest" in which else found


def search(entries: Sequence[Described], text: str) -> list[Described]:
    """Entries whose bytes, or whose string in the file, hold a text."""
    raw = text.encode(errors="surrogateescape")
    return [each for each in entries if raw in each.entry.raw or text in each.entry.piece]


def _picked(entries: Sequence[Described], which: str) -> Sequence[Described]:
    name, equals, value = which.partition("=")
    if which == "longest":
        return entries
    if not equals and name in _PICKS:
        return [each for each in entries if _PICKS[name](each)]
    if not equals or name not in _VALUES:
        raise ConfigurationError(f"entries cannot be listed by {which!r}{nearest(which, PICKS)}")
    values = {each.entry.number: str(_VALUES[name](each)) for each in entries}
    found = [each for each in entries if values[each.entry.number].lower() == value.strip().lower()]
    if not found:
        raise ConfigurationError(f"no entry has the {name} {value!r}{nearest(value, set(values.values()) - {'None'})}")
    return found
