from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import tomli_w
import torch

from atento.core.configuration import convert
from atento.core.errors import DataError
from atento.core.progress import Silent, Stop
from atento.study.assembly import assemble
from atento.study.configuration import Study
from atento.study.plan import count_runs
from atento.study.processes import Event, Finished, InProcess, Progressed
from atento.study.rendering import write_report
from atento.study.results import Cost, RunResult, StudyReport
from atento.study.runner import run_study
from atento.study.worker import Job


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))


class StopsAfter(Silent):
    """Asks to stop when so many runs are done."""

    def __init__(self, runs: int) -> None:
        self.stop = Stop()
        self._left = runs

    def message(self, text: str) -> None:
        if "dev loss" in text:
            self._left -= 1
            if not self._left:
                self.stop.set()


_TIMELESS = {"minutes": 0.0, "scoring_minutes": 0.0, "tokens_per_second": 0.0, "peak_memory": None}


def timeless(report: StudyReport) -> StudyReport:
    """What does not depend on the clock or on memory."""

    def stilled(run: RunResult) -> RunResult:
        cost = msgspec.structs.replace(run.cost, **_TIMELESS)
        return msgspec.structs.replace(run, cost=cost)

    variants = tuple(
        msgspec.structs.replace(
            variant,
            runs=tuple(map(stilled, variant.runs)),
            other_runs=tuple(map(stilled, variant.other_runs)),
            minutes=0.0,
            tokens_per_second=0.0,
            peak_memory=None,
        )
        for variant in report.variants
    )
    return msgspec.structs.replace(report, variants=variants, total_minutes=0.0)


def report_of(study: Study, folder: Path, **options: Any) -> StudyReport:
    run = run_study(study, folder, jobs=0, **options)
    return assemble(run, name="tiny", form="only", command="atento study tiny.toml")


def test_a_study_runs_every_variant_with_every_seed(tiny: Study, tmp_path: Path) -> None:
    report = report_of(tiny, tmp_path / "study")
    assert report.finished
    assert len(report.verdicts) == 1
    for variant in report.variants:
        assert [run.seed for run in variant.runs] == [1, 2]
        assert {run.learning_rate for run in variant.runs} == {variant.learning_rate}
        assert variant.trained == 3
        assert set(variant.rates) == {"0.001", "0.01"}
        chosen = variant.rates[f"{variant.learning_rate:g}"]
        assert chosen == min(loss for loss in variant.rates.values() if loss is not None)
        for run in variant.runs:
            assert set(run.tests) == {"test", "long"}
            assert set(run.tests["test"].metrics) >= {"bleu", "chrf", "exact", "perplexity"}
            assert run.cost.steps == 12
            assert run.training_loss is not None
            assert sum(bucket.sentences for bucket in run.tests["test"].buckets) == 30
            assert str(tmp_path) not in run.to_json()
        assert ("aer" in variant.runs[0].tests["test"].metrics) == (variant.name == "attention")
        assert variant.metrics["test"]["bleu"].values == tuple(
            run.tests["test"].metrics["bleu"] for run in variant.runs
        )


def test_progress_is_of_the_whole_study_and_begins_with_what_is_done(
    tiny: Study, tmp_path: Path, watched: Any, made: ModuleType
) -> None:
    study = msgspec.structs.replace(tiny, learning_rates=())
    first = run_study(msgspec.structs.replace(study, seeds=(1,)), tmp_path, jobs=0, progress=watched)
    assert count_runs(first.study) == len(first.results) == 2
    assert watched.works[-1] == ("study of 2 runs", 2)
    assert watched.levels == [0, 1, 2]
    assert watched.ended == len(watched.works)
    assert sum("dev loss" in message for message in watched.messages) == 2
    again = made.Watched()
    run_study(study, tmp_path, jobs=0, progress=again)
    assert again.works[-1] == ("study of 4 runs", 4)
    assert again.levels == [2, 3, 4]
    assert "2 of 4 runs are done already" in again.messages
    once_more = made.Watched()
    run_study(study, tmp_path, jobs=0, progress=once_more)
    assert once_more.levels == [4]


