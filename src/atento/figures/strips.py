"""Numbers as strips of colour: blue above 0, orange below, the paler the nearer; one below another on a sheet.

Vectors and matrices of any size: labels stand where there is room for them.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib import image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from atento.core.display import Picture
from atento.core.errors import DataError
from atento.core.markup import BLUE, OPAQUE, ORANGE
from atento.core.shortening import shortened
from atento.figures import charts, fonts
from atento.figures.canvas import LARGEST, MARGIN, missing_note
from atento.figures.charts import FAINT_INK, SMALL

_WIDTH: Final = 8.0
"""Inches of a sheet's inside."""
_CELL: Final = (0.42, 0.2)
"""Of a labelled cell, at most."""
_LABELLED: Final = 60
"""So many columns can have labels."""
_ROWS: Final = 2.2
"""Inches of a matrix's height, at most, where rows have no labels."""
_LABEL: Final = 24
"""Characters of a label before it is shortened."""
_LETTERS: Final = 110
_SMALL_LETTERS: Final = 140
"""Of a title, and of its note: so many fit, and breaking long formulas into lines would take seconds."""
_GAP: Final = 0.16
_POINTS: Final = 7.0

Values = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A vector or matrix."""

    title: str
    values: Values
    """[rows, columns]."""
    rows: Sequence[str] = ()
    """Labels; none: they are not named."""
    columns: Sequence[str] = ()
    note: str = ""
    """Beside the title, in paler ink."""


def strips(drawn: Sequence[Strip], note: str = "") -> Figure:
    """Draw strips below each other, each in its own scale of colours from its largest absolute value.

    Raises:
        DataError: there is nothing to draw, or more than one sheet can hold.
    """
    panels = [_Panel(each) for each in drawn if each.values.size]
    if not panels:
        raise DataError("there are no numbers to draw")
    labels = [label for each in drawn for label in (each.title, each.note, *each.rows, *each.columns)]
    missing = missing_note(fonts.warn([*labels, note]))
    foot = charts.wrapped(note, _WIDTH, SMALL)
    below = MARGIN + missing.height + (charts.size(foot, SMALL)[1] + _GAP if note else 0.0)
    height = below + sum(panel.height + _GAP for panel in panels) + MARGIN
    if height * 72 > LARGEST:
        raise DataError(f"{len(panels)} strips do not fit one sheet; draw fewer")
    figure = Figure(figsize=(max(_WIDTH, missing.width) + 2 * MARGIN, height), facecolor="white")
    paper = charts.paper(figure)
    top = height - MARGIN
    for panel in panels:
        panel.draw(figure, paper, top)
        top -= panel.height + _GAP
    if note:
        charts.write(paper, MARGIN, MARGIN + missing.height, foot, SMALL, va="bottom", color=FAINT_INK)
    missing.draw(figure)
    return figure


def fitting(drawn: Sequence[Strip], inches: float) -> int:
    """How many strips, from the first, fit a sheet of so many inches without a note; at least one, if there is any."""
    heights = [_Panel(each).height + _GAP if each.values.size else 0.0 for each in drawn]
    fits: int = sum(height <= inches for height in itertools.accumulate(heights, initial=2 * MARGIN)) - 1
    return max(fits, min(len(drawn), 1))


def coloured(values: Values, largest: float) -> NDArray[np.uint8]:
    """Numbers as pixels, red, green, blue and opacity: the colours of ``core.markup.tint``."""
    strength = np.clip(values / largest if largest > 0 else np.zeros_like(values), -1.0, 1.0)
    pixels = np.empty((*values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where((strength >= 0)[..., None], np.array(BLUE), np.array(ORANGE))
    pixels[..., 3] = np.round(255 * OPAQUE * np.abs(strength))
    return pixels


def pixels(values: Values, largest: float) -> Picture:
    """A PNG with a pixel a number, over whatever stands behind it; a vector is a few pixels high when it is shown."""
    stream = io.BytesIO()
    image.imsave(stream, coloured(values, largest), format="png")
    rows, columns = values.shape
    side = max(2, min(14, 700 // max(columns, 1)))
    return Picture(png=stream.getvalue(), width=columns * side, height=rows * max(side, 14 if rows == 1 else 4))


class _Panel:
    """A strip, measured."""

    def __init__(self, strip: Strip) -> None:
        self._strip = strip
        rows, columns = strip.values.shape
        self._title = _line(strip.title, _LETTERS)
        self._note = _line(strip.note, _SMALL_LETTERS)
        self._rows = [_line(label, _LABEL) for label in strip.rows]
        self._columns = [_line(label, _LABEL) for label in strip.columns]
        self._left = max((charts.size(style, _POINTS)[0] for style in self._rows), default=0.0) + 0.06
        named = bool(self._columns) and columns <= _LABELLED
        self._above = max((charts.size(style, _POINTS)[0] for style in self._columns), default=0.0) if named else 0.0
        self._named = named
        room = _WIDTH - self._left
        self._width = min(room, columns * _CELL[0]) if columns <= _LABELLED else room
        self._body = rows * _CELL[1] if self._rows else min(rows * _CELL[1], max(_ROWS, rows * 0.02))
        self._head = charts.size(self._title, SMALL + 0.5)[1] + 0.03
        self._head += charts.size(self._note, _POINTS)[1] + 0.03 if strip.note else 0.0
        self.height = self._head + (self._above + 0.06 if named else 0.0) + self._body

    def draw(self, figure: Figure, paper: Axes, top: float) -> None:
        """Draw with the upper edge at this height."""
        charts.write(paper, MARGIN, top, self._title, SMALL + 0.5, va="top")
        if self._strip.note:
            below = top - charts.size(self._title, SMALL + 0.5)[1] - 0.03
            charts.write(paper, MARGIN, below, self._note, _POINTS, va="top", color=FAINT_INK)
        values = self._strip.values
        rows, columns = values.shape
        left, foot = MARGIN + self._left, top - self.height
        axes = charts.frame(figure, left, foot, self._width, self._body)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(linewidth=0.5, color="0.6")
        largest = float(np.abs(values).max(initial=0.0))
        axes.imshow(coloured(values, largest), extent=(0, columns, rows, 0), aspect="auto", interpolation="nearest")
        for number, style in enumerate(self._rows):
            middle = foot + self._body * (1 - (number + 0.5) / rows)
            charts.write(paper, left - 0.05, middle, style, _POINTS, ha="right")
        if self._named:
            for number, style in enumerate(self._columns):
                place = left + self._width * (number + 0.5) / columns
                upper = foot + self._body + 0.04
                charts.write(paper, place, upper, style, _POINTS, ha="center", va="bottom", rotation=90)


def _line(text: str, most: int) -> fonts.Style:
    return fonts.style(shortened(text, most))
