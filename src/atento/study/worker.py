"""One run of a study: train (or time) a model, score it on every test set, write ``result.json``.

A finished run is never repeated; if the test sets have changed, it is scored anew. A broken-off one goes on from its
last checkpoint; its checkpoints go when it is done. Of runs that differ in decoding alone, the first one is trained,
and the others take its weights. A run that begins pre-trained takes the weights of another one, which is done before.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from atento.bundle import load_bundle, save_bundle
from atento.core.configuration import to_toml
from atento.core.errors import DataError, DivergedError
from atento.core.files import atomic_text, locked
from atento.core.machine import peak_memory
from atento.core.parsing import decode_json
from atento.core.progress import Progress, Stop
from atento.study.conditions import scored_anew, versions_here
from atento.study.configuration import RandomData, Study
from atento.study.data import Materials
from atento.study.plan import RunPlan
from atento.study.results import Cost, RunResult, TestResult
from atento.study.scoring import score_run
from atento.study.speed import measure_speed
from atento.training.checkpoint import Score
from atento.training.metrics_log import read_log
from atento.training.recipe import Recipe
from atento.training.run import train

_ORPHAN = 300.0
"""Seconds to wait for a worker whose study was killed, and which still saves."""
_LAST_PART = 0.1
"""The part of a run whose loss is its final training loss."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker needs to know; it travels to another process."""

    study: Study
    plan: RunPlan
    materials: Materials
    runs: Path
    threads: int
    device: str
    """``cpu``, ``cuda``, ``cuda:1``, …"""

    @property
    def folder(self) -> Path:
        """The run's directory."""
        return self.runs / self.plan.name

    @property
    def recipe(self) -> Recipe:
        """The run's recipe, with the place of the run that it begins with."""
        if (first := self.plan.pretraining) is None:
            return self.plan.recipe
        return msgspec.structs.replace(self.plan.recipe, start=str(self.runs / first.name / "bundle"))


def finished_result(runs: Path, plan: RunPlan, scored_on: str) -> RunResult | None:
    """The result of a run that is done and was scored on these test sets (``Materials.scored_on``), if on any.

    Raises:
        DataError: it is there and cannot be read.
    """
    result = _trained_result(runs, plan)
    if result is None or plan.pretrains or result.failure is not None:
        return result
    return result if result.scored_on == scored_on else None


def has_weights(runs: Path, plan: RunPlan) -> bool:
    """Whether a run that is done has left weights behind."""
    return (runs / plan.name / "bundle").is_dir()


def _trained_result(runs: Path, plan: RunPlan) -> RunResult | None:
    """The result of a run that is trained, whatever it was scored on."""
    path = runs / plan.name / "result.json"
    if not path.is_file():
        return None
    result = _read(path)
    return result if result.fingerprint == plan.fingerprint else None


def _read(path: Path) -> RunResult:
    """The result in a ``result.json``.

    Raises:
        DataError: it is damaged.
    """
    try:
        return decode_json(path.read_bytes(), RunResult)
    except msgspec.DecodeError as error:
        raise DataError(f"{path} is damaged ({error}); remove it to score that run anew") from error


def execute(job: Job, progress: Progress, stop: Stop) -> RunResult | None:
    """Do a run; None where ``stop`` ended it before its end.

    Raises:
        OutputError: another process is at it.
    """
    with locked(job.runs / f".{job.plan.name}.lock", wait=_ORPHAN):
        done = finished_result(job.runs, job.plan, job.materials.scored_on)
        wanted = (
            job.plan.pretrains and done is not None and done.failure is None and not has_weights(job.runs, job.plan)
        )
        return done if done is not None and not wanted else _execute(job, progress, stop)


def _execute(job: Job, progress: Progress, stop: Stop) -> RunResult | None:
    torch.set_num_threads(job.threads)
    if isinstance(job.study.data, RandomData):
        result = _timed(job, job.study.data, progress, stop)
    elif (trained := _trained_result(job.runs, job.plan)) is not None and has_weights(job.runs, job.plan):
        result = _scored(job, trained, progress)
    elif (reason := _why_not(job)) is not None:
        job.folder.mkdir(parents=True, exist_ok=True)
        result = _result(job, Cost(parameters=job.plan.prepared.parameters, threads=job.threads), failure=reason)
    elif (twin := _twin(job)) is not None:
        result = _decoded(job, twin, progress)
    else:
        result = _trained(job, progress, stop)
    if result is None:
        return None
    with atomic_text(job.folder / "result.json") as stream:
        stream.write(result.to_json() + "\n")
    shutil.rmtree(job.folder / "checkpoints", ignore_errors=True)
    return result


def _why_not(job: Job) -> str | None:
    """Why a run has nothing to begin with; None: it has, or needs nothing."""
    first = job.plan.pretraining
    result = None if first is None else _trained_result(job.runs, first)
    return (
        f"its pre-training broke off: {result.failure}" if result is not None and result.failure is not None else None
    )


