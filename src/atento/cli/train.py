"""``atento train``: from a recipe and two files to a run."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import Device, Json, require
from atento.cli.console import print_json, progress_bar, say
from atento.core.progress import Progress, Stop

if TYPE_CHECKING:
    from atento.training.recipe import Recipe
    from atento.training.run import Report

EXAMPLES = """\b
Examples:
  atento train --train train.pt train.es -o runs/pt-es
  atento train pt-es-small --train pairs.tsv.gz --valid dev.pt dev.es --set training.minutes=30 -o runs/pt-es
  atento train --train train.pt train.es --alignment train.align -o runs/guided
  atento train --from runs/pt-es --train news.pt news.es -o runs/news
  atento train classify --from runs/bert --train domains.tsv -o runs/domains
  atento train my-recipe.toml --set model.num_decoder_layers=2 -o runs/two-layers
  atento train --resume -o runs/pt-es
"""
_CODE_OF_SIGNALS = 128


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="A shipped recipe (see `atento recipes`) or a TOML file."),
    ] = None,
    train_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--train", metavar="SRC TGT", help="Training corpus: two files, or one TSV, …; of texts any number."
        ),
    ] = None,
    valid_files: Annotated[
        list[Path] | None,
        typer.Option("--valid", metavar="SRC TGT", help="Validation corpus; else a part of the training is held out."),
    ] = None,
    alignment: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Word links (i-j) of --train: attention is trained on them, too."),
    ] = None,
    alignment_words: Annotated[
        bool, typer.Option("--alignment-words", help="They count our words, punctuation apart, not what spaces divide.")
    ] = False,
    alignment_one_based: Annotated[
        bool, typer.Option("--alignment-one-based", help="They count words from 1.")
    ] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN", help="Go on with a trained run's model and tokenizer on this text."),
    ] = None,
    run: Annotated[Path | None, typer.Option("--output", "-o", metavar="RUN", help="The run's folder.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override the recipe; may be repeated.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run where it stopped.")] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train a translator from a parallel corpus, a language model from text, or a classifier from labelled texts.

    Ctrl-C stops at the next step and saves; --resume goes on from there, with the same result as without the pause.
    """
    if run is None:
        raise typer.BadParameter("say where the run goes: -o RUN", param_hint="--output")
    from atento.training import run as training

    require(train_files or not alignment, "--alignment needs --train as well; or name both in a recipe file")
    for option, given in (("--alignment-words", alignment_words), ("--alignment-one-based", alignment_one_based)):
        require(alignment or not given, f"{option} tells how to read --alignment: give it as well")
    links = _Links(alignment, "words" if alignment_words else "whitespace", alignment_one_based)
    require(not (start and resume), "--resume goes on with a run as it was begun: leave --from out")
    chosen = _recipe(recipe, train_files, valid_files, settings, resume, links, start)
    with progress_bar() as progress, interruptible(progress, run) as (watched, stop):
        report = training.train(chosen, run, resume=resume, device=device, progress=watched, stop=stop)
    if as_json:
        print_json({"run": str(run), "bundle": str(run / "bundle"), **report.card})
    if report.outcome.reason == "stopped":
        say(f"stopped after step {report.outcome.state.step:,} and saved; {how_to_resume(run)}")
        raise typer.Exit(stop.code)
    if not as_json:
        _summarise(report)


@dataclass(frozen=True)
class _Links:
    """The file of word links, and how it is read."""

    file: Path | None
    words: Literal["words", "whitespace"]
    one_based: bool


def how_to_resume(run: Path) -> str:
    """What to type to go on."""
    return f"go on with: atento train --resume -o {run}"


