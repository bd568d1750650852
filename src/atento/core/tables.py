"""A table of results in every form that people take away: CSV, Markdown, LaTeX, HTML, and data for JSON."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from atento.core.display import Displayed, Place, View
from atento.core.shortening import first_of

Cell = str | int | float | bool | None
"""None: does not apply, or is not known."""

MISSING: Final = "–"
_MOST_ROWS: Final = 200
"""Rows that a notebook shows."""
_LATEX: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Column:
    """What stands in a column."""

    key: str
    """Its name in CSV and JSON."""
    title: str
    digits: int | None = None
    """Digits after the point in what people read; CSV and JSON have all of them."""
    percent: bool = False
    """Whether people read it as a percentage; CSV and JSON have the share."""
    grouped: bool = True
    """Whether people read whole numbers with their thousands separated; ids are not."""
    note: str = ""
    """What it is, in which unit, and how it is counted."""


@dataclass(frozen=True, kw_only=True)
class Table(Displayed):
    """Columns and rows; a cell that is no text is flush right."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    """What a reader must know beside the columns' own notes."""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows)

    @property
    def shown(self) -> list[list[str]]:
        """The cells as people read them."""
        return [[shown(cell, column) for cell, column in zip(row, self.columns, strict=True)] for row in self.rows]

    @property
    def numbers(self) -> list[int]:
        """Which columns hold numbers."""
        return [
            number
            for number in range(len(self.columns))
            if any(isinstance(row[number], int | float) and not isinstance(row[number], bool) for row in self.rows)
        ]

    def only(self, *keys: str) -> Table:
        """The same table with fewer columns."""
        kept = [number for number, column in enumerate(self.columns) if column.key in keys]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[number] for number in kept), rows=rows)

    def data(self) -> dict[str, Any]:
        """Everything, for JSON."""
        keys = [column.key for column in self.columns]
        return {
            "title": self.title,
            "columns": {column.key: column.note or column.title for column in self.columns},
            "rows": [dict(zip(keys, row, strict=True)) for row in self.rows],
            "notes": list(self.notes),
        }

    def csv(self) -> str:
        """Comma-separated values with the columns' keys on top, numbers in full."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([column.key for column in self.columns])
        writer.writerows(["" if cell is None else cell for cell in row] for row in self.rows)
        return stream.getvalue()

    def markdown(self) -> str:
        """A table of GitHub's Markdown; the notes below it."""
        rules = ["---:" if number in self.numbers else "---" for number in range(len(self.columns))]
        lines = [_bars([column.title for column in self.columns]), _bars(rules), *map(_bars, self.shown)]
        notes = [f"- {note}" for note in self._all_notes()]
        return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"

    def latex(self) -> str:
        """A ``tabular`` with the booktabs package's rules; the notes as comments."""
        letters = "".join("r" if number in self.numbers else "l" for number in range(len(self.columns)))
        rows = [" & ".join(map(_latex, cells)) + r" \\" for cells in self.shown]
        head = " & ".join(_latex(column.title) for column in self.columns) + r" \\"
        notes = [f"% {note}" for note in self._all_notes()]
        body = [rf"\begin{{tabular}}{{{letters}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule"]
        return "\n".join([*notes, *body, r"\end{tabular}"]) + "\n"

    def text(self, *, width: int = 100) -> str:
        """Lines for a terminal of so many columns; the notes below them."""
        from atento.core.terminal_tables import draw

        drawn = draw([column.title for column in self.columns], self.shown, numbers=self.numbers, width=width)
        return "\n".join([self.title, drawn, *self.notes])

    def first(self, count: int | None) -> Table:
        """The same table with fewer rows, which a note tells; None: with all."""
        if count is None or count >= len(self.rows):
            return self
        note = first_of(count, len(self.rows), "rows")
        return replace(self, rows=self.rows[:count], notes=(note, *self.notes))

    def element(self) -> str:
        """An element of a page; see ``core.markup``."""
        from atento.core import markup

        head = [column.title for column in self.columns]
        parts = [markup.strong(self.title), markup.table(head, self.shown, numbers=self.numbers)]
        columns = [markup.line(f"{column.title}: {column.note}", quiet=True) for column in self.columns if column.note]
        if columns:
            parts.append(markup.folded("What the columns are", *columns))
        return markup.element(*parts, *(markup.line(note, quiet=True) for note in self.notes))

    def view(self) -> View:
        """How it shows itself."""
        short = self.first(_MOST_ROWS)

        def file() -> str:
            from atento.core.page import Section, page

            return page(self.title, (), [Section(table=self, sortable=True)])

        def element(place: Place) -> str:
            return self.first(place.most(_MOST_ROWS)).element()

        return View(title=self.title, text=short.text, html=element, markdown=short.markdown, document=file)

    def _all_notes(self) -> Sequence[str]:
        return [*(f"{column.title}: {column.note}" for column in self.columns if column.note), *self.notes]


def shown(cell: Cell, column: Column) -> str:
    """A cell as people read it."""
    match cell:
        case None:
            return MISSING
        case bool():
            return "yes" if cell else "no"
        case str():
            return cell
        case _ if column.percent:
            return f"{100 * cell:.{1 if column.digits is None else column.digits}f} %"
        case int() if column.digits is None:
            return f"{cell:,}" if column.grouped else str(cell)
        case _:
            return f"{cell:,.{column.digits}f}" if column.digits is not None else f"{cell:,g}"


def _bars(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_markdown, cells)) + " |"


def _markdown(cell: str) -> str:
    """A cell on one line, in which nothing begins a tag of HTML: ``<unk>`` is a token, and would not be seen."""
    return re.sub(r"<(?=[A-Za-z/!?])", r"\<", re.sub(r"\s*\n\s*", " ", cell).replace("|", r"\|"))


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
