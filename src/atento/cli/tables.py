"""Files of tables: the suffix says in which form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atento.cli.arguments import check_output
from atento.core.configuration import nearest
from atento.core.errors import OutputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from atento.core.tables import Table

SUFFIXES: Final = (".csv", ".json", ".md", ".tex", ".html")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is written, whatever the form."""

    title: str
    full: Table
    """Of every figure: CSV has this one table."""
    tables: Sequence[Table]
    """What people read: Markdown, LaTeX and HTML have these."""
    data: Mapping[str, Any]
    """Of JSON."""
    facts: Sequence[tuple[str, str]] = ()
    """Names and values below the title of the HTML page."""
    figures: Mapping[str, Figure] | None = None
    """Drawings of the HTML page, by their titles."""


def check_tables(paths: Sequence[Path]) -> None:
    """Refuse places and suffixes before any work is done.

    Raises:
        OutputError: a place that cannot be written, or a suffix that names no form of a table.
    """
    for path in paths:
        check_output(path)
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"cannot write {path}: the suffix chooses the form{nearest(path.suffix, SUFFIXES)}")


def write_tables(report: Report, paths: Sequence[Path]) -> None:
    """Write the same report in several forms, each file whole or not at all.

    Raises:
        OutputError: a place that cannot be written.
    """
    from atento.core.files import atomic_text

    forms: Mapping[str, Callable[[Report], str]] = {
        ".csv": lambda report: report.full.csv(),
        ".json": _json,
        ".md": _markdown,
        ".tex": lambda report: "\n".join(table.latex() for table in report.tables),
        ".html": _html,
    }
    texts = [(path, forms[path.suffix.lower()](report)) for path in paths]
    for path, text in texts:
        with atomic_text(path) as stream:
            stream.write(text)


def _json(report: Report) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(report.data), indent=2).decode() + "\n"


def _markdown(report: Report) -> str:
    parts = [f"## {table.title}\n\n{table.markdown()}" for table in report.tables]
    return f"# {report.title}\n\n" + "\n".join(parts)


def _html(report: Report) -> str:
    from atento.core.page import Drawing, Section, page

    drawings: list[Drawing] = []
    if report.figures:  # matplotlib is imported for them alone
        from atento.figures import canvas

        drawings = canvas.drawings(report.figures)
    return page(report.title, report.facts, [Section(table=table, sortable=True) for table in report.tables], drawings)
