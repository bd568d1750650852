"""``atento align``: the word alignments of a corpus in Pharaoh format, a model's or any aligner's, and their scores."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import Device, Json, check_output, require
from atento.cli.console import progress_bar, say
from atento.cli.pictures import check_picture
from atento.core.errors import DataError
from atento.data.symmetrisation import Method

if TYPE_CHECKING:
    from atento.applications.translator import Translator
    from atento.cli.align_report import Scored, Texts
    from atento.data.pharaoh import Alignment, Links
    from atento.inspection.alignment import AlignmentConfig

EXAMPLES = """\b
Examples:
  atento align runs/pt-es test.pt test.es -o test.align
  atento align runs/pt-es test.pt test.es --gold test.gold --worst 5 --figure worst.png
  atento align runs/pt-es test.pt test.es --gold test.gold --heads
  atento align runs/pt-es test.pt test.es --reverse runs/es-pt --symmetrise grow-diag-final-and
  atento align eflomal.fwd --reverse eflomal.rev --symmetrise union --gold test.gold
  atento align giza.forward --reverse giza.reverse --reverse-inverted --gold test.gold
"""


def align(
    place: Annotated[Path, typer.Argument(metavar="RUN", help="A run with attention, or a file of links (i-j).")],
    source: Annotated[
        Path | None, typer.Argument(metavar="SRC", help="Sources, one a line; a file of links can do without.")
    ] = None,
    target: Annotated[Path | None, typer.Argument(metavar="TGT", help="Their translations.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    method: Annotated[
        Literal["argmax", "threshold", "intersection"] | None,
        typer.Option(help="Best source of each target word; all over --threshold; or mutually best. [default: argmax]"),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(metavar="W", help="Least weight, for --method threshold. [default: 0.3]")
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(metavar="N", help="A layer (-1: the last), penultimate, or mean. [default: penultimate]"),
    ] = None,
    head: Annotated[str | None, typer.Option(metavar="N", help="A head, or mean. [default: mean]")] = None,
    rows: Annotated[
        Literal["predicted", "input"] | None,
        typer.Option(
            help="Read a word's links at the step that predicts it, or at the one that reads it. [default: predicted]"
        ),
    ] = None,
    reverse: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="The other direction to combine with: its run, or a file of its links, source-target as RUN's.",
        ),
    ] = None,
    reverse_inverted: Annotated[
        bool, typer.Option("--reverse-inverted", help="--reverse is a file of target-source links.")
    ] = False,
    symmetrise: Annotated[
        Method | None, typer.Option(help="How to combine two directions. [default: intersection]")
    ] = None,
    words: Annotated[
        bool, typer.Option("--words/--whitespace", help="Number our words (punctuation apart), or what spaces divide.")
    ] = False,
    one_based: Annotated[bool, typer.Option("--one-based", help="Files of links count words from 1.")] = False,
    inverted: Annotated[bool, typer.Option("--inverted", help="RUN is a file of target-source links.")] = False,
    gold: Annotated[Path | None, typer.Option(metavar="FILE", help="Score against these links (AER).")] = None,
    gold_one_based: Annotated[bool, typer.Option("--gold-one-based", help="Gold links count words from 1.")] = False,
    gold_inverted: Annotated[bool, typer.Option("--gold-inverted", help="Gold links are target-source.")] = False,
    heads: Annotated[bool, typer.Option("--heads", help="Score every layer and head instead, and rank them.")] = False,
    per_sentence: Annotated[Path | None, typer.Option(metavar="FILE", help="Each sentence's scores, as TSV.")] = None,
    worst: Annotated[int | None, typer.Option(metavar="N", min=1, help="Show the N worst sentences.")] = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the worst sentences, or the table of heads: .png .svg .pdf."),
    ] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Write which source word each target word came from, as i-j counted from 0, and score it.

    A model reads each given translation (forced decoding); its attention gives the links. Or RUN is a file of links
    that any aligner wrote. With --gold, precision, recall, F1 and alignment error rate are printed.

    Files have source-target links, that of --reverse as well: SRC's word before TGT's, as fast_align (with -r, too) and
    eflomal write both directions. What `atento align` makes of the other direction's run begins with that run's source,
    which is TGT: for such files there are --inverted, --reverse-inverted and --gold-inverted.

    A run that was trained to align (`train --alignment`) is read where it was trained to, unless you give --layer,
    --head or --rows.
    """
    for path in (output, per_sentence, figure):
        check_output(path)
    if gold is None:
        _refuse("prints the score: give --gold as well", {"--json": as_json})
        scored_by = {"--heads": heads, "--per-sentence": per_sentence, "--worst": worst, "--figure": figure}
        _refuse("needs gold links to score against: give --gold as well", scored_by)
        read_by = {"--gold-one-based": gold_one_based, "--gold-inverted": gold_inverted}
        _refuse("tells how to read gold links: give --gold as well", read_by)
    files = [path for path in (place, reverse) if path is not None and path.is_file()]
    require(files or not one_based, "--one-based tells how to read files of links, and there is none; leave it out")
    require(place.is_file() or not inverted, f"--inverted tells how to read a file of links, and {place} is none")
    require(
        (reverse is not None and reverse.is_file()) or not reverse_inverted,
        "--reverse-inverted tells how to read a file of links, and --reverse names none; leave it out",
    )
    require(reverse or not symmetrise, "--symmetrise combines two directions: give --reverse as well")
    require(threshold is None or method == "threshold", "--threshold goes with --method threshold")
    asked = {"--method": method, "--layer": layer, "--head": head, "--rows": rows}
    if len(files) == 1 + (reverse is not None):
        _refuse("tells how to read a run's attention, and there is no run; leave it out", asked)
    require((source is None) == (target is None), "give both SRC and TGT, or (for a file of links) neither")
    ways = {"method": method, "threshold": threshold, "words": "words" if words else "whitespace"}
    for option, value, names in (("--layer", layer, ("penultimate", "mean")), ("--head", head, ("mean",))):
        known = value is None or value in names or isinstance(_number(value), int)
        require(known, f"{option} {value}: give a number, {' or '.join(names)}")
    reading = _Reading.of(ways, {"layer": layer, "head": head, "rows": rows})
    from atento.cli import align_report as report
    from atento.data.pharaoh import Alignment

    check_picture(figure)
    texts = report.Texts.read(source, target, reading.config.words) if source and target else None
    require(not figure or heads or texts, "--figure draws sentences: give SRC and TGT as well")
    gold_links = _read_links(gold, texts, one_based=gold_one_based, invert=gold_inverted) if gold is not None else None
    if heads:
        require(not (output or per_sentence or worst or reverse), "--heads goes with --gold, --figure and --json only")
        every = {"--layer": layer, "--head": head, "--rows": rows}
        _refuse("has no effect with --heads, which scores them all; leave it out", every)
        assert gold_links is not None
        run = _translator(place, texts, device)
        report.heads(run, _needed(texts), reading.config, gold_links, figure, as_json=as_json)
        return
    translator = None if place.is_file() else _translator(place, texts, device)
    found = _links(place, translator, texts, reading, one_based=one_based, invert=inverted)
    if reverse is not None:
        back = _reverse_links(reverse, texts, reading, device, one_based=one_based, invert=reverse_inverted)
        if reverse.is_file():
            _warn_of_order(found, back, reverse, inverted=reverse_inverted)
        found = _combined(found, back, reverse, symmetrise or "intersection")
    scored = _scored(found, gold, gold_links, worst or 0) if gold_links is not None else None
    report.write(output, [Alignment.of(links) for links in found], silent=gold is not None)
    if scored is not None:
        scored.write(per_sentence)
        if figure is not None:
            scored.draw(figure, _needed(texts), translator, reading.at(translator))
        scored.show(texts, as_json=as_json)
    sys.stdout.flush()


