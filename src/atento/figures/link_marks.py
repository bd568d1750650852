"""Word links drawn over a heat map: gold ones as frames (sure: solid, possible: dashed), predicted ones inside them.

A predicted link that gold allows is a dot, one that it does not allow a cross; so a frame without a dot was missed. The
colours are Okabe and Ito's, which colour-blind people tell apart, and every sign differs by shape as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from atento.figures import canvas, fonts

Cell = tuple[int, int]
"""(column, row), from the upper left."""

Sign = Literal["sure", "possible", "right", "wrong"]

_GOLD: Final = "#E69F00"
_RIGHT: Final = "#0072B2"
_WRONG: Final = "#D55E00"
_WORDS: Final[dict[Sign, str]] = {
    "sure": "gold: sure",
    "possible": "gold: possible",
    "right": "predicted, in gold",
    "wrong": "predicted, not in gold",
}
_POINTS: Final = 9.0
_SIDE: Final = 0.2
"""Of a cell of the legend, in inches."""
_GAP: Final = 0.07
_BETWEEN: Final = 0.28


@dataclass(frozen=True, kw_only=True)
class LinkMarks:
    """One sentence pair's links as cells of its heat map; every sure link is possible, too."""

    sure: frozenset[Cell] = frozenset()
    possible: frozenset[Cell] = frozenset()
    predicted: frozenset[Cell] = frozenset()

    def draw(self, axes: Axes, cell: float) -> None:
        """Draw them over cells of this side in inches; axes count one unit a cell, rows from above."""
        rows, columns = round(axes.get_ylim()[0]), round(axes.get_xlim()[1])
        lines: dict[str, Any] = {"color": "0.5", "linewidth": 0.35, "alpha": 0.5, "zorder": 2}
        axes.hlines(range(1, rows), 0, columns, **lines)
        axes.vlines(range(1, columns), 0, rows, **lines)
        signs: dict[Sign, frozenset[Cell]] = {
            "possible": self.possible - self.sure,
            "sure": self.sure,
            "right": self.predicted & (self.possible | self.sure),
            "wrong": self.predicted - self.possible - self.sure,
        }
        for sign, cells in signs.items():
            for place in sorted(cells):
                _draw(axes, sign, place, cell)


@dataclass(frozen=True)
class Legend:
    """The signs that a sheet uses, in one line under it; sizes in inches, 0 where there are none."""

    signs: tuple[Sign, ...]
    width: float
    height: float

    @classmethod
    def of(cls, marks: Sequence[LinkMarks]) -> Legend:
        """For these sentences."""
        if not marks:
            return cls((), 0.0, 0.0)
        signs: list[Sign] = ["sure"]
        if any(each.possible - each.sure for each in marks):
            signs.append("possible")
        signs += ["right", "wrong"]
        width = sum(_SIDE + _GAP + _width(sign) for sign in signs) + _BETWEEN * (len(signs) - 1)
        return cls(tuple(signs), width, _SIDE + 0.22)

    def draw(self, figure: Figure, left: float, bottom: float) -> None:
        """Draw with the lower left corner at this place, in inches."""
        width, height = figure.get_size_inches()
        for sign in self.signs:
            axes = figure.add_axes((left / width, bottom / height, _SIDE / width, _SIDE / height))
            axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
            axes.set_axis_off()
            _draw(axes, sign, (0, 0), _SIDE)
            figure.text(
                (left + _SIDE + _GAP) / width,
                (bottom + _SIDE / 2) / height,
                _WORDS[sign],
                fontsize=_POINTS,
                va="center",
                family=fonts.BASE,
            )
            left += _SIDE + _GAP + _width(sign) + _BETWEEN


def _width(sign: Sign) -> float:
    return canvas.measure(fonts.Style(_WORDS[sign], (fonts.BASE,)), _POINTS)[0]


def _draw(axes: Axes, sign: Sign, place: Cell, cell: float) -> None:
    column, row = place
    points = cell * 72
    if sign in ("sure", "possible"):
        inset, line = 0.1, max(1.0, points * 0.11)
        style = "-" if sign == "sure" else (0, (1.6, 1.1))
        corner = (column + inset, row + inset)
        frame: dict[str, Any] = {
            "linewidth": line,
            "linestyle": style,
            "edgecolor": _GOLD,
            "facecolor": "none",
            "zorder": 3,
        }
        axes.add_patch(Rectangle(corner, 1 - 2 * inset, 1 - 2 * inset, **frame))
        return
    right = sign == "right"
    axes.plot(
        column + 0.5,
        row + 0.5,
        marker="o" if right else "X",
        markersize=points * (0.4 if right else 0.5),
        markerfacecolor=_RIGHT if right else _WRONG,
        markeredgecolor="white",
        markeredgewidth=points * 0.05,
        linestyle="none",
        zorder=4,
        clip_on=False,
    )
