"""Characters made visible for people: what controls, reorders, joins or leaves blank is named instead of done.

A text shown to check it must not act on the page or the terminal that shows it: escape sequences move the cursor,
bidirectional controls change the order of letters (Boucher and Anderson 2021, "Trojan Source"), and zero-width
characters hide. Two texts never look alike because of this module: it is injective, since its own signs, met in a
text, are put between ``⟨`` and ``⟩``, too.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

OPEN, CLOSE = "⟨", "⟩"
"""Around names."""
CARRIER: Final = "◌"
"""Below a combining mark that has no letter to sit on."""
SPACES: Final = {" ": "·", "\t": "→", "\n": "⏎", "\u00a0": "⍽"}
"""Signs of the common kinds of white space."""

_NAMES: Final = {
    "\r": "CR", "\u0085": "NEL", "\u00ad": "SHY", "\u034f": "CGJ", "\u061c": "ALM", "\u180e": "MVS", "\u200b": "ZWSP",
    "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u2028": "LSEP", "\u2029": "PSEP",
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2060": "WJ",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\ufeff": "BOM",
    "\u202f": "NNBSP", "\u205f": "MMSP", "\u3000": "IDSP",
}  # fmt: skip
"""Abbreviations of the Unicode Standard; all others are named by their code point."""
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that nothing is seen of."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SIGNS: Final = frozenset({OPEN, CARRIER})
_ASCII: Final = frozenset(map(chr, range(0x21, 0x7F)))


def visible(text: str, *, spaces: bool = False) -> str:
    """A text that shows all its characters and does nothing else.

    Control, format, bidirectional, zero-width, private and unassigned characters, variation selectors and halves of
    characters become names: ``⟨ZWJ⟩``, ``⟨RLO⟩``, ``⟨U+0007⟩``. A combining mark without a letter before it sits on
    ``◌``. White space (space, tab, line feed, and Unicode's other spaces) stays as it is.

    Args:
        text: any string, lone surrogates included.
        spaces: make white space visible, too: a space ``·``, a tab ``→``, a line feed ``⏎``, a no-break space ``⍽``,
            others by name. Then these signs themselves stand in ``⟨⟩``.
    """
    shown: list[str] = []
    bare = True  # whether a combining mark would have nothing to sit on
    for character in text:
        sign = _shown(character, spaces)
        mark = sign == character and unicodedata.category(character)[0] == "M"
        shown.append(CARRIER + sign if mark and bare else sign)
        bare = sign != character or character.isspace()
    return "".join(shown)


def visible_bytes(raw: bytes, *, spaces: bool = False) -> str:
    """Bytes as ``visible`` text, those that are no whole character as ``⟨C3⟩``."""
    parts: list[str] = []
    position = 0
    while position < len(raw):
        try:
            parts.append(visible(raw[position:].decode(), spaces=spaces))
            break
        except UnicodeDecodeError as error:
            start, stop = position + error.start, position + error.end
            parts.append(visible(raw[position:start].decode(), spaces=spaces))
            parts += [f"{OPEN}{byte:02X}{CLOSE}" for byte in raw[start:stop]]
            position = stop
    return "".join(parts)


def is_unseen(character: str) -> bool:
    """Whether a character shows nothing and is no white space, or has no look that one could know."""
    white = character in "\t\n" or unicodedata.category(character) == "Zs"
    unseen = character in _BLANK or _is_selector(character) or unicodedata.category(character) in _UNSEEN
    return unseen and not white


@functools.lru_cache(maxsize=1 << 16)
def _shown(character: str, spaces: bool) -> str:
    if character in _ASCII:
        return character
    white = character in "\t\n" or unicodedata.category(character) == "Zs"
    if white:
        return _white(character) if spaces else character
    if character in _SIGNS or (spaces and character in SPACES.values()):
        return f"{OPEN}{character}{CLOSE}"
    return _named(character) if is_unseen(character) else character


def _white(character: str) -> str:
    return SPACES.get(character) or _named(character)


def _named(character: str) -> str:
    selector = _selector(character)
    name = _NAMES.get(character) or (f"VS{selector}" if selector else f"U+{ord(character):04X}")
    return f"{OPEN}{name}{CLOSE}"


def _is_selector(character: str) -> bool:
    return _selector(character) > 0


def _selector(character: str) -> int:
    """The number of a variation selector; 0 for all other characters."""
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F:
        return code - 0xFE00 + 1
    return code - 0xE0100 + 17 if 0xE0100 <= code <= 0xE01EF else 0
