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


def view(measurement: Measurement) -> View:
    """The forms of a measurement."""
    rows = ranked(measurement)
    table = report.overall_table(measurement, rows)
    return View(
        title=TITLE,
        text=lambda: table.text(width=200),
        html=lambda place: _html(table, place),
        picture=lambda: _picture(rows),
        markdown=table.markdown,
        document=lambda: page(measurement, rows),
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


def page(measurement: Measurement, rows: Sequence[Ranked]) -> str:
    """The whole report as the text of one HTML file."""
    from atento.core.page import Picture as Drawing
    from atento.core.page import Section, page
    from atento.figures import canvas

    element = canvas.svg_element(canvas.svg(drawing(rows)), "figure-0", DRAWING)
    sections = [Section(table=table, sortable=True) for table in tables(measurement, rows)]
    return page(TITLE, facts(measurement), sections, [Drawing(title=DRAWING, element=element)])


def _html(table: Table, _: Place) -> str:
    return table.element()


def _picture(rows: Sequence[Ranked]) -> Picture:
    from atento.figures import canvas

    return canvas.picture(lambda: drawing(rows))