def _trained(job: Job, progress: Progress, stop: Stop) -> RunResult | None:
    """Train, then score."""
    plan, folder, recipe = job.plan, job.folder, job.recipe
    path = folder / "recipe.toml"
    begun = path.exists()
    if begun:  # its data may lie elsewhere now, with the study
        with atomic_text(path) as stream:
            stream.write(to_toml(recipe))
    try:
        report = train(None if begun else recipe, folder, resume=begun, device=job.device, progress=progress, stop=stop)
    except DivergedError as error:
        curve = _curve(folder)
        cost = Cost(parameters=plan.prepared.parameters, steps=curve[-1][0] if curve else 0, threads=job.threads)
        return _result(job, cost, failure=str(error), training_curve=curve)
    if report.outcome.reason == "stopped":
        return None
    state, curve = report.outcome.state, _curve(folder)
    cost = Cost(
        parameters=report.card["model"]["parameters"],
        minutes=state.seconds / 60,
        steps=state.step,
        target_tokens=state.tokens,
        tokens_per_second=_speed(folder),
        peak_memory=_peak_memory(job.device),
        threads=job.threads,
        left_out=sum(report.card["data"].get("left_out", {}).values()),
    )
    tests: dict[str, TestResult] = {}
    if plan.pretrains:
        dev_loss = _kept_loss(recipe, state.scores)
    else:
        dev_loss, tests, cost = _scores(job, cost, progress)
    return _result(
        job,
        cost,
        tests=tests,
        dev_loss=dev_loss,
        training_loss=_final(curve),
        training_curve=curve,
        skipped_steps=state.skipped,
        signatures=report.card["signatures"],
    )


def _twin(job: Job) -> Path | None:
    """The folder of a finished run with the same weights."""
    for path in sorted(job.runs.glob("*/result.json")):
        try:
            result = _read(path)
        except DataError:  # whoever needs that run will say so
            continue
        if result.weights == job.plan.weights and (path.parent / "bundle").is_dir():
            return path.parent
    return None


def _decoded(job: Job, twin: Path, progress: Progress) -> RunResult:
    """Score another run's weights with this run's way of decoding."""
    trained = _read(twin / "result.json")
    bundle = replace(load_bundle(twin), decoding=job.plan.recipe.decoding)
    save_bundle(bundle, job.folder / "bundle")
    with atomic_text(job.folder / "recipe.toml") as stream:
        stream.write(to_toml(job.recipe))
    return _scored(job, trained, progress)


def _scored(job: Job, trained: RunResult, progress: Progress) -> RunResult:
    """Score the weights that lie in the run's folder, trained at this cost."""
    dev_loss, tests, cost = _scores(job, trained.cost, progress)
    result = _result(
        job,
        cost,
        tests=tests,
        dev_loss=dev_loss,
        training_loss=trained.training_loss,
        training_curve=trained.training_curve,
        skipped_steps=trained.skipped_steps,
        signatures=trained.signatures,
    )
    return msgspec.structs.replace(result, versions=scored_anew(trained.versions, result.versions))


def _scores(job: Job, cost: Cost, progress: Progress) -> tuple[float, dict[str, TestResult], Cost]:
    """The loss on dev, the results on the test sets, and what the run cost with this."""
    plan, began = job.plan, time.perf_counter()
    variant, recipe = plan.prepared.variant, plan.recipe
    dev_loss, tests = score_run(job.study, variant, recipe, job.folder, job.materials, job.device, progress)
    minutes = (time.perf_counter() - began) / 60
    return dev_loss, tests, msgspec.structs.replace(cost, scoring_minutes=minutes)


def _kept_loss(recipe: Recipe, scores: Sequence[Score]) -> float:
    """The dev loss of the weights that were kept, as validation measured it (averaged weights: of the last ones)."""
    if recipe.training.keep != "best":
        return scores[-1].loss
    return max(scores, key=lambda score: score.value(recipe.training.keep_metric)).loss


def _timed(job: Job, data: RandomData, progress: Progress, stop: Stop) -> RunResult | None:
    """Measure speed and memory."""
    began = time.perf_counter()
    job.folder.mkdir(parents=True, exist_ok=True)
    tests = measure_speed(job.plan, data, job.device, progress, stop)
    if tests is None:
        return None
    cost = Cost(
        parameters=job.plan.prepared.parameters,
        minutes=(time.perf_counter() - began) / 60,
        peak_memory=_peak_memory(job.device),
        threads=job.threads,
    )
    return _result(job, cost, tests=tests)


def _result(
    job: Job,
    cost: Cost,
    *,
    tests: Mapping[str, TestResult] | None = None,
    dev_loss: float | None = None,
    training_loss: float | None = None,
    training_curve: tuple[tuple[int, float], ...] = (),
    skipped_steps: int = 0,
    failure: str | None = None,
    signatures: Mapping[str, str] | None = None,
) -> RunResult:
    plan = job.plan
    return RunResult(
        variant=plan.variant,
        seed=plan.seed,
        learning_rate=plan.learning_rate,
        fingerprint=plan.fingerprint,
        weights=plan.weights,
        scored_on="" if plan.pretrains else job.materials.scored_on,
        recipe=plan.shown,
        tests=dict(tests or {}),
        dev_loss=dev_loss,
        training_loss=training_loss,
        training_curve=training_curve,
        skipped_steps=skipped_steps,
        failure=failure,
        cost=cost,
        signatures=dict(signatures or {}),
        versions=versions_here(job.device),
    )


def _peak_memory(device: str) -> float | None:
    """Of this process on the device, in MiB."""
    kind = torch.device(device).type
    if kind == "cpu":
        return peak_memory()
    return torch.cuda.max_memory_allocated(device) / 2**20 if kind == "cuda" else None


def _curve(folder: Path) -> tuple[tuple[int, float], ...]:
    return tuple((int(line["step"]), line["loss"]) for line in read_log(folder) if line.get("loss") is not None)


def _speed(folder: Path) -> float:
    """The median of the logged training speeds: without validation, and untouched by pauses."""
    speeds = sorted(line["tokens_per_second"] for line in read_log(folder) if "tokens_per_second" in line)
    return speeds[len(speeds) // 2] if speeds else 0.0


def _final(curve: tuple[tuple[int, float], ...]) -> float | None:
    """The mean loss over the last part of a run."""
    if not curve:
        return None
    last = [loss for step, loss in curve if step > (1 - _LAST_PART) * curve[-1][0]]
    return sum(last) / len(last)
