"""Fonts for labels in any script, chosen by what their glyphs cover, and an honest account of what none of them covers.

matplotlib's own font serves Latin, Greek, Cyrillic, Hebrew and Arabic; for other characters the fonts that matplotlib
finds on the machine are looked through, once. Joining and ordering of Arabic, Hebrew or Devanagari is done by
matplotlib itself from version 3.11 on (libraqm); before that such labels are drawn letter by letter, which is said too.
"""

from __future__ import annotations

import functools
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import matplotlib.ft2font as ft2font
from matplotlib import font_manager

BASE: Final = "DejaVu Sans"
"""Comes with matplotlib."""
STAND_IN: Final = "□"
_UNUSABLE: Final = ("Last Resort", "Adobe Blank", "cm", "STIX", ".")
"""Fonts that cover everything with boxes, are for formulas, or are hidden by their system."""
_REGULAR: Final = (400, "normal", "regular", "book")
_PREFERRED: Final = (
    "Noto Sans",
    "Arial Unicode",
    "PingFang",
    "Hiragino",
    "Microsoft",
    "Yu Gothic",
    "Source Han",
    "Noto",
)
_SHAPED: Final = ("ARABIC", "HEBREW", "SYRIAC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "THAI", "KHMER", "MYANMAR")
_VISIBLE: Final = {"\n": "⏎", "\t": "⇥", "\r": "⏎"}


class FontWarning(UserWarning):
    """Some characters of a figure cannot be drawn, or not as they should be."""


@dataclass(frozen=True)
class Style:
    """A label as it can be drawn: its text, and the font families that cover it."""

    text: str
    families: tuple[str, ...]


def style(label: str) -> Style:
    """A label's drawable text (what no font covers shows as ``□``) and its fonts."""
    families = [BASE]
    drawn = []
    for character in _shown(label):
        family = _family(character)
        if family is None:
            drawn.append(STAND_IN)
            continue
        drawn.append(character)
        if family not in families:
            families.append(family)
    return Style("".join(drawn), tuple(families))


def undrawable(labels: Iterable[str]) -> tuple[str, ...]:
    """The characters that no font on this machine covers, in order of code."""
    return tuple(sorted({character for label in labels for character in _shown(label) if _family(character) is None}))


def unshaped(labels: Iterable[str]) -> bool:
    """Whether some label needs shaping or reordering that this matplotlib cannot do."""
    if getattr(ft2font, "__libraqm_version__", None) is not None:
        return False
    return any(unicodedata.name(character, "").startswith(_SHAPED) for label in labels for character in label)


def names(characters: Iterable[str]) -> str:
    """Characters and their codes for a message: ``日 (U+65E5), 本 (U+672C)``; at most eight are named."""
    known = list(characters)
    first = ", ".join(f"{character} (U+{ord(character):04X})" for character in known[:8])
    return first + (f" and {len(known) - 8} more" if len(known) > 8 else "")


def warn(labels: Iterable[str]) -> tuple[str, ...]:
    """Warn once of what cannot be drawn right; gives ``undrawable``."""
    texts = list(labels)
    missing = undrawable(texts)
    parts = []
    if missing:
        parts.append(f"no installed font draws {names(missing)}, shown as {STAND_IN}; install one, such as Noto Sans")
    if unshaped(texts):
        parts.append("letters are drawn unjoined and in memory order; install matplotlib 3.11 or later to shape them")
    if parts:
        warnings.warn("; ".join(parts), FontWarning, stacklevel=4)
    return missing


def _shown(label: str) -> str:
    """A label with spaces and line ends made visible if it has nothing else, without invisible control characters."""
    if not label.strip(" "):
        return "␣" * max(len(label), 1)
    return "".join(
        _VISIBLE.get(character, character)
        for character in label
        if unicodedata.category(character) != "Cc" or character in _VISIBLE
    )


@functools.cache
def _family(character: str) -> str | None:
    """The first family that covers a character; None if there is none."""
    if unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return BASE  # joiners and variation selectors shape their neighbours and have no glyph
    code = ord(character)
    return next((family for family in _files() if code in _coverage(family)), None)


@functools.cache
def _files() -> dict[str, str]:
    """The regular font of each usable family, ours first, then those known for their coverage, then the rest."""

    def rank(name: str) -> tuple[int, str]:
        preferred = next((n for n, start in enumerate(_PREFERRED) if name.startswith(start)), len(_PREFERRED))
        return preferred, name

    regular = {
        entry.name: entry.fname
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and entry.weight in _REGULAR and not entry.name.startswith(_UNUSABLE)
    }
    return {name: regular[name] for name in sorted(regular, key=lambda name: (name != BASE, *rank(name)))}


@functools.cache
def _coverage(family: str) -> frozenset[int]:
    """The codes that a family's regular font has outlines for; none if it cannot be read or has only bitmaps."""
    try:
        font = ft2font.FT2Font(_files()[family])
        return frozenset(font.get_charmap()) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
