"""Tables and drawings as one HTML page that needs nothing beside it: no font, picture or script from anywhere.

A table may be sorted by a click on a column's head, by a few lines of script in the page; without scripts the page
reads just as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from atento.core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of a page."""

    table: Table
    bars: tuple[str, ...] = ()
    """Keys of columns whose numbers are drawn as bars, too, each column with its own scale from 0."""
    sortable: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawing of a page."""

    title: str
    element: str
    """Its ``<svg>`` element, with ids that no other of the page has; see ``atento.figures.canvas.svg_element``."""


def page(
    title: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section], drawings: Sequence[Drawing] = ()
) -> str:
    """The text of an HTML file, light or dark as the reader's system is; sections without rows are left out.

    Args:
        title: the heading.
        facts: names and values that stand below it.
        sections: in order.
        drawings: stand after the first section.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("atento.core", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    drawn = [_drawn(section) for section in sections if section.table.rows]
    elements = [(drawing.title, Markup(drawing.element)) for drawing in drawings]
    return environment.get_template("page.html.j2").render(
        title=title, facts=facts, sections=drawn, drawings=elements, sortable=any(each.sortable for each in drawn)
    )


@dataclass(frozen=True)
class _Cell:
    text: str
    number: bool
    share: float | None
    """Of the longest bar, in per cent."""
    value: str = ""
    """A number with all its digits, which sorting goes by."""


@dataclass(frozen=True)
class _Section:
    table: Table
    head: list[_Cell]
    rows: list[list[_Cell]]
    notes: list[str]
    sortable: bool


def _drawn(section: Section) -> _Section:
    table = section.table
    longest = {
        number: max((abs(value) for row in table.rows if isinstance(value := row[number], int | float)), default=0.0)
        for number, column in enumerate(table.columns)
        if column.key in section.bars
    }
    rows = [
        [
            _Cell(text, number in table.numbers, _share(cell, longest.get(number)), _value(cell))
            for number, (text, cell) in enumerate(zip(texts, cells, strict=True))
        ]
        for texts, cells in zip(table.shown, table.rows, strict=True)
    ]
    head = [_Cell(column.title, number in table.numbers, None) for number, column in enumerate(table.columns)]
    notes = [f"{column.title}: {column.note}" for column in table.columns if column.note]
    return _Section(table, head, rows, [*notes, *table.notes], section.sortable)


def _share(cell: object, longest: float | None) -> float | None:
    return 100 * abs(cell) / longest if longest and isinstance(cell, int | float) else None


def _value(cell: object) -> str:
    return repr(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else ""
