"""``atento tokenizer leaderboard``: which tokenizer suits a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from atento.cli.arguments import Json, require
from atento.cli.console import print_json, print_table, progress_bar, say
from atento.cli.pictures import check_picture
from atento.cli.tables import Report, check_tables, write_tables
from atento.core.errors import ConfigurationError, DataError
from atento.core.shortening import shortened

if TYPE_CHECKING:
    from atento.core.tables import Table
    from atento.text.metrics.measuring import Measurement
    from atento.text.metrics.ranking import Ranked
    from atento.text.opened.protocol import OpenTokenizer

EXAMPLES: Final = """\b
Examples:
  atento tokenizer leaderboard bpe.json ours=runs/pt-es gpt2.tiktoken --text test.pt
  atento tokenizer leaderboard bpe.json --text pt=test.pt --text es=test.es --against es -o board.html
"""
_LOOKED_AT: Final = 1_000_000
"""Bytes in which words kept whole are looked for, spread over longer texts: some 180,000 words, enough to know a share
to a quarter of a percent."""
_SHOWN: Final[Sequence[Mapping[str, str]]] = (
    {
        "rank": "", "tokenizer": "tokenizer", "entries": "entries", "bytes_per_token": "bytes/token",
        "bytes_per_token_interval": "95 %", "tokens_per_word": "tokens/word", "unknown_rate": "unknown %",
        "lost": "lost %", "exact": "exact %",
    },
    {
        "rank": "", "tokenizer": "tokenizer", "characters_per_token": "characters/token",
        "whole_words": "whole words %", "used": "used %", "renyi": "Rényi, |V| all", "renyi_seen": "|V| occurring",
        "speed": "MB/s",
    },
)  # fmt: skip
"""Two tables of a terminal's width: how short the text becomes and what is lost, then how the vocabulary is used."""
_WIDTH: Final = 22
"""Letters of a name in the terminal's table."""
Texts = Mapping[str, Sequence[Path]]


