"""How a measurement of tokenizers shows itself: the leaderboard, best first, and vocabularies against bytes a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atento.core.display import Picture, Place, View
from atento.core.tables import Table
from atento.text.metrics import report
from atento.text.metrics.measuring import Measurement
from atento.text.metrics.ranking import Ranked, ranked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE: Final = "Tokenizer leaderboard"
DRAWING: Final = "Vocabulary size and bytes per token"
_MOST_ROWS: Final = 200
"""Tokenizers that a notebook shows."""


def view(measurement: Measurement) -> View:
    """The forms of a measurement."""
    rows = ranked(measurement)
    table = report.overall_table(measurement, rows)
    short = table.first(_MOST_ROWS)
    return View(
        title=TITLE,
        text=lambda: short.text(width=200),
        html=lambda place: _html(measurement, rows, place),
        picture=lambda: _picture(rows),
        markdown=short.markdown,
        document=lambda: report_page(measurement, rows),
    )


def tables(measurement: Measurement, rows: Sequence[Ranked]) -> list[Table]:
    """What people read."""
    several = [report.text_table(measurement, rows)] if len(measurement.texts) > 1 else []
    return [report.overall_table(measurement, rows), *several, report.interval_table(rows)]


def facts(measurement: Measurement) -> list[tuple[str, str]]:
    """Names and values below the title."""
    sizes = measurement.rows[0].overall.counts
    counts = [(name, f"{sizes[name]:,}") for name in ("words", "bytes")]
    return [("texts", ", ".join(measurement.texts)), ("lines", f"{sizes['texts']:,}"), *counts]


def drawing(rows: Sequence[Ranked]) -> Figure:
    """Vocabulary size against bytes per token."""
    from atento.figures.vocabulary_sizes import Point, vocabulary_sizes

    points = [
        Point(
            label=found.row.name,
            entries=found.row.entries,
            bytes_per_token=value,
            lossy=bool(found.flags),
        )
        for found in rows
        if (value := found.row.overall.figures["bytes_per_token"].ratio.value) is not None
    ]
    return vocabulary_sizes(points)


def report_page(measurement: Measurement, rows: Sequence[Ranked]) -> str:
    """The whole report as the text of one HTML file."""
    from atento.core.page import Section, page
    from atento.figures import canvas

    sections = [Section(table=table, sortable=True) for table in tables(measurement, rows)]
    return page(TITLE, facts(measurement), sections, canvas.drawings({DRAWING: drawing(rows)}))


def _html(measurement: Measurement, rows: Sequence[Ranked], place: Place) -> str:
    """The leaderboard; in a file all tables of the report, as the file of a measurement alone has them."""
    shown = tables(measurement, rows) if place.whole else [report.overall_table(measurement, rows).first(_MOST_ROWS)]
    return "\n".join(table.element() for table in shown)


def _picture(rows: Sequence[Ranked]) -> Picture:
    from atento.figures import canvas

    return canvas.picture(lambda: drawing(rows))
