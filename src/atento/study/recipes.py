"""Recipes as TOML: the first run's whole, and of every other run exactly what differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w

from atento.core.configuration import to_builtins


@dataclass(frozen=True)
class RecipeDifference:
    """How to turn one recipe into another: keys to set (tables are laid over), and keys to remove."""

    changed: dict[str, Any]
    removed: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """As TOML, with the keys to leave out as comments; empty for equal recipes."""
        missing = "".join(f"# without {'.'.join(map(_quoted, path))}\n" for path in self.removed)
        return missing + (toml(self.changed) if self.changed else "")


def toml(recipe: Mapping[str, Any]) -> str:
    """A recipe as TOML."""
    return tomli_w.dumps(to_builtins(recipe), multiline_strings=False)


def difference(recipe: Mapping[str, Any], other: Mapping[str, Any]) -> RecipeDifference:
    """What to change in ``recipe`` to get ``other``."""
    changed: dict[str, Any] = {}
    removed: list[tuple[str, ...]] = [(key,) for key in recipe if key not in other]
    for key, value in other.items():
        if key in recipe and isinstance(value, Mapping) and isinstance(recipe[key], Mapping):
            inner = difference(recipe[key], value)
            removed += [(key, *path) for path in inner.removed]
            if inner.changed:
                changed[key] = inner.changed
        elif key not in recipe or recipe[key] != value or type(recipe[key]) is not type(value):
            changed[key] = value
    return RecipeDifference(changed, tuple(removed))


def _quoted(key: str) -> str:
    """A key as TOML writes it."""
    return tomli_w.dumps({key: 0}).rpartition(" = ")[0]
