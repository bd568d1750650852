"""Heat maps of attention in the manner of Bahdanau, Cho and Bengio (2015), Fig. 3.

The source stands above (a column a token), the translation on the left (a row a token), and each cell shows its weight
in grey, black for 0 and white for 1. Cells where a row cannot look are hatched (``key``). Sizes follow from the
measured labels, so nothing overlaps and nothing is cut.
Figures are made without pyplot: they are not registered anywhere and the user's backend is not touched.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from atento.core.errors import DataError
from atento.core.shortening import shortened
from atento.figures import fonts
from atento.figures.attention import Attention, Role, Weights
from atento.figures.canvas import GAP, LARGEST, MARGIN, measure, missing_note, properties
from atento.figures.key import Key, Zero, colours, hatch
from atento.figures.link_marks import Legend, LinkMarks

_ANGLE: Final = 60.0
"""Degrees by which column labels are turned."""
_PANEL_GAP: Final = 0.35
_GRID_GAP: Final = 0.14
_HEADING: Final = 0.24
_SMALL_CELLS: Final = (0.11, 0.17)
"""Sides of a cell in a grid of heads; its labels, as high as a cell, must still be readable."""
_LONGEST: Final = 30
"""Characters of a label before it is shortened."""


def sheet(
    attentions: Sequence[Attention],
    *,
    role: Role | None = None,
    layer: int | None = None,
    head: int | None = None,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    zero: Zero = "black",
    marks: Sequence[LinkMarks] | None = None,
) -> Figure:
    """Draw one or several sentences' attention on one sheet.

    Args:
        attentions: the records, tokens or merged to words.
        role: whose attention; None: each record's main role.
        layer: which layer, negative from the last; None is the mean.
        head: which head; None is the mean.
        titles: a line above each; None letters several (a), (b), … as the paper does.
        columns: how many stand side by side; None chooses by their widths.
        zero: the colour of weight 0; ``white`` saves ink.
        marks: gold and predicted links to draw over each sentence's cells, explained by a legend.

    Raises:
        DataError: no record, no weights of this role, layer or head, or more than one sheet can hold.
    """
    if not attentions:
        raise DataError("there is no attention to draw; give at least one sentence")
    if titles is None:
        titles = [f"({_letter(number)})" for number in range(len(attentions))] if len(attentions) > 1 else [""]
    if len(titles) != len(attentions):
        raise ValueError(f"{len(titles)} titles for {len(attentions)} sentences")
    each_marks = marks if marks is not None else [None] * len(attentions)
    panels = [
        _Panel.of(attention, role, (layer, head), title, its_marks)
        for attention, title, its_marks in zip(attentions, titles, each_marks, strict=True)
    ]
    missing = fonts.warn([*titles, *(label for a in attentions for label in (*a.labels(role)[0], *a.labels(role)[1]))])
    across = min(columns or _columns([panel.width for panel in panels]), len(panels))
    if across < 1:
        raise ValueError(f"{columns} columns; give at least 1")
    widths = [max(panel.width for panel in panels[start::across]) for start in range(across)]
    lines = [panels[start : start + across] for start in range(0, len(panels), across)]
    heights = [max(panel.height for panel in line) for line in lines]
    note, legend = missing_note(missing), Legend.of(marks or ())
    key = Key.of([panel.visible for panel in panels])
    size = (
        max(sum(widths) + _PANEL_GAP * (across - 1), note.width, legend.width, key.width) + 2 * MARGIN,
        sum(heights) + _PANEL_GAP * (len(lines) - 1) + 2 * MARGIN + note.height + legend.height + key.height,
    )
    if max(size) * 72 > LARGEST:
        raise DataError(f"{len(panels)} sentences do not fit one sheet; draw fewer, or give `columns`")
    figure = Figure(figsize=size, facecolor="white")
    top = size[1] - MARGIN
    for line, height in zip(lines, heights, strict=True):
        for number, panel in enumerate(line):
            panel.draw(figure, MARGIN + sum(widths[:number]) + _PANEL_GAP * number, top, zero)
        top -= height + _PANEL_GAP
    key.draw(figure, MARGIN, MARGIN + note.height, zero)
    legend.draw(figure, MARGIN, MARGIN + note.height + key.height)
    note.draw(figure)
    return figure


def grid(attention: Attention, *, role: Role | None = None, zero: Zero = "black") -> Figure:
    """Draw every head of every layer: a row a layer, a column a head, all with the same tokens and scale of greys.

    Raises:
        DataError: there are no weights of this role, or more than one sheet can hold.
    """
    weights, visible = attention.array(role), attention.visible(role)
    rows, columns = attention.labels(role)
    layers, heads = weights.shape[:2]
    cell = float(np.clip(1.9 / max(len(rows), len(columns), 1), *_SMALL_CELLS))
    labels = _Labels.of(rows, columns, cell, points=cell * 72 * 0.78)
    note, key = missing_note(fonts.warn([*rows, *columns])), Key.of([visible], scale=True)
    width, height = len(columns) * cell, len(rows) * cell
    across, down = (  # from one to the next; the names need room, too
        max(side, measure(fonts.Style(name, (fonts.BASE,)), 8)[0]) + _GRID_GAP
        for side, name in ((width, f"head {heads - 1}"), (height, f"layer {layers - 1}"))
    )
    side = _HEADING + labels.left
    size = (
        max(side + heads * across + labels.overhang, note.width, key.width) + 2 * MARGIN,
        MARGIN * 2 + _HEADING + labels.top + layers * down + note.height + key.height,
    )
    if max(size) * 72 > LARGEST:
        raise DataError(f"{layers} layers of {heads} heads do not fit one sheet; merge sub-words, or draw one layer")
    figure = Figure(figsize=size, facecolor="white")
    for layer in range(layers):
        for head in range(heads):
            left = MARGIN + side + head * across
            top = size[1] - MARGIN - _HEADING - labels.top - layer * down
            axes = _cells(figure, left, top, cell, weights[layer, head], zero, vector=False)
            hatch(axes, visible, cell)
            if head == 0:
                labels.draw_rows(axes)
                _write(figure, MARGIN + _HEADING / 2, top - height / 2, f"layer {layer}", 8, rotation=90)
            if layer == 0:
                labels.draw_columns(axes)
                _write(figure, left + width / 2, size[1] - MARGIN - _HEADING / 2, f"head {head}", 8)
    key.draw(figure, MARGIN, MARGIN + note.height, zero)
    note.draw(figure)
    return figure


@dataclass(frozen=True)
class _Labels:
    """Row and column labels with the room that they need, in inches."""

    rows: tuple[fonts.Style, ...]
    columns: tuple[fonts.Style, ...]
    cell: float
    points: float
    angle: float
    left: float
    top: float
    overhang: float
    """How far the slanted labels reach beyond the last column."""

    @classmethod
    def of(cls, rows: Sequence[str], columns: Sequence[str], cell: float, points: float) -> _Labels:
        row_styles = tuple(fonts.style(shortened(label, _LONGEST)) for label in rows)
        column_styles = tuple(fonts.style(shortened(label, _LONGEST)) for label in columns)
        widths = [measure(style, points)[0] for style in column_styles]
        angle = 0.0 if all(width < cell * 0.9 for width in widths) else _ANGLE
        line = points / 72 * 1.25
        slope = math.radians(angle)
        count = len(columns)
        return cls(
            rows=row_styles,
            columns=column_styles,
            cell=cell,
            points=points,
            angle=angle,
            left=max((measure(style, points)[0] for style in row_styles), default=0.0) + GAP,
            top=max((width * math.sin(slope) + line * max(math.cos(slope), 0.5) for width in widths), default=0.0)
            + GAP,
            overhang=max(
                (
                    width * math.cos(slope) + line / 2 - (count - number - 0.5) * cell
                    for number, width in enumerate(widths)
                    if angle
                ),
                default=0.0,
            ),
        )

    def draw_rows(self, axes: Axes) -> None:
        for number, style in enumerate(self.rows):
            self._label(axes, style, (-GAP / self.cell, number + 0.5 + self._middle), "right", 0.0)

    def draw_columns(self, axes: Axes) -> None:
        slope = math.radians(self.angle)
        above = -(GAP / self.cell) + self._middle * (math.cos(slope) - 1) * 0.5
        for number, style in enumerate(self.columns):
            place = (number + 0.5 + self._middle * math.sin(slope), above)
            self._label(axes, style, place, "left" if self.angle else "center", self.angle)

    @property
    def _middle(self) -> float:
        """From a line's foot to the middle of its small letters, in cells: labels share a line, whatever they hold."""
        return 0.36 * self.points / 72 / self.cell

    def _label(self, axes: Axes, style: fonts.Style, place: tuple[float, float], side: str, angle: float) -> None:
        axes.text(
            *place,
            style.text,
            fontproperties=properties(style, self.points),
            ha=side,
            va="baseline",
            rotation=angle,
            rotation_mode="anchor",
            parse_math=False,
            usetex=False,
            clip_on=False,
            color="black",
        )


