"""Tokens drawn as they follow each other: a box each with its id below, lines broken like those of a text.

Colours go round, so that neighbours differ; that a token ends is seen by its box without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from atento.core.errors import DataError
from atento.core.shortening import shortened
from atento.figures import charts, fonts
from atento.figures.canvas import LARGEST, MARGIN, missing_note
from atento.figures.charts import FAINT_INK

FILLS: Final = ("#cfe3f1", "#f3d3df", "#d7ead0", "#f4e1c6", "#ddd8f2")
_WIDTH: Final = 8.0
"""Inches of a line."""
_PAD: Final = 0.05
_BETWEEN: Final = 0.05
_BOX: Final = 0.25
_LINE: Final = 0.47
_ID: Final = 6.5
"""Points of an id's letters."""
_DIGIT: Final = 0.06
"""Inches of one."""
_TITLE: Final = 0.3
_EDGE: Final = "#24292f"
_LONGEST: Final = 40
"""Characters of a token before it is shortened."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A tokenizer's tokens."""

    title: str
    tokens: Sequence[tuple[str, int]]
    """Labels and ids."""
    marked: frozenset[int] = frozenset()
    """Places of tokens with a heavy left edge."""


def token_lines(lines: Sequence[Line], note: str = "") -> Figure:
    """Draw tokens, a tokenizer below another.

    Raises:
        DataError: there is none, or more than one sheet can hold.
    """
    if not any(line.tokens for line in lines):
        raise DataError("there is no token to draw; give a text")
    missing = missing_note(fonts.warn([*(label for line in lines for label, _ in line.tokens)]))
    titles = [charts.wrapped(line.title, _WIDTH, most_lines=1) for line in lines]
    placed = [_placed(line) for line in lines]
    foot = charts.wrapped(note, _WIDTH, charts.SMALL)
    below = MARGIN + missing.height + (charts.size(foot, charts.SMALL)[1] + 0.05 if note else 0.0)
    height = below + sum(_TITLE + (boxes[-1].row + 1) * _LINE for boxes in placed if boxes) + MARGIN
    if height * 72 > LARGEST:
        raise DataError(f"{sum(map(len, placed)):,} tokens do not fit one sheet; draw fewer")
    figure = Figure(figsize=(max(_WIDTH, missing.width) + 2 * MARGIN, height), facecolor="white")
    paper = charts.paper(figure)
    top = height - MARGIN
    for line, title, boxes in zip(lines, titles, placed, strict=True):
        if not boxes:
            continue
        charts.write(paper, MARGIN, top - _TITLE / 2, title)
        top -= _TITLE
        for number, box in enumerate(boxes):
            _draw(paper, line, number, box, top)
        top -= (boxes[-1].row + 1) * _LINE
    if note:
        charts.write(paper, MARGIN, MARGIN + missing.height, foot, charts.SMALL, va="bottom", color=FAINT_INK)
    missing.draw(figure)
    return figure


@dataclass(frozen=True)
class _Box:
    """Where a token stands: its line, its left edge and its width in inches."""

    row: int
    left: float
    width: float
    label: fonts.Style


def _draw(paper: Axes, line: Line, number: int, box: _Box, top: float) -> None:
    """A token and its id, in a block of lines whose upper edge is at this height."""
    left, upper = MARGIN + box.left, top - box.row * _LINE
    edge = (1.6, _EDGE) if number in line.marked else (0.0, "none")
    patch = FancyBboxPatch(
        (left, upper - _BOX), box.width, _BOX, boxstyle="round,pad=0,rounding_size=0.04",
        facecolor=FILLS[number % len(FILLS)], edgecolor=edge[1], linewidth=edge[0],
    )  # fmt: skip
    paper.add_patch(patch)
    middle = left + box.width / 2
    charts.write(paper, middle, upper - _BOX / 2 - 0.045, box.label, va="baseline", ha="center")
    name = fonts.style(str(line.tokens[number][1]))
    charts.write(paper, middle, upper - _BOX - 0.06, name, _ID, ha="center", color=FAINT_INK)


def _placed(line: Line) -> list[_Box]:
    boxes: list[_Box] = []
    row, left = 0, 0.0
    for text, number in line.tokens:
        label = fonts.style(shortened(text, _LONGEST))
        width = max(charts.size(label)[0], len(str(number)) * _DIGIT) + 2 * _PAD
        if left and left + width > _WIDTH:
            row, left = row + 1, 0.0
        boxes.append(_Box(row, left, width, label))
        left += width + _BETWEEN
    return boxes
