"""Tables and figures as one HTML page that needs nothing but itself.

No address is fetched. A click on a column's head sorts by it, by a few lines of script in the page; without scripts the
page reads just as well. It follows the reader's light or dark setting, and the same content gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

from atento.core.tables import Cell, Column, Table, shown


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure in a page."""

    title: str
    svg: str
    """An element of a page, as ``figures.canvas.svg_element`` makes it."""


@dataclass(frozen=True)
class _Value:
    """A table's cell: what is read, and what is sorted by."""

    text: str
    key: str
    number: bool


def page(title: str, tables: Sequence[Table], pictures: Sequence[Picture] = (), *, lead: str = "") -> str:
    """The page.

    Args:
        title: its name.
        tables: one section each, with the columns' notes and its own below it.
        pictures: between the first table and the others.
        lead: a line below the title.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("atento.core", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sections = [(table, _rows(table), set(table.numbers)) for table in tables]
    return environment.get_template("page.html.j2").render(title=title, lead=lead, sections=sections, pictures=pictures)


def _rows(table: Table) -> list[list[_Value]]:
    return [[_value(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows]


def _value(cell: Cell, column: Column) -> _Value:
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return _Value(shown(cell, column), "" if cell is None else repr(cell) if is_number else str(cell), is_number)
