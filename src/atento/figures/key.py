"""The line under a heat map that says what its greys mean, and how cells look that a mask hides.

Where a token cannot look (at those that come later) there is no weight at all. Such cells are hatched on a pale blue,
so that they are neither black nor white nor any grey of a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from atento.figures import canvas, fonts

Zero = Literal["black", "white"]

_PALE: Final = "#e6edf5"
_LINES: Final = "#8ea4ba"
_SPACING: Final = 0.055
"""Inches between the hatching's lines, from left to right."""
_POINTS: Final = 8.0
_SIDE: Final = 0.16
_SCALE: Final = 1.1
_GAP: Final = 0.07
_BETWEEN: Final = 0.3
_HIDDEN: Final = "cannot look: comes later"


def colours(zero: Zero) -> str:
    """The colour map of weights."""
    return "gray" if zero == "black" else "gray_r"


def hatch(axes: Axes, visible: NDArray[np.bool_], cell: float) -> None:
    """Draw the cells that are hidden: in each row those after the visible ones.

    Args:
        axes: one unit of data is a cell, rows are counted from above.
        visible: rows × columns.
        cell: a cell's side in inches.
    """
    if visible.all():
        return
    rows, columns = visible.shape
    reach = visible.sum(axis=1)
    stairs = [(float(x), float(y)) for row, x in enumerate(reach) for y in (row, row + 1)]
    outline = [*stairs, (columns, rows), (columns, 0.0)]
    region = Polygon(outline, closed=True, facecolor=_PALE, edgecolor="none", linewidth=0, zorder=2.5)
    axes.add_patch(region)
    starts = np.arange(0.0, columns + rows, _SPACING / cell)
    lines = LineCollection([[(x - rows, rows), (x, 0.0)] for x in starts], colors=_LINES, linewidths=0.5, zorder=2.6)
    axes.add_collection(lines, autolim=False)
    lines.set_clip_path(region)


@dataclass(frozen=True)
class Key:
    """Of one sheet; sizes in inches, 0 where nothing need be said."""

    scale: bool
    hidden: bool
    width: float
    height: float

    @classmethod
    def of(cls, visible: Sequence[NDArray[np.bool_]], *, scale: bool = False) -> Key:
        """For matrices of which these cells are visible; a scale is drawn if it is asked for or cells are hidden."""
        hidden = not all(each.all() for each in visible)
        if not (scale or hidden):
            return cls(False, False, 0.0, 0.0)
        width = _width("weight 0") + _SCALE + _width("1") + 2 * _GAP
        if hidden:
            width += _BETWEEN + _SIDE + _GAP + _width(_HIDDEN)
        return cls(True, hidden, width, _SIDE + 0.2)

    def draw(self, figure: Figure, left: float, bottom: float, zero: Zero) -> None:
        """Draw with the lower left corner at this place, in inches."""
        if not self.scale:
            return
        middle = bottom + _SIDE / 2
        left = _write(figure, left, middle, "weight 0") + _GAP
        axes = _axes(figure, left, bottom, _SCALE)
        axes.imshow(np.linspace(0, 1, 64)[None], cmap=colours(zero), extent=(0, 1, 1, 0), aspect="auto")
        left = _write(figure, left + _SCALE + _GAP, middle, "1") + _BETWEEN
        if self.hidden:
            hatch(_axes(figure, left, bottom, _SIDE), np.zeros((1, 1), dtype=np.bool_), _SIDE)
            _write(figure, left + _SIDE + _GAP, middle, _HIDDEN)


def _axes(figure: Figure, left: float, bottom: float, wide: float) -> Axes:
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, bottom / height, wide / width, _SIDE / height))
    axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
    axes.set_autoscale_on(False)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="0.4")
    return axes


def _write(figure: Figure, left: float, middle: float, text: str) -> float:
    """Write a word and give its right end."""
    width, height = figure.get_size_inches()
    figure.text(left / width, middle / height, text, fontsize=_POINTS, va="center", family=fonts.BASE)
    return left + _width(text)


def _width(text: str) -> float:
    return canvas.measure(fonts.Style(text, (fonts.BASE,)), _POINTS)[0]
