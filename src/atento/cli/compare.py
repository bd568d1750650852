"""``atento compare``: is one system really better than another, and on which sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import Device, DictionaryFile, Json, ReplaceUnknown, read_dictionary, require
from atento.cli.console import print_json, print_table, say
from atento.cli.evaluate import (
    Batch,
    Beam,
    Lowercase,
    Metrics,
    Penalty,
    Seed,
    Tokenize,
    WordOrder,
    metrics_config,
    translated,
)
from atento.core.errors import ConfigurationError

if TYPE_CHECKING:
    from atento.evaluation.metrics import Scorer, Statistics
    from atento.evaluation.runs import RunsComparison, RunsContrast, RunsDifference
    from atento.evaluation.significance import Comparison, Contrast, Method

EXAMPLES = """\b
Examples:
  atento compare runs/small runs/large test.pt test.es
  atento compare runs/pt-es other-system.txt test.pt test.es --sentences 20
  atento compare test.pt test.es --a runs/small-1 runs/small-2 runs/small-3 --b runs/large-*
"""
_LUCK = "two seeds of one recipe may differ as much"


def compare(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[A B] SRC REF...",
            help="Two systems, each a run or a file of translations (not with --a and --b); sources; references.",
        ),
    ] = None,
    a: Annotated[
        list[Path] | None,
        typer.Option("--a", metavar="A...", help="Several runs of one recipe (seeds), up to the next option."),
    ] = None,
    b: Annotated[
        list[Path] | None, typer.Option("--b", metavar="B...", help="Runs of the recipe that should be better.")
    ] = None,
    paired: Annotated[
        bool | None,
        typer.Option(
            "--paired/--unpaired",
            help="Pair run k of --a with run k of --b in the test over seeds. [default: pair if their seeds match]",
        ),
    ] = None,
    sentences: Annotated[int, typer.Option(metavar="N", min=0, help="Sentences to show that differ most.")] = 10,
    method: Annotated[
        Literal["bootstrap", "randomisation"], typer.Option(help="What the p-value of one run a side comes from.")
    ] = "bootstrap",
    metrics: Metrics = "bleu,chrf,ter",
    lowercase: Lowercase = False,
    tokenize: Tokenize = "13a",
    chrf_word_order: WordOrder = 0,
    resamples: Annotated[int, typer.Option(metavar="N", min=1, help="Of the bootstrap.")] = 1000,
    seed: Seed = 12345,
    beam_size: Beam = None,
    length_penalty: Penalty = None,
    replace_unknown: ReplaceUnknown = None,
    dictionary: DictionaryFile = None,
    batch_size: Batch = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Compare two systems on one test set by paired bootstrap resampling.

    Each system is a run, which translates, or a file of translations. With several runs a side, trained with different
    seeds, the bootstrap covers the choice of test sentences and a t test over seeds covers training's randomness; each
    is printed with what it covers. The sentences whose chrF differs most are shown, too.
    """
    side_a, side_b, paths = _sides(paths or [], a, b)
    one_each = len(side_a) == len(side_b) == 1
    require(not one_each or paired is None, "--paired and --unpaired need several runs of --a and --b")
    require(not paired or len(side_a) == len(side_b), "--paired needs as many runs of --a as of --b")
    require(one_each or method == "bootstrap", "--method randomisation compares one run a side; leave it out")
    config = metrics_config(metrics, lowercase, tokenize, chrf_word_order, resamples, seed)
    from atento.evaluation.metrics import Scorer
    from atento.evaluation.readers import read_aligned

    sources, *reference_lines = read_aligned(paths)
    scorer = Scorer(reference_lines, config)
    settings = {
        "beam_size": beam_size,
        "length_penalty": length_penalty,
        "replace_unknown": replace_unknown,
        "batch_size": batch_size,
    }
    entries = read_dictionary(dictionary, replace_unknown)
    if not one_each and paired is None:
        side_b, paired = _matched(side_a, side_b)
    found = _statistics(
        [*side_a, *side_b],
        scorer,
        lambda run, label: translated(run, paths[0], sources, settings, device, entries, label=label),
        paths[0],
    )
    sides = found[: len(side_a)], found[len(side_a) :]
    shown = sentences if "chrf" in config.metrics else 0
    if one_each:
        _one_each(sides[0][0], sides[1][0], (side_a[0], side_b[0]), sources, method, shown, as_json)
    else:
        _several(sides, (side_a, side_b), sources, bool(paired), shown, as_json)


