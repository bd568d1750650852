"""A bilingual dictionary of words: a file of two columns, source and target, with a tab between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

from atento.core.errors import DataError
from atento.core.files import read_lines


class Dictionary:
    """Words and their translations; an entry is found by its exact letters first, then whatever its case."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        for source, target in entries.items():
            key = unicodedata.normalize("NFC", source)
            self._exact.setdefault(key, target)
            self._folded.setdefault(key.casefold(), target)

    @classmethod
    def read(cls, path: Path) -> Dictionary:
        """Read SOURCE<tab>TARGET lines; empty lines count for nothing, and of several entries of a word the first.

        Raises:
            DataError: the file cannot be read, has no entry, or has a line that is none (it is named).
        """
        entries: dict[str, str] = {}
        for number, line in enumerate(read_lines(path), 1):
            if not line.strip():
                continue
            columns = [column.strip() for column in line.split("\t")]
            if len(columns) != 2 or not all(columns):
                raise DataError(f"{path}, line {number} is no entry: give a word, a tab and its translation")
            entries.setdefault(columns[0], columns[1])
        if not entries:
            raise DataError(f"{path} has no entry; give a word, a tab and its translation on each line")
        return cls(entries)

    def __len__(self) -> int:
        return len(self._exact)

    def find(self, word: str) -> str | None:
        """A word's translation, or None."""
        key = unicodedata.normalize("NFC", word)
        found = self._exact.get(key)
        return self._folded.get(key.casefold()) if found is None else found
