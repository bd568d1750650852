"""``atento demo``: lesson one, offline: train on the built-in corpus, translate, evaluate, look inside, draw."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atento.cli.arguments import Device
from atento.cli.console import print_table, progress_bar, say, terminal_width
from atento.data.builtin.course import SENTENCE, WANTED

if TYPE_CHECKING:
    from atento.applications.translator import Translation, Translator
    from atento.data.builtin.corpus import BuiltinCorpus
    from atento.data.builtin.markup import AlignedPair
    from atento.evaluation.report import Evaluation

EXAMPLES = """\b
Examples:
  atento demo
  atento demo --minutes 1 --fresh -o runs/quick-demo
"""


def demo(
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="The run's folder.")] = Path("runs/demo"),
    minutes: Annotated[
        float | None, typer.Option(metavar="M", help="Time to train. [default: as the recipe `demo` says]")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train anew, although the demo was run already.")] = False,
    composed: Annotated[int, typer.Option(metavar="N", help="Composed pairs, beside the hand-written.")] = 10_000,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override the recipe; may be repeated.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Train a Portuguese-Spanish translator in a few minutes, and see what it does.

    Everything is offline: corpus, training, scores on sentences it never saw, word alignments. A finished run is used
    again; an interrupted one goes on.
    """
    from atento.cli.translate import load
    from atento.data.builtin.corpus import builtin_corpus
    from atento.training.demo import check_same_corpus, corpus_folder, state_of, write_corpus

    folder = corpus_folder(run)
    state = state_of(run)
    if fresh and state != "new":
        shutil.rmtree(run)
        state = "new"
    corpus = builtin_corpus(composed)
    if state == "new" or not (folder / "train.pt").exists():
        say(f"Writing the built-in Portuguese-Spanish corpus to {folder} …")
        write_corpus(folder, corpus)
    check_same_corpus(run, corpus)
    if state == "finished":
        say(f"{run} is trained already and is used again (--fresh trains anew).")
    else:
        _train(run, minutes, settings or (), device, resume=state == "begun")
    translator = load(run, device)
    print(_about(translator, corpus))
    _evaluate(translator, corpus)
    _course(translator, run / "alignment.png")
    _next(run, folder)


def _train(run: Path, minutes: float | None, settings: Sequence[str], device: str, *, resume: bool) -> None:
    """Train, or go on; a wish to stop ends the demo.

    Raises:
        typer.Exit: training was interrupted.
    """
    from atento.cli.train import interruptible
    from atento.training import run as training
    from atento.training.demo import demo_recipe

    recipe = None
    if not resume:
        given = [f"training.minutes={minutes}"] if minutes is not None else []
        recipe = demo_recipe(run, [*settings, *given])
        budget = recipe.training
        if budget.minutes is not None:
            longer = f" (longer if {budget.min_steps:,} steps take longer)" if budget.min_steps is not None else ""
            say(f"Training a recurrent model with attention for {budget.minutes:g} minutes{longer} …")
    else:
        say(f"Going on with {run} …")
    with progress_bar() as progress, interruptible(progress, run) as (watched, stop):
        report = training.train(recipe, run, resume=resume, device=device, progress=watched, stop=stop)
    if report.outcome.reason == "stopped":
        say(f"stopped and saved; go on with: atento demo -o {run}")
        raise typer.Exit(stop.code)


def _about(translator: Translator, corpus: BuiltinCorpus) -> str:
    card, train = translator.bundle.card or {}, corpus.train
    training, model = card.get("training", {}), card.get("model", {})
    return (
        f"\nA {model.get('kind', '?')} model of {model.get('parameters', 0):,} parameters, trained for "
        f"{training.get('steps', 0):,} steps ({training.get('minutes', 0):.1f} minutes) on {len(train.pairs):,} pairs: "
        f"{len(train.handwritten):,} written by hand, {len(train.composed):,} composed by a grammar."
    )