def _sides(paths: list[Path], a: list[Path] | None, b: list[Path] | None) -> tuple[list[Path], list[Path], list[Path]]:
    """The runs of A and of B, and the files of the test set."""
    if not a and not b:
        require(len(paths) >= 4, f"compare needs A B SRC REF, and {len(paths)} paths were given")
        return [paths[0]], [paths[1]], paths[2:]
    if not a or not b:
        raise ConfigurationError("--a and --b belong together: give the runs of both sides")
    require(len(paths) >= 2, "compare needs SRC REF: put them before --a and --b, which take all up to the next option")
    for name, side in (("--a", a), ("--b", b)):
        twice = next((run for run in side if side.count(run) > 1), None)
        require(twice is None, f"{name} has {twice} twice; give each run once")
    runs = next((path for path in paths if path.is_dir()), None)
    require(runs is None, f"{runs} is a folder; with --a and --b give only SRC REF besides")
    return a, b, paths


def _matched(a: list[Path], b: list[Path]) -> tuple[list[Path], bool]:
    """B's runs in the order of A's seeds and True, if the seeds that the runs know of match one to one."""
    from atento.evaluation.runs import matching_seeds

    seeds = [[_seed_of(run) for run in side] for side in (a, b)]
    for name, known in zip("AB", seeds, strict=True):
        twice = sorted({seed for seed in known if seed is not None and known.count(seed) > 1})
        if twice:
            say(f"note: runs of {name} share the seed {twice[0]}; they understate what seeds do")
    order = matching_seeds(*seeds)
    return (b, False) if order is None else ([b[place] for place in order], True)


def _seed_of(run: Path) -> int | None:
    """What the run's recipe was trained with; None for a file of translations."""
    from atento.bundle import find_bundle, read_card

    if run.is_file():
        return None
    training = read_card(find_bundle(run)).get("training")
    seed = training.get("seed") if isinstance(training, dict) else None
    return seed if isinstance(seed, int) else None


def _statistics(
    systems: list[Path], scorer: Scorer, translate: Callable[[Path, str], list[str]], source: Path
) -> list[Statistics]:
    """Each system's counts; runs translate one after the other, files must be as long as the source's."""
    from atento.evaluation.readers import read_aligned

    found = []
    for number, system in enumerate(systems, 1):
        if system.is_file():
            lines = read_aligned([source, system])[1]
        else:
            lines = translate(system, f"with {system} ({number} of {len(systems)})")
        found.append(scorer.statistics(lines))
    return found


def _one_each(
    baseline: Statistics,
    system: Statistics,
    names: tuple[Path, Path],
    sources: list[str],
    method: Method,
    shown: int,
    as_json: bool,
) -> None:
    from atento.evaluation.significance import compare as test
    from atento.evaluation.significance import most_different

    comparison = test(baseline, system, method=method)
    contrasts = most_different(baseline, system, count=shown) if shown else ()
    if as_json:
        print_json({"comparison": comparison, "sentences": contrasts})
        return
    print(f"A = {names[0]}, B = {names[1]}; {comparison.sentences:,} sentences.")
    _print_one_each(comparison)
    _print_contrasts(
        sources,
        [(each, (each.baseline_score, [each.baseline]), (each.system_score, [each.system])) for each in contrasts],
    )


def _print_one_each(comparison: Comparison) -> None:
    header = ("metric", "A", "B", "B − A", "95 % interval", "p")
    print_table(header, [row[:6] for row in comparison.rows()], numbers=range(1, 6))
    print(
        "* The interval excludes 0. (The bootstrap's p is sacrebleu's: one pair of equal systems in ten gets < 0.05.)\n"
        "Intervals and p cover the choice of test sentences, and nothing of training's randomness:\n"
        f"{_LUCK}. Give several runs a side with --a and --b."
    )
    print("Signatures:")
    for row in comparison.rows():
        print(f"  {row[0]}|{row[6]}")


