"""The tables of a report: what the HTML page and the Markdown file both show, as plain cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from atento.study import numbers
from atento.study.configuration import Measure
from atento.study.metrics import METRICS, Metric
from atento.study.results import Estimate, RunResult, StudyReport, VariantResult, as_number
from atento.study.statistics import estimate

MISSING = numbers.MISSING


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    detail: str = ""
    """In smaller letters beside it: an interval, a remark."""
    warning: str = ""
    """A remark that must be seen."""
    lines: tuple[Cell, ...] = ()
    """More of the same below."""


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first ``labels`` columns are words, the others numbers."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    labels: int = 1

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.head) for row in self.rows)


def quality(report: StudyReport) -> list[Table]:
    """A table for each metric: a row a variant, a column a test set, published figures beside them."""
    return [
        _metric_table(metric, report) for metric in METRICS if metric != "training_loss" and report.tests_with(metric)
    ]


def by_length(report: StudyReport) -> list[Table]:
    """A table for each test set and metric that is also given by the length of the source: a column a bucket."""
    found: dict[tuple[str, Metric], None] = {
        (test, metric): None
        for variant in report.variants
        for run in variant.runs
        for test, result in run.tests.items()
        for bucket in result.buckets
        for metric in bucket.metrics
    }
    return [_length_table(test, metric, report) for test, metric in found]


def papers(report: StudyReport) -> Table | None:
    """Every published figure with its data, beside what was measured here; None without any."""
    titles = {variant.name: variant for variant in report.variants}
    rows = []
    for figure in report.published:
        variant = titles.get(figure.variant)
        measured = [
            Cell(
                numbers.figure(found.mean, metric),
                " ".join(filter(None, (_spread(found, metric, report), Measure(metric=metric, on=test).text))),
            )
            for metric in METRICS
            if figure.metric == metric and variant is not None
            for test in report.tests_with(metric)
            if (found := variant.metrics.get(test, {}).get(metric)) is not None
        ]
        rows.append(
            (
                Cell(figure.variant if variant is None else variant.title),
                Cell(figure.title),
                Cell(figure.note),
                Cell(numbers.plain(figure.value)),
                Cell(MISSING)
                if not measured
                else Cell(measured[0].text, measured[0].detail, lines=tuple(measured[1:])),
            )
        )
    if not rows:
        return None
    note = "Measured on other data than here: compare the direction and the size of differences, not the figures."
    head = ("Variant", "Metric", "Data and place", "Published", "Measured here")
    return Table("Published figures", note, head, tuple(rows), labels=3)


def cost(report: StudyReport) -> Table:
    """What each variant is and what a run of it cost, and apart from that what it cost to pre-train it."""
    first = any(variant.pretraining for variant in report.variants)
    trains = report.subject != "speed"
    head = (
        "Variant",
        *(("Learning rate",) if trains else ()),
        "Runs",
        "Parameters",
        *(("Minutes of pre-training",) if first else ()),
        "Minutes a run",
        *(("Tokens/s",) if trains else ()),
        "Peak memory, MiB",
    )
    rows = tuple(
        (
            Cell(variant.title),
            *((_chosen_rate(variant),) if trains else ()),
            Cell(numbers.whole(len(variant.runs))),
            Cell(numbers.whole(variant.parameters) if variant.parameters else MISSING),
            *((_pretraining_cost(variant),) if first else ()),
            Cell(numbers.fixed(variant.minutes, 1) if variant.minutes else MISSING),
            *((_tokens_per_second(variant),) if trains else ()),
            Cell(numbers.whole(variant.peak_memory)),
        )
        for variant in report.variants
    )
    tokens = "target tokens" if report.subject == "translation" else "tokens"
    note = f"Tokens: {tokens} trained on in a second. Minutes: training with validation, mean over seeds."
    if not trains:
        note = "Minutes: of all measurements of a run, mean over seeds. Nothing is learned."
    if failures(report.variants):
        note += " Runs that broke off are left out of these means."
    if first:
        note += (
            " Minutes of pre-training: of one run on unlabelled text, beside those of the runs that begin with it; "
            "each seed has one, which its learning rates share. The time of all runs counts them."
        )
    if any(variant.at_edge for variant in report.variants):
        note += " Edge of the grid: the chosen rate is the least or the greatest tried, so a better one may lie beyond."
    weights = [run.weights for variant in report.variants for run in variant.runs if run.weights]
    if len(set(weights)) < len(weights):
        note += " Variants that differ in decoding alone were trained once and share their models and cost."
    return Table("Variants and cost", note, head, rows)


def training(report: StudyReport) -> Table | None:
    """Training, apart from test quality; None where nothing was trained."""
    trained = any(run.training_curve or run.training_loss is not None for v in report.variants for run in v.runs)
    if not trained and not any(variant.rates or variant.diverged for variant in report.variants):
        return None
    first = any(variant.pretraining for variant in report.variants)
    short = any(run.cost.left_out for variant in report.variants for run in variant.runs)
    fitted = any(variant.fitting_rate is not None for variant in report.variants)
    rates = sorted({rate for variant in report.variants for rate in variant.rates}, key=as_number)
    head = (
        "Variant",
        "Training loss",
        *(("Lowest training loss",) if fitted else ()),
        *(f"Dev loss at {rate}" for rate in rates),
        *(("Dev loss of pre-training",) if first else ()),
        "Diverged",
        "Steps",
        "Steps skipped",
        *(("Pairs left out",) if short else ()),
    )
    rows = tuple(
        (
            Cell(variant.title),
            _estimate(variant.metrics.get("", {}).get("training_loss"), "training_loss", report),
            *((_lowest_training_loss(variant, report),) if fitted else ()),
            *(_dev_loss(variant, rate) for rate in rates),
            *((_pretraining_loss(variant),) if first else ()),
            Cell(
                f"{variant.diverged} of {variant.trained}",
                warning="diverged" if variant.diverged else "",
            ),
            Cell(_range([run.cost.steps for run in variant.runs])),
            Cell(numbers.whole(sum(run.skipped_steps for run in variant.runs)) if variant.runs else MISSING),
            *((Cell(_range([run.cost.left_out for run in variant.runs])),) if short else ()),
        )
        for variant in report.variants
    )
    unit = "text" if report.subject == "classification" else "token"
    note = (
        f"Losses in nats a {unit}. "
        "Training loss: not smoothed, of a run's last tenth, mean over seeds [95 % interval]. "
        "Diverged: the run broke off, or ended with a higher loss than it began with."
    )
    if short:
        note += " Pairs left out: of the training pairs, those that are empty or too long for the recipe."
    if rates:
        note += " Dev losses: of the first seed; the lowest chooses the learning rate."
    if fitted:
        note += (
            " Lowest training loss: at the learning rate where it is lowest, whatever the dev loss; of the variants "
            "that a claim about training compares."
        )
    if first:
        note += (
            " Dev loss of pre-training: mean over seeds, in nats a predicted token; models that fill gaps and models "
            "that go on writing predict different tokens, and cannot be compared by it."
        )
    return Table("Training, apart from test quality", note, head, rows)


def seeds(report: StudyReport) -> Table:
    """Every figure of every run."""
    head = ("Variant", "Metric", *(f"seed {seed}" for seed in report.seeds))
    rows = []
    for variant in report.variants:
        runs = {run.seed: run for run in variant.runs}
        measures = [Measure(metric="training_loss")]
        measures += [
            Measure(metric=metric, on=test) for metric in METRICS for test in report.tests_with(metric) if test
        ]
        for measure in measures:
            values = [runs[seed].value(measure) if seed in runs else None for seed in report.seeds]
            if any(value is not None for value in values):
                figures = (Cell(numbers.figure(value, measure.metric)) for value in values)
                rows.append((Cell(variant.title), Cell(measure.text), *figures))
    return Table("Every seed's figures", "", head, tuple(rows), labels=2)


def runs(variant: VariantResult) -> Table:
    """One row for each run of a variant, those with other learning rates last."""
    head = ("Run", "Seed", "Learning rate", "Steps", "Dev loss", "Training loss", "Minutes", "Tokens/s", "Memory, MiB")
    rows = tuple(
        (
            Cell(
                run.fingerprint[:12],
                "pre-training" if run in variant.pretraining else "",
                run.failure or ("diverged" if run.diverged else ""),
            ),
            Cell(str(run.seed)),
            Cell(numbers.rate(run.learning_rate)),
            Cell(numbers.whole(run.cost.steps)),
            Cell(numbers.fixed(run.dev_loss, 3)),
            Cell(numbers.fixed(run.training_loss, 3)),
            Cell(numbers.fixed(run.cost.minutes, 1)),
            Cell(numbers.whole(run.cost.tokens_per_second)),
            Cell(numbers.whole(run.cost.peak_memory)),
        )
        for run in (*variant.pretraining, *variant.runs, *variant.other_runs)
    )
    return Table(variant.title, "", head, rows)


def _chosen_rate(variant: VariantResult) -> Cell:
    rate = numbers.rate(variant.learning_rate) if variant.runs else MISSING
    return Cell(rate, warning="edge of the grid" if variant.at_edge else "")


def _tokens_per_second(variant: VariantResult) -> Cell:
    return Cell(numbers.whole(variant.tokens_per_second) if variant.tokens_per_second else MISSING)


def _pretraining_cost(variant: VariantResult) -> Cell:
    minutes = [run.cost.minutes for run in variant.pretraining if run.failure is None]
    if not minutes:
        return Cell(MISSING)
    return Cell(numbers.fixed(sum(minutes) / len(minutes), 1), f"× {len(minutes)}")


def _lowest_training_loss(variant: VariantResult, report: StudyReport) -> Cell:
    if variant.fitting_rate is None:
        return Cell(MISSING)
    runs = variant.runs_for(Measure(metric="training_loss"))
    losses = [run.training_loss for run in runs if run.training_loss is not None]
    cell = _estimate(estimate(losses, METRICS["training_loss"]) if losses else None, "training_loss", report)
    return replace(cell, text=f"{cell.text} at {numbers.rate(variant.fitting_rate)}")


def _pretraining_loss(variant: VariantResult) -> Cell:
    losses = [run.dev_loss for run in variant.pretraining if run.dev_loss is not None]
    return Cell(numbers.fixed(sum(losses) / len(losses), 3) if losses else MISSING)


def _metric_table(metric: Metric, report: StudyReport) -> Table:
    tests = report.tests_with(metric)
    figures = [figure for figure in report.published if figure.metric == metric]
    head = ("Variant", *(_test_title(test, report) for test in tests), *(("Published",) if figures else ()))
    rows = []
    for variant in report.variants:
        cells = [Cell(variant.title)]
        cells += [_estimate(variant.metrics.get(test, {}).get(metric), metric, report) for test in tests]
        if figures:
            own = [Cell(numbers.plain(f.value), f.name) for f in figures if f.variant == variant.name]
            cells.append(Cell(own[0].text, own[0].detail, lines=tuple(own[1:])) if own else Cell(MISSING))
        rows.append(tuple(cells))
    note = "Mean over seeds [95 % interval, Student's t]."
    if figures:
        note += " Published figures are on other data."
    return Table(_capital(METRICS[metric].unit), note, head, tuple(rows))


def _length_table(test: str, metric: Metric, report: StudyReport) -> Table:
    scored = [(v.title, [run.tests[test] for run in v.runs if test in run.tests]) for v in report.variants]
    buckets = next(result.buckets for _, results in scored for result in results if result.buckets)
    rows = []
    for title, results in scored:
        values = ([b.metrics[metric] for r in results for b in r.buckets if b.label == each.label] for each in buckets)
        estimates = (estimate(known, METRICS[metric]) if known else None for known in values)
        rows.append((Cell(title), *(_estimate(each, metric, report) for each in estimates)))
    head = ("Variant", *(f"{each.label} words ({numbers.whole(each.sentences)})" for each in buckets))
    title = f"{_capital(METRICS[metric].unit)} on {test}, by the words of the source"
    return Table(title, "Mean over seeds [95 % interval, Student's t]; in brackets the sentences.", head, tuple(rows))


def _test_title(test: str, report: StudyReport) -> str:
    count = report.tests.get(test)
    return f"{test} ({numbers.whole(count)})" if count else test


def _capital(unit: str) -> str:
    """With a capital, but for names such as chrF."""
    word = unit.split(" ")[0]
    return unit[0].upper() + unit[1:] if word.islower() else unit


def _estimate(found: Estimate | None, metric: Metric, report: StudyReport) -> Cell:
    if found is None:
        return Cell(MISSING)
    return Cell(numbers.figure(found.mean, metric), _spread(found, metric, report))


def _spread(found: Estimate, metric: Metric, report: StudyReport) -> str:
    """An estimate's interval, and over how many seeds it is where it is not over all of them."""
    count, every = len(found.values), len(report.seeds)
    seeds = f"({count} of {every} seeds)" if count < every else ""
    return " ".join(filter(None, (numbers.interval(found, metric), seeds)))


def _dev_loss(variant: VariantResult, rate: str) -> Cell:
    if rate not in variant.rates:
        return Cell(MISSING)
    loss = variant.rates[rate]
    if loss is None:
        return Cell(MISSING, warning="broke off")
    chosen = variant.learning_rate is not None and as_number(rate) == variant.learning_rate
    return Cell(numbers.fixed(loss, 3), "chosen" if chosen else "")


def _range(counts: Sequence[int]) -> str:
    if not counts:
        return MISSING
    fewest, most = numbers.whole(min(counts)), numbers.whole(max(counts))
    return fewest if fewest == most else f"{fewest} to {most}"


def every_run(variants: Iterable[VariantResult]) -> list[RunResult]:
    """Those with other learning rates and those that others begin with as well."""
    return [run for v in variants for run in (*v.pretraining, *v.runs, *v.other_runs)]


def failures(variants: Iterable[VariantResult]) -> list[RunResult]:
    """The runs that broke off."""
    return [run for run in every_run(variants) if run.failure is not None]
