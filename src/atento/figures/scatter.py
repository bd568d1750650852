"""A map: labelled points of a plane. Labels never overlap; where there is no room, a point stays a dot.

Both axes have one scale, so that distances in the picture are those of the map; what these are worth, the note says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from atento.core.errors import DataError
from atento.core.shortening import shortened
from atento.figures import charts, fonts
from atento.figures.canvas import MARGIN, measure, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, SMALL
from atento.figures.placing import RINGS, Frame, Label, Points, Room

_WIDTH: Final = 7.2
_HEIGHTS: Final = (3.6, 7.2)
"""Least and most of the frame, in inches."""
_PAD: Final = 0.3
"""Inches between the frame and the outermost points."""
_LONGEST: Final = 28
"""Characters of a label before it is shortened."""
_MOST_LABELS: Final = 250
_FEW: Final = 60
"""So many points have their labels led to free places further off; of more, those without room stay dots."""
_MOST_GROUPS: Final = len(COLOURS)


@dataclass(frozen=True)
class Cloud:
    """What is drawn."""

    points: Points
    """[count, 2]."""
    labels: tuple[str, ...]
    groups: tuple[str, ...] | None = None
    """Of each point, what its colour stands for; of more groups than there are colours, none is shown."""
    first: tuple[int, ...] = ()
    """Points that are labelled before the others and stand out; the others' labels follow in their order."""
    axes: tuple[str, str] = ("", "")
    note: str = ""


def scatter(cloud: Cloud) -> Figure:
    """Draw a map.

    Raises:
        DataError: there is no point, or one that is nowhere.
    """
    if not len(cloud.points) or not np.isfinite(cloud.points).all():
        raise DataError("there is no map to draw: it has no points, or some that are no numbers")
    note, names = charts.wrapped(cloud.note, _WIDTH, SMALL, 4), _groups(cloud)
    shown = [cloud.labels[place] for place in _order(cloud)]
    missing = missing_note(fonts.warn([*shown, *names, *cloud.axes, cloud.note]))
    styles = [charts.wrapped(name, 2.0, SMALL, 2) for name in names]
    aside = max((charts.size(style, SMALL)[0] for style in styles), default=-0.45) + 0.45
    foot = MARGIN + missing.height + (charts.size(note, SMALL)[1] if cloud.note else 0.0)
    below = foot + (0.3 if any(cloud.axes) else 0.12)
    left = MARGIN + (0.24 if cloud.axes[1] else 0.0)
    height, middle, scale = _scale(cloud.points)
    width = max(left + _WIDTH + aside + MARGIN, missing.width + 2 * MARGIN)
    figure = Figure(figsize=(width, below + height + MARGIN), facecolor="white")
    sheet = charts.paper(figure)
    frame = Frame(left, below, _WIDTH, height)
    frame.draw(sheet)
    places = (cloud.points - middle) * scale + [left + _WIDTH / 2, below + height / 2]
    colours = _colours(cloud, names)
    labels = list(_placed(cloud, places, frame))
    _dots(sheet, places, colours, cloud.first, [label.number for label in labels])
    for label in labels:
        label.draw(sheet)
    _legend(sheet, styles, left + _WIDTH + 0.2, below + height)
    _write_axes(sheet, cloud.axes, frame)
    if cloud.note:
        charts.write(sheet, left, foot, note, SMALL, va="top", color=FAINT_INK)
    missing.draw(figure)
    return figure


def _order(cloud: Cloud) -> list[int]:
    """Points in the order in which they get their labels, as many as may have one."""
    first = list(dict.fromkeys(cloud.first))
    return (first + [place for place in range(len(cloud.labels)) if place not in set(first)])[:_MOST_LABELS]


def _placed(cloud: Cloud, places: Points, frame: Frame) -> Iterator[Label]:
    """Labels at the first free place around their points."""
    first, few = set(cloud.first), len(places) <= _FEW
    room = Room(frame, np.empty((0, 4)), places if few else places[list(cloud.first)])
    for number in _order(cloud):
        text = cloud.labels[number]
        style = fonts.style(shortened(text, _LONGEST))
        strong = number in first
        points = SMALL + 1.0 if strong else SMALL - (0.0 if few else 1.0)
        width, height = measure(style, points)
        size = width * (1.12 if strong else 1.0), height * 0.82
        for distance in RINGS if few or strong else RINGS[:1]:
            found = room.take(places[number], size, distance, led=distance > RINGS[0])
            if found is not None:
                yield Label(number, style, found[0], points, found[1], strong)
                break


def _scale(points: Points) -> tuple[float, Points, float]:
    """The frame's height, the middle of the points, and inches a unit: one scale for both axes."""
    low, high = points.min(axis=0), points.max(axis=0)
    across, up = (float(value) for value in high - low)
    room = _WIDTH - 2 * _PAD
    height = float(np.clip(up / across * room if across > 0 else _HEIGHTS[1], *_HEIGHTS))
    scales = [length / span for length, span in ((room, across), (height, up)) if span > 0]
    return height + 2 * _PAD, (low + high) / 2, min(scales, default=1.0)


def _groups(cloud: Cloud) -> list[str]:
    names = list(dict.fromkeys(cloud.groups or ()))
    return names if 1 < len(names) <= _MOST_GROUPS else []


def _colours(cloud: Cloud, names: Sequence[str]) -> list[str]:
    if not names or cloud.groups is None:
        return [COLOURS[0]] * len(cloud.labels)
    return [COLOURS[names.index(group)] for group in cloud.groups]


def _dots(sheet: Axes, places: Points, colours: Sequence[str], first: Sequence[int], labelled: Sequence[int]) -> None:
    """Small and pale where there are many, but for those that have labels."""
    many = len(places)
    size, opacity = (26.0, 0.9) if many <= _FEW else (14.0, 0.5) if many <= 500 else (6.0, 0.3)
    strong = set(first)
    named = set(labelled) - strong
    rest = set(range(many)) - strong - named
    for chosen, area, alpha, level in ((rest, size, opacity, 2.0), (named, size, 1.0, 2.5), (strong, 34.0, 1.0, 3.0)):
        which = sorted(chosen)
        if which:
            sheet.scatter(
                places[which, 0], places[which, 1], s=area, alpha=alpha, zorder=level,
                c=[colours[place] for place in which], edgecolors="white", linewidths=0.4,
            )  # fmt: skip


def _legend(sheet: Axes, styles: Sequence[fonts.Style], x: float, top: float) -> None:
    y = top - 0.14
    for number, style in enumerate(styles):
        height = charts.size(style, SMALL)[1]
        sheet.plot([x + 0.04], [y - height / 2], "o", markersize=5, color=COLOURS[number], markeredgewidth=0)
        charts.write(sheet, x + 0.16, y - height / 2, style, SMALL)
        y -= height + 0.08


def _write_axes(sheet: Axes, names: tuple[str, str], frame: Frame) -> None:
    across, up = (
        charts.wrapped(name, length, SMALL, 1) for name, length in zip(names, (_WIDTH, frame.height), strict=True)
    )
    if names[0]:
        charts.write(sheet, frame.left + frame.width, frame.bottom - 0.13, across, SMALL, ha="right", color=FAINT_INK)
    if names[1]:
        x, y = frame.left - 0.13, frame.bottom + frame.height
        charts.write(sheet, x, y, up, SMALL, ha="center", va="top", rotation=90, color=FAINT_INK)
