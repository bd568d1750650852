"""Bars of a language model's expectations: a panel a step, with the most probable tokens and their probabilities.

Above each panel stands how the text ended before that step. All bars have one scale, 0 to 100 %, so that a confident
step looks different from an unsure one. The token that stands in the text is marked by colour and by a triangle; where
it is none of the most probable ones it has a bar of its own below them, with its rank.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from atento.core.errors import DataError
from atento.core.shortening import shortened
from atento.figures import charts, fonts
from atento.figures.canvas import GAP, LARGEST, MARGIN, measure, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, RULE
from atento.figures.predictions import PredictedToken, Predictions, percent

_POINTS: Final = 9.0
_BASE: Final = 0.36 * _POINTS / 72
"""From a line's foot to the middle of its small letters: labels share a line, whatever they hold."""
_ROW: Final = 0.19
_BAR: Final = (1.3, 0.12)
"""Width of 100 % and height, in inches."""
_MARK: Final = 0.13
_HEAD: Final = 0.27
_TITLE: Final = 0.3
_PANEL_GAP: Final = (0.4, 0.2)
_LONGEST: Final = 20
"""Characters of a token's label before it is shortened."""
_SEEN: Final = 80
"""Characters of the text before a step that may be shown."""
_MOST_COLUMNS: Final = 4
_OTHER, _OWN = COLOURS[0], COLOURS[1]
_KEY: Final = "the token that stands there; a whole bar is 100%"


@dataclass(frozen=True)
class _Bar:
    label: fonts.Style
    probability: float
    text: str
    own: bool


@dataclass(frozen=True)
class _Panel:
    """One step."""

    number: int
    before: str
    bars: tuple[_Bar, ...]

    @property
    def height(self) -> float:
        return _HEAD + len(self.bars) * _ROW


def sheet(records: Sequence[Predictions], *, columns: int | None = None) -> Figure:
    """Draw every step of one or several texts, each text beginning a new line, lettered if there are several.

    Args:
        records: the texts' predictions.
        columns: panels side by side; by default four, or as many as the longest text has steps.

    Raises:
        DataError: no step, or more than one sheet can hold.
    """
    blocks = [_panels(record) for record in records]
    steps = max((len(block) for block in blocks), default=0)
    if not steps:
        raise DataError("there is no step to draw; give a text, or let the model write one")
    across = min(columns if columns is not None else _MOST_COLUMNS, steps)
    if across < 1:
        raise ValueError(f"{columns} columns; give at least 1")
    note = missing_note(fonts.warn([label for record in records for label in _labels(record)]))
    bars = [bar for block in blocks for panel in block for bar in panel.bars]
    label = max(measure(style, _POINTS)[0] for style in {bar.label for bar in bars})
    share = max(measure(fonts.style(text), _POINTS)[0] for text in {bar.text for bar in bars})
    width = _MARK + label + GAP + _BAR[0] + GAP + share
    lines = [_lines(block, across) for block in blocks]
    titles = [_letter(number) if len(records) > 1 else "" for number in range(len(records))]
    key = _MARK + measure(fonts.style(_KEY), _POINTS)[0] + 0.4
    size = (
        max(across * width + (across - 1) * _PANEL_GAP[0], note.width, key) + 2 * MARGIN,
        sum(_height(block, title) for block, title in zip(lines, titles, strict=True))
        + _PANEL_GAP[1] + note.height + 2 * MARGIN,
    )  # fmt: skip
    if max(size) * 72 > LARGEST:
        raise DataError(f"{sum(map(len, blocks)):,} steps do not fit one sheet; draw fewer, or give `columns`")
    figure = Figure(figsize=size, facecolor="white")
    paper = charts.paper(figure)
    top = size[1] - MARGIN
    for block, title in zip(lines, titles, strict=True):
        if title:
            charts.write(paper, MARGIN, top - _TITLE / 2, fonts.style(title), _POINTS + 1)
            top -= _TITLE
        for line in block:
            for number, panel in enumerate(line):
                _draw(paper, panel, MARGIN + number * (width + _PANEL_GAP[0]), top, (label, width))
            top -= max(panel.height for panel in line) + _PANEL_GAP[1]
    _draw_key(paper, MARGIN + note.height + 0.08)
    note.draw(figure)
    return figure


