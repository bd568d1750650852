"""What is left out of long texts and lists, said in one way wherever it happens."""

from __future__ import annotations


def brief(text: str, most: int | None) -> str:
    """The beginning of a text, and how long it is; all of it if it has at most so many characters, or for None."""
    return text if most is None or len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def shortened(label: str, most: int) -> str:
    """A label of at most so many characters, the last an ellipsis where it was longer."""
    return label if len(label) <= most else label[: most - 1] + "…"


def first_of(shown: int, total: int, what: str) -> str:
    """The sentence that says that only the first of so many are shown; nothing if all are."""
    return f"The first {shown:,} of {total:,} {what}." if shown < total else ""
