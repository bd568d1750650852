"""``atento align``: the word alignments of a corpus, read off a model's attention, in Pharaoh format."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Device, Json, check_output, require
from atento.cli.console import print_json, print_table, progress_bar, say
from atento.core.errors import DataError

if TYPE_CHECKING:
    from atento.applications.translator import Translator
    from atento.core.progress import Progress
    from atento.evaluation.alignment import Alignment
    from atento.figures.attention import Attention
    from atento.inspection.alignment import AlignmentConfig, Links

EXAMPLES = """\b
Examples:
  atento align runs/pt-es test.pt test.es -o test.align
  atento align runs/pt-es test.pt test.es --reverse-run runs/es-pt --method intersection --gold test.gold
"""
_CHUNK = 512


def align(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run with attention.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Sources, one a line.")],
    target: Annotated[Path, typer.Argument(metavar="TGT", help="Their translations.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    method: Annotated[
        Literal["argmax", "threshold", "intersection"],
        typer.Option(help="Best source of each target word; all over --threshold; or mutually best."),
    ] = "argmax",
    threshold: Annotated[float, typer.Option(metavar="W", help="Least weight, for --method threshold.")] = 0.3,
    layer: Annotated[
        str, typer.Option(metavar="N", help="A layer (-1: the last), penultimate, or mean.")
    ] = "penultimate",
    head: Annotated[str, typer.Option(metavar="N", help="A head, or mean.")] = "mean",
    reverse_run: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="A run of the other direction: only links that both find are kept."),
    ] = None,
    words: Annotated[
        bool, typer.Option("--words/--whitespace", help="Number our words (punctuation apart), or what spaces divide.")
    ] = False,
    gold: Annotated[Path | None, typer.Option(metavar="FILE", help="Score against these links (AER).")] = None,
    one_based: Annotated[bool, typer.Option("--one-based", help="Gold links count words from 1.")] = False,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Write which source word each target word came from, as i-j counted from 0.

    The model reads each given translation (forced decoding); its attention gives the links. With --gold, precision,
    recall and alignment error rate are printed; --json prints them as JSON.
    """
    check_output(output)
    require(gold is not None or not as_json, "--json prints the score: give --gold as well")
    config = _config(method, threshold, layer, head, words, both=reverse_run is not None)
    from atento.cli.translate import load
    from atento.evaluation.alignment import Alignment, read_alignments
    from atento.evaluation.readers import read_aligned

    sources, targets = read_aligned([source, target])
    gold_links = None
    if gold is not None:
        gold_links = read_alignments(gold, one_based=one_based)
        _check_gold(gold_links, sources, targets, config, gold)
    forward = load(run, device)
    backward = load(reverse_run, device) if reverse_run is not None else None
    with progress_bar() as progress:
        found = list(_all_links(forward, backward, sources, targets, config, f"{source} and {target}", progress))
    _write(output, [Alignment.of(links) for links in found], silent=gold is not None)
    if gold_links is not None:
        _report(found, gold_links, as_json=as_json)


def _config(
    method: Literal["argmax", "threshold", "intersection"],
    threshold: float,
    layer: str,
    head: str,
    words: bool,
    *,
    both: bool,
) -> AlignmentConfig:
    """How links are read; with a second model, ``intersection`` means each one's best links, intersected."""
    from atento.core.configuration import convert
    from atento.inspection.alignment import AlignmentConfig

    def number(text: str) -> int | str:
        return int(text) if text.removeprefix("-").isdecimal() else text

    table: dict[str, Any] = {
        "method": "argmax" if both and method == "intersection" else method,
        "threshold": threshold,
        "layer": number(layer),
        "head": number(head),
        "words": "words" if words else "whitespace",
    }
    return convert(table, AlignmentConfig, where="options")


def _check_gold(
    gold_links: list[Alignment], sources: list[str], targets: list[str], config: AlignmentConfig, name: Path
) -> None:
    from atento.evaluation.alignment import check_links
    from atento.text.words import segment

    lengths = ([len(segment(line, config.words)) for line in lines] for lines in (sources, targets))
    try:
        check_links(gold_links, *lengths)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _all_links(
    forward: Translator,
    backward: Translator | None,
    sources: list[str],
    targets: list[str],
    config: AlignmentConfig,
    name: str,
    progress: Progress,
) -> Iterator[Links]:
    """The links of every pair; a pair with an empty side has none."""
    from atento.inspection import alignment

    progress.start("aligning", len(sources))
    for start in range(0, len(sources), _CHUNK):
        pairs = list(zip(sources[start : start + _CHUNK], targets[start : start + _CHUNK], strict=True))
        real = [number for number, pair in enumerate(pairs) if pair[0].strip() and pair[1].strip()]
        one, other = [pairs[number][0] for number in real], [pairs[number][1] for number in real]
        there = _explained(forward, one, other, name, start, real)
        if backward is None:
            links = [alignment.links(each, config) for each in there]
        else:
            back = _explained(backward, other, one, name, start, real)
            links = [alignment.intersection(each, its, config) for each, its in zip(there, back, strict=True)]
        by_number = dict(zip(real, links, strict=True))
        yield from (by_number.get(number, frozenset()) for number in range(len(pairs)))
        progress.advance(len(pairs))
    progress.finish()


def _explained(
    translator: Translator, sources: Sequence[str], targets: Sequence[str], name: str, start: int, real: Sequence[int]
) -> list[Attention]:
    try:
        return translator.explain(sources, targets)
    except DataError as error:
        lines = f"lines {start + 1} to {start + 1 + max(real, default=0)}"
        raise DataError(f"{name}, {lines}: {error}") from error


def _write(output: Path | None, alignments: list[Alignment], *, silent: bool) -> None:
    from atento.evaluation.alignment import format_links, write_alignments

    if output is not None:
        write_alignments(output, alignments)
    elif not silent:
        sys.stdout.writelines(format_links(each) + "\n" for each in alignments)


def _report(found: list[Links], gold_links: list[Alignment], *, as_json: bool) -> None:
    from atento.evaluation.alignment import score_alignments

    score = score_alignments(found, gold_links)
    if as_json:
        print_json(score)
        return
    say(f"{score.sentences:,} sentence pairs, {score.sure:,} sure gold links")
    print_table(("", ""), score.rows(), numbers=(1,))
