"""What a classifier takes for what: a confusion matrix, each row coloured by the share of its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from atento.core.errors import DataError
from atento.figures import fonts
from atento.figures.canvas import GAP, LARGEST, MARGIN, measure, missing_note, properties

_POINTS: Final = 9.0
_SMALL: Final = 7.5
_CELL: Final = 0.62
_COLOURS: Final = "Blues"
_LONGEST: Final = 24
"""Characters of a class's name before it is shortened."""


def confusion_figure(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> Figure:
    """Draw a matrix of counts.

    Args:
        confusion: how many texts of class i (row) were taken for class j (column).
        names: of the classes.

    Raises:
        DataError: more classes than one sheet can hold.
    """
    size = len(names)
    labels = [fonts.style(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…") for name in names]
    missing = fonts.warn(list(names))
    note = missing_note(missing)
    longest = max(measure(label, _POINTS)[0] for label in labels)
    _, line = measure(fonts.style("X"), _POINTS)
    turned = longest > _CELL
    top = (longest if turned else line) + line + 3 * GAP
    left = longest + line + 3 * GAP
    width = max(left + size * _CELL, note.width) + 2 * MARGIN
    height = top + size * _CELL + 2 * MARGIN + note.height
    if max(width, height) * 72 > LARGEST:
        raise DataError(f"{size} classes do not fit one sheet; take --json")
    figure = Figure(figsize=(width, height), facecolor="white")
    box = (MARGIN + left, MARGIN + note.height, size * _CELL, size * _CELL)
    axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    axes.set(xlim=(0, size), ylim=(size, 0), xticks=[], yticks=[])
    counts = np.array(confusion, np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    for row, column in np.ndindex(size, size):
        _cell(axes, row, column, int(counts[row, column]), float(shares[row, column]))
    for number, label in enumerate(labels):
        font = properties(label, _POINTS)
        axes.text(-GAP / _CELL, number + 0.5, label.text, ha="right", va="center", fontproperties=font)
        turn: dict[str, Any] = {"rotation": 90.0} if turned else {}
        axes.text(number + 0.5, -GAP / _CELL, label.text, ha="center", va="bottom", fontproperties=font, **turn)
    heading: dict[str, Any] = {"fontsize": _POINTS, "family": fonts.BASE, "color": "#555555"}
    axes.text(size / 2, -(top - line) / _CELL, "taken for", ha="center", va="bottom", **heading)
    axes.text(-(left - line / 2) / _CELL, size / 2, "right class", ha="center", va="center", rotation=90.0, **heading)
    note.draw(figure)
    return figure


def _cell(axes: Axes, row: int, column: int, count: int, share: float) -> None:
    colour = colormaps[_COLOURS](0.85 * share)
    ink = "black" if float(np.dot(colour[:3], (0.299, 0.587, 0.114))) > 0.5 else "white"
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.0))
    weight = "bold" if row == column else "normal"
    style: dict[str, Any] = {"ha": "center", "color": ink, "family": fonts.BASE}
    axes.text(column + 0.5, row + 0.45, f"{count:,}", va="center", fontsize=_POINTS, weight=weight, **style)
    axes.text(column + 0.5, row + 0.78, f"{100 * share:.0f} %", va="center", fontsize=_SMALL, **style)