def _recipe(
    name: str | None,
    train_files: list[Path] | None,
    valid_files: list[Path] | None,
    settings: list[str] | None,
    resume: bool,
    links: _Links,
    start: Path | None,
) -> Recipe | None:
    """The recipe to begin with; None where a run goes on with its own."""
    from atento.training.recipe import read_recipe
    from atento.training.shipped import DEFAULT, FINE_TUNING

    require(train_files or not valid_files, "--valid needs --train as well; or name both in a recipe file")
    require(len(valid_files or ()) <= 2, f"--valid takes one or two files, not {len(valid_files or ())}")
    for path in (*(train_files or ()), *(valid_files or ()), *((links.file,) if links.file else ())):
        require(not path.is_fifo(), f"{path} is a pipe, and training reads its files more than once: save it as a file")
    if resume and not (name and train_files):
        require(
            not (name or train_files or settings),
            "--resume goes on with the run's own recipe and data: leave RECIPE, --train, --valid and --set out",
        )
        return None
    return read_recipe(
        name or (DEFAULT if start is None else FINE_TUNING),
        train=train_files,
        valid=valid_files,
        alignment=links.file,
        alignment_words=links.words,
        alignment_one_based=links.one_based,
        start=start,
        overrides=settings or (),
    )


class SignalStop(Stop):
    """A wish to stop that knows which signal brought it."""

    def __init__(self) -> None:
        super().__init__()
        self.code = 0
        """The exit code that tells of the signal."""


class _Watched:
    """Passes progress on, and knows whether the training loop has begun."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.training = False
        self.advance = progress.advance
        self.message = progress.message

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        """Begin a piece of work."""
        self.training = stoppable
        self._progress.start(description, total, stoppable=stoppable)

    def finish(self) -> None:
        """End the piece of work."""
        self.training = False
        self._progress.finish()


@contextlib.contextmanager
def interruptible(progress: Progress, run: Path) -> Iterator[tuple[Progress, SignalStop]]:
    """Ctrl-C (and SIGTERM) stops training at its next step; before that, or the second time, at once."""
    watched, stop = _Watched(progress), SignalStop()

    def ask(number: int, _: FrameType | None) -> None:
        if stop.wanted or not watched.training:
            raise KeyboardInterrupt
        stop.code = _CODE_OF_SIGNALS + number
        stop.set()
        progress.message("stopping after this step (once more: at once) …")

    numbers = [signal.SIGINT, signal.SIGTERM]
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield watched, stop
    except KeyboardInterrupt:
        progress.finish()
        if (run / "recipe.toml").exists():
            say(f"interrupted; {how_to_resume(run)}")
            raise typer.Exit(_CODE_OF_SIGNALS + signal.SIGINT) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summarise(report: Report) -> None:
    """What came of it and what to do next, on standard output."""
    from atento.training.measures import readable

    state, run = report.outcome.state, report.run
    ended = "no better validation any more" if report.outcome.reason == "patience" else "budget used"
    print(f"Trained {state.step:,} steps in {state.seconds / 60:.1f} minutes ({ended}); kept: {_kept(report)}.")
    if state.scores:
        best = max(state.scores, key=lambda score: score.value(report.card["training"]["keep_metric"]))
        measures = [f"loss {best.loss:.3f}", *readable(best.measures)]
        print(f"Best validation: {', '.join(measures)} (step {best.step:,}).")
    if state.skipped:
        print(f"{state.skipped} steps were skipped, because their loss or gradient was not finite.")
    print(f"The model: {run / 'bundle'}")
    print("\nNext:")
    for command in _next_commands(report):
        print(f"  atento {command}")
    sys.stdout.flush()


def _next_commands(report: Report) -> list[str]:
    """What the model is for."""
    run = report.run
    match report.card["model"]["kind"]:
        case "gpt":
            return [f'write {run} "…"', f"evaluate {run} test.txt"]
        case "bert":
            return [f'fill {run} "… [MASK] …"', f"evaluate {run} test.txt"]
        case "classifier":
            return [f'classify {run} "…"', f"evaluate {run} test.tsv --confusion confusion.png"]
    commands = [f'translate {run} "…" --attention alignment.png', f"evaluate {run} test.source test.target"]
    if report.card["training"]["guided_alignment"]:
        commands.append(f"align {run} test.source test.target")
    return commands


def _kept(report: Report) -> str:
    names = {
        "last": "the last weights",
        "best": "the best validation's weights",
        "average": "the average of the last validations' weights",
        "ema": "the moving average of the weights",
    }
    return names[report.card["training"]["kept"]]
