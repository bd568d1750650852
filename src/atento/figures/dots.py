"""Dot charts: a row a system, its mean as a dot on its interval, the seeds as small dots; published figures aside.

Published figures were measured on other data, so they never share an axis with measured ones: each panel has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from atento.core.errors import DataError
from atento.figures import charts, fonts
from atento.figures.canvas import MARGIN, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, INK, RULE, SMALL, Interval

_LABEL_WIDTH: Final = 2.5
_GAP: Final = 0.5
"""Inches between panels."""
_PAD: Final = 0.18
"""Inches between a panel's edge and its outermost mark."""
_SURPLUS: Final = 1.0
"""An interval may widen a panel to each side by so many times the range of all seeds' values; it is cut there."""


@dataclass(frozen=True)
class Panel:
    """One column of a dot chart."""

    title: str
    """What its axis measures."""
    rows: tuple[Interval | None, ...]
    """One a label, None where there is no figure."""
    text: Callable[[float], str] = charts.number
    """Writes the numbers beside the dots."""
    published: bool = False
    """Figures from papers, drawn as open diamonds; each of a row's values is one."""


def dots(labels: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """Draw panels side by side over common rows, the first label on top.

    Raises:
        DataError: nothing to draw, or no panel has a finite figure.
    """
    panels = [panel for panel in panels if _numbers(panel)]
    if not labels or not panels:
        raise DataError("there is no figure to draw yet")
    if any(len(panel.rows) != len(labels) for panel in panels):
        raise ValueError("each panel needs as many rows as there are labels")
    note = missing_note(fonts.warn([*labels, *(panel.title for panel in panels)]))
    names = [charts.wrapped(label, _LABEL_WIDTH) for label in labels]
    left = MARGIN + max(charts.size(name)[0] for name in names) + 0.2
    heights = [max(charts.size(name)[1] + 0.14, 0.36) for name in names]
    widths = _widths(panels)
    columns = [max(_value_width(panel), 0.3) for panel in panels]
    heads = [
        charts.wrapped(panel.title, width + side, SMALL)
        for panel, width, side in zip(panels, widths, columns, strict=True)
    ]
    head = max(charts.size(style, SMALL)[1] for style in heads) + 0.12
    foot = 0.22 + note.height
    width = left + sum(widths) + sum(columns) + _GAP * (len(panels) - 1) + 2 * MARGIN
    figure = Figure(
        figsize=(max(width, note.width + 2 * MARGIN), head + sum(heights) + foot + 2 * MARGIN), facecolor="white"
    )
    sheet = charts.paper(figure)
    top = foot + MARGIN + sum(heights)
    middles = [top - sum(heights[:row]) - heights[row] / 2 for row in range(len(labels))]
    for number, (name, middle) in enumerate(zip(names, middles, strict=True)):
        charts.write(sheet, left - 0.2, middle, name, ha="right", multialignment="right")
        if number:
            edge = middle + heights[number] / 2
            sheet.plot([MARGIN, width - MARGIN], [edge, edge], color=RULE, linewidth=0.5)
    for panel, style, across, side in zip(panels, heads, widths, columns, strict=True):
        charts.write(sheet, left, top + 0.1, style, SMALL, va="bottom", color=FAINT_INK)
        _draw(figure, panel, (left, foot + MARGIN, across, sum(heights)), middles)
        for row, middle in zip(panel.rows, middles, strict=True):
            text = "–" if row is None else _value(row, panel)
            colour = FAINT_INK if row is None or panel.published else INK
            charts.write(sheet, left + across + side, middle, fonts.style(text), SMALL + 0.5, ha="right", color=colour)
        left += across + side + _GAP
    note.draw(figure)
    return figure


def _draw(figure: Figure, panel: Panel, box: tuple[float, float, float, float], middles: Sequence[float]) -> None:
    _, bottom, width, height = box
    low, high = _limits(panel, width)
    axes = charts.frame(figure, *box)
    axes.set(xlim=(low, high), ylim=(0, height), yticks=[])
    axes.set_autoscale_on(False)

    def where(tick: float) -> float:
        return (tick - low) / (high - low) * width

    ticks = charts.separate(charts.ticks_within(low, high, most=6 if width > 2 else 4), where)
    axes.set_xticks(ticks, [charts.number(tick) for tick in ticks])
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    charts.bare(axes)
    for row, middle in zip(panel.rows, middles, strict=True):
        if row is not None and math.isfinite(row.mean):
            _mark(axes, row, middle - bottom, panel.published, (low, high))


def _mark(axes: Axes, row: Interval, y: float, published: bool, limits: tuple[float, float]) -> None:
    if published:
        figures = row.values or (row.mean,)
        axes.plot(
            figures, [y] * len(figures), "D",
            markersize=5, markerfacecolor="white", markeredgecolor=COLOURS[1], markeredgewidth=1.3, clip_on=False,
        )  # fmt: skip
        return
    colour = COLOURS[0]
    if row.ends is not None:
        ends = [min(max(end, limits[0]), limits[1]) for end in row.ends]
        axes.plot(ends, [y, y], color=colour, linewidth=2.0, solid_capstyle="butt")
        for end, cut, arrow in zip(row.ends, ends, "<>", strict=True):  # an arrow where the interval goes on
            if end != cut:
                axes.plot([cut], [y], arrow, markersize=4.5, color=colour, markeredgewidth=0, clip_on=False)
    if len(row.values) > 1:
        below = [y - 0.085] * len(row.values)
        axes.plot(row.values, below, "o", markersize=3.2, color=colour, alpha=0.45, markeredgewidth=0)
    axes.plot([row.mean], [y], "o", markersize=6.5, color=colour, markeredgecolor="white", markeredgewidth=1.0)


def _numbers(panel: Panel) -> list[float]:
    found = [number for row in panel.rows if row is not None for number in (row.mean, *row.values)]
    return [number for number in found if math.isfinite(number)]


def _limits(panel: Panel, width: float) -> tuple[float, float]:
    """Limits of a panel so many inches wide, with room for its outermost marks."""
    numbers = _numbers(panel)
    low, high = min(numbers), max(numbers)
    surplus = _SURPLUS * (high - low) or abs(low) * 0.05 or 1.0
    ends = [row.ends for row in panel.rows if row is not None and row.ends is not None]
    low = max(low - surplus, min([low, *(end[0] for end in ends)]))
    high = min(high + surplus, max([high, *(end[1] for end in ends)]))
    if low == high:
        low, high = low - surplus, high + surplus
    pad = (high - low) * _PAD / (width - 2 * _PAD)
    return low - pad, high + pad


def _widths(panels: Sequence[Panel]) -> list[float]:
    measured = sum(not panel.published for panel in panels)
    wide = {0: 4.2, 1: 4.2, 2: 2.9, 3: 2.2}.get(measured, 1.7)
    return [1.6 if panel.published else wide for panel in panels]


def _value(row: Interval, panel: Panel) -> str:
    return " · ".join(panel.text(number) for number in (panel.published and row.values) or (row.mean,))


def _value_width(panel: Panel) -> float:
    texts = ["–" if row is None else _value(row, panel) for row in panel.rows]
    return max(charts.size(fonts.style(text), SMALL + 0.5)[0] for text in texts) + 0.12
