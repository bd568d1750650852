"""Tables of one figure a layer and head, such as each head's alignment error rate, with the best one framed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from atento.figures import canvas, fonts

Table = NDArray[np.float64]
"""[layers, columns]."""

_CELL: Final = (0.56, 0.34)
"""Width and height in inches."""
_LEFT: Final = 0.72
_TOP: Final = 0.74
_GAP: Final = 0.3
_BOTTOM: Final = 0.16
_BEST: Final = "#D55E00"
_COLOURS: Final = "cividis"


def head_table(tables: Mapping[str, Table], columns: Sequence[str], *, best: tuple[str, int, int]) -> Figure:
    """Draw tables side by side, in one scale of colours: the lower a figure, the brighter.

    Args:
        tables: by title; a row a layer, a column a head (or their mean).
        columns: the columns' headings.
        best: title, row and column of the cell to frame.
    """
    rows = len(next(iter(tables.values())))
    width = _LEFT + len(columns) * _CELL[0]
    titles = [canvas.measure(fonts.style(title), 10.0)[0] + _LEFT for title in tables]
    widths = [max(width, title) for title in titles]
    size = sum(widths) + _GAP * (len(tables) - 1) + _BOTTOM, _TOP + rows * _CELL[1] + _BOTTOM
    figure = Figure(figsize=size, facecolor="white")
    least, most = (float(f([f(table) for table in tables.values()])) for f in (np.min, np.max))
    left = 0.0
    for (title, table), its_width in zip(tables.items(), widths, strict=True):
        axes = _axes(figure, left + _LEFT, rows, len(columns))
        framed = best[1:] if title == best[0] else None
        _fill(axes, table, (least, most), framed)
        axes.set_title(title, fontsize=10, family=fonts.BASE, loc="left", pad=24)
        for column, name in enumerate(columns):
            axes.text(column + 0.5, -0.16, name, ha="center", va="bottom", fontsize=8, family=fonts.BASE)
        for row in range(rows):
            axes.text(-0.12, row + 0.5, f"layer {row}", ha="right", va="center", fontsize=8, family=fonts.BASE)
        left += its_width + _GAP
    return figure


def _axes(figure: Figure, left: float, rows: int, columns: int) -> Axes:
    width, height = figure.get_size_inches()
    box = (left / width, _BOTTOM / height, columns * _CELL[0] / width, rows * _CELL[1] / height)
    axes = figure.add_axes(box)
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _fill(axes: Axes, table: Table, limits: tuple[float, float], best: tuple[int, ...] | None) -> None:
    least, most = limits
    colours = colormaps[_COLOURS]
    for row, column in np.ndindex(table.shape):
        value = float(table[row, column])
        colour = colours(1.0 - (value - least) / (most - least) if most > least else 1.0)
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.0))
        ink = "black" if float(np.dot(colour[:3], (0.299, 0.587, 0.114))) > 0.45 else "white"
        text = f"{100 * value:.1f}"
        chosen = (row, column) == best
        weight = "bold" if chosen else "normal"
        place = (column + 0.5, row + 0.5)
        axes.text(*place, text, ha="center", va="center", fontsize=8, color=ink, weight=weight, family=fonts.BASE)
    if best is not None:
        frame: dict[str, Any] = {
            "fill": False,
            "edgecolor": _BEST,
            "linewidth": 2.2,
            "zorder": 5,
            "clip_on": False,
        }
        axes.add_patch(Rectangle((best[1], best[0]), 1, 1, **frame))