@dataclass(frozen=True)
class _Panel:
    """One matrix with its labels and title; sizes in inches."""

    weights: Weights
    visible: NDArray[np.bool_]
    labels: _Labels
    title: fonts.Style
    title_height: float
    width: float
    height: float
    marks: LinkMarks | None

    @classmethod
    def of(
        cls,
        attention: Attention,
        role: Role | None,
        place: tuple[int | None, int | None],
        title: str,
        marks: LinkMarks | None,
    ) -> _Panel:
        rows, columns = attention.labels(role)
        cell = _cell(max(len(rows), len(columns)))
        labels = _Labels.of(rows, columns, cell, points=min(cell * 72 * 0.62, 11.0))
        heading = fonts.style(title) if title else fonts.Style("", (fonts.BASE,))
        title_width, line = measure(heading, 10.0) if title else (0.0, 0.0)
        title_height = line + GAP if title else 0.0
        return cls(
            weights=attention.matrix(role, *place),
            visible=attention.visible(role),
            labels=labels,
            title=heading,
            title_height=title_height,
            width=max(labels.left + len(columns) * cell + max(labels.overhang, 0.0), title_width),
            height=title_height + labels.top + len(rows) * cell,
            marks=marks,
        )

    def draw(self, figure: Figure, left: float, top: float, zero: Zero) -> None:
        """Draw with the upper left corner at this place, in inches from the figure's lower left."""
        width, height = figure.get_size_inches()
        if self.title.text:
            figure.text(
                left / width,
                top / height,
                self.title.text,
                fontproperties=properties(self.title, 10.0),
                va="top",
                parse_math=False,
                usetex=False,
            )
        first = top - self.title_height - self.labels.top
        axes = _cells(figure, left + self.labels.left, first, self.labels.cell, self.weights, zero, vector=True)
        hatch(axes, self.visible, self.labels.cell)
        if self.marks is not None:
            self.marks.draw(axes, self.labels.cell)
        self.labels.draw_rows(axes)
        self.labels.draw_columns(axes)


