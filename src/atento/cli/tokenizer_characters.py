"""``atento tokenizer characters``: what stands in a vocabulary, or in a text, character by character."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from atento.cli.arguments import Json, SeveralCommand, check_output, require
from atento.cli.console import print_json, print_table, progress_bar
from atento.cli.pictures import check_picture
from atento.core.errors import OutputError

if TYPE_CHECKING:
    from atento.core.tables import Table
    from atento.figures.bars import Bars
    from atento.text.opened.protocol import OpenTokenizer

_FORMATS: Final = (".csv", ".json", ".md", ".html")
_BARS: Final = ("entries", "count", "bytes", "characters", "tokens_per_character")
"""Columns whose numbers are bars on the page."""
_LIMIT: Final = 50
_DRAWN: Final = 18
"""Bars of a panel; the rest are put together."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "characters",
        cls=SeveralCommand,
        epilog="""\b
Examples:
  atento tokenizer characters tokenizer.json
  atento tokenizer characters gpt2.tiktoken --list unreachable
  atento tokenizer characters tokenizer.json --list script=Greek --search λ
  atento tokenizer characters tokenizer.json --text corpus.pt corpus.es -o characters.html
""",
    )(characters)


def characters(
    tokenizer: Annotated[
        str | None,
        typer.Argument(metavar="TOKENIZER", help="A tokenizer's file or folder, a run, a bundle, or a hub name."),
    ] = None,
    texts: Annotated[
        list[Path] | None, typer.Option("--text", metavar="FILE...", help="Count the characters of these texts.")
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--list",
            metavar="WHICH",
            help="List entries: all, special, unknown, unused, byte, partial, digits, space, right-to-left, mark, "
            "hidden, duplicate, unreachable, proved, longest; script=, category=, reason=, characters=, bytes=, "
            "digits=.",
        ),
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="List entries that hold this text.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Entries of a list. [default: 50]")] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write .csv (every entry or character), .json, .md, .html."
        ),
    ] = None,
    figure: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw bars: .png .svg .pdf.")] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="NAME|REGEX", help="How a .tiktoken file parts a text into words.")
    ] = None,
    side: Annotated[Literal["source", "target"], typer.Option(help="Whose, of a run.")] = "source",
    as_json: Json = False,
) -> None:
    """Show what a vocabulary, or a text, is made of: scripts, categories, lengths, digits, what no text gives.

    With a tokenizer and a text: the text, and how the tokenizer spells its characters.
    """
    require(tokenizer is not None or bool(texts), "there is nothing to look at: give a TOKENIZER, or --text FILE")
    listing = bool(lists) or search is not None
    require(not (texts and listing), "--list and --search are for a vocabulary: leave --text out, or leave them out")
    require(limit is None or listing, "--limit is for lists: give --list or --search, too, or leave it out")
    require(tokenizer is not None or pattern is None, "--pattern is for a TOKENIZER: give one, or leave it out")
    _check(outputs or (), figure)
    from atento.text.opened.opening import open_tokenizer

    opened = None if tokenizer is None else open_tokenizer(tokenizer, pattern=pattern, side=side)
    if texts:
        findings = _of_texts(texts, opened)
    else:
        assert opened is not None
        findings = _of_vocabulary(opened, lists or (), search, limit or _LIMIT)
    _write(findings, outputs or (), figure)
    if as_json:
        print_json(findings.data)
        return
    print(f"{findings.title} ({', '.join(value for _, value in findings.facts)})")
    for table in findings.shown:
        _print(table)


@dataclass(frozen=True, kw_only=True)
class _Findings:
    """What is printed, written and drawn."""

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    """All of them."""
    shown: Sequence[Table]
    """Those for the terminal."""
    data: dict[str, Any]
    full: Callable[[], Table]
    """A row for every entry or character."""
    panels: Callable[[], list[Bars]]


def _of_vocabulary(opened: OpenTokenizer, lists: Sequence[str], search: str | None, limit: int) -> _Findings:
    from atento.text.visible import visible
    from atento.text.vocabularies import picking
    from atento.text.vocabularies.described import describe
    from atento.text.vocabularies.tables import full_listing, listing, vocabulary_tables

    with progress_bar() as progress:
        entries = describe(opened, progress)
    picked = picking.pick(entries, lists)
    if search is not None:
        picked = picking.search(picked, search)
    tables = vocabulary_tables(entries)
    listed = bool(lists) or search is not None
    wanted = [*lists, *([] if search is None else [f"with {visible(search, spaces=True)}"])]
    name = f"Entries of {opened.name}: {', '.join(wanted)} ({len(picked):,})"
    shown = [listing(name, picked[:limit], more=len(picked) - limit)] if listed else tables
    facts = _facts(opened)
    full = full_listing(name, picked)
    data = {**facts, "size": opened.size, "tables": [table.data() for table in tables]}
    return _Findings(
        title=f"The vocabulary of {opened.name}",
        facts=[*facts.items(), ("entries", f"{opened.size:,}")],
        tables=[*shown, *tables] if listed else tables,
        shown=shown,
        data={**data, "entries": full.data()["rows"]} if listed else data,
        full=lambda: full,
        panels=lambda: _vocabulary_panels(tables),
    )


