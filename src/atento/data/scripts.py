"""Scripts of letters, from their Unicode names."""

from __future__ import annotations

import functools
import unicodedata


@functools.lru_cache(maxsize=65536)
def script(letter: str) -> str | None:
    """The script of a letter by the first word of its Unicode name (``"latin"``, ``"cjk"``), None for anything else."""
    if not letter.isalpha():
        return None
    return unicodedata.name(letter, "?").split(maxsplit=1)[0].split("-")[0].casefold()


def mostly(text: str, wanted: str) -> bool:
    """Whether at least half of a text's letters are of the wanted script; a text without letters is of any."""
    letters = [found for character in text if (found := script(character)) is not None]
    return 2 * letters.count(wanted.casefold()) >= len(letters)