def _refuse(reason: str, options: Mapping[str, object]) -> None:
    """Refuse the first of these options that was given.

    Raises:
        ConfigurationError: one was.
    """
    for option, given in options.items():
        require(not given, f"{option} {reason}")


def _scored(found: list[Links], gold: Path | None, gold_links: list[Alignment], worst: int) -> Scored:
    from atento.cli.align_report import Scored

    try:
        return Scored.of(found, gold_links, worst)
    except DataError as error:
        raise DataError(f"{gold}: {error}") from error


@dataclass(frozen=True)
class _Reading:
    """How links are read off attention; ``free``: where a run was trained to align, it is read there."""

    config: AlignmentConfig
    free: bool

    @classmethod
    def of(cls, ways: Mapping[str, object], place: Mapping[str, str | None]) -> _Reading:
        """What the options say, None where the user gave none; ``place``: layer, head and rows.

        Raises:
            ConfigurationError: a value does not fit.
        """
        from atento.core.configuration import convert
        from atento.inspection.alignment import AlignmentConfig

        table = {name: value for name, value in ways.items() if value is not None}
        table |= {name: _number(value) for name, value in place.items() if value is not None}
        return cls(convert(table, AlignmentConfig, where="options"), all(value is None for value in place.values()))

    def at(self, translator: Translator | None) -> AlignmentConfig:
        """For this run (None: a file of links)."""
        return self.config.at(translator.bundle.aligning_head) if self.free and translator is not None else self.config