def leaderboard(
    tokenizers: Annotated[
        list[str],
        typer.Argument(
            metavar="TOKENIZER...",
            help="tokenizer.json, vocab.json, vocab.txt, *.model, *.tiktoken, a folder, a run, or a name on the hub; "
            "NAME=PATH gives it a name.",
        ),
    ],
    texts: Annotated[
        list[str],
        typer.Option(
            "--text",
            metavar="[NAME=]FILE",
            help="A text, line by line; again for others. Files with one NAME are one text.",
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Give the others' premium: their tokens over those of this text, parallel by lines."
        ),
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="NAME|REGEX", help="How .tiktoken files part words: gpt2, cl100k, …")
    ] = None,
    alpha: Annotated[float, typer.Option(metavar="A", help="Order of the Rényi entropy.")] = 2.5,
    words: Annotated[Literal["words", "whitespace", "runs"], typer.Option(help="What a word is.")] = "words",
    sort: Annotated[
        str, typer.Option(metavar="COLUMN", help="Best first: rank, bytes_per_token, tokens_per_word, speed, …")
    ] = "rank",
    resamples: Annotated[int, typer.Option(metavar="N", min=100, help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of the bootstrap.")] = 1,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write .csv, .json, .md, .tex or .html; may be repeated."),
    ] = None,
    figure: Annotated[
        list[Path] | None,
        typer.Option(
            "--figure",
            metavar="FILE",
            help="Draw vocabulary size against bytes per token: .png, .svg or .pdf; may be repeated.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure tokenizers side by side on your texts, and rank them.

    Ratios are of sums. A tokenizer that loses text, or makes much of it unknown, is flagged and comes last. Only the
    library's own call is timed.
    """
    from atento.text.metrics.configuration import MeasureConfig
    from atento.text.metrics.measuring import measure
    from atento.text.metrics.ranking import check_order, ranked

    check_tables(output or [])
    for path in figure or ():
        check_picture(path)
    check_order(sort)
    given = _texts(texts)
    require(against is None or against in given, f"no text is called {against}; there are {', '.join(given)}")
    if against is not None:
        _check_parallel(given, against)
    total = _size(chain.from_iterable(given.values()))
    config = MeasureConfig(
        alpha=alpha, words=words, resamples=resamples, seed=seed, look_every=1 + (total or 0) // _LOOKED_AT
    )
    opened = _opened(tokenizers, pattern)
    with progress_bar() as progress:
        lines = {name: _lines(paths) for name, paths in given.items()}
        found = measure(opened, lines, config, against=against, progress=progress, total=total)
    rows = ranked(found, sort)
    report = _report(found, rows, with_figure=any(path.suffix.lower() == ".html" for path in output or ()))
    write_tables(report, output or [])
    if figure:
        from atento.figures.canvas import save
        from atento.text.metrics.view import drawing

        drawn = drawing(rows)
        for path in figure:
            save(drawn, path)
    if as_json:
        print_json(report.data)
        return
    _print(found, rows)
    for path in (*(output or ()), *(figure or ())):
        say(f"Written: {path}")


def _named(given: str) -> tuple[str | None, str]:
    """Name and source of ``NAME=SOURCE``; a source whose own name has an equals sign is no such pair."""
    name, equals, source = given.partition("=")
    if not equals or Path(given).exists():
        return None, given
    require(name and source, f"{given!r}: write it as NAME=PATH")
    return name, source


def _texts(given: Sequence[str]) -> dict[str, list[Path]]:
    """The files of each text, in the order given."""
    result: dict[str, list[Path]] = {}
    for each in given:
        name, source = _named(each)
        path = Path(source)
        if path.is_dir():
            raise DataError(f"{path} is a folder; give a file")
        if not path.exists():
            raise DataError(f"cannot read {path}: there is no such file; check the path")
        require(
            name is not None or path.name not in result, f"two texts are called {path.name}; name them: NAME={path}"
        )
        result.setdefault(name or path.name, []).append(path)
    return result


def _lines(paths: Sequence[Path]) -> Iterator[str]:
    from atento.core.files import read_lines

    for path in paths:
        yield from read_lines(path)


def _check_parallel(texts: Texts, against: str) -> None:
    """Refuse texts that are not parallel to the reference, file by file, before any work is done."""
    from atento.core.files import open_binary, raw_lines

    def count(path: Path) -> int:
        require(path.is_file(), f"{path} can be read only once, so --against cannot compare its lines; give a file")
        with open_binary(path) as stream:
            return sum(1 for _ in raw_lines(stream, str(path)))

    require(len(texts) > 1, f"--against {against} needs another text to compare with; give one more --text")
    reference = [(path, count(path)) for path in texts[against]]
    for name, paths in texts.items():
        if name == against:
            continue
        require(
            len(paths) == len(reference),
            f"{name} has {len(paths)} files and {against} has {len(reference)}; give parallel files in the same order",
        )
        for path, (other, wanted) in zip(paths, reference, strict=True):
            lines = count(path)
            if lines != wanted:
                raise DataError(
                    f"{path} has {lines:,} lines and {other} has {wanted:,}; --against needs files that are parallel "
                    "line by line"
                )


def _size(paths: Iterator[Path]) -> int | None:
    """Bytes of all files; None where one is compressed or no plain file."""
    from atento.core.files import COMPRESSIONS

    sizes = [path.stat().st_size if path.is_file() and path.suffix not in COMPRESSIONS else None for path in paths]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _opened(given: Sequence[str], pattern: str | None) -> list[OpenTokenizer]:
    """The tokenizers; ``pattern`` is for those in ``.tiktoken`` files."""
    from atento.text.opened.opening import open_tokenizer

    sources = [_named(each) for each in given]
    patterned = [_is_tiktoken(Path(source)) for _, source in sources]
    require(pattern is None or any(patterned), "--pattern is for .tiktoken files, and there is none; leave it out")
    opened = [
        open_tokenizer(source, name=name, pattern=pattern if needs else None)
        for (name, source), needs in zip(sources, patterned, strict=True)
    ]
    names = [tokenizer.name for tokenizer in opened]
    for (_, source), name in zip(sources, names, strict=True):
        if names.count(name) > 1:
            raise ConfigurationError(f"two tokenizers are called {name}; name them: NAME={source}")
    return opened


def _is_tiktoken(path: Path) -> bool:
    return path.suffix == ".tiktoken" or (path.is_dir() and any(path.glob("*.tiktoken")))


def _report(found: Measurement, rows: Sequence[Ranked], *, with_figure: bool) -> Report:
    from atento.text.metrics import report, view

    full = report.full_table(found, rows)
    data: dict[str, Any] = {"settings": report.settings_data(found), **full.data()}
    return Report(
        title=view.TITLE,
        full=full,
        tables=view.tables(found, rows),
        data=data,
        facts=view.facts(found),
        figures={view.DRAWING: view.drawing(rows)} if with_figure else None,
    )


def _print(found: Measurement, rows: Sequence[Ranked]) -> None:
    """The table as far as a terminal has room, the flags below it; then the premiums."""
    from atento.text.metrics import report

    table = report.overall_table(found, rows)
    for keys in _SHOWN:
        cells = _cells(table, tuple(keys))
        for row, ranked in zip(cells, rows, strict=True):
            row[0] = f"{ranked.rank}{'*' if ranked.flags else ''}"
        words = ("tokenizer", "bytes_per_token_interval")
        numbers = [number for number, key in enumerate(keys) if key not in words]
        print_table(tuple(keys.values()), cells, numbers=numbers)
    for ranked in rows:
        if ranked.flags:
            print(f"{ranked.rank}* {ranked.row.name}: {'; '.join(ranked.flags)}")
    if found.against is not None:
        print()
        _print_premiums(found, rows)
    config, sizes = found.config, rows[0].row.overall.counts
    print(f"{sizes['texts']:,} lines, {sizes['words']:,} words ({config.words}), {sizes['bytes']:,} bytes.")
    print(
        f"95 %: bootstrap, {config.resamples:,} resamples, seed {config.seed}. Rényi efficiency: α = {config.alpha:g}."
    )
    print(f"MB/s: 10⁶ bytes a second, {found.threads}.")
    print("Every figure, and how it is counted: -o board.html (.md .csv .json .tex)")


def _print_premiums(found: Measurement, rows: Sequence[Ranked]) -> None:
    """A row a tokenizer, a column a text."""
    from atento.text.metrics import report

    others = [text for text in found.texts if text != found.against]
    cells = []
    for ranked in rows:
        premiums = [ranked.row.by_text[text].premium for text in others]
        shown = [
            "–" if each is None or each.value is None else f"{each.value:.3f}  {report.interval(each, 3)}"
            for each in premiums
        ]
        cells.append((shortened(ranked.row.name, _WIDTH), *shown))
    print(f"Premium: tokens over those of {found.against}, with the 95 % interval")
    print_table(("tokenizer", *others), cells)


def _cells(table: Table, keys: Sequence[str]) -> list[list[str]]:
    places = {column.key: place for place, column in enumerate(table.columns)}
    rows = [[row[places[key]].removesuffix(" %") for key in keys] for row in table.shown]
    for row in rows:
        row[1] = shortened(row[1], _WIDTH)
    return rows
