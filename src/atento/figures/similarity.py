"""How alike a word's vectors are in several sentences: a table of cosines a layer, and their means by layer.

The curve is Ethayarajh's self-similarity (2019, Fig. 2), beside that of different words, which shows how narrow a cone
all vectors of a layer lie in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from atento.core.errors import DataError
from atento.figures import charts, fonts
from atento.figures.canvas import LARGEST, MARGIN, missing_note
from atento.figures.charts import FAINT_INK, INK, POINTS, SMALL, Interval
from atento.figures.lines import Scales, Series, lines

Table = NDArray[np.float64]
"""[occurrences, occurrences], cosines."""

_CELL: Final = 0.4
_SMALL_CELL: Final = 0.16
"""Inches of a cell that has its number, and of one that has not."""
_READABLE: Final = 8
"""So many occurrences have numbers in their cells."""
_SIDE: Final = 0.24
"""For the occurrences' numbers."""
_HEAD: Final = 0.52
_GAP: Final = 0.26
_WIDEST: Final = 9.0
_LEAST: Final = 3.6
"""Inches of a sheet's inside."""
_COLOURS: Final = "cividis"
_MOST_PAIRS: Final = 60
"""So many pairs are drawn as dots beside their mean."""


@dataclass(frozen=True)
class Panel:
    """One layer."""

    title: str
    table: Table

    @property
    def pairs(self) -> tuple[float, ...]:
        """The cosine of each pair of occurrences."""
        return tuple(float(value) for value in self.table[np.triu_indices(len(self.table), 1)])


def similarity_tables(panels: Sequence[Panel], occurrences: Sequence[str]) -> Figure:
    """Draw a table a layer, all in one scale of colours: the brighter, the more alike.

    Args:
        panels: the layers.
        occurrences: what each row and column stands for, as it is listed below.

    Raises:
        DataError: there is nothing to draw, or more than one sheet can hold.
    """
    if not panels or any(panel.table.shape != (len(occurrences), len(occurrences)) for panel in panels):
        raise DataError("there are no tables to draw, or they do not fit their occurrences")
    missing = missing_note(fonts.warn([*occurrences, *(panel.title for panel in panels)]))
    cell = _CELL if len(occurrences) <= _READABLE else _SMALL_CELL
    side = len(occurrences) * cell
    titles = [charts.wrapped(panel.title, 2.2, POINTS, 1) for panel in panels]
    room = max(_SIDE + side, *(charts.size(title, POINTS)[0] + 0.05 for title in titles))
    across = max(1, min(len(panels), int((_WIDEST + _GAP) / (room + _GAP))))
    down = -(-len(panels) // across)
    width = max(across * (room + _GAP) - _GAP, _LEAST)
    listed = [charts.wrapped(f"{number}  {text}", width, SMALL, 2) for number, text in enumerate(occurrences, 1)]
    foot = sum(charts.size(style, SMALL)[1] + 0.04 for style in listed) + missing.height + 0.2
    size = max(width, missing.width) + 2 * MARGIN, down * (_HEAD + side + _GAP) - _GAP + foot + 2 * MARGIN
    if max(size) * 72 > LARGEST:
        raise DataError(f"{len(occurrences)} occurrences do not fit one sheet; give fewer sentences")
    figure = Figure(figsize=size, facecolor="white")
    sheet = charts.paper(figure)
    least = min(float(panel.table.min()) for panel in panels)
    for number, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        left = MARGIN + number % across * (room + _GAP)
        top = size[1] - MARGIN - number // across * (_HEAD + side + _GAP)
        charts.write(sheet, left, top - 0.12, title, POINTS)
        mean = f"mean of the pairs {_decimals(float(np.mean(panel.pairs)))}" if panel.pairs else ""
        charts.write(sheet, left, top - 0.27, fonts.style(mean), SMALL - 1, color=FAINT_INK)
        _draw(sheet, panel.table, (left + _SIDE, top - _HEAD), cell, least)
    y = foot + MARGIN - 0.2
    for style in listed:
        charts.write(sheet, MARGIN, y, style, SMALL, va="top")
        y -= charts.size(style, SMALL)[1] + 0.04
    missing.draw(figure)
    return figure


def similarity_by_layer(
    word: str, layers: Sequence[Panel], others: Sequence[float | None], input_pairs: Sequence[float]
) -> Figure:
    """Draw the mean cosine of a word's occurrences, and of different words, over the layers.

    Args:
        word: what it is about.
        layers: from layer 0.
        others: of each layer, the mean cosine of different words; None where there are none.
        input_pairs: cosines of the input vectors of each pair of occurrences, drawn as a line across all layers.

    Raises:
        DataError: there is no layer.
    """
    numbers = tuple(float(number) for number in range(len(layers)))
    pairs = [panel.pairs for panel in layers]
    dots = bool(pairs) and len(pairs[0]) <= _MOST_PAIRS
    series = [
        Series("input vectors", numbers, tuple(Interval(float(np.mean(input_pairs))) for _ in numbers)),
        Series(
            f"{word} in its sentences",
            numbers,
            tuple(Interval(float(np.mean(its)), values=its if dots else ()) for its in pairs),
        ),
    ]
    known = [(x, value) for x, value in zip(numbers, others, strict=True) if value is not None]
    if known:
        series.append(
            Series("different words", tuple(x for x, _ in known), tuple(Interval(value) for _, value in known))
        )
    return lines(series, Scales("layer (0: what enters the first)", "mean cosine of two vectors", ticks_at_data=True))


def _draw(sheet: Axes, table: Table, corner: tuple[float, float], cell: float, least: float) -> None:
    """The cells from their upper left corner on, with the occurrences' numbers beside and above."""
    left, top = corner
    colours = colormaps[_COLOURS]
    numbered = cell == _CELL
    for row, column in np.ndindex(table.shape):
        value = float(table[row, column])
        colour = colours((value - least) / (1.0 - least) if least < 1.0 else 1.0)
        place = (left + column * cell, top - (row + 1) * cell)
        edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8} if numbered else {"linewidth": 0}
        sheet.add_patch(Rectangle(place, cell, cell, facecolor=colour, **edge))
        if numbered:
            ink = INK if float(np.dot(colour[:3], (0.299, 0.587, 0.114))) > 0.45 else "white"
            middle = place[0] + cell / 2, place[1] + cell / 2
            charts.write(sheet, *middle, fonts.style(_decimals(value)), SMALL - 0.5, ha="center", color=ink)
    shown = range(0, len(table), 1 if numbered else 5)
    for number in shown:
        style = fonts.style(str(number + 1))
        half = (number + 0.5) * cell
        charts.write(sheet, left - 0.06, top - half, style, SMALL - 1, ha="right", color=FAINT_INK)
        charts.write(sheet, left + half, top + 0.09, style, SMALL - 1, ha="center", color=FAINT_INK)


def _decimals(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