class Faltering(InProcess):
    """Two made-up runs at once; each comes so far, falls back as if it had to begin again, and is done."""

    fractions = (0.25, 0.75, 0.5)

    def __init__(self, make_run: Callable[..., RunResult]) -> None:
        self._make, self._jobs = make_run, []  # type: Any, list[Job]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(job.plan.name for job in self._jobs)

    @property
    def free(self) -> int:
        return 2 - len(self._jobs)

    def start(self, job: Job) -> None:
        self._jobs.append(job)

    def events(self, stop: Stop) -> Iterator[Event]:
        jobs, self._jobs = self._jobs, []
        for fraction, job in itertools.product(self.fractions, jobs):
            yield Progressed(job.plan.name, fraction, "")
        for plan in (job.plan for job in jobs):
            result = self._make(plan.variant, 1.0, plan.seed, plan.learning_rate)
            yield Finished(plan.name, msgspec.structs.replace(result, fingerprint=plan.fingerprint))


def test_progress_adds_what_runs_at_once_have_done_and_never_goes_back(
    tiny: Study, tmp_path: Path, watched: Any, made: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atento.study.runner.InProcess", lambda: Faltering(made.make_run))
    run = run_study(tiny, tmp_path, jobs=0, progress=watched)
    assert run.finished
    assert len(run.results) == 6
    assert watched.works[-1] == ("study of 6 runs", 6)
    pair = [0.25, 0.5, 1.0, 1.5, 1.5, 1.5, 1.5, 2.0]  # two runs, of which the first is done at 1 + 0.5
    assert watched.levels == [0, *(done + level for done in (0, 2, 4) for level in pair)]


def test_a_study_that_was_stopped_goes_on_and_comes_to_the_same(tiny: Study, tmp_path: Path) -> None:
    whole = report_of(tiny, tmp_path / "whole")
    progress = StopsAfter(2)
    part = report_of(tiny, tmp_path / "study", progress=progress, stop=progress.stop)
    assert not part.finished
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "study" / "runs").glob("*/result.json")}
    assert len(done) == 2
    again = report_of(tiny, tmp_path / "study")
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert timeless(again) == timeless(whole)


@pytest.mark.parametrize("jobs", [0, 2])
def test_variants_that_differ_in_decoding_alone_are_trained_once(
    table: dict[str, Any], tmp_path: Path, jobs: int, watched: Any
) -> None:
    table["variants"] = [
        {"name": "attention"},
        {"name": "longer", "recipe": {"decoding": {"min_length": 9}}},
        {"name": "plain", "recipe": {"model": {"attention": {"kind": "none"}}}, "matched": False},
    ]
    study = convert(table, Study, where="tiny")
    run = run_study(study, tmp_path, jobs=jobs, progress=watched)
    assert watched.works[-1] == ("study of 9 runs", 9)
    assert watched.levels[-1] == 9
    assert jobs or not any(level % 1 for level in watched.levels)
    report = assemble(run, name="tiny", form="only", command="")
    assert report.finished
    trained = [path.parent.name.partition("-")[0] for path in (tmp_path / "runs").glob("*/metrics.jsonl")]
    assert sorted(trained) == ["attention"] * 3 + ["plain"] * 3
    first, second, third = (variant.runs for variant in report.variants)
    for one, other in zip(first, second, strict=True):
        assert one.weights == other.weights
        assert one.fingerprint != other.fingerprint
        assert one.dev_loss == other.dev_loss
        assert one.training_curve == other.training_curve
        assert other.recipe["decoding"]["min_length"] == 9
        assert one.tests["test"].metrics["perplexity"] == other.tests["test"].metrics["perplexity"]
        assert one.tests["test"].metrics["chrf"] != other.tests["test"].metrics["chrf"]
    minutes = {result.weights: result.cost.minutes for result in run.results.values()}
    assert len(minutes) == 6
    scoring = [result.cost.scoring_minutes for result in run.results.values()]
    assert min(scoring) > 0
    assert report.total_minutes == pytest.approx(sum(minutes.values()) + sum(scoring))
    assert {result.weights for result in third}.isdisjoint(result.weights for result in first)