def _cells(figure: Figure, left: float, top: float, cell: float, weights: Weights, zero: Zero, *, vector: bool) -> Axes:
    """Axes that hold the grey cells, with one unit of data a cell and rows counted from above."""
    rows, columns = weights.shape
    width, height = figure.get_size_inches()
    box = (left / width, (top - rows * cell) / height, columns * cell / width, rows * cell / height)
    axes = figure.add_axes(box)
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    axes.set_autoscale_on(False)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="0.4")
    scale: dict[str, Any] = {"cmap": colours(zero), "vmin": 0.0, "vmax": 1.0}
    if vector:  # rectangles, sharp at any size; their edges hide the seams that viewers of vector files show
        axes.pcolormesh(np.clip(weights, 0.0, 1.0), **scale, antialiased=False, edgecolors="face", linewidth=0.25)
    else:  # an image: many heads would make a vector file huge
        axes.imshow(
            np.clip(weights, 0.0, 1.0), **scale, extent=(0, columns, rows, 0), aspect="auto", interpolation="nearest"
        )
    return axes


def _write(figure: Figure, x: float, y: float, text: str, points: float, rotation: float = 0.0) -> None:
    width, height = figure.get_size_inches()
    figure.text(
        x / width, y / height, text, fontsize=points, ha="center", va="center", rotation=rotation, family=fonts.BASE
    )


def _cell(count: int) -> float:
    """A cell's side in inches: generous for short sentences, and still with readable labels for long ones."""
    return float(np.clip(4.6 / max(count, 1), 0.17, 0.3))


def _columns(widths: Sequence[float]) -> int:
    """As many side by side as make the sheet about as wide as high, within 16 inches."""
    wanted = math.ceil(math.sqrt(len(widths)))
    return max(1, min(wanted, int(16 / max(widths))))


def _letter(number: int) -> str:
    letters = string.ascii_lowercase
    return letters[number] if number < len(letters) else _letter(number // len(letters) - 1) + letters[number % 26]
