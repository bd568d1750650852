"""A heat map for the terminal: block characters or greys, width-aware, in plain text without colour too.

The source's tokens stand above as stairs, so that words of any script and length can be read::

       ┌ E
       │ ┌ a
       │ │ ┌ vida
    Y  ██
    la   ▓▓░░

Where a row cannot look, because those tokens come later, the cells are hatched.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from atento.figures.attention import Attention, Role

SHADES: Final = ("  ", "··", "░░", "▒▒", "▓▓", "██")
HIDDEN: Final = "╱╱"
_EDGES: Final = (0.05, 0.15, 0.35, 0.6, 0.85)
_LONGEST: Final = 24


def draw(
    attention: Attention,
    *,
    role: Role | None = None,
    layer: int | None = None,
    head: int | None = None,
    width: int = 80,
    colour: bool = False,
) -> str:
    """The heat map as lines of text; sources too long for ``width`` columns of the terminal go on in further blocks.

    Raises:
        DataError: there are no weights of this role, layer or head.
    """
    matrix, visible = attention.matrix(role, layer, head), attention.visible(role)
    rows, columns = ([clean(label) for label in labels] for labels in attention.labels(role))
    left = max((columns_of(label) for label in rows), default=0)
    blocks = _blocks([columns_of(label) for label in columns], width - left - 1)
    lines: list[str] = []
    for start, stop in blocks:
        lines += ["", *_stairs(columns[start:stop], left)] if lines else _stairs(columns[start:stop], left)
        for label, weights, seen in zip(rows, matrix[:, start:stop], visible[:, start:stop], strict=True):
            cells = "".join(
                _cell(float(weight), colour) if sees else HIDDEN for weight, sees in zip(weights, seen, strict=True)
            )
            lines.append((padded(label, left) + " " + cells).rstrip())
    return "\n".join(lines)


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: two for wide characters, none for marks and joiners."""
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc")
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def legend(*, colour: bool = False, hidden: bool = False) -> str:
    """What the shades mean, in one line; ``hidden`` if there are cells at which their row cannot look."""
    bounds = (0.0, *_EDGES, 1.0)
    if colour:
        shades = "weight 0 " + "".join(_cell(step / 10, colour) for step in range(11)) + " 1"
    else:
        shades = "  ".join(f"{SHADES[n]} {bounds[n]:g}–{bounds[n + 1]:g}" for n in range(1, len(SHADES)))
    return f"{shades}  {HIDDEN} cannot look" if hidden else shades


def _stairs(labels: Sequence[str], left: int) -> list[str]:
    return [" " * (left + 1) + "│ " * number + "┌ " + label for number, label in enumerate(labels)]


def _blocks(widths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Runs of columns whose cells and stairs fit the room (at least one column a run)."""
    blocks: list[tuple[int, int]] = []
    start = 0
    for number, width in enumerate(widths):
        if number > start and 2 * (number - start) + 2 + width > room:
            blocks.append((start, number))
            start = number
    return [*blocks, (start, len(widths))]


def _cell(weight: float, colour: bool) -> str:
    if colour:
        grey = 232 + round(min(max(weight, 0.0), 1.0) * 23)
        return f"\x1b[48;5;{grey}m  \x1b[0m"
    return SHADES[sum(weight >= edge for edge in _EDGES)]


def clean(label: str) -> str:
    """A label on one line, shortened where it is long; a lone space is made visible."""
    text = "".join("⏎" if c == "\n" else " " if unicodedata.category(c) == "Cc" else c for c in label)
    text = text if text.strip() else "␣"
    while columns_of(text) > _LONGEST:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text


def padded(label: str, width: int) -> str:
    """A label flush right in so many columns."""
    return " " * (width - columns_of(label)) + label
