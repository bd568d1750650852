"""Studies of classifiers: what begins pre-trained, what from scratch, and what the report says of it."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli_w
import torch

from atento.applications.classifier import TextClassifier
from atento.bundle import load_bundle
from atento.core.configuration import convert, read_toml
from atento.core.progress import Silent, Stop
from atento.data.labelled_files import LabelledFiles, read_labelled
from atento.models.weights import weights
from atento.study import tables
from atento.study.assembly import assemble
from atento.study.configuration import Chart, Study
from atento.study.data import Materials, prepare
from atento.study.plan import count_runs, next_runs, plan_pretraining
from atento.study.preparation import Prepared, prepare_variants
from atento.study.rendering import read_report, write_report
from atento.study.results import RunResult, StudyReport
from atento.study.runner import _Board, run_study
from atento.study.worker import Job, execute


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))


def report_of(table: dict[str, Any], folder: Path, **options: Any) -> StudyReport:
    run = run_study(convert(table, Study, where="classes"), folder, jobs=0, **options)
    return assemble(run, name="classes", form="only", command="atento study classes.toml")


def stamps(folder: Path) -> dict[str, int]:
    """Run → when its result was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("runs/*/result.json")}


def trained(folder: Path) -> dict[str, bytes]:
    """Run → its log of training."""
    return {path.parent.name: path.read_bytes() for path in folder.glob("runs/*/metrics.jsonl")}


_TIMELESS = {"minutes": 0.0, "scoring_minutes": 0.0, "tokens_per_second": 0.0, "peak_memory": None}


def timeless(report: StudyReport) -> StudyReport:
    """What does not depend on the clock or on memory."""

    def stilled(runs: tuple[RunResult, ...]) -> tuple[RunResult, ...]:
        costs = (msgspec.structs.replace(run.cost, **_TIMELESS) for run in runs)
        return tuple(msgspec.structs.replace(run, cost=cost) for run, cost in zip(runs, costs, strict=True))

    variants = tuple(
        msgspec.structs.replace(
            each,
            runs=stilled(each.runs),
            other_runs=stilled(each.other_runs),
            pretraining=stilled(each.pretraining),
            minutes=0.0,
            tokens_per_second=0.0,
            peak_memory=None,
        )
        for each in report.variants
    )
    return msgspec.structs.replace(report, variants=variants, total_minutes=0.0)


