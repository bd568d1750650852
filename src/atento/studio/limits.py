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
SENTENCE: Final = 1_000
"""Characters of a text that is walked through, each of whose tokens has all its vectors shown, or read once for each of
its words."""
WEIGHTS: Final = 8_000_000
"""Attention weights of one answer: they grow with the square of a text's length."""


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


def check_sentence(text: str) -> str:
    """The text, if it is no longer than a long sentence.

    Raises:
        TooLargeError: it is too long.
    """
    if len(text) > SENTENCE:
        raise TooLargeError(f"the text has {len(text):,} characters; at most {SENTENCE:,} are shown: give a sentence")
    return text


def check_weights(count: int, tokens: int) -> None:
    """Refuse a text with more attention than can be shown.

    Args:
        count: matrices: layers × heads, of all roles.
        tokens: rows and columns of each.

    Raises:
        TooLargeError: there are too many.
    """
    if count * tokens**2 > WEIGHTS:
        raise TooLargeError(
            f"{tokens:,} tokens have {count * tokens**2:,} weights in {count} matrices of this model; at most "
            f"{WEIGHTS:,} can be shown: give a shorter text"
        )


def paged(rows: Sequence[Row], offset: int, limit: int) -> Sequence[Row]:
    """A page of a list.

    Raises:
        ConfigurationError: a place before the first row, or more rows than a page has.
    """
    if offset < 0 or not 1 <= limit <= ROWS:
        raise ConfigurationError(f"offset = {offset}, limit = {limit}: give 0 or more, and 1 to {ROWS} rows")
    return rows[offset : offset + limit]
