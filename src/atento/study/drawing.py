"""The charts of a report from its numbers; ``figures`` draws them."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean

from matplotlib.figure import Figure

from atento.core.errors import DataError
from atento.figures.charts import Interval
from atento.figures.dots import Panel, dots
from atento.figures.lines import Counts, Scales, Series, lines
from atento.study import numbers
from atento.study.configuration import Chart, Measure, Published
from atento.study.metrics import METRICS, Metric
from atento.study.results import Bucket, Estimate, RunResult, StudyReport, as_number
from atento.study.statistics import estimate

_CURVE_POINTS = 150
"""A training curve is drawn with at most so many; each is the mean of its neighbours as logged."""

_SHORT_NOTE = 50
"""Characters of a note that a panel's heading has room for."""
_BANDS = "Bands: 95 % intervals (Student's t), cut at the frame. Small dots: the seeds."
_LEGENDS = {
    "variants": "Large dots: means over seeds. Bars: 95 % intervals (Student's t), with an arrow where one is cut. "
    "Small dots: the seeds.",
    "lengths": f"Lines: means over seeds, at each bucket's mean length. {_BANDS} Bars below: sentences of each bucket.",
    "series": f"Lines: means over seeds. {_BANDS}",
    "tests": f"Lines: means over seeds. {_BANDS}",
    "training": "Thick lines: means over seeds at the steps that all of them logged. Thin lines: the seeds. Runs that "
    "broke off count in no mean.",
}


def legend(chart: Chart, report: StudyReport) -> str:
    """How a chart is read."""
    text = _LEGENDS[chart.kind]
    if chart.kind == "variants" and _figures_beside(chart, report):
        text += " Diamonds: published figures, measured on other data and so on an axis of their own."
    if chart.kind == "training" and any(variant.fitting_rate is not None for variant in report.variants):
        text += " Each variant at the rate that is best on dev, not at the one where its training loss is lowest."
    return text


def draw(chart: Chart, report: StudyReport) -> Figure:
    """Draw a chart of a report.

    Raises:
        DataError: no run has a figure for it (yet).
    """
    match chart.kind:
        case "variants":
            return _variants(chart, report)
        case "lengths":
            return _lengths(chart, report)
        case "series":
            return _series(chart, report)
        case "tests":
            return _tests(chart, report)
        case "training":
            return _training(chart, report)


def _variants(chart: Chart, report: StudyReport) -> Figure:
    tests = [chart.on] if chart.on or chart.metric == "training_loss" else report.tests_with(chart.metric)
    if not tests:
        raise DataError(f"no run has a figure for {METRICS[chart.metric].unit} yet")
    panels = [
        Panel(
            Measure(metric=chart.metric, on=test).text,
            tuple(_interval(variant.metrics.get(test, {}).get(chart.metric)) for variant in report.variants),
            _writer(chart.metric),
        )
        for test in tests
    ]
    return dots([variant.title for variant in report.variants], panels + _published(chart, report))


def _figures_beside(chart: Chart, report: StudyReport) -> list[Published]:
    """The published figures of a chart's metric, if it is to have them."""
    return [figure for figure in report.published if chart.published and figure.metric == chart.metric]


def _published(chart: Chart, report: StudyReport) -> list[Panel]:
    """A panel for each metric as the papers call it, as two of them may not even be comparable with one another."""
    groups: dict[str, list[Published]] = {}
    for figure in _figures_beside(chart, report):
        groups.setdefault(figure.title, []).append(figure)
    panels = []
    for name, figures in groups.items():
        notes = {figure.note for figure in figures}
        data = notes.pop() if len(notes) == 1 else ""
        data = data if 0 < len(data) <= _SHORT_NOTE else "data as in the table"
        rows = [tuple(figure.value for figure in figures if figure.variant == v.name) for v in report.variants]
        panels.append(
            Panel(
                f"published: {name} ({data})",
                tuple(Interval(values[0], values=values) if values else None for values in rows),
                numbers.plain,
                published=True,
            )
        )
    return panels


