"""What an entry of a vocabulary is: its script, its sort of characters, its lengths, and whether a text can give it."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass, replace

from atento.core.progress import Progress
from atento.text.opened.protocol import Entry, OpenTokenizer
from atento.text.visible import is_unseen, visible_bytes
from atento.text.vocabularies.overlap import APART
from atento.text.vocabularies.reachable import Reach, reach
from atento.text.vocabularies.scripts import group_of_text, script_of_text
from atento.text.vocabularies.utf8 import is_partial

SPECIAL, BYTES, PARTS = "special", "single bytes", "parts of characters"
"""What stands in the place of a script and a category for entries that have no characters."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """An entry and what can be seen of it."""

    entry: Entry
    text: str | None
    """What it stands for, if that is whole characters; None also for special tokens and for single bytes."""
    script: str
    """Of its characters (``scripts.script_of_text``), or ``special``, ``single bytes``, ``parts of characters``."""
    group: str
    """What they are at first sight (``scripts.group_of_text``), or as ``script``."""
    duplicate: bool
    """Whether another entry stands for the same bytes."""
    reach: Reach | None
    """None for special, unknown and unused tokens."""

    @property
    def characters(self) -> int | None:
        """How many characters; None for those that have none that are whole."""
        return None if self.text is None else len(self.text)

    @property
    def size(self) -> int:
        """How many bytes of UTF-8."""
        return len(self.entry.raw)

    @property
    def digits(self) -> int:
        """How many decimal digits, of any script."""
        return sum(map(str.isdecimal, self.text or ""))

    @property
    def leading_space(self) -> bool:
        """Whether it begins with a space."""
        return (self.text or "").startswith(" ")

    @property
    def right_to_left(self) -> bool:
        """Whether it has a letter of a script that runs from right to left."""
        return any(unicodedata.bidirectional(character) in ("R", "AL") for character in self.text or "")

    @property
    def leading_mark(self) -> bool:
        """Whether it begins with a combining mark, which sits on the letter before it."""
        return unicodedata.category((self.text or " ")[0]).startswith("M")

    @functools.cached_property
    def shown(self) -> str:
        """What it stands for, made visible with its spaces."""
        return visible_bytes(self.entry.raw, spaces=True)

    @property
    def hidden(self) -> bool:
        """Whether it has control, format or other characters that are not seen; white space is not meant."""
        return any(map(is_unseen, self.text or ""))

    @property
    def reached(self) -> bool:
        """Whether a text gives it; special, unknown and unused tokens count as reached."""
        return self.reach is None or self.reach.witness is not None


def describe(tokenizer: OpenTokenizer, progress: Progress | None = None) -> list[Described]:
    """All entries of a vocabulary, in the order of ids."""
    entries = [tokenizer.entry(number) for number in tokenizer.numbers]
    reaches = {found.number: found for found in reach(tokenizer, progress)}
    seen: dict[bytes, int] = {}
    for entry in entries:
        if entry.role not in APART:
            seen[entry.raw] = seen.get(entry.raw, 0) + 1
    return [
        replace(
            described(entry),
            duplicate=entry.role not in APART and seen[entry.raw] > 1,
            reach=reaches.get(entry.number),
        )
        for entry in entries
    ]


def described(entry: Entry) -> Described:
    """An entry by itself."""
    kind = SPECIAL if entry.role in APART else BYTES if entry.role == "byte" else ""
    kind = kind or (PARTS if is_partial(entry.raw) else "")
    text = None if kind else entry.raw.decode()
    return Described(
        entry=entry,
        text=text,
        script=kind if text is None else script_of_text(text),
        group=kind if text is None else group_of_text(text),
        duplicate=False,
        reach=None,
    )
