"""``atento study``: a claim of the papers or of the course, tried on this machine."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Device, Json, require
from atento.cli.console import print_json, print_table, progress_bar, say
from atento.core.progress import Progress, Stop

if TYPE_CHECKING:
    from atento.core.errors import AtentoError
    from atento.study.configuration import Study, Variant
    from atento.study.reading import OwnCorpus
    from atento.study.results import StudyReport
    from atento.study.runner import StudyRun

EXAMPLES = """\b
Examples:
  atento study                                  what there is
  atento study reversal --small                 some minutes on two cores, no data needed
  atento study bottleneck --data corpora        the full form, on real text
  atento study scores --train a.pt a.es --valid dev.pt dev.es --test test.pt test.es
  atento study pretraining --train a.tsv --valid dev.tsv --test test.tsv      (text, tab, class)
  atento study my-study.toml -o studies/mine
"""
_INTERRUPTED = 128 + signal.SIGINT
_LOCAL = ("-o", "--output", "--jobs", "--data", "--device")
"""Options that a report's command leaves out, with their values."""
_FOLDER = "FOLDER"
_ABOUT_FOLDER = (
    f"{_FOLDER} is the folder that the study's corpora lie in; instead of --data, the environment variable ATENTO_DATA "
    "may name it."
)
"""What a report says below a command that needs corpora: where they lie is a machine's own matter."""