def _lengths(chart: Chart, report: StudyReport) -> Figure:
    test = chart.on or next(
        (name for v in report.variants for run in v.runs for name, result in run.tests.items() if result.buckets), ""
    )
    series = []
    all_buckets: dict[str, Bucket] = {}
    for variant in report.variants:
        buckets: dict[str, list[Bucket]] = {}
        for run in variant.runs:
            for bucket in run.tests[test].buckets if test in run.tests else ():
                if math.isfinite(bucket.metrics.get(chart.metric, math.nan)):
                    buckets.setdefault(bucket.label, []).append(bucket)
                    all_buckets.setdefault(bucket.label, bucket)
        points = [
            (
                same[0].mean_words,
                _known(estimate([bucket.metrics[chart.metric] for bucket in same], METRICS[chart.metric])),
            )
            for same in buckets.values()
        ]
        series.append(Series(variant.title, tuple(x for x, _ in points), tuple(y for _, y in points)))
    counts = Counts(
        "sentences",
        tuple(bucket.mean_words for bucket in all_buckets.values()),
        tuple(bucket.sentences for bucket in all_buckets.values()),
    )
    scales = Scales("words of the source", Measure(metric=chart.metric, on=test).text, *_logarithms(chart))
    return lines(series, scales, counts if all_buckets else None)


def _series(chart: Chart, report: StudyReport) -> Figure:
    groups: dict[str, list[tuple[float, Interval]]] = {}
    for variant in report.variants:
        found = _interval(variant.metrics.get(chart.on, {}).get(chart.metric))
        if variant.group and variant.x is not None and found is not None:
            groups.setdefault(variant.group, []).append((variant.x, found))
    series = [Series(name, tuple(x for x, _ in points), tuple(y for _, y in points)) for name, points in groups.items()]
    text = Measure(metric=chart.metric, on=chart.on).text
    return lines(series, Scales(chart.x, text, chart.logarithmic, ticks_at_data=True))


def _tests(chart: Chart, report: StudyReport) -> Figure:
    series = []
    for variant in report.variants:
        found = [(as_number(test), _interval(metrics.get(chart.metric))) for test, metrics in variant.metrics.items()]
        points = [(x, y) for x, y in found if math.isfinite(x) and y is not None]
        series.append(Series(variant.title, tuple(x for x, _ in points), tuple(y for _, y in points)))
    return lines(series, Scales(chart.x, METRICS[chart.metric].unit, *_logarithms(chart), ticks_at_data=True))


def _training(chart: Chart, report: StudyReport) -> Figure:
    series = []
    for title, runs in _trainings(report):
        longest = max((len(run.training_curve) for run in runs), default=0)
        curves = [_thinned(run, max(math.ceil(longest / _CURVE_POINTS), 1)) for run in runs]
        whole = [curve for run, curve in zip(runs, curves, strict=True) if run.failure is None and curve]
        steps = sorted(set.intersection(*(set(curve) for curve in whole))) if whole else []
        means = tuple(Interval(fmean(curve[step] for curve in whole)) for step in steps)
        strands = tuple((tuple(curve), tuple(curve.values())) for curve in curves) if len(curves) > 1 else ()
        series.append(Series(title, tuple(map(float, steps)), means, strands))
    return lines(series, Scales("step", METRICS["training_loss"].unit, *_logarithms(chart)), markers=False)


def _trainings(report: StudyReport) -> list[tuple[str, tuple[RunResult, ...]]]:
    """Each variant's name and runs; of variants that differ in decoding alone, and so were trained once, the first has
    the names of all, and the others have no runs: they keep their colours for other charts.
    """
    names: dict[tuple[str, ...], list[str]] = {}
    firsts: list[tuple[list[str], tuple[RunResult, ...]]] = []
    for number, variant in enumerate(report.variants):
        weights = tuple(run.weights for run in variant.runs)
        key = weights if weights and all(weights) else (f"variant {number}",)
        firsts.append(([], ()) if key in names else (names.setdefault(key, []), variant.runs))
        names[key].append(variant.title)
    return [(" / ".join(titles), runs) for titles, runs in firsts]


def _thinned(run: RunResult, stride: int) -> dict[float, float]:
    """Step → mean loss of so many neighbours as logged; the steps are some of those that were logged."""
    curve = [(step, loss) for step, loss in run.training_curve if math.isfinite(loss)]
    pieces = [curve[first : first + stride] for first in range(0, len(curve), stride)]
    return {float(piece[-1][0]): fmean(loss for _, loss in piece) for piece in pieces}


def _logarithms(chart: Chart) -> tuple[bool, bool]:
    return chart.logarithmic, chart.logarithmic


def _interval(found: Estimate | None) -> Interval | None:
    return None if found is None else _known(found)


def _known(found: Estimate) -> Interval:
    return Interval(found.mean, found.low, found.high, found.values)


def _writer(metric: Metric) -> Callable[[float], str]:
    return lambda value: numbers.figure(value, metric)