def _number(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isdecimal() else text


def _needed(texts: Texts | None) -> Texts:
    """The sentences.

    Raises:
        ConfigurationError: none were given.
    """
    require(texts, "a run reads sentences: give SRC and TGT as well (a file of links can do without)")
    assert texts is not None
    return texts


def _translator(run: Path, texts: Texts | None, device: str) -> Translator:
    from atento.cli.translate import load

    require(not run.is_file(), f"{run} is a file of links; --heads needs a run")
    require(run.exists(), f"{run} does not exist; give a run or a file of links")
    _needed(texts)
    translator = load(run, device)
    require(translator.attends, f"{run} has no attention that could say which words belong together; give another run")
    return translator


def _links(
    place: Path,
    translator: Translator | None,
    texts: Texts | None,
    reading: _Reading,
    *,
    one_based: bool,
    invert: bool,
) -> list[Links]:
    """The links of a run or a file; of a file the possible ones, too."""
    if translator is None:
        return [each.possible for each in _read_links(place, texts, one_based=one_based, invert=invert)]
    from atento.inspection.corpus import align_corpus

    texts = _needed(texts)
    with progress_bar() as progress:
        try:
            return align_corpus(translator, texts.sources, texts.targets, reading.at(translator), progress=progress)
        except DataError as error:
            raise DataError(f"{texts.name}: {error}") from error


def _reverse_links(
    reverse: Path, texts: Texts | None, reading: _Reading, device: str, *, one_based: bool, invert: bool
) -> list[Links]:
    """The links of the other direction, from our source to our target."""
    if reverse.is_file():
        return _links(reverse, None, texts, reading, one_based=one_based, invert=invert)
    from atento.data import pharaoh

    translator, turned = _translator(reverse, texts, device), _needed(texts).turned()
    back = _links(reverse, translator, turned, reading, one_based=one_based, invert=False)
    return [pharaoh.inverted(links) for links in back]


def _combined(found: list[Links], back: list[Links], reverse: Path, method: Method) -> list[Links]:
    """The links together with those of the other direction."""
    from atento.data.symmetrisation import symmetrise_corpus

    try:
        return symmetrise_corpus(found, back, method)
    except DataError as error:
        raise DataError(f"{reverse}: {error}") from error


def _warn_of_order(found: list[Links], back: list[Links], reverse: Path, *, inverted: bool) -> None:
    """Say so if the two directions agree better where one is turned round: it was probably read the wrong way."""
    from atento.data import pharaoh

    agreed = sum(len(one & other) for one, other in zip(found, back, strict=False))
    turned = sum(len(one & pharaoh.inverted(other)) for one, other in zip(found, back, strict=False))
    if turned > agreed:
        advice = "leave --reverse-inverted out" if inverted else "give --reverse-inverted"
        say(
            f"warning: {agreed:,} links of {reverse} are links of the other direction, too, and {turned:,} would be if "
            f"each were turned round; if its links are {'source-target' if inverted else 'target-source'}, {advice}"
        )


def _read_links(path: Path, texts: Texts | None, *, one_based: bool, invert: bool) -> list[Alignment]:
    """A file of links; all must be inside their sentences, if these are known."""
    from atento.data.pharaoh import check_links, read_alignments

    alignments = read_alignments(path, one_based=one_based, invert=invert)
    if texts is not None:
        try:
            check_links(alignments, *texts.lengths)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
    return alignments
