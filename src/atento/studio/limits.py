"""How much a request may bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from atento.core.errors import ConfigurationError
from atento.studio.failures import TooLargeError

Row = TypeVar("Row")

CHARACTERS: Final = 200_000
"""Of one text."""
BODY: Final = 4_000_000
"""Bytes of a request's body."""
ROWS: Final = 500
"""Of one page of a list."""


def check_text(text: str) -> str:
    """The text, if it is short enough.

    Raises:
        TooLargeError: it is not.
    """
    if len(text) > CHARACTERS:
        raise TooLargeError(
            f"the text has {len(text):,} characters; at most {CHARACTERS:,} are taken: give a part of it"
        )
    return text


def paged(rows: Sequence[Row], offset: int, limit: int) -> Sequence[Row]:
    """A page of a list.

    Raises:
        ConfigurationError: a place before the first row, or more rows than a page has.
    """
    if offset < 0 or not 1 <= limit <= ROWS:
        raise ConfigurationError(f"offset = {offset}, limit = {limit}: give 0 or more, and 1 to {ROWS} rows")
    return rows[offset : offset + limit]
