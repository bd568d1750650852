"""Line charts with interval bands: a line a series, its name beside its end, the seeds as small dots or thin lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from atento.core.errors import DataError
from atento.figures import charts, fonts
from atento.figures.canvas import MARGIN, measure, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, RULE, SMALL, Interval

_WIDTH: Final = 5.0
_HEIGHT: Final = 3.1
"""Of the frame, in inches; more where the names need it."""
_NAME_WIDTH: Final = 2.1
_HANDLE: Final = 0.3
_LEADER: Final = 0.32
_BARS: Final = 0.5
"""Height of the counts below."""
_SURPLUS: Final = 0.35
"""Intervals may heighten the frame by so many times the range of the lines; they are cut there."""
_MARKERS: Final = "osD^vPX*"
_DASHES: Final = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)))


@dataclass(frozen=True)
class Series:
    """A line."""

    label: str
    x: tuple[float, ...]
    y: tuple[Interval, ...]
    strands: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    """Thin lines behind it, such as the seeds' own (each: x, y)."""


@dataclass(frozen=True)
class Counts:
    """Bars below a chart: how many sentences stand behind each place."""

    label: str
    x: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Scales:
    """What the axes are."""

    x: str
    y: str
    logarithmic_x: bool = False
    logarithmic_y: bool = False
    ticks_at_data: bool = False
    """The horizontal axis names the series' own places, as far as there is room."""

    @property
    def names(self) -> tuple[str, str]:
        """What is written at them."""
        flags = (self.logarithmic_x, self.logarithmic_y)
        x, y = (f"{name} (logarithmic)" if flag else name for name, flag in zip((self.x, self.y), flags, strict=True))
        return x, y


def lines(series: Sequence[Series], scales: Scales, counts: Counts | None = None, *, markers: bool = True) -> Figure:
    """Draw lines over one axis, each named at its right end in the order of the ends.

    Raises:
        DataError: no series has a figure that these axes can show.
    """
    numbered = [(number, _drawable(one, scales)) for number, one in enumerate(series)]
    shown = [(number, one) for number, one in numbered if one.x]
    if not shown:
        raise DataError("there is no figure to draw yet")
    note = missing_note(fonts.warn([*(one.label for one in series), scales.x, scales.y]))
    limits = _limits([one for _, one in shown], scales)
    names = [charts.wrapped(one.label, _NAME_WIDTH) for _, one in shown]
    heights = [charts.size(name)[1] + 0.07 for name in names]
    height = max(_HEIGHT, sum(heights) + 0.1)
    ticks = charts.ticks_within(*limits[1], scales.logarithmic_y)
    left = MARGIN + max(measure(fonts.style(charts.number(tick)), SMALL)[0] for tick in ticks or [0.0]) + 0.1
    bars = 0.0 if counts is None else _BARS + 0.16
    foot = MARGIN + note.height + 0.46 + bars
    across, up = scales.names
    head = charts.wrapped(up, _WIDTH, SMALL)
    right = left + _WIDTH + _LEADER + _HANDLE + 0.08
    whole = (
        max(right + max(charts.size(name)[0] for name in names), note.width + MARGIN) + MARGIN,
        foot + height + charts.size(head, SMALL)[1] + 0.1 + MARGIN,
    )
    figure = Figure(figsize=whole, facecolor="white")
    sheet = charts.paper(figure)
    axes = charts.frame(figure, left, foot, _WIDTH, height)
    _prepare(axes, scales, limits, ticks, [one for _, one in shown])
    for number, one in shown:
        _draw(axes, one, number, markers and len(one.x) <= 30, len(shown))
    charts.write(sheet, left, foot + height + 0.09, head, SMALL, va="bottom", color=FAINT_INK)
    charts.write(
        sheet, left + _WIDTH, MARGIN + note.height + 0.08, charts.wrapped(across, _WIDTH, SMALL, 1), SMALL,
        ha="right", color=FAINT_INK,
    )  # fmt: skip
    if counts is not None:
        _bars(figure, sheet, counts, axes, (left, MARGIN + note.height + 0.22, _WIDTH, _BARS))
    ends = [_end(one, limits, scales, (left, foot, _WIDTH, height)) for _, one in shown]
    middles = _inside(charts.spread([y for _, y in ends], heights), heights, foot, foot + height)
    for (number, _), name, end, middle in zip(shown, names, ends, middles, strict=True):
        _name(sheet, number, name, end, (right, middle), left + _WIDTH, markers)
    note.draw(figure)
    return figure


