"""Horizontal bars: counts by name, several panels side by side, each value written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from atento.figures import charts, fonts
from atento.figures.canvas import MARGIN, missing_note
from atento.figures.charts import COLOURS, FAINT_INK, RULE, SMALL

_ROW = 0.22
_BAR = 0.62
"""Of a row's height."""
_LENGTH = 2.4
"""Inches of the longest bar."""
_GAP = 0.45
_LABEL = 2.2
"""Inches that a label may take."""


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A panel."""

    title: str
    rows: Sequence[tuple[str, float, str]]
    """Name, value (not negative), and the value as people read it."""


def bars(title: str, panels: Sequence[Bars]) -> Figure:
    """Draw panels side by side, each with its own scale from 0.

    Args:
        title: above all panels.
        panels: at least one; those without rows are left out.
    """
    panels = [panel for panel in panels if panel.rows]
    assert panels
    drawn = [_Panel(panel) for panel in panels]
    missing = fonts.warn([title, *(name for panel in panels for name, _, _ in panel.rows)])
    note, heading = missing_note(missing), charts.wrapped(title, 20.0)
    head = charts.size(heading)[1] + 0.15 + max(each.head for each in drawn)
    body = max(len(panel.rows) for panel in panels) * _ROW
    across = sum(each.width for each in drawn) + _GAP * (len(drawn) - 1)
    width = max(across, charts.size(heading)[0], note.width) + 2 * MARGIN
    figure = Figure(figsize=(width, head + body + note.height + 2 * MARGIN), facecolor="white")
    sheet = charts.paper(figure)
    top = MARGIN + note.height + body
    charts.write(sheet, MARGIN, top + head - charts.size(heading)[1] / 2, heading)
    left = MARGIN
    for each in drawn:
        charts.write(sheet, left, top + 0.06, each.title, SMALL, va="bottom", color=FAINT_INK)
        each.draw(sheet, left, top)
        left += each.width + _GAP
    note.draw(figure)
    return figure


class _Panel:
    """A panel, measured."""

    def __init__(self, panel: Bars) -> None:
        self._rows = panel.rows
        self._labels = [charts.wrapped(name, _LABEL, SMALL, most_lines=1) for name, _, _ in panel.rows]
        self._values = [fonts.style(text) for _, _, text in panel.rows]
        self._side = max(charts.size(label, SMALL)[0] for label in self._labels) + 0.1
        after = max(charts.size(value, SMALL)[0] for value in self._values) + 0.1
        self.width = self._side + _LENGTH + after
        self.title = charts.wrapped(panel.title, self.width, SMALL)
        self.head = charts.size(self.title, SMALL)[1] + 0.1

    def draw(self, sheet: Axes, left: float, top: float) -> None:
        longest = max(value for _, value, _ in self._rows) or 1.0
        zero = left + self._side
        for number, (_, value, _) in enumerate(self._rows):
            middle = top - (number + 0.5) * _ROW
            length = value / longest * _LENGTH
            sheet.barh(middle, length, _BAR * _ROW, zero, color=COLOURS[0], linewidth=0)
            charts.write(sheet, zero - 0.08, middle, self._labels[number], SMALL, ha="right")
            charts.write(sheet, zero + length + 0.06, middle, self._values[number], SMALL, color=FAINT_INK)
        sheet.plot([zero, zero], [top - len(self._rows) * _ROW, top], color=RULE, linewidth=0.8)