def study(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A shipped study or a study file; without it, list the shipped ones."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Folder for runs and report. [default: studies/NAME, NAME-small, or NAME-own with --train]",
        ),
    ] = None,
    small: Annotated[
        bool, typer.Option("--small", help="The form made for twenty minutes on two quiet cores.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of a shipped study's corpora (or ATENTO_DATA).")
    ] = None,
    train_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--train",
            metavar="SRC TGT",
            help="Your own corpus instead of the study's data: the training part. Of classifiers, one labelled file.",
        ),
    ] = None,
    valid_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--valid", metavar="SRC TGT", help="Your corpus: the validation part, by which learning rates are chosen."
        ),
    ] = None,
    test_files: Annotated[
        list[Path] | None, typer.Option("--test", metavar="SRC REF", help="Your corpus: the test part.")
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Gold word alignments of --test (Pharaoh format, SRC's word first)."),
    ] = None,
    gold_words: Annotated[
        bool | None,
        typer.Option(
            "--words/--whitespace",
            help="What gold links number: our words (punctuation apart), or what spaces divide. [default: whitespace]",
            show_default=False,
        ),
    ] = None,
    gold_one_based: Annotated[bool, typer.Option("--gold-one-based", help="Gold links count words from 1.")] = False,
    gold_inverted: Annotated[bool, typer.Option("--gold-inverted", help="Gold links are target-source.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key (recipe.training.steps=100); may be repeated."),
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", metavar="N", help="Seeds in the place of the study's; repeat it.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Runs trained at the same time. [default: as many as the cores allow]"),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be run, and run nothing.")] = False,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Run a claim as an experiment: every variant with several seeds, the published figure beside the measured one.

    A study that was stopped goes on where it was when it is started again; runs that are done are never repeated. The
    report (HTML, Markdown, JSON, figures) is in DIR/report.
    """
    if name is None:
        _list(as_json=as_json)
        return
    from atento.study.assembly import assemble
    from atento.study.reading import read_study
    from atento.study.rendering import write_report
    from atento.study.shipped import shipped_studies

    require(
        data is None or data.is_dir(), f"--data {data}: there is no such folder; give the one that holds the corpora"
    )
    require(data is None or train_files is None, "--data and --train give two corpora; leave one of them out")
    require(
        data is None or name in shipped_studies(),
        f"--data is for the studies that come with Atento; the paths in {name} are relative to it; leave --data out",
    )
    links = _GoldLinks(gold, "words" if gold_words else "whitespace", gold_one_based, gold_inverted)
    require(
        gold is not None or (gold_words is None and not gold_one_based and not gold_inverted),
        "--words, --whitespace, --gold-one-based and --gold-inverted tell how to read gold links: give --gold as well",
    )
    own = _own(train_files, valid_files, test_files, links)
    given = data or (Path(place) if (place := os.environ.get("ATENTO_DATA")) else None)
    chosen, form = read_study(name, small=small, data=given, own=own, overrides=settings or (), seeds=seeds or ())
    title = Path(name).stem
    folder = output or Path("studies") / f"{title}{'-small' if small else ''}{'-own' if own is not None else ''}"
    if plan:
        _plan(chosen, folder, as_json=as_json)
        return
    run, stopped = _run(chosen, folder, jobs, device)
    from_folder = _needs_folder(name, chosen, own)
    report = assemble(
        run,
        name=title,
        form=form,
        command=_shared(context.obj, name if from_folder else None),
        command_note=_ABOUT_FOLDER if from_folder else "",
        own_corpus=own is not None,
    )
    write_report(report, chosen.charts, folder / "report")
    if as_json:
        print_json(report)
    else:
        _print(report, folder)
    if stopped:
        say(f"stopped and saved; go on with: {shlex.join(['atento', *context.obj])}")
    if run.failures:
        raise _failure(run.failures)
    if stopped:
        raise typer.Exit(_INTERRUPTED)


def _failure(failures: Sequence[AtentoError]) -> AtentoError:
    """One line for runs that could not be done."""
    first, *more = failures
    return type(first)(f"{first} (and {len(more)} more, told above)") if more else first


def _list(*, as_json: bool) -> None:
    import tomllib

    from atento.study.shipped import shipped_studies

    titles = {name: tomllib.loads(text)["title"] for name, text in shipped_studies().items()}
    if as_json:
        print_json({"studies": titles})
        return
    print_table(("study", "question"), list(titles.items()))
    print("\nRun one with: atento study NAME --small")


@dataclass(frozen=True)
class _GoldLinks:
    """The file of gold links, and how it is read."""

    file: Path | None
    words: Literal["words", "whitespace"]
    one_based: bool
    inverted: bool


def _own(
    train: list[Path] | None, valid: list[Path] | None, test: list[Path] | None, gold: _GoldLinks
) -> OwnCorpus | None:
    """The user's own corpus, if it was given, all of it there."""
    if train is None:
        require(not valid and not test and not gold.file, "--valid, --test and --gold go with --train")
        return None
    require(valid and test, "--train needs --valid and --test, so that variants are chosen and judged on other text")
    assert valid is not None
    assert test is not None
    from atento.core.files import open_binary
    from atento.study.reading import OwnCorpus

    for path in (*train, *valid, *test, *([gold.file] if gold.file else [])):
        open_binary(path).close()
    return OwnCorpus(
        train=train,
        valid=valid,
        test=test,
        gold=gold.file,
        gold_words=gold.words,
        gold_one_based=gold.one_based,
        gold_inverted=gold.inverted,
    )


def _run(study: Study, folder: Path, jobs: int | None, device: str) -> tuple[StudyRun, bool]:
    """Run what is missing; whether it was stopped."""
    from atento.study.runner import run_study

    with progress_bar() as progress, _interruptible(progress) as stop:
        return run_study(study, folder, jobs=jobs, device=device, progress=progress, stop=stop), stop.wanted


@contextlib.contextmanager
def _interruptible(progress: Progress) -> Iterator[Stop]:
    """Ctrl-C (and SIGTERM) lets the runs save and ends the study; the second time it ends at once."""
    stop = Stop()

    def ask(*_: int | FrameType | None) -> None:
        if stop.wanted:
            raise KeyboardInterrupt
        stop.set()
        progress.message("stopping: the runs that go on save at their next step (once more: at once) …")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plan(study: Study, folder: Path, *, as_json: bool) -> None:
    """What would be run."""
    from atento.study.plan import count_runs
    from atento.study.variants import check_recipes

    check_recipes(study)
    if as_json:
        shown = {
            name: getattr(study, name)
            for name in ("title", "variants", "learning_rates", "extra_rates", "seeds", "claims", "notes")
        }
        print_json({**shown, "runs": count_runs(study), "folder": str(folder)})
        return
    rates = ", ".join(f"{rate:g}" for rate in study.learning_rates) or "the recipe's"
    print(f"{study.title}\n")
    print_table(("variant", "what is changed"), [(each.title, _changes(study, each)) for each in study.variants])
    extra = study.extra_rates if len(study.learning_rates) > 1 else 0
    beyond = f" (and up to {extra} more a variant, beyond a best rate that is an end of these)" if extra else ""
    seeds = ", ".join(map(str, study.seeds))
    print(f"\nlearning rates {rates}{beyond}; seeds {seeds}: {count_runs(study)} runs, into {folder}")
    for claim in study.claims:
        print(f"  claim: {claim.statement} ({claim.source})")


def _changes(study: Study, variant: Variant) -> str:
    """How a variant differs from the study's recipe, and how it begins."""
    parts = [_flat(variant.recipe)]
    if variant.pretraining is not None:
        from atento.core.configuration import merged

        parts.append(_flat({"pretraining": merged(study.pretraining, variant.pretraining)}) or "pre-trained")
    return ", ".join(filter(None, parts)) or "–"


def _flat(table: dict[str, Any], prefix: str = "") -> str:
    parts = []
    for key, value in table.items():
        inner = isinstance(value, dict)
        parts.append(_flat(value, f"{prefix}{key}.") if inner else f"{prefix}{key} = {value}")
    return ", ".join(parts)


def _print(report: StudyReport, folder: Path) -> None:
    from atento.study import numbers

    print(f"{report.title}\n")
    rows = []
    for verdict in report.verdicts:
        difference, interval, published = numbers.of_verdict(verdict)
        measured = f"{difference} {interval}".strip()
        rows.append((verdict.verdict, verdict.statement, measured or numbers.MISSING, published or numbers.MISSING))
    print_table(("verdict", "claim", "difference [95 % interval]", "published"), rows, numbers=(2, 3))
    if not report.finished:
        print("\nNot all runs are done: the verdicts are provisional.")
    print(f"\n{report.total_minutes:.0f} minutes of runs. The report: {folder / 'report' / 'report.html'}")
    sys.stdout.flush()


def _needs_folder(name: str, study: Study, own: OwnCorpus | None) -> bool:
    """Whether this reads corpora out of the folder that --data or ATENTO_DATA names."""
    from atento.study.configuration import CorpusData, LabelledData
    from atento.study.shipped import shipped_studies

    return own is None and name in shipped_studies() and isinstance(study.data, CorpusData | LabelledData)


def _shared(words: Sequence[str], from_folder: str | None = None) -> str:
    """What was typed, for a report: without what concerns this machine alone.

    Args:
        words: all of them.
        from_folder: the study among them, if it reads corpora out of a folder: the command says so, not which one.
    """
    kept: list[str] = []
    skip = False
    for word in words:
        local = next((option for option in _LOCAL if word == option or word.startswith(f"{option}=")), None)
        joined = word.startswith("-o") and word != "-o"
        if not (skip or local or joined or word == "--json"):
            kept.append(Path(word).name if Path(word).is_absolute() else word)
        skip = local == word
    if from_folder is not None:
        place = kept.index(from_folder) + 1
        kept[place:place] = ["--data", _FOLDER]
    return shlex.join(["atento", *kept])
