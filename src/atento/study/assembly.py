"""From a study's runs to its report: means over seeds, verdicts, cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from atento.core.machine import machine
from atento.data.labelled_files import read_labelled
from atento.study import numbers
from atento.study.conditions import conditions, distinct
from atento.study.configuration import Claim, Form, RandomData, Variant
from atento.study.data import count_pairs
from atento.study.describing import describe
from atento.study.labelled import texts_of
from atento.study.metrics import METRICS, Metric
from atento.study.plan import RunPlan, plan_pretraining, variant_runs
from atento.study.results import Estimate, RunResult, StudyReport, VariantResult, Verdict
from atento.study.runner import StudyRun
from atento.study.statistics import estimate
from atento.study.verdicts import decide
from atento.training.configuration import BUDGETS, TrainingConfig


def assemble(
    run: StudyRun, *, name: str, form: Form, command: str, command_note: str = "", own_corpus: bool = False
) -> StudyReport:
    """The report of what has been done so far.

    Args:
        run: the study and its results.
        name: what it is called.
        form: which form of it was run.
        command: what to type to make the report again.
        command_note: what has to be known for that.
        own_corpus: whether a user's corpus stood in the place of the study's data.
    """
    study = run.study
    variants = {each: _variant(run, each) for each in run.prepared}
    every = [result for variant in variants.values() for result in variant.runs]
    made = [*every, *(run for each in variants.values() for run in (*each.other_runs, *each.pretraining))]
    versions = _joined(conditions(made))
    first = next((result for result in every if result.failure is None), None)
    timing = isinstance(study.data, RandomData)
    return StudyReport(
        name=name,
        form=form,
        own_corpus=own_corpus,
        title=study.title,
        question=study.question.strip(),
        notes=study.notes.strip(),
        command=command,
        command_note=command_note,
        seeds=study.seeds,
        learning_rates=study.learning_rates,
        extra_rates=study.extra_rates if len(study.learning_rates) > 1 else 0,
        subject=study.subject,
        budget=_budget(run),
        data=describe(study, run.materials),
        tests={test: result.sentences for test, result in first.tests.items()} if first and not timing else {},
        variants=tuple(variants.values()),
        verdicts=tuple(_verdict(claim, variants, len(study.seeds)) for claim in study.claims),
        published=study.published,
        total_minutes=_total_minutes(run),
        finished=run.finished,
        machine=versions.pop("machine", machine()),
        versions=versions,
        signatures=_joined(distinct(result.signatures for result in every)),
    )


def _total_minutes(run: StudyRun) -> float:
    """Training once for runs with the same weights, and scoring for each."""
    results = [*run.results.values(), *run.pretrained.values()]
    trained = {each.weights or each.fingerprint: each.cost.minutes for each in results}
    return sum(trained.values()) + sum(each.cost.scoring_minutes for each in results)


def _joined(values: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {key: " and ".join(each) for key, each in values.items()}


def _variant(run: StudyRun, name: str) -> VariantResult:
    study, prepared = run.study, run.prepared[name]
    tried, chosen = variant_runs(study, prepared, run.results)
    found = _done(run, tried)
    runs = tuple(_done(run, chosen.get("dev_loss", [])))
    every = {result.fingerprint: result for part in (tried, *chosen.values()) for result in _done(run, part)}
    best = {criterion: plans[0].learning_rate for criterion, plans in chosen.items()}
    costs = [each.cost for each in runs if each.failure is None]
    starts = (plan_pretraining(prepared, seed) for seed in study.seeds)
    pretraining = (run.pretrained.get(start.fingerprint) for start in starts if start is not None)
    rates = [plan.learning_rate for plan in tried if plan.learning_rate is not None]
    ends = {min(rates), max(rates)} if len(rates) > 1 else set()
    return VariantResult(
        name=name,
        title=prepared.variant.title,
        learning_rate=best.get("dev_loss"),
        at_edge=best.get("dev_loss") in ends,
        fitting_rate=best.get("training_loss"),
        fitting_at_edge=best.get("training_loss") in ends,
        rates={f"{each.learning_rate:g}": each.dev_loss for each in found if each.learning_rate is not None},
        runs=runs,
        other_runs=tuple(each for each in every.values() if each not in runs),
        pretraining=tuple(each for each in pretraining if each is not None),
        group=prepared.variant.group,
        x=_place(run, prepared.variant),
        diverged=sum(result.diverged for result in every.values()),
        trained=len(every),
        metrics=_metrics(runs),
        parameters=prepared.parameters,
        minutes=_mean([each.minutes for each in costs]) or 0.0,
        tokens_per_second=_mean([each.tokens_per_second for each in costs]) or 0.0,
        peak_memory=_mean([each.peak_memory for each in costs if each.peak_memory is not None]),
    )


def _done(run: StudyRun, plans: Sequence[RunPlan]) -> list[RunResult]:
    return [run.results[plan.fingerprint] for plan in plans if plan.fingerprint in run.results]


def _place(run: StudyRun, variant: Variant) -> float | None:
    """Where a variant stands in a chart of kind ``series``."""
    if variant.x is not None or not variant.group or isinstance(run.study.data, RandomData):
        return variant.x
    if run.study.subject == "classification":
        texts = run.materials.labelled_train(texts_of(run.study, variant))
        return float(sum(1 for _ in read_labelled(texts)))
    return float(count_pairs(run.materials.train_of(variant)))


def _metrics(runs: Sequence[RunResult]) -> dict[str, dict[Metric, Estimate]]:
    """Test set → metric → estimate over the runs that have it."""
    names = {(test, metric): None for run in runs for test, result in run.tests.items() for metric in result.metrics}
    table: dict[str, dict[Metric, Estimate]] = {}
    for test, metric in names:
        values = [
            value
            for run in runs
            if test in run.tests and math.isfinite(value := run.tests[test].metrics.get(metric, math.nan))
        ]
        if values:
            table.setdefault(test, {})[metric] = estimate(values, METRICS[metric])
    losses = [run.training_loss for run in runs if run.training_loss is not None]
    if losses:
        table[""] = {"training_loss": estimate(losses, METRICS["training_loss"])}
    return table


def _verdict(claim: Claim, variants: dict[str, VariantResult], num_seeds: int) -> Verdict:
    """Decide over the seeds that both sides have; where some are missing (runs that broke off), the reason says so."""
    sides = variants[claim.variant], variants[claim.baseline]
    by_seed = [
        {run.seed: value for run in side.runs_for(claim.measure) if (value := run.value(claim.measure)) is not None}
        for side in sides
    ]
    shared = [seed for seed in by_seed[0] if seed in by_seed[1]]
    verdict = decide(
        claim,
        [by_seed[0][seed] for seed in shared],
        [by_seed[1][seed] for seed in shared],
        (sides[0].title, sides[1].title),
    )
    remarks = []
    if 1 < len(shared) < num_seeds:
        remarks.append(f"over {len(shared)} of {num_seeds} seeds: the others have not both runs")
    elif len(shared) == 2:
        remarks.append("two seeds are few; three at least are advised")
    if claim.measure.metric == "training_loss" and all(side.fitting_rate is not None for side in sides):
        remarks.append("learning rates " + " and ".join(numbers.rate(side.fitting_rate) for side in sides))
    at_edge = [f"“{side.title}”" for side in sides if side.at_edge_for(claim.measure)]
    if at_edge:
        remarks.append(f"a better learning rate than was tried may be there for {' and '.join(at_edge)}")
    if remarks:
        verdict = msgspec.structs.replace(verdict, reason=f"{verdict.reason} ({'; '.join(remarks)})")
    return verdict


def _budget(run: StudyRun) -> str:
    """Of each run, in the study's unit; of each variant, where they differ."""
    if isinstance(run.study.data, RandomData):
        return f"{run.study.data.seconds:g} seconds a measurement, at least"
    titles: dict[str, list[str]] = {}
    for prepared in run.prepared.values():
        budget = _budget_of(prepared.recipe.training)
        if prepared.pretraining is not None:
            budget += f", after pre-training of {_budget_of(prepared.pretraining.recipe.training)}"
        titles.setdefault(budget, []).append(prepared.variant.title)
    if len(titles) == 1:
        return next(iter(titles))
    return "; ".join(f"{budget} ({', '.join(names)})" for budget, names in titles.items())


def _budget_of(training: TrainingConfig) -> str:
    given = [f"{value:,} {unit}" for unit in BUDGETS if (value := getattr(training, unit)) is not None]
    least = f", {training.min_steps:,} steps at least" if training.min_steps is not None else ""
    return " or ".join(given) + (" a run, whichever is first" if len(given) > 1 else " a run") + least


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
