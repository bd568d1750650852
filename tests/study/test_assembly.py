"""From numbers that are known to what a report says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.core.configuration import convert
from atento.core.progress import Silent
from atento.study.assembly import assemble
from atento.study.configuration import Study
from atento.study.data import prepare
from atento.study.metrics import Metric
from atento.study.plan import best_rate, next_runs, plan_run
from atento.study.preparation import prepare_variants
from atento.study.results import Cost, RunResult, StudyReport
from atento.study.results import TestResult as Scores
from atento.study.runner import StudyRun
from atento.study.tables import Table, training

BLEU = {("attention", 1): 30.0, ("attention", 2): 32.0, ("plain", 1): 20.5, ("plain", 2): 21.5}
"""At the learning rate that is best on dev."""
TRAINING_LOSS = {("attention", 1): 0.5, ("attention", 2): 0.6, ("plain", 1): 1.0, ("plain", 2): 1.3}
"""At the learning rate that fits best."""
DEV_LOSS = {0.001: 3.0, 0.01: 1.0, 0.1: 2.0}


def training_table(report: StudyReport) -> Table:
    found = training(report)
    assert found is not None
    assert found.head[2] == "Lowest training loss"
    return found


def assembled(
    table: dict[str, Any],
    folder: Path,
    dev_loss: dict[float, float],
    fitting: float = 0.01,
    broken: tuple[str, int] | None = None,
) -> StudyReport:
    """A report on made-up results: the test scores of rates that are not the best are far higher.

    Of the variant and seed ``broken``, the run with the best rate broke off.
    """
    table["learning_rates"] = list(dev_loss)
    study = convert(table, Study, where="x")
    materials = prepare(study, folder / "data", Silent())
    prepared = prepare_variants(study, materials, folder, Silent())
    results: dict[str, RunResult] = {}
    best = min(dev_loss, key=dev_loss.__getitem__)
    for plan in (plan_run(each, seed, rate) for each in prepared.values() for seed in (1, 2) for rate in dev_loss):
        assert plan.learning_rate is not None
        bleu = BLEU[plan.variant, plan.seed] if plan.learning_rate == best else 90.0
        metrics: dict[Metric, float] = {"bleu": bleu}
        longer: dict[Metric, float] = {"bleu": bleu / 2}
        results[plan.fingerprint] = RunResult(
            variant=plan.variant,
            seed=plan.seed,
            learning_rate=plan.learning_rate,
            fingerprint=plan.fingerprint,
            weights=plan.weights,
            recipe={},
            tests={"test": Scores(sentences=30, metrics=metrics), "long": Scores(sentences=9, metrics=longer)},
            dev_loss=dev_loss[plan.learning_rate],
            training_loss=TRAINING_LOSS[plan.variant, plan.seed] + abs(plan.learning_rate - fitting),
            cost=Cost(parameters=plan.prepared.parameters, minutes=2.0),
        )
        if (plan.variant, plan.seed) == broken and plan.learning_rate == best:
            results[plan.fingerprint] = msgspec.structs.replace(
                results[plan.fingerprint], tests={}, failure="x", cost=Cost(parameters=1)
            )
    planned = {plan.fingerprint for plan in next_runs(study, prepared, results)}
    results = {fingerprint: result for fingerprint, result in results.items() if fingerprint in planned}
    run = StudyRun(study=study, materials=materials, prepared=prepared, results=results, pretrained={}, finished=True)
    return assemble(run, name="x", form="only", command="")


def test_a_verdict_is_of_the_variant_less_the_baseline_seed_by_seed(table: dict[str, Any], tmp_path: Path) -> None:
    table["claims"][0]["margin"] = 2.0
    turned = {**table["claims"][0], "variant": "plain", "baseline": "attention"}
    change = {**table["claims"][0], "measure": {"metric": "bleu", "on": "test", "minus": "long"}}
    share = {**table["claims"][0], "measure": {"metric": "bleu", "on": "long", "per": "test"}}
    table["claims"] += [turned, change, share]
    report = assembled(table, tmp_path, DEV_LOSS)
    better, worse, smaller, equal = report.verdicts
    assert better.difference is not None
    assert better.difference.values == (9.5, 10.5)
    assert (better.difference.mean, better.verdict) == (10.0, "holds")
    assert worse.difference is not None
    assert (worse.difference.mean, worse.verdict) == (-10.0, "does not hold")
    assert smaller.difference is not None
    assert smaller.difference.values == pytest.approx((4.75, 5.25))
    assert equal.difference is not None
    assert equal.difference.values == pytest.approx((0.0, 0.0))


def test_the_rate_is_chosen_on_dev_and_only_its_runs_count(table: dict[str, Any], tmp_path: Path) -> None:
    report = assembled(table, tmp_path, DEV_LOSS)
    for variant in report.variants:
        assert (variant.learning_rate, variant.at_edge) == (0.01, False)
        assert [run.seed for run in variant.runs] == [1, 2]
        assert variant.metrics["test"]["bleu"].values == tuple(BLEU[variant.name, seed] for seed in (1, 2))
        assert variant.trained == 4
    assert report.total_minutes == 2 * 4 * 2.0


def test_a_claim_about_training_compares_the_runs_with_the_lowest_training_loss(
    table: dict[str, Any], tmp_path: Path
) -> None:
    table["claims"] += [{**table["claims"][0], "measure": {"metric": "training_loss"}}]
    report = assembled(table, tmp_path, DEV_LOSS, fitting=0.1)
    for variant in report.variants:
        assert (variant.learning_rate, variant.fitting_rate, variant.fitting_at_edge) == (0.01, 0.1, True)
        assert [run.learning_rate for run in variant.runs] == [0.01, 0.01]
        assert sorted((run.seed, run.learning_rate) for run in variant.other_runs) == [(1, 0.001), (1, 0.1), (2, 0.1)]
        assert (variant.trained, len(variant.rates)) == (5, 3)
    quality, fit = report.verdicts
    assert quality.difference is not None
    assert quality.difference.values == (9.5, 10.5)
    assert fit.difference is not None
    assert fit.difference.values == pytest.approx((0.5, 0.7))
    assert "learning rates 0.1 and 0.1" in fit.reason
    assert "each at the learning rate where it is lowest" in fit.test
    assert "a better learning rate than was tried may be there for “" in fit.reason
    assert "a better learning rate" not in quality.reason
    cells = {row[0].text: row[2] for row in training_table(report).rows}
    assert cells["attention"].text.startswith("0.55"), cells


def test_a_rate_at_the_end_of_the_grid_is_marked(table: dict[str, Any], tmp_path: Path) -> None:
    report = assembled(table, tmp_path, {0.001: 3.0, 0.01: 2.0, 0.1: 1.0})
    assert [(each.learning_rate, each.at_edge) for each in report.variants] == [(0.1, True)] * 2
    assert "a better learning rate than was tried may be there for “" in report.verdicts[0].reason
    assert "two seeds are few" in report.verdicts[0].reason


def test_a_run_that_broke_off_is_in_no_mean(table: dict[str, Any], tmp_path: Path) -> None:
    whole = assembled(table, tmp_path / "a", DEV_LOSS)
    part = assembled(table, tmp_path / "b", DEV_LOSS, broken=("plain", 2))
    assert (whole.variants[1].minutes, part.variants[1].minutes) == (2.0, 2.0)
    assert part.variants[1].metrics["test"]["bleu"].values == (BLEU["plain", 1],)


def test_the_lowest_loss_is_best_and_none_counts_for_nothing() -> None:
    def run(rate: float, loss: float | None) -> RunResult:
        return RunResult(
            variant="a", seed=1, learning_rate=rate, fingerprint=str(rate), recipe={}, dev_loss=loss,
            cost=Cost(parameters=1),
        )  # fmt: skip

    assert best_rate([run(0.1, None), run(0.2, 2.0), run(0.3, 1.5), run(0.4, float("nan"))]) == 0.3
    assert best_rate([run(0.2, None), run(0.1, None)]) == 0.1
