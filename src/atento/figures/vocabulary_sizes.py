"""Vocabulary size against bytes per token: one point a tokenizer, those that lose text hollow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from atento.core.errors import DataError
from atento.core.shortening import shortened
from atento.figures import charts, fonts
from atento.figures.canvas import MARGIN, measure, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, RULE, SMALL
from atento.figures.placing import RINGS, Frame, Label, Points, Room

_WIDTH: Final = 7.6
_HEIGHT: Final = 4.8
_PAD: Final = 0.12
"""Of the range, on each side: room for labels."""
_LONGEST: Final = 28
"""Characters of a label before it is shortened."""
_CLEARANCE: Final = 0.08
"""Inches between a leader and the points that are not its own."""
_APART: Final = 0.13
"""Inches from which on a label is not taken for another point's."""
_HOLLOW: Final = COLOURS[1]
_FULL: Final = COLOURS[0]


@dataclass(frozen=True)
class Point:
    """A tokenizer."""

    label: str
    entries: int
    bytes_per_token: float
    lossy: bool


def vocabulary_sizes(points: Sequence[Point]) -> Figure:
    """Draw the points over a logarithmic axis of sizes.

    Raises:
        DataError: there is none that has a size and a finite figure.
    """
    shown = [point for point in points if point.entries > 0 and math.isfinite(point.bytes_per_token)]
    if not shown:
        raise DataError("there is no tokenizer to draw")
    note = missing_note(fonts.warn([point.label for point in shown]))
    x, y = (_range(values) for values in _values(shown))
    ticks = charts.ticks_within(*y)
    left = MARGIN + max(measure(fonts.style(charts.number(tick)), SMALL)[0] for tick in ticks or [0.0]) + 0.1
    aside = measure(fonts.style(charts.number(round(math.exp(x[1])))), SMALL)[0] / 2  # of a tick at the right edge
    foot, head = MARGIN + note.height + 0.46, 0.34
    figure = Figure(
        figsize=(max(left + _WIDTH + aside, note.width + MARGIN) + MARGIN, foot + _HEIGHT + head + MARGIN),
        facecolor="white",
    )
    sheet = charts.paper(figure)
    frame = Frame(left, foot, _WIDTH, _HEIGHT)
    _rule(sheet, frame, (math.exp(x[0]), math.exp(x[1])), y, ticks)
    places = np.array([
        (left + _share(math.log(point.entries), x) * _WIDTH, foot + _share(point.bytes_per_token, y) * _HEIGHT)
        for point in shown
    ])  # fmt: skip
    for label in _labels(shown, places, frame):
        label.draw(sheet)
    for lossy in (False, True):
        which = [number for number, point in enumerate(shown) if point.lossy is lossy]
        _dots(sheet, places[which], lossy)
    _legend(sheet, shown, left, foot + _HEIGHT + 0.17)
    axis = charts.wrapped("entries of the vocabulary (logarithmic)", _WIDTH, SMALL, 1)
    charts.write(sheet, left + _WIDTH, MARGIN + note.height + 0.08, axis, SMALL, ha="right", color=FAINT_INK)
    note.draw(figure)
    return figure


def _values(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [math.log(point.entries) for point in points], [point.bytes_per_token for point in points]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    span = high - low or 1.0
    return low - _PAD * span, high + _PAD * span


def _share(value: float, limits: tuple[float, float]) -> float:
    return (value - limits[0]) / (limits[1] - limits[0])


def _rule(
    sheet: Axes, frame: Frame, entries: tuple[float, float], y: tuple[float, float], ticks: Sequence[float]
) -> None:
    """Quiet lines at round numbers, with these."""
    logs = math.log(entries[0]), math.log(entries[1])

    def where(tick: float) -> float:
        return frame.left + _share(math.log(tick), logs) * frame.width

    for tick in ticks:
        at = frame.bottom + _share(tick, y) * frame.height
        sheet.plot([frame.left, frame.left + frame.width], [at, at], color=RULE, linewidth=0.6)
        charts.write(sheet, frame.left - 0.08, at, fonts.style(charts.number(tick)), SMALL, ha="right", color=FAINT_INK)
    for tick in charts.separate(charts.ticks_within(*entries, logarithmic=True), where):
        at = where(tick)
        sheet.plot([at, at], [frame.bottom, frame.bottom + frame.height], color=RULE, linewidth=0.6)
        charts.write(
            sheet, at, frame.bottom - 0.13, fonts.style(charts.number(tick)), SMALL, ha="center", color=FAINT_INK
        )


def _labels(points: Sequence[Point], places: Points, frame: Frame) -> list[Label]:
    """The labels' places, of several orders of placing them the best: all there, and near their points."""
    numbers = range(len(points))
    orders: list[Sequence[int]] = [
        numbers,
        *(sorted(numbers, key=lambda number: sign * places[number][axis]) for axis in (0, 1) for sign in (1, -1)),
        sorted(numbers, key=lambda number: -len(points[number].label)),
    ]
    found = [_placed(points, places, frame, order, clear) for clear in (_CLEARANCE, 0.0) for order in orders]
    return min(found, key=lambda labels: (-len(labels), sum(_burden(label, places) for label in labels)))


def _burden(label: Label, places: Points) -> int:
    """How hard it is to see whose label it is: a leader has to be followed; worse without one near another point."""
    if len(label.leader):
        return 1
    others = places[np.hypot(*(places - places[label.number]).T) > 0.01]
    near = np.clip(others, label.box[:2], label.box[2:])
    return 2 * int((np.hypot(*(others - near).T) < _APART).sum())


def _placed(
    points: Sequence[Point], places: Points, frame: Frame, order: Sequence[int], clearance: float
) -> list[Label]:
    room = Room(frame, np.empty((0, 4)), places, clearance=clearance)
    labels = []
    for number in order:
        style = fonts.style(shortened(points[number].label, _LONGEST))
        width, height = measure(style, SMALL)
        for distance in RINGS:
            led = distance > RINGS[0]
            found = room.take(places[number], (width, height * 0.82), distance + 0.03, led=led)
            if found is not None:
                labels.append(Label(number, style, found[0], SMALL, found[1], False))
                break
    return labels


def _dots(sheet: Axes, places: Points, lossy: bool) -> None:
    fill, edge, width = ("white", _HOLLOW, 1.4) if lossy else (_FULL, "white", 0.6)
    sheet.scatter(places[:, 0], places[:, 1], s=34, c=fill, edgecolors=edge, linewidths=width, zorder=3)


def _legend(sheet: Axes, points: Sequence[Point], x: float, y: float) -> None:
    """What the vertical axis is, and, above the frame's right half, what hollow points are."""
    title = charts.wrapped("bytes per token", _WIDTH / 2, SMALL, 1)
    charts.write(sheet, x, y, title, SMALL, color=FAINT_INK)
    right = x + _WIDTH
    for lossy, words in ((True, "loses or changes text"), (False, "keeps the text")):
        if any(point.lossy is lossy for point in points):
            style = fonts.style(words)
            right -= charts.size(style, SMALL)[0]
            charts.write(sheet, right, y, style, SMALL)
            _dots(sheet, np.array([[right - 0.1, y]]), lossy)
            right -= 0.35