def _evaluate(translator: Translator, corpus: BuiltinCorpus) -> None:
    """BLEU, chrF and AER on the test sentences, hand-written and composed apart."""
    print("\nOn test sentences that are not in the training data:")
    rows, signatures = [], ()  # type: list[tuple[str, ...]], tuple[str, ...]
    for name, pairs in (("hand-written", corpus.test.handwritten), ("composed", corpus.test.composed)):
        if not pairs:
            continue
        evaluation = _scores(translator, pairs)
        aer = _alignment_error_rate(translator, pairs)
        signatures = tuple(f"{score.name}|{score.signature}" for score in evaluation.scores)
        rows.append((name, f"{len(pairs):,}", *(_with_interval(score) for score in evaluation.scores), f"{aer:.1f} %"))
    print_table(("", "sentences", "BLEU", "chrF", "AER"), rows, numbers=range(1, 5))
    print("± is half a 95 % bootstrap interval. AER (alignment error rate, less is better): argmax links of the")
    print("attention between words, the reference translation forced, against the corpus's own gold links.")
    for signature in signatures:
        print(f"  {signature}")
    sys.stdout.flush()


def _scores(translator: Translator, pairs: Sequence[AlignedPair]) -> Evaluation:
    from atento.evaluation.configuration import MetricsConfig
    from atento.evaluation.metrics import evaluate

    with progress_bar() as progress:
        found = translator.translate([pair.source for pair in pairs], progress=progress)
    references = [pair.target for pair in pairs]
    return evaluate([each.text for each in found], [references], MetricsConfig(metrics=("bleu", "chrf")))


def _alignment_error_rate(translator: Translator, pairs: Sequence[AlignedPair]) -> float:
    """In percent."""
    from atento.data.pharaoh import Alignment
    from atento.evaluation.alignment import score_alignments
    from atento.inspection.corpus import align_corpus

    found = align_corpus(translator, [pair.source for pair in pairs], [pair.target for pair in pairs])
    return 100 * score_alignments(found, [Alignment.of(pair.links) for pair in pairs]).aer


def _with_interval(score: Any) -> str:
    return f"{score.value:.1f} ± {score.interval.half_width:.1f}" if score.interval else f"{score.value:.1f}"


def _course(translator: Translator, picture: Path) -> None:
    """The course's sentence, which is not in the corpus, and what the model looked at."""
    result = translator.translate(SENTENCE, attention=True)
    print("\nThe course's sentence, which is not in the corpus either:")
    print(f"  Portuguese  {SENTENCE}")
    print(f"  Atento      {result.text}")
    print(f"  wanted      {WANTED}")
    if result.text.strip() == WANTED:
        print("That is the translation that was wanted.")
    else:
        print(f"That is not the translation that was wanted (chrF {_sentence_chrf(result.text):.0f} of 100).")
    _draw(result, picture)


def _sentence_chrf(text: str) -> float:
    from atento.evaluation.configuration import MetricsConfig
    from atento.evaluation.metrics import evaluate

    config = MetricsConfig(metrics=("chrf",), resamples=0)
    return evaluate([text], [[WANTED]], config).score("chrf").value


def _draw(result: Translation, picture: Path) -> None:
    from atento.figures import canvas, heatmap, terminal
    from atento.text.words import segment

    if result.attention is None or "cross" not in result.attention.weights:
        return
    attention = result.attention.merged(segment(result.attention.source_text), segment(result.attention.target_text))
    colour = sys.stdout.isatty()
    print("\nWhich words it looked at while it wrote each word (rows: what it wrote):\n")
    print(terminal.draw(attention, width=terminal_width(), colour=colour))
    print(f"\n{terminal.legend(colour=colour)}")
    canvas.save(heatmap.sheet([attention]), picture)
    print(f"The same as a picture: {picture}")


def _next(run: Path, folder: Path) -> None:
    print("\nNext:")
    print(f'  atento translate {run} "Onde fica a estação?" --attention station.png')
    print(f"  atento evaluate {run} {folder / 'test.handwritten.pt'} {folder / 'test.handwritten.es'}")
    print("  atento recipes                                    what else can be trained")
    print("  atento train --train YOUR.pt YOUR.es -o runs/own  on your own two files")