def test_a_run_whose_test_sets_have_changed_is_scored_anew_and_not_trained(
    table: dict[str, Any], tmp_path: Path
) -> None:
    table["seeds"], table["learning_rates"] = [1], []
    first = report_of(convert(table, Study, where="x"), tmp_path)
    trained = {path: path.read_bytes() for path in (tmp_path / "runs").glob("*/metrics.jsonl")}
    assert len(trained) == 2
    table["data"]["tests"] = [{"name": "test", "pairs": 7, "min_words": 4, "max_words": 6}]
    second = report_of(convert(table, Study, where="x"), tmp_path)
    assert second.finished
    assert (first.tests["test"], second.tests["test"]) == (30, 7)
    assert {path: path.read_bytes() for path in trained} == trained
    for one, other in zip(first.variants, second.variants, strict=True):
        scored = other.runs[0].cost.scoring_minutes
        assert msgspec.structs.replace(one.runs[0].cost, scoring_minutes=scored) == other.runs[0].cost
        assert one.runs[0].dev_loss == other.runs[0].dev_loss
        assert one.runs[0].tests["test"].metrics["perplexity"] != other.runs[0].tests["test"].metrics["perplexity"]
    table["smallest_bucket"] = 1
    third = report_of(convert(table, Study, where="x"), tmp_path)
    assert len(third.variants[0].runs[0].tests["test"].buckets) > 1


def test_runs_of_another_version_are_used_and_the_command_and_the_report_tell_it(
    tiny: Study, tmp_path: Path, watched: Any
) -> None:
    study = msgspec.structs.replace(tiny, seeds=(1,))
    report = report_of(study, tmp_path)
    other = next(run for variant in report.variants for run in variant.other_runs)
    [path] = [path for path in tmp_path.glob("runs/*/result.json") if other.fingerprint in path.read_text()]
    older = {**other.versions, "torch": "1.0"}
    path.write_text(msgspec.structs.replace(other, versions=older).to_json(), encoding="utf-8")
    again = report_of(study, tmp_path, progress=watched)
    assert again.finished
    here = str(torch.__version__)
    told = f"not all of these were made as runs are now (torch: 1.0, now {here}); the report tells it"
    assert told in watched.messages
    assert set(again.versions["torch"].split(" and ")) == {"1.0", here}
    for each, warned in ((report, False), (again, True)):
        write_report(each, (), tmp_path / "report")
        for name, (begin, end) in {"md": ("> **", "**"), "html": ("<strong>", "</strong>")}.items():
            text = (tmp_path / "report" / f"report.{name}").read_text(encoding="utf-8")
            assert (f"{begin}Not all runs were made alike{end} (torch: " in text) == warned


def test_a_changed_study_uses_what_is_done_already(tiny: Study, tmp_path: Path) -> None:
    report_of(msgspec.structs.replace(tiny, seeds=(1,)), tmp_path)
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/result.json")}
    assert len(done) == 4
    assert report_of(tiny, tmp_path).finished
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert len(list((tmp_path / "runs").glob("*/result.json"))) == 6


def test_a_run_that_diverges_is_reported_and_decides_nothing(table: dict[str, Any], tmp_path: Path) -> None:
    table["variants"][1]["recipe"]["training"] = {"max_skipped_steps": 1, "clip_norm": 0.0}
    table["variants"][1]["recipe"]["model"]["dropout"] = 0.0
    table["learning_rates"] = [1e-3]
    table["variants"][1]["recipe"]["training"]["betas"] = [0.0, 0.0]
    table["variants"][1]["recipe"]["training"]["warmup_steps"] = 0
    table["variants"][1]["recipe"]["training"]["weight_decay"] = 1e38
    table["variants"][1]["matched"] = False
    study = msgspec.convert(table, Study)
    report = report_of(study, tmp_path)
    plain = report.variants[1]
    assert plain.diverged == plain.trained == 2
    assert all(run.failure and not run.tests for run in plain.runs)
    assert report.finished
    assert report.verdicts[0].verdict == "undecided"


