"""``atento compare``: is one system really better than another, and on which sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import Device, Json
from atento.cli.console import print_json, print_table
from atento.cli.evaluate import (
    Batch,
    Beam,
    Lowercase,
    Metrics,
    Penalty,
    Resamples,
    Seed,
    Tokenize,
    WordOrder,
    metrics_config,
    translated,
)

if TYPE_CHECKING:
    from atento.evaluation.significance import Comparison, Contrast

EXAMPLES = """\b
Examples:
  atento compare runs/small runs/large test.pt test.es
  atento compare runs/pt-es other-system.txt test.pt test.es --sentences 20
"""


def compare(
    baseline: Annotated[Path, typer.Argument(metavar="A", help="A run, or a file of translations.")],
    system: Annotated[Path, typer.Argument(metavar="B", help="The one that should be better, likewise.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Sources, one a line.")],
    references: Annotated[list[Path], typer.Argument(metavar="REF...", help="One or several references.")],
    sentences: Annotated[int, typer.Option(metavar="N", help="Sentences to show that differ most.")] = 10,
    method: Annotated[
        Literal["bootstrap", "randomisation"], typer.Option(help="What the p-value comes from.")
    ] = "bootstrap",
    metrics: Metrics = "bleu,chrf,ter",
    lowercase: Lowercase = False,
    tokenize: Tokenize = "13a",
    chrf_word_order: WordOrder = 0,
    resamples: Resamples = 1000,
    seed: Seed = 12345,
    beam_size: Beam = None,
    length_penalty: Penalty = None,
    batch_size: Batch = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Compare two systems on one test set by paired bootstrap resampling.

    Each of A and B is a run, which translates, or a file of translations. The sentences whose chrF differs most are
    shown, too.
    """
    config = metrics_config(metrics, lowercase, tokenize, chrf_word_order, resamples, seed)
    from atento.evaluation.metrics import Scorer
    from atento.evaluation.readers import read_aligned
    from atento.evaluation.significance import compare as test
    from atento.evaluation.significance import most_different

    sources, *reference_lines = read_aligned([source, *references])
    settings = {"beam_size": beam_size, "length_penalty": length_penalty, "batch_size": batch_size}
    one, other = (
        read_aligned([source, place])[1] if place.is_file() else translated(place, source, sources, settings, device)
        for place in (baseline, system)
    )
    scorer = Scorer(reference_lines, config)
    statistics = scorer.statistics(one), scorer.statistics(other)
    comparison = test(*statistics, method=method)
    contrasts = most_different(*statistics, count=sentences) if sentences and "chrf" in config.metrics else ()
    if as_json:
        print_json({"comparison": comparison, "sentences": contrasts})
    else:
        _print(comparison, contrasts, sources, str(baseline), str(system))


def _print(
    comparison: Comparison, contrasts: tuple[Contrast, ...], sources: list[str], baseline: str, system: str
) -> None:
    print(f"A = {baseline}, B = {system}; {comparison.sentences:,} sentences.")
    header = ("metric", "A", "B", "B − A", "95 % interval", "p")
    print_table(header, [row[:6] for row in comparison.rows()], numbers=range(1, 6))
    print("* p < 0.05. The difference is one of training's luck, too: two seeds of one recipe may differ as much.")
    print("Signatures:")
    for row in comparison.rows():
        print(f"  {row[0]}|{row[6]}")
    if contrasts:
        print("\nSentences that differ most (chrF):")
    for contrast in contrasts:
        print(f"\nline {contrast.number}: {contrast.difference:+.1f}")
        print(f"  source     {sources[contrast.number - 1]}")
        for reference in contrast.references:
            print(f"  reference  {reference}")
        print(f"  A {contrast.baseline_score:6.1f}   {contrast.baseline}")
        print(f"  B {contrast.system_score:6.1f}   {contrast.system}")