def _prepare(
    axes: Axes,
    scales: Scales,
    limits: tuple[tuple[float, float], tuple[float, float]],
    ticks: Sequence[float],
    series: Sequence[Series],
) -> None:
    if scales.logarithmic_x:
        axes.set_xscale("log")
    if scales.logarithmic_y:
        axes.set_yscale("log")
    axes.set(xlim=limits[0], ylim=limits[1])
    axes.set_autoscale_on(False)
    axes.minorticks_off()
    wanted = charts.ticks_within(*limits[0], scales.logarithmic_x)
    if scales.ticks_at_data:
        wanted = sorted({x for one in series for x in one.x})
    kept = charts.separate(wanted, lambda x: _share(x, limits[0], scales.logarithmic_x) * _WIDTH)
    axes.set_xticks(kept, [charts.number(tick) for tick in kept])
    axes.set_yticks(ticks, [charts.number(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    charts.bare(axes)


def _draw(axes: Axes, series: Series, number: int, markers: bool, many: int) -> None:
    colour = COLOURS[number % len(COLOURS)]
    for steps, values in series.strands:
        axes.plot(steps, values, color=colour, linewidth=0.6, alpha=0.4)
    ends = [interval.ends for interval in series.y]
    floor = axes.get_ylim()[0]
    if len(series.x) > 1 and any(end is not None for end in ends):
        low = [math.nan if end is None else max(end[0], floor) for end in ends]
        high = [math.nan if end is None else end[1] for end in ends]
        opacity = 0.16 if many <= 3 else 0.11 if many <= 6 else 0.06
        axes.fill_between(series.x, low, high, color=colour, alpha=opacity, linewidth=0)
    for x, interval, end in zip(series.x, series.y, ends, strict=True):
        if len(series.x) == 1 and end is not None:
            axes.plot([x, x], [max(end[0], floor), end[1]], color=colour, linewidth=1.6)
        if markers and len(interval.values) > 1:
            seeds = [value for value in interval.values if math.isfinite(value) and value > floor]
            axes.plot([x] * len(seeds), seeds, "o", markersize=2.6, color=colour, alpha=0.4, markeredgewidth=0)
    axes.plot(series.x, [interval.mean for interval in series.y], **_look(number, markers))


def _look(number: int, markers: bool) -> dict[str, Any]:
    """A line's colour, and dashes once the colours are used up; markers change as well."""
    turn = number // len(COLOURS)
    look: dict[str, Any] = {
        "color": COLOURS[number % len(COLOURS)],
        "linewidth": 1.7,
        "linestyle": _DASHES[turn % len(_DASHES)],
    }
    if markers:
        look |= {
            "marker": _MARKERS[(number + turn) % len(_MARKERS)],
            "markersize": 5.0,
            "markeredgecolor": "white",
            "markeredgewidth": 0.8,
        }
    return look


def _name(
    sheet: Axes,
    number: int,
    name: fonts.Style,
    end: tuple[float | None, float],
    at: tuple[float, float],
    edge: float,
    markers: bool,
) -> None:
    """A line's name with a piece of the line, led to its end where that lies at the right."""
    x, y = at
    handle = x - _HANDLE - 0.08
    look = _look(number, markers)
    if end[0] is not None:
        sheet.plot(
            [end[0], edge + 0.08, handle - 0.04], [end[1], end[1], y], color=look["color"], linewidth=0.7, alpha=0.6
        )
    sheet.plot([handle, handle + _HANDLE], [y, y], **look | {"marker": ""})
    if markers:
        sheet.plot([handle + _HANDLE / 2], [y], **look | {"linestyle": ""})
    charts.write(sheet, x, y, name)


def _bars(figure: Figure, sheet: Axes, counts: Counts, above: Axes, box: tuple[float, float, float, float]) -> None:
    """Thin bars that share the horizontal axis, each with its number as far as there is room."""
    left, bottom, width, height = box
    axes = charts.frame(figure, left, bottom, width, height - 0.16, level=-0.5)
    axes.set_xscale(above.get_xscale())
    axes.set(xlim=above.get_xlim(), ylim=(0, max(counts.counts)), xticks=[], yticks=[])
    axes.minorticks_off()
    charts.bare(axes)
    axes.set_autoscale_on(False)
    limits, logarithmic = above.get_xlim(), above.get_xscale() == "log"
    free = -math.inf
    for x, count in sorted(zip(counts.x, counts.counts, strict=True)):
        middle = left + _share(x, limits, logarithmic) * width
        top = bottom + (height - 0.16) * count / max(counts.counts)
        sheet.plot([middle, middle], [bottom, top], color="#aeb6bf", linewidth=5, solid_capstyle="butt")
        label = fonts.style(charts.number(count))
        half = measure(label, SMALL - 1)[0] / 2
        if middle - half >= free:
            charts.write(sheet, middle, top + 0.03, label, SMALL - 1, ha="center", va="bottom", color=FAINT_INK)
            free = middle + half + 0.03
    name = charts.wrapped(counts.label, _NAME_WIDTH, SMALL)
    charts.write(sheet, left + width + 0.1, bottom + height / 2, name, SMALL, color=FAINT_INK)


def _drawable(series: Series, scales: Scales) -> Series:
    """The series without what these axes cannot show, from left to right."""

    def shown(value: float, logarithmic: bool) -> bool:
        return math.isfinite(value) and (value > 0 or not logarithmic)

    def both(x: float, y: float) -> bool:
        return shown(x, scales.logarithmic_x) and shown(y, scales.logarithmic_y)

    points = sorted(
        ((x, y) for x, y in zip(series.x, series.y, strict=True) if both(x, y.mean)), key=lambda point: point[0]
    )
    strands = tuple(
        (tuple(x for x, _ in kept), tuple(y for _, y in kept))
        for strand in series.strands
        if (kept := [(x, y) for x, y in zip(*strand, strict=True) if both(x, y)])
    )
    return Series(series.label, tuple(x for x, _ in points), tuple(y for _, y in points), strands)


def _limits(series: Sequence[Series], scales: Scales) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of both axes: all means and seeds, and the intervals as far as they do not dwarf them."""
    x = [place for one in series for place in one.x]
    y = [
        value
        for one in series
        for interval in one.y
        for value in (interval.mean, *interval.values)
        if math.isfinite(value)
    ]
    y = [value for value in y if value > 0] if scales.logarithmic_y else y
    ends = [end for one in series for interval in one.y if interval.ends for end in interval.ends]
    if scales.logarithmic_y:
        low, high = (
            math.exp(value) for value in _padded([math.log(v) for v in y], [math.log(v) for v in ends if v > 0])
        )
    else:
        low, high = _padded(y, ends)
        low = max(low, 0.0) if min(y) >= 0 and min(y) < 0.3 * (max(y) - min(y)) else low
    if scales.logarithmic_x:
        left, right = (math.exp(value) for value in _padded([math.log(v) for v in x], []))
    else:
        left, right = _padded(x, [])
        left = max(left, 0.0) if min(x) >= 0 and not scales.ticks_at_data else left
    return (left, right), (low, high)


def _padded(values: Sequence[float], ends: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    surplus = _SURPLUS * (high - low) or abs(low) * 0.05 or 1.0
    low, high = max(low - surplus, min([low, *ends])), min(high + surplus, max([high, *ends]))
    if low == high:
        low, high = low - surplus, high + surplus
    pad = 0.05 * (high - low)
    return low - pad, high + pad


def _share(value: float, limits: tuple[float, float], logarithmic: bool) -> float:
    low, high = limits
    if logarithmic:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low)


def _end(
    series: Series,
    limits: tuple[tuple[float, float], tuple[float, float]],
    scales: Scales,
    box: tuple[float, float, float, float],
) -> tuple[float | None, float]:
    """Where a line ends, in inches; no x where that is not at the right: a leader would cross lines."""
    left, bottom, width, height = box
    across = _share(series.x[-1], limits[0], scales.logarithmic_x)
    up = min(max(_share(series.y[-1].mean, limits[1], scales.logarithmic_y), 0.0), 1.0)
    return (left + across * width if across > 0.9 else None), bottom + up * height


def _inside(middles: Sequence[float], heights: Sequence[float], bottom: float, top: float) -> list[float]:
    """Labels moved into the frame's height, which is enough for all, without overlap."""
    order = sorted(range(len(middles)), key=lambda number: middles[number])
    moved = list(middles)
    floor = bottom
    for number in order:
        moved[number] = max(moved[number], floor + heights[number] / 2)
        floor = moved[number] + heights[number] / 2
    ceiling = top
    for number in reversed(order):
        moved[number] = min(moved[number], ceiling - heights[number] / 2)
        ceiling = moved[number] - heights[number] / 2
    return moved
