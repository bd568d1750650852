"""How an occlusion shows itself: what each source word did for each target word, in nats."""

from __future__ import annotations

from typing import Final

import numpy as np

from atento.core import markup, terminal_tables
from atento.core.display import Picture, Place, View
from atento.core.shortening import brief, first_of
from atento.figures import canvas
from atento.figures.cells import cells
from atento.figures.strips import Strip, strips
from atento.inspection.occlusion import Occlusion

_MOST_WORDS: Final = 60
"""Rows and columns that a notebook shows."""
_MOST_CHARACTERS: Final = 600
"""Of the two texts above."""
_WHAT: Final = (
    "Log-probability that a target word (row) loses, in nats, when a source word (column) is left out: above 0 (blue) "
    "the word spoke for it, below 0 (orange) against it."
)


def view(found: Occlusion) -> View:
    """The forms of an occlusion."""
    return View(
        title="Occlusion",
        text=lambda: _text(found),
        html=lambda place: _html(found, place),
        picture=lambda: _picture(found),
    )


def _text(found: Occlusion) -> str:
    rows = [
        (word, f"{total:.3f}", *(f"{value:.3f}" for value in values[:_MOST_WORDS]))
        for word, total, values in zip(
            found.target, found.log_probabilities, found.differences[:_MOST_WORDS], strict=False
        )
    ]
    head = ("", "log P", *found.source[:_MOST_WORDS])
    table = terminal_tables.draw(head, rows, numbers=range(1, len(head)), width=max(100, 10 * len(head)))
    return "\n".join([_WHAT, table, *_cut(found)])


def _html(found: Occlusion, place: Place) -> str:
    most = place.most(_MOST_WORDS)
    values = found.differences[:most, :most]
    largest = float(np.abs(found.differences).max(initial=0.0))
    totals = [(word, f"{total:.4f}") for word, total in zip(found.target[:most], found.log_probabilities, strict=False)]
    return markup.element(
        markup.strong(brief(f"{' '.join(found.source)} → {' '.join(found.target)}", place.most(_MOST_CHARACTERS))),
        cells(found.target[:most], found.source[:most], values, largest=largest),
        markup.line(_WHAT, quiet=True),
        *(markup.line(line, quiet=True) for line in _cut(found) if not place.whole),
        markup.folded(
            "Log-probabilities given the whole source", markup.table(("word", "log P"), totals, numbers=(1,))
        ),
    )


def _picture(found: Occlusion) -> Picture:
    values = found.differences[:_MOST_WORDS, :_MOST_WORDS]
    title = "Nats that are lost without a source word"
    strip = Strip(title=title, rows=found.target[:_MOST_WORDS], columns=found.source[:_MOST_WORDS], values=values)
    return canvas.picture(lambda: strips([strip], " ".join([_WHAT, *_cut(found)])))


def _cut(found: Occlusion) -> list[str]:
    counts = zip(found.differences.shape, ("rows", "columns"), strict=True)
    return [told for count, what in counts if (told := first_of(min(count, _MOST_WORDS), count, what))]