def _several(
    sides: tuple[list[Statistics], list[Statistics]],
    names: tuple[list[Path], list[Path]],
    sources: list[str],
    paired: bool,
    shown: int,
    as_json: bool,
) -> None:
    from atento.evaluation.runs import compare_runs, most_different_runs

    comparison = compare_runs(*sides, paired=paired)
    contrasts = most_different_runs(*sides, count=shown) if shown else ()
    if as_json:
        runs = {side: [str(run) for run in found] for side, found in zip("ab", names, strict=True)}
        print_json({"runs": runs, "comparison": comparison, "sentences": contrasts})
        return
    for side, found in zip("AB", names, strict=True):
        print(f"{side} = {', '.join(map(str, found))}")
    print(f"{comparison.sentences:,} sentences.")
    _print_several(comparison)
    _print_contrasts(sources, [(each, (each.a_score, each.a), (each.b_score, each.b)) for each in contrasts])


def _print_several(comparison: RunsComparison) -> None:
    differences = comparison.differences
    scores = [
        (each.name, f"{each.a_mean:.1f}", f"{each.b_mean:.1f}", _scores(each.a_scores), _scores(each.b_scores))
        for each in differences
    ]
    print_table(("metric", "mean of A", "mean of B", "A's runs", "B's runs"), scores, numbers=(1, 2))
    print(f"\nOver test sentences (paired bootstrap, {comparison.resamples:,} resamples, each for all runs):")
    print("how the difference would vary with other sentences, for these models; training's randomness is not covered.")
    header = ("metric", "B − A", "95 % interval", "p")
    print_table(header, [_over_sentences(each) for each in differences], numbers=range(1, 4))
    sizes = len(differences[0].a_scores), len(differences[0].b_scores)
    if min(sizes) < 2:
        alone = " and ".join(name for name, size in zip("AB", sizes, strict=True) if size < 2)
        print(f"\nOver seeds: nothing can be said with one run of {alone}; {_LUCK}. Train with other seeds,")
        print("--set training.seed=2 and so on, and give those runs too.")
    else:
        test = "the paired t test, runs matched one to one" if comparison.paired else "Welch's t test"
        print(f"\nOver seeds ({test}, {sizes[0]} and {sizes[1]} runs):")
        print("how it would vary with other seeds, on these sentences; the choice of sentences is not covered.")
        rows = [_over_seeds(each) for each in differences]
        print_table(("metric", "B − A", "95 % interval", "degrees of freedom", "p"), rows, numbers=range(1, 5))
    print("* The interval excludes 0. Trust a difference only where both tests find it.")
    print("Signatures:")
    for each in differences:
        print(f"  {each.name}|{each.signature}")


def _scores(values: Sequence[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values)


def _over_sentences(each: RunsDifference) -> tuple[str, ...]:
    found = each.over_sentences
    return (each.name, f"{each.difference:+.1f}", *_interval(found.interval.low, found.interval.high, found.p_value))


def _over_seeds(each: RunsDifference) -> tuple[str, ...]:
    found = each.over_seeds
    assert found is not None
    between, p_value = _interval(found.low, found.high, found.p_value)
    return each.name, f"{found.mean:+.1f}", between, f"{found.degrees_of_freedom:.1f}", p_value


def _interval(low: float, high: float, p_value: float) -> tuple[str, str]:
    return f"{low:+.1f} … {high:+.1f}", f"{p_value:.4f}" + ("" if low <= 0 <= high else "*")


_Side = tuple[float, Sequence[str]]
"""A sentence's score and its translations."""


def _print_contrasts(sources: list[str], contrasts: Sequence[tuple[Contrast | RunsContrast, _Side, _Side]]) -> None:
    if contrasts:
        print("\nSentences that differ most (chrF):")
    for contrast, *sides in contrasts:
        print(f"\nline {contrast.number}: {contrast.difference:+.1f}")
        print(f"  source     {sources[contrast.number - 1]}")
        for reference in contrast.references:
            print(f"  reference  {reference}")
        for name, (score, translations) in zip("AB", sides, strict=True):
            for number, translation in enumerate(translations):
                print((f"  {name} {score:6.1f}   " if number == 0 else " " * 13) + translation)
