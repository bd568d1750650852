"""How an occlusion shows itself: what each source word did for each target word, in nats."""

from __future__ import annotations

from typing import Final

import numpy as np

from atento.core import markup, terminal_tables
from atento.core.display import Picture, View
from atento.figures import canvas
from atento.figures.cells import cells
from atento.figures.strips import Strip, strips
from atento.inspection.occlusion import Occlusion

_MOST: Final = 60
"""Rows and columns that a notebook shows."""
_WHAT: Final = (
    "Log-probability that a target word (row) loses, in nats, when a source word (column) is left out: above 0 (blue) "
    "the word spoke for it, below 0 (orange) against it."
)


def view(found: Occlusion) -> View:
    """The forms of an occlusion."""
    return View(
        title="Occlusion",
        text=lambda: _text(found),
        html=lambda place: _html(found, _MOST if place == "notebook" else max(found.differences.shape)),
        picture=lambda: _picture(found),
    )


def _text(found: Occlusion) -> str:
    rows = [
        (word, f"{total:.3f}", *(f"{value:.3f}" for value in values[:_MOST]))
        for word, total, values in zip(found.target, found.log_probabilities, found.differences[:_MOST], strict=False)
    ]
    head = ("", "log P", *found.source[:_MOST])
    table = terminal_tables.draw(head, rows, numbers=range(1, len(head)), width=max(100, 10 * len(head)))
    return "\n".join([_WHAT, table, *_cut(found)])


def _html(found: Occlusion, most: int) -> str:
    values = found.differences[:most, :most]
    largest = float(np.abs(found.differences).max(initial=0.0))
    totals = [(word, f"{total:.4f}") for word, total in zip(found.target[:most], found.log_probabilities, strict=False)]
    return markup.element(
        markup.strong(f"{' '.join(found.source)} → {' '.join(found.target)}"[:600]),
        cells(found.target[:most], found.source[:most], values, largest=largest),
        markup.line(_WHAT, quiet=True),
        *(markup.line(line, quiet=True) for line in _cut(found) if most == _MOST),
        markup.folded(
            "Log-probabilities given the whole source", markup.table(("word", "log P"), totals, numbers=(1,))
        ),
    )


def _picture(found: Occlusion) -> Picture:
    values = found.differences[:_MOST, :_MOST]
    title = "Nats that are lost without a source word"
    strip = Strip(title=title, rows=found.target[:_MOST], columns=found.source[:_MOST], values=values)
    return canvas.picture(lambda: strips([strip], " ".join([_WHAT, *_cut(found)])))


def _cut(found: Occlusion) -> list[str]:
    rows, columns = found.differences.shape
    if max(rows, columns) <= _MOST:
        return []
    return [f"Cut: the first {min(rows, _MOST)} of {rows} rows and {min(columns, _MOST)} of {columns} columns."]