def _of_texts(paths: Sequence[Path], opened: OpenTokenizer | None) -> _Findings:
    from itertools import chain

    from atento.core.files import read_lines
    from atento.text.vocabularies.text_tables import character_listing, text_tables
    from atento.text.vocabularies.texts import count_text

    name = ", ".join(path.name for path in paths)
    with progress_bar() as progress:
        found = count_text(chain.from_iterable(map(read_lines, paths)), opened, progress)
    tables = text_tables(found)
    facts = {} if opened is None else _facts(opened)
    return _Findings(
        title=f"The characters of {name}",
        facts=[("texts", name), *facts.items()],
        tables=tables,
        shown=tables,
        data={"texts": [str(path) for path in paths], **facts, "tables": [table.data() for table in tables]},
        full=lambda: character_listing(name, found),
        panels=lambda: _text_panels(tables),
    )


def _facts(opened: OpenTokenizer) -> dict[str, str]:
    return {"tokenizer": opened.name, "kind": opened.kind, "library": opened.library}


def _check(outputs: Sequence[Path], figure: Path | None) -> None:
    for path in outputs:
        check_output(path)
        if path.suffix.lower() not in _FORMATS:
            raise OutputError(f"cannot write {path}: name a .csv, .json, .md or .html file")
    check_picture(figure)


def _write(findings: _Findings, outputs: Sequence[Path], figure: Path | None) -> None:
    """All files, once everything that they hold is known."""
    from atento.core.files import atomic_text

    texts = [(path, _rendered(findings, path.suffix.lower())) for path in outputs]
    if figure is not None:
        from atento.figures import canvas
        from atento.figures.bars import bars

        panels = [panel for panel in findings.panels() if panel.rows]
        require(bool(panels), f"there is nothing to draw in {figure}: the text has no characters")
        canvas.save(bars(findings.title, panels), figure)
    for path, text in texts:
        with atomic_text(path) as stream:
            stream.write(text)


def _rendered(findings: _Findings, suffix: str) -> str:
    match suffix:
        case ".csv":
            return findings.full().csv()
        case ".json":
            return json.dumps(findings.data, ensure_ascii=False, indent=1) + "\n"
        case ".md":
            tables = (f"## {table.title}\n\n{table.markdown()}" for table in findings.tables if table.rows)
            return f"# {findings.title}\n\n" + "\n".join(tables)
        case _:
            from atento.core.page import Section, page

            sections = [Section(table=table, bars=_bars(table)) for table in findings.tables]
            return page(findings.title, findings.facts, sections)


def _bars(table: Table) -> tuple[str, ...]:
    """Counts by name are bars; lists and single figures are not."""
    keys = {column.key for column in table.columns}
    return () if keys & {"id", "code_point", "property"} else _BARS


def _print(table: Table) -> None:
    if not table.rows:
        print(f"\n{table.title}: none")
        return
    print(f"\n{table.title}")
    print_table([column.title for column in table.columns], table.shown, numbers=table.numbers)
    for note in table.notes:
        print(note)


def _vocabulary_panels(tables: Sequence[Table]) -> list[Bars]:
    scripts = next(table for table in tables if table.title == "By script")
    lengths = next(table for table in tables if table.title == "By length")
    return [
        _panel("entries by script", [(str(row[0]), row[1]) for row in scripts.rows], rest=True),
        _panel("by length in characters", [(str(row[0]), row[1]) for row in lengths.rows if row[1]]),
        _panel("by length in bytes", [(str(row[0]), row[2]) for row in lengths.rows if row[2]]),
    ]


def _text_panels(tables: Sequence[Table]) -> list[Bars]:
    scripts = next(table for table in tables if table.title == "By script")
    categories = next(table for table in tables if table.title == "By general category")
    return [
        _panel("characters by script", [(str(row[0]), row[1]) for row in scripts.rows], rest=True),
        _panel("by general category", [(f"{row[0]} {row[1]}", row[2]) for row in categories.rows], rest=True),
    ]


def _panel(title: str, counts: Sequence[tuple[str, Any]], *, rest: bool = False) -> Bars:
    from atento.figures.bars import Bars

    kept = list(counts)
    if rest and len(kept) > _DRAWN:
        others = kept[_DRAWN - 1 :]
        kept = [*kept[: _DRAWN - 1], (f"{len(others)} others", sum(count for _, count in others))]
    return Bars(title=title, rows=[(name, float(count), f"{count:,}") for name, count in kept])