def _panels(record: Predictions) -> list[_Panel]:
    return [
        _Panel(record.first + number, record.before(number), _bars(step)) for number, step in enumerate(record.steps)
    ]


def _bars(step: PredictedToken) -> tuple[_Bar, ...]:
    bars = [
        _Bar(_label(each.token), each.probability, percent(each.probability), each.id == step.id)
        for each in step.alternatives
    ]
    if not any(bar.own for bar in bars):
        text = f"{percent(step.probability)} (rank {step.rank:,})"
        bars.append(_Bar(_label(step.token), step.probability, text, True))
    return tuple(bars)


def _draw(paper: Axes, panel: _Panel, left: float, top: float, widths: tuple[float, float]) -> None:
    """Draw with the upper left corner at this place; ``widths`` are those of the labels and of the whole."""
    label, width = widths
    number = fonts.style(f"{panel.number}")
    line = top - _HEAD / 2 - _BASE
    charts.write(paper, left, line, number, _POINTS, va="baseline", color=FAINT_INK)
    after = measure(number, _POINTS)[0] + 0.08
    charts.write(paper, left + after, line, _ending(panel.before, width - after), _POINTS, va="baseline")
    paper.plot([left, left + width], [top - _HEAD + 0.035] * 2, color=RULE, linewidth=0.7)
    start = left + _MARK + label + GAP
    for row, bar in enumerate(panel.bars):
        middle = top - _HEAD - (row + 0.5) * _ROW
        foot, colour = middle - _BAR[1] / 2, _OWN if bar.own else _OTHER
        paper.add_patch(Rectangle((start, foot), _BAR[0], _BAR[1], facecolor="#f0f2f5", edgecolor="none"))
        paper.add_patch(
            Rectangle((start, foot), max(bar.probability * _BAR[0], 0.008), _BAR[1], facecolor=colour, edgecolor="none")
        )
        if bar.own:
            _triangle(paper, left + _MARK / 2, middle)
        line = middle - _BASE
        charts.write(paper, start - GAP, line, bar.label, _POINTS, ha="right", va="baseline")
        charts.write(paper, start + _BAR[0] + GAP, line, fonts.style(bar.text), _POINTS, va="baseline")


def _draw_key(paper: Axes, middle: float) -> None:
    _triangle(paper, MARGIN + _MARK / 2, middle)
    swatch = Rectangle((MARGIN + _MARK + 0.03, middle - 0.06), 0.2, 0.12, facecolor=_OWN, edgecolor="none")
    paper.add_patch(swatch)
    charts.write(paper, MARGIN + _MARK + 0.3, middle, fonts.style(_KEY), _POINTS, color=FAINT_INK)


def _triangle(paper: Axes, x: float, y: float) -> None:
    paper.plot([x], [y], ">", markersize=4.5, color=_OWN, markeredgewidth=0)


def _label(token: str) -> fonts.Style:
    return fonts.style(shortened(token, _LONGEST))


def _labels(record: Predictions) -> list[str]:
    others = (each.token for step in record.steps for each in step.alternatives)
    return [record.text, *(step.token for step in record.steps), *others]


def _ending(text: str, width: float) -> fonts.Style:
    """As many of a text's last words as fit in one line, or letters where no word does."""
    flat = text.replace("\n", "⏎")
    if not flat.strip():
        return fonts.style("(the beginning)")
    letters = range(max(0, len(flat) - _SEEN), len(flat))
    words = [start for start in letters if start == 0 or flat[start - 1] == " "]
    for starts in (words, letters):
        styles = [fonts.style(("…" if start else "") + flat[start:]) for start in starts]
        first = bisect.bisect_left(styles, True, key=lambda style: measure(style, _POINTS)[0] <= width)
        if first < len(styles):
            return styles[first]
    return fonts.style("…")


def _lines(panels: Sequence[_Panel], across: int) -> list[Sequence[_Panel]]:
    return [panels[start : start + across] for start in range(0, len(panels), across)]


def _height(lines: Sequence[Sequence[_Panel]], title: str) -> float:
    return sum(max(panel.height for panel in line) + _PANEL_GAP[1] for line in lines) + (_TITLE if title else 0.0)


def _letter(number: int) -> str:
    return f"({chr(ord('a') + number)})" if number < 26 else f"({number + 1})"
