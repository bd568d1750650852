"""The files that running text lies in, as a recipe names them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.core.files import is_json_lines

Documents = Literal["file", "blank-line", "line"]
"""Where one document ends and the next begins in plain text: with the file, at blank lines, or at every line."""


class TextFiles(Configuration, frozen=True, kw_only=True):
    """A text: a plain file, or JSON Lines with a document each (``.jsonl``, ``.ndjson``).

    Either may end in ``.gz``, ``.xz``, ``.bz2`` or ``.zst`` as well.

    Raises:
        ConfigurationError: the weight is not positive.
    """

    text: str
    """The file: plain text, or JSON Lines (``.jsonl``, ``.ndjson``) with a document a line."""
    key: str = "text"
    """Where a line of JSON holds the document; dotted for nested keys."""
    weight: float = 1.0
    """How often it is read in an epoch: 2 is twice, 0.5 is every second part, in turn."""

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ConfigurationError(f"weight = {self.weight}: it must be a positive number")

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.text)

    @property
    def name(self) -> str:
        """For messages."""
        return self.text

    @property
    def json_lines(self) -> bool:
        """Whether every line is a JSON object."""
        return is_json_lines(self.path)

    def relative_to(self, folder: Path) -> TextFiles:
        """The same text with its path taken as relative to ``folder``; an absolute path stays."""
        return msgspec.structs.replace(self, text=str(folder / self.text))