def test_killed_in_the_middle_it_repeats_no_finished_run(table: dict[str, Any], tmp_path: Path) -> None:
    """The command, with processes of its own for the runs, killed without warning."""
    table["learning_rates"] = [1e-3]
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    command = [sys.executable, "-m", "atento", "study", "tiny.toml", "-o", "study", "--jobs", "1"]
    runs = tmp_path / "study" / "runs"
    with (tmp_path / "output").open("wb") as output:
        killed = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
        deadline = time.monotonic() + 120
        while not (done := list(runs.glob("*/result.json"))) and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.kill()
        killed.wait()
        stamps = {path: path.stat().st_mtime_ns for path in done}
        assert 0 < len(stamps) < 4
        subprocess.run(command, cwd=tmp_path, stdout=output, stderr=output, check=True)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert len(list(runs.glob("*/result.json"))) == 4
    found = msgspec.json.decode((tmp_path / "study" / "report" / "report.json").read_bytes(), type=StudyReport)
    whole = report_of(convert(table, Study, where="x"), tmp_path / "whole")
    assert timeless(found) == msgspec.structs.replace(timeless(whole), command=found.command)


def test_a_first_run_that_broke_off_takes_nothing_from_the_report(table: dict[str, Any], tmp_path: Path) -> None:
    """The number of sentences, versions and signatures are those of runs that were scored."""
    table["learning_rates"] = [1e-3]
    table["seeds"] = [1, 2, 3]
    table["recipe"]["training"] |= {"tokens": 10_000_000}
    table["variants"][1]["recipe"]["training"] = {"steps": 6}
    study = convert(table, Study, where="x")
    run = run_study(study, tmp_path, jobs=0)
    broken = {
        key: msgspec.structs.replace(result, tests={}, failure="not finite", dev_loss=0.0, signatures={})
        if result.variant == "attention" and result.seed == 1
        else result
        for key, result in run.results.items()
    }
    whole, part = (
        assemble(each, name="tiny", form="only", command="") for each in (run, dataclasses.replace(run, results=broken))
    )
    assert part.tests == whole.tests == {"test": 30, "long": whole.tests["long"]}
    assert part.signatures == whole.signatures != {}
    assert "seeds" not in whole.verdicts[0].reason
    assert "over 2 of 3 seeds" in part.verdicts[0].reason
    assert whole.budget == (
        "12 steps or 10,000,000 tokens a run, whichever is first (attention); "
        "6 steps or 10,000,000 tokens a run, whichever is first (plain)"
    )


def test_in_a_chart_by_size_a_variant_stands_at_its_pairs(tiny: Study, tmp_path: Path) -> None:
    variants = [msgspec.structs.replace(variant, group="both") for variant in tiny.variants]
    variants.append(msgspec.structs.replace(variants[0], name="placed", x=7.0))
    study = msgspec.structs.replace(tiny, variants=tuple(variants))
    stop = Stop()
    stop.set()
    report = report_of(study, tmp_path, stop=stop)
    assert [variant.x for variant in report.variants] == [400.0, 200.0, 7.0]
    assert not report.finished


def test_a_result_that_ended_higher_than_it_began_counts_as_diverged() -> None:
    run = RunResult(
        variant="x", seed=1, learning_rate=None, fingerprint="", recipe={}, cost=Cost(parameters=1),
        training_loss=3.0, training_curve=((1, 2.0), (2, 3.0)),
    )  # fmt: skip
    assert run.diverged
    assert not msgspec.structs.replace(run, training_loss=1.0).diverged


@pytest.mark.parametrize("damage", [b"{", b'{"variant": "\xff"}', b'{"other":' + b"[" * 100_000])
def test_a_damaged_result_is_named_and_taken_by_no_other_run(
    table: dict[str, Any], tmp_path: Path, damage: bytes
) -> None:
    table["seeds"], table["learning_rates"] = [1], []
    report_of(convert(table, Study, where="x"), tmp_path)
    [path] = (tmp_path / "runs").glob("plain-*/result.json")
    path.write_bytes(damage)
    with pytest.raises(DataError, match=r"result\.json is damaged .*; remove it to score that run anew"):
        report_of(convert(table, Study, where="x"), tmp_path)
    table["variants"][1]["name"], table["claims"] = "other", []
    assert report_of(convert(table, Study, where="x"), tmp_path).finished