def test_each_seed_is_pre_trained_once_and_its_learning_rates_share_it(classes: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "study"
    report = report_of(classes, folder)
    assert report.finished
    assert report.subject == "classification"
    scratch, pretrained = report.variants
    assert scratch.pretraining == ()
    assert [run.seed for run in pretrained.pretraining] == [1, 2]
    assert len(stamps(folder)) == 2 * 3 + 2 == count_runs(convert(classes, Study, where="x"))
    starts = {}
    for run in (*pretrained.runs, *pretrained.other_runs):
        [path] = (folder / "runs").glob(f"pretrained-*-{run.fingerprint[:10]}/recipe.toml")
        starts.setdefault(run.seed, set()).add(read_toml(path)["start"])
        assert run.recipe["pretraining"]["training"]["seed"] == run.seed
        assert run.recipe["pretraining"]["training"]["steps"] == 6
    assert {seed: len(places) for seed, places in starts.items()} == {1: 1, 2: 1}
    assert starts[1] != starts[2]
    for run in (*scratch.runs, *scratch.other_runs):
        [path] = (folder / "runs").glob(f"scratch-*-{run.fingerprint[:10]}/recipe.toml")
        assert "start" not in read_toml(path)
        assert "pretraining" not in run.recipe
    assert str(tmp_path) not in report.variants[1].runs[0].to_json()


def test_a_run_that_learns_next_to_nothing_is_the_model_that_was_pre_trained(
    classes: dict[str, Any], tmp_path: Path
) -> None:
    classes["seeds"], classes["learning_rates"] = [3], [1e-12]
    report_of(classes, tmp_path)
    [first] = (tmp_path / "runs").glob("pretraining-bert-seed3-*")
    [then] = (tmp_path / "runs").glob("pretrained-*")
    [other] = (tmp_path / "runs").glob("scratch-*")
    source, own, random = (weights(load_bundle(place).model) for place in (first, then, other))
    shared = [name for name in source if f"body.{name}" in own]
    assert len(shared) > 10
    for name in shared:
        torch.testing.assert_close(own[f"body.{name}"], source[name], atol=1e-6, rtol=0)
    assert any(not torch.equal(random[f"body.{name}"], source[name]) for name in shared)


def test_only_the_start_differs(classes: dict[str, Any], tmp_path: Path) -> None:
    """One tokenizer, which can hide tokens, of the unlabelled texts; one model; the same labelled texts."""
    report_of(classes, tmp_path)
    bundles = [load_bundle(path.parent) for path in (tmp_path / "runs").glob("*/result.json")]
    assert len({bundle.tokenizer.checksum for bundle in bundles}) == 1
    assert bundles[0].tokenizer.mask is not None
    tables = [
        json.loads(path.read_bytes())["recipe"] for path in (tmp_path / "runs").glob("*-lr0.01-seed1-*/result.json")
    ]
    assert len(tables) == 2
    for table in tables:
        table.pop("pretraining", None)
    assert tables[0] == tables[1]


def test_the_figures_are_those_of_a_plain_computation(classes: dict[str, Any], tmp_path: Path) -> None:
    classes |= {"seeds": [1], "learning_rates": [3e-2], "variants": classes["variants"][1:], "claims": []}
    classes["recipe"]["training"]["steps"] = 30
    [variant] = report_of(classes, tmp_path).variants
    [run] = variant.runs
    [place] = (tmp_path / "runs").glob("pretrained-*")
    classifier = TextClassifier.load(place)
    tests = list(read_labelled(LabelledFiles(file=classes["data"]["test"][0]["file"])))
    pairs = [(each.label, classifier.classify(each.text).label) for each in tests]
    right = sum(label == guess for label, guess in pairs)
    assert len(pairs) / 3 < right < len(pairs), "a figure that says something"
    assert run.tests["test"].sentences == len(pairs)
    assert run.tests["test"].metrics["accuracy"] == pytest.approx(100 * right / len(pairs))
    scores = []
    for label in classifier.bundle.classes:
        hits = sum(pair == (label, label) for pair in pairs)
        wanted, guessed = (sum(pair[side] == label for pair in pairs) for side in (0, 1))
        scores.append(2 * hits / (wanted + guessed))
    assert run.tests["test"].metrics["macro_f1"] == pytest.approx(100 * sum(scores) / len(scores))
    dev = list(read_labelled(LabelledFiles(file=classes["data"]["valid"][0]["file"])))
    losses = [-math.log(classifier.classify(each.text).probabilities[each.label]) for each in dev]
    assert run.dev_loss == pytest.approx(sum(losses) / len(losses), abs=1e-4)
    assert variant.metrics["test"]["accuracy"].values == (run.tests["test"].metrics["accuracy"],)


def test_pre_training_is_reported_with_its_cost_beside_fine_tuning(
    classes: dict[str, Any], tmp_path: Path, watched: Any
) -> None:
    run = run_study(convert(classes, Study, where="x"), tmp_path, jobs=0, progress=watched)
    assert watched.works[-1] == ("study of 8 runs", 8)
    assert watched.levels == list(range(9))
    report = assemble(run, name="classes", form="only", command="atento study classes.toml")
    results = [json.loads(path.read_bytes()) for path in (tmp_path / "runs").glob("*/result.json")]
    assert report.total_minutes == pytest.approx(
        sum(result["cost"]["minutes"] + result["cost"]["scoring_minutes"] for result in results)
    )
    assert report.budget == "8 steps a run (scratch); 8 steps a run, after pre-training of 6 steps a run (pre-trained)"
    cost = tables.cost(report)
    place = cost.head.index("Minutes of pre-training")
    assert cost.rows[0][place].text == "–"
    assert cost.rows[1][place].detail == "× 2"
    training = tables.training(report)
    assert training is not None
    losses = [row[training.head.index("Dev loss of pre-training")].text for row in training.rows]
    mean = sum(run.dev_loss or 0.0 for run in report.variants[1].pretraining) / 2
    assert losses == ["–", f"{mean:.3f}"]
    charts = [convert(chart, Chart, where="x") for chart in classes["charts"]]
    write_report(report, charts, tmp_path / "report")
    assert read_report(tmp_path / "report" / "report.json") == report
    for name in ("report.md", "report.html"):
        text = (tmp_path / "report" / name).read_text(encoding="utf-8")
        for said in ("Minutes of pre-training", "nats a text", "accuracy, %", "Not drawn"):
            assert (said in text) == (said != "Not drawn"), said
    lines = "\n".join(report.data)
    assert "60 labelled texts of 3 classes (fish, one, plant), of which 10 of each class are trained on" in lines
    assert "the most frequent class is right in 33.3 %" in lines


class Stopping(Silent):
    """Asks to stop when so many runs have said that they are done."""

    def __init__(self, runs: int) -> None:
        self.stop, self._left = Stop(), runs

    def message(self, text: str) -> None:
        if "dev loss" in text:
            self._left -= 1
            if not self._left:
                self.stop.set()


@pytest.mark.parametrize("runs", [1, 3, 5])
def test_a_study_that_was_stopped_goes_on_and_comes_to_the_same(
    classes: dict[str, Any], tmp_path: Path, runs: int
) -> None:
    whole = report_of(classes, tmp_path / "whole")
    progress = Stopping(runs)
    part = report_of(classes, tmp_path / "study", progress=progress, stop=progress.stop)
    assert not part.finished
    done = stamps(tmp_path / "study")
    assert len(done) == runs
    again = report_of(classes, tmp_path / "study")
    assert {name: stamp for name, stamp in stamps(tmp_path / "study").items() if name in done} == done
    assert timeless(again) == timeless(whole)


def test_pre_training_that_was_stopped_goes_on_to_the_same_weights(classes: dict[str, Any], tmp_path: Path) -> None:
    classes["seeds"], classes["learning_rates"] = [1], [1e-2]
    report_of(classes, tmp_path / "whole")
    study, folder = convert(classes, Study, where="x"), tmp_path / "study"
    materials = prepare(study, folder / "data", Silent())
    prepared = prepare_variants(study, materials, folder, Silent())
    plan = plan_pretraining(prepared["pretrained"], 1)
    assert plan is not None
    job = Job(study=study, plan=plan, materials=materials, runs=folder / "runs", threads=1, device="cpu")
    stop = Stop()

    class AfterThreeSteps(Silent):
        left = 3

        def advance(self, amount: float = 1, *, note: str = "") -> None:
            self.left -= bool(note)  # a step has one
            if self.left == 0:
                stop.set()

    assert execute(job, AfterThreeSteps(), stop) is None
    assert not (job.folder / "result.json").exists()
    result = execute(job, Silent(), Stop())
    assert result is not None
    assert result.cost.steps == 6
    assert result.tests == {}
    [other] = (tmp_path / "whole" / "runs").glob("pretraining-*")
    assert other.name == job.folder.name
    own, theirs = (weights(load_bundle(place).model) for place in (job.folder, other))
    assert all(torch.equal(own[name], theirs[name]) for name in theirs)
    assert execute(job, Silent(), Stop()) == result, "not again"


def test_killed_after_pre_training_it_repeats_nothing(classes: dict[str, Any], tmp_path: Path) -> None:
    """The command, with two processes for the runs, killed without warning."""
    classes["learning_rates"] = [1e-2]
    (tmp_path / "classes.toml").write_text(tomli_w.dumps(classes), encoding="utf-8")
    command = [sys.executable, "-m", "atento", "study", "classes.toml", "-o", "study", "--jobs", "2"]
    folder = tmp_path / "study"
    with (tmp_path / "output").open("wb") as output:
        killed = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
        deadline = time.monotonic() + 300
        while not any(name.startswith("pretraining") for name in stamps(folder)) and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.kill()
        killed.wait()
        done = stamps(folder)
        assert 0 < len(done) < 6
        subprocess.run(command, cwd=tmp_path, stdout=output, stderr=output, check=True)
    assert {name: stamp for name, stamp in stamps(folder).items() if name in done} == done
    assert len(stamps(folder)) == 6
    found = read_report(folder / "report" / "report.json")
    whole = report_of(classes, tmp_path / "whole")
    assert timeless(found) == msgspec.structs.replace(timeless(whole), name=found.name, command=found.command)


def test_a_run_whose_test_texts_have_changed_is_scored_anew_and_not_trained(
    classes: dict[str, Any], tmp_path: Path
) -> None:
    first = report_of(classes, tmp_path)
    before, logs = stamps(tmp_path), trained(tmp_path)
    classes["data"]["test_texts"] = 4
    second = report_of(classes, tmp_path)
    assert second.finished
    assert (first.tests, second.tests) == ({"test": 27}, {"test": 12})
    assert trained(tmp_path) == logs
    after = stamps(tmp_path)
    assert {name for name in before if before[name] == after[name]} == {
        name for name in before if name.startswith("pretraining")
    }


def test_variants_of_one_model_share_what_they_begin_with(classes: dict[str, Any], tmp_path: Path) -> None:
    classes["variants"].append({"name": "few", "pretraining": {}, "texts": 5})
    classes["learning_rates"] = [1e-2]
    report = report_of(classes, tmp_path)
    assert report.variants[1].pretraining == report.variants[2].pretraining
    assert len([name for name in stamps(tmp_path) if name.startswith("pretraining")]) == 2
    assert len(stamps(tmp_path)) == 2 * 3 + 2 == count_runs(convert(classes, Study, where="x"))
    sizes = {
        (tmp_path / "data" / f"train-{count}.tsv").read_text(encoding="utf-8").count("\n") for count in ("all", 10, 5)
    }
    assert sizes == {60, 30, 15}


def test_pre_training_that_breaks_off_takes_its_runs_with_it(classes: dict[str, Any], tmp_path: Path) -> None:
    classes["pretraining"]["training"] |= {
        "max_skipped_steps": 1, "clip_norm": 0.0, "warmup_steps": 0, "weight_decay": 1e38, "betas": [0.0, 0.0],
        "learning_rate": 1.0,
    }  # fmt: skip
    classes["recipe"]["model"]["dropout"] = 0.0
    report = report_of(classes, tmp_path)
    assert report.finished
    scratch, pretrained = report.variants
    assert all(run.failure is None for run in scratch.runs)
    assert all(run.failure and run.failure.startswith("its pre-training broke off") for run in pretrained.runs)
    assert report.verdicts[0].verdict == "undecided"
    assert len(tables.failures(report.variants)) == 2 + 3
    again = stamps(tmp_path)
    assert report_of(classes, tmp_path).finished
    assert stamps(tmp_path) == again


def test_weights_that_are_gone_are_pre_trained_again_only_where_they_are_needed(
    classes: dict[str, Any], tmp_path: Path
) -> None:
    classes["seeds"] = [1]
    report_of(classes, tmp_path)
    before = stamps(tmp_path)
    [start] = (tmp_path / "runs").glob("pretraining-*")
    shutil.rmtree(start / "bundle")
    assert report_of(classes, tmp_path).finished
    assert stamps(tmp_path) == before
    classes["learning_rates"].append(3e-2)
    assert report_of(classes, tmp_path).finished
    changed = {name for name, stamp in stamps(tmp_path).items() if before.get(name) != stamp}
    assert {name.partition("-lr")[0] for name in changed} == {"scratch", "pretrained", start.name}


@pytest.fixture
def board(classes: dict[str, Any], tmp_path: Path) -> tuple[_Board, Study, dict[str, Prepared]]:
    study = convert(classes, Study, where="x")
    materials = prepare(study, tmp_path / "data", Silent())
    prepared = prepare_variants(study, materials, tmp_path, Silent())
    return _Board(study, prepared, tmp_path / "runs", materials.scored_on, Silent()), study, prepared


def test_while_a_seed_is_pre_trained_neither_that_nor_what_begins_with_it_is_offered(
    board: tuple[_Board, Study, dict[str, Prepared]],
) -> None:
    missing = board[0].missing(())
    assert [plan.name.partition("-seed")[0] for plan in missing] == [
        "scratch-lr0.001", "scratch-lr0.01", "pretraining-bert",
    ]  # fmt: skip
    offered = board[0].missing([missing[-1].name])
    assert [plan.name for plan in offered] == [plan.name for plan in missing[:2]]


def test_fingerprints_know_what_a_run_begins_with(
    board: tuple[_Board, Study, dict[str, Prepared]], classes: dict[str, Any], tmp_path: Path
) -> None:
    def planned(table: dict[str, Any]) -> dict[str, str]:
        study = convert(table, Study, where="x")
        variants = prepare_variants(study, prepare(study, tmp_path / "data", Silent()), tmp_path, Silent())
        return {f"{plan.variant} {plan.learning_rate}": plan.fingerprint for plan in next_runs(study, variants, {})}

    before = planned(classes)
    assert len(set(before.values())) == 4
    classes["pretraining"]["training"]["steps"] = 7
    after = planned(classes)
    assert {name for name in before if before[name] != after[name]} == {"pretrained 0.001", "pretrained 0.01"}
    _, _, prepared = board
    one, other = (plan_pretraining(prepared["pretrained"], seed) for seed in (1, 2))
    assert one is not None
    assert other is not None
    assert one.fingerprint != other.fingerprint
    assert plan_pretraining(prepared["scratch"], 1) is None


def test_a_gpt_begins_pre_trained_too_and_is_matched_to_a_bert(classes: dict[str, Any], tmp_path: Path) -> None:
    gpt = {
        "kind": "gpt",
        "model_size": 16,
        "num_heads": 2,
        "feed_forward_size": 8,
        "num_layers": 1,
        "max_positions": 12,
    }
    classes["variants"].append({"name": "gpt", "pretraining": {}, "recipe": {"model": gpt}})
    classes |= {"seeds": [1], "learning_rates": [], "match": {"to": "scratch", "key": "feed_forward_size"}}
    report = report_of(classes, tmp_path)
    assert report.finished
    sizes = [variant.parameters for variant in report.variants]
    assert max(sizes) <= 1.05 * min(sizes)
    assert {name.partition("-seed")[0] for name in stamps(tmp_path)} >= {"pretraining-bert", "pretraining-gpt"}
    for variant in report.variants:
        assert variant.runs[0].cost.parameters == variant.parameters


def test_materials_are_found_again_and_made_anew_when_a_text_changes(classes: dict[str, Any], tmp_path: Path) -> None:
    study = convert(classes, Study, where="x")

    def made() -> tuple[Materials, int]:
        materials = prepare(study, tmp_path / "data", Silent())
        return materials, materials.folder.stat().st_ino

    _, stamp = made()
    assert made()[1] == stamp
    with Path(classes["data"]["unlabelled"][0]).open("a", encoding="utf-8") as stream:
        stream.write("one more text\n")
    materials, changed = made()
    assert changed != stamp
    assert materials.facts.unlabelled == 91
