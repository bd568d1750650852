"""``atento tokenizer compare``: several tokenizers on the same texts, and what their vocabularies have in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atento.cli.arguments import Json, Pattern, Specials, check_output, require
from atento.cli.console import print_json, print_table
from atento.cli.token_lines import line

if TYPE_CHECKING:
    from atento.core.tables import Table
    from atento.text.traces.lanes import Lanes
    from atento.text.vocabularies.overlap import Overlap

EPILOG = """\b
Examples:
  atento tokenizer compare gpt2/ bertimbau/ --text "amigos inimagináveis"
  atento tokenizer compare bpe.json unigram.json word.json --text "…" -o lanes.html
  atento tokenizer compare llama3=llama.tiktoken gpt4o=o200k_base.tiktoken
"""
_FILES = (".json", ".html", ".csv", ".md", ".tex")
_SHOWN = ("tokenizer", "kind", "entries", "tokens", "bytes_per_token", "tokens_per_word", "unknown", "own", "exact")
"""Columns that fit into a terminal; files have all of them."""
_MOST = 6


def compare(
    tokenizers: Annotated[
        list[str], typer.Argument(metavar="[NAME=]TOKENIZER...", help="Two to six files, folders, runs or names.")
    ],
    texts: Annotated[list[str] | None, typer.Option("--text", "-t", metavar="TEXT", help="A text; repeat it.")] = None,
    spaces: Annotated[bool, typer.Option("--spaces", help="Make whitespace visible, on a terminal, too.")] = False,
    specials: Specials = "text",
    pattern: Pattern = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write a .html, .json, .csv, .md or .tex file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare tokenizers: on a text, lane by lane, where they cut otherwise; and the entries in common.

    Entries are compared by the bytes that they stand for, and by how the files spell them: both are shown.
    """
    from atento.text.opened.opening import open_named
    from atento.text.traces.lanes import lanes
    from atento.text.traces.trace import trace
    from atento.text.vocabularies.overlap import overlap

    require(2 <= len(tokenizers) <= _MOST, f"{len(tokenizers)} tokenizers: give two to six")
    require(output is None or output.suffix in _FILES, f"-o {output}: name a file that ends in {', '.join(_FILES)}")
    check_output(output)
    opened = open_named(tokenizers, pattern=pattern)
    traces = [trace(each, text, specials=specials) for text in dict.fromkeys(texts or ()) for each in opened]
    groups = lanes(traces)
    overlaps = [overlap(a, b) for a, b in combinations(opened, 2)]
    if output is not None:
        _write(output, groups, overlaps)
    if as_json:
        print_json(_data(groups, overlaps))
        return
    for group in groups:
        _print_lanes(group, spaces)
    _print(_common(overlaps))


def _print_lanes(group: Lanes, spaces: bool) -> None:
    width = max(len(trace.tokenizer.name) for trace in group.traces)
    print()
    for trace in group.traces:
        apart = group.disputed_tokens(trace)
        print(f"{trace.tokenizer.name:{width}}  {line(trace, spaces=spaces, apart=apart, indent=width + 2)}")
    _print(group.table().only(*_SHOWN))
    inside = len(group.common) + len(group.disputed)
    print(f"{len(group.common):,} of {inside:,} boundaries are everybody's; ‖ marks the others.\n")


def _print(table: Table) -> None:
    print_table([column.title for column in table.columns], table.shown, numbers=table.numbers)


def _common(overlaps: Sequence[Overlap]) -> Table:
    """One table of all pairs; three rows for one pair alone."""
    from atento.core.tables import Column, Table

    if len(overlaps) == 1:
        return overlaps[0].table()
    return Table(
        title="Entries in common",
        columns=(
            Column(key="a", title="A"),
            Column(key="b", title="B"),
            Column(key="bytes_common", title="in common", note="counted on the bytes that entries stand for"),
            Column(key="bytes_a", title="only A"),
            Column(key="bytes_b", title="only B"),
            Column(key="jaccard", title="Jaccard", digits=3, note="those in common among all there are, on bytes"),
            Column(key="strings_common", title="same strings", note="in common as the files spell them"),
        ),
        rows=tuple(
            (
                each.a,
                each.b,
                len(each.on_bytes.common),
                len(each.on_bytes.only_a),
                len(each.on_bytes.only_b),
                each.on_bytes.jaccard,
                len(each.on_strings.common),
            )
            for each in overlaps
        ),
    )


def _data(groups: Sequence[Lanes], overlaps: Sequence[Overlap]) -> dict[str, object]:
    import msgspec

    return {
        "texts": [
            {
                "text": group.text,
                "tokenizers": group.table().data()["rows"],
                "common_boundaries": group.common,
                "disputed_boundaries": group.disputed,
                "traces": msgspec.to_builtins(group.traces),
            }
            for group in groups
        ],
        "overlaps": [each.table().data() for each in overlaps],
    }


def _write(path: Path, groups: Sequence[Lanes], overlaps: Sequence[Overlap]) -> None:
    import msgspec

    from atento.core.files import atomic_text
    from atento.text.traces.pages import page

    tables = [*(group.table() for group in groups), _common(overlaps)]
    match path.suffix:
        case ".json":
            text = msgspec.json.format(msgspec.json.encode(_data(groups, overlaps)), indent=1).decode() + "\n"
        case ".csv":
            text = "\n".join(table.csv() for table in tables)
        case ".md":
            text = "\n".join(f"## {table.title}\n\n{table.markdown()}" for table in tables)
        case ".tex":
            text = "\n".join(table.latex() for table in tables)
        case _:
            text = page([trace for group in groups for trace in group.traces], [each.table() for each in overlaps])
    with atomic_text(path) as stream:
        stream.write(text)
