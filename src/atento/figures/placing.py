"""Labels at the first free place around their points, never over each other, a point or a leader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from numpy.typing import NDArray

from atento.figures import charts, fonts
from atento.figures.charts import FAINT_INK, INK, RULE

RINGS: Final = (0.05, 0.16, 0.3, 0.45, 0.65, 0.9, 1.2)
"""How far from its point a label may stand, in inches; beyond the first a leader joins them."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """A rectangle on a sheet, in inches."""

    left: float
    bottom: float
    width: float
    height: float

    def draw(self, sheet: Axes) -> None:
        """Draw its sides."""
        right, top = self.left + self.width, self.bottom + self.height
        across, up = (self.left, right, right, self.left, self.left), (self.bottom, self.bottom, top, top, self.bottom)
        sheet.plot(across, up, color=RULE, linewidth=0.8)

    def holds(self, box: Box) -> bool:
        """Whether a label lies within it."""
        return (
            box[0] >= self.left + 0.03
            and box[1] >= self.bottom + 0.03
            and box[2] <= self.left + self.width - 0.03
            and box[3] <= self.bottom + self.height - 0.03
        )


Box = tuple[float, float, float, float]
"""Left, bottom, right and top in inches."""


@dataclass(frozen=True)
class Label:
    """A label at its place."""

    number: int
    style: fonts.Style
    box: Box
    points: float
    leader: Points
    """Places along the line that leads to the point, in inches; none if the label stands beside it."""
    strong: bool

    def draw(self, sheet: Axes) -> None:
        """Write it, and draw its leader."""
        x, y = (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2
        if len(self.leader):
            sheet.plot(self.leader[:, 0], self.leader[:, 1], color=FAINT_INK, linewidth=0.5, alpha=0.7, zorder=1.5)
        weight = "bold" if self.strong else "normal"
        halo = [patheffects.withStroke(linewidth=1.6, foreground="white", alpha=0.85)]
        charts.write(
            sheet, x, y, self.style, self.points, ha="center", color=INK, weight=weight, path_effects=halo, zorder=4
        )


@dataclass
class Room:
    """What is taken already."""

    frame: Frame
    boxes: Points
    """[labels, 4]."""
    dots: Points
    """Dots, and places on leaders, that no label may cover."""

    def take(
        self, point: Points, size: tuple[float, float], distance: float, *, led: bool
    ) -> tuple[Box, Points] | None:
        """The first free place of eight around a point, to its right first, and the leader; None if there is none."""
        for across, up in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            step = distance * (0.75 if across and up else 1.0)
            left = float(point[0]) + across * step + size[0] * (across - 1) / 2
            bottom = float(point[1]) + up * step + size[1] * (up - 1) / 2
            box = (left, bottom, left + size[0], bottom + size[1])
            leader = _leader(point, box) if led else np.empty((0, 2))
            if self._is_free(box, leader):
                self.boxes = np.vstack([self.boxes, box])
                self.dots = np.vstack([self.dots, leader[1:-1]])
                return box, leader
        return None

    def _is_free(self, box: Box, leader: Points) -> bool:
        boxes = self.boxes
        apart = (boxes[:, 0] >= box[2]) | (boxes[:, 2] <= box[0]) | (boxes[:, 1] >= box[3]) | (boxes[:, 3] <= box[1])
        covered = _inside(self.dots, np.array([box]), 0.02).any()
        return self.frame.holds(box) and bool(apart.all()) and not covered and not _inside(leader, boxes, 0.01).any()


def _leader(point: Points, box: Box) -> Points:
    """Places on the way from a point to the nearest place of a label."""
    near = np.clip(point, box[:2], box[2:])
    return np.linspace(point, near, 12)


def _inside(places: Points, boxes: Points, margin: float) -> NDArray[np.bool_]:
    """Which places lie in which boxes, [places, boxes]."""
    above = places[:, None] > boxes[None, :, :2] - margin
    below = places[:, None] < boxes[None, :, 2:] + margin
    return np.asarray((above & below).all(axis=2), dtype=np.bool_)
