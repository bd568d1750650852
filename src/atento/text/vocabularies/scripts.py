"""What a character is: its script, its general category, whether it is an emoji.

Scripts are those of the Unicode Character Database (UAX #24), as fontTools has them, whose tables are newer than those
of Python and do not depend on its version. Emoji (UTS #51) are of the script Common, with punctuation and digits; here
they are a group of their own.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Final, Literal

import regex
from fontTools import unicodedata as scripts

COMMON, INHERITED, UNKNOWN, EMOJI = "Common", "Inherited", "Unknown", "Emoji"
"""Signs of many scripts (digits, punctuation, spaces); marks that take the script of their letter; unassigned."""

Group = Literal["letters", "digits", "punctuation", "symbols", "white space", "control", "other"]
GROUPS: Final[tuple[Group, ...]] = ("letters", "digits", "punctuation", "symbols", "white space", "control", "other")

_EMOJI = regex.compile(r"[\p{Emoji_Presentation}\p{Regional_Indicator}\p{Emoji_Modifier}\uFE0F\u20E3]")
_GROUPS: Final[dict[str, Group]] = {
    "L": "letters", "M": "letters", "N": "digits", "P": "punctuation", "S": "symbols", "Z": "white space",
}  # fmt: skip
CATEGORIES: Final = {
    "Lu": "capital letters", "Ll": "small letters", "Lt": "title-case letters", "Lm": "modifier letters",
    "Lo": "letters without case", "Mn": "marks", "Mc": "spacing marks", "Me": "enclosing marks",
    "Nd": "decimal digits", "Nl": "letter numbers", "No": "other numbers",
    "Pc": "connectors", "Pd": "dashes", "Ps": "opening brackets", "Pe": "closing brackets", "Pi": "opening quotes",
    "Pf": "closing quotes", "Po": "other punctuation", "Sm": "mathematical signs", "Sc": "currency signs",
    "Sk": "modifier signs", "So": "other symbols", "Zs": "spaces", "Zl": "line separators",
    "Zp": "paragraph separators",
    "Cc": "controls", "Cf": "format characters", "Cs": "surrogates", "Co": "private use", "Cn": "unassigned",
}  # fmt: skip
"""General categories (Unicode Standard, table 4-4) in words."""


@functools.lru_cache(maxsize=1 << 16)
def script_of(character: str) -> str:
    """The script's name as Unicode has it, spaces for underscores; ``Emoji`` for characters that are drawn as such."""
    if not character.isascii() and _EMOJI.match(character):
        return EMOJI
    name: str = scripts.script_name(scripts.script(character)).replace("_", " ")
    return name


@functools.lru_cache(maxsize=1 << 16)
def group_of(character: str) -> Group:
    """What a character is at first sight; a combining mark counts as a letter, tab and line feed as white space."""
    if character.isspace():
        return "white space"
    category = unicodedata.category(character)
    return _GROUPS.get(category[0]) or ("control" if category in ("Cc", "Cf") else "other")


@functools.lru_cache(maxsize=1 << 16)
def class_of(character: str) -> str:
    """General category and script together."""
    return f"{unicodedata.category(character)} {script_of(character)}"


def script_of_text(text: str) -> str:
    """The one script of a text's characters, Common and Inherited ones aside; ``mixed`` for several.

    If there are none but those: ``Common``, or ``Inherited`` for combining marks alone.
    """
    found = dict.fromkeys(map(script_of, text))
    own = [script for script in found if script not in (COMMON, INHERITED)]
    if len(own) > 1:
        return "mixed"
    return own[0] if own else COMMON if COMMON in found or not found else INHERITED


def group_of_text(text: str) -> Group | Literal["mixed"]:
    """What all characters are, a space at the beginning of more than white space set aside; else ``mixed``."""
    found = set(map(group_of, text[1:] if text.startswith(" ") and not text.isspace() else text))
    return found.pop() if len(found) == 1 else "mixed"
