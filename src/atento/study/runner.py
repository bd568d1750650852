"""Runs a study: every run in a process of its own, several at once, until none is missing.

A process of its own gives each run its own peak of memory and its own threads, and no run can disturb another. Ctrl-C
reaches this process only; it asks the others to stop at their next step and to save, so the study goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from atento.applications.device import usable_device
from atento.core.configuration import read_toml, to_toml
from atento.core.errors import AtentoError, ConfigurationError, OutputError
from atento.core.files import atomic_text, locked
from atento.core.machine import processor, usable_cores
from atento.core.progress import Progress, Silent, Stop
from atento.study.conditions import changes, versions_here
from atento.study.configuration import Study
from atento.study.data import Materials, prepare
from atento.study.plan import RunPlan, count_runs, next_runs, plan_pretraining
from atento.study.preparation import Prepared, prepare_variants
from atento.study.processes import Event, Failed, Finished, Hindered, InProcess, ProcessPool, Progressed, Workers
from atento.study.results import RunResult
from atento.study.variants import check_recipes
from atento.study.worker import Job, finished_result, has_weights

_HEADER = "# A study as it was run, with every key written out; made by `atento study`.\n"
"""What ``study.toml`` in a study's folder begins with."""


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """A study and what has come of it so far."""

    study: Study
    materials: Materials
    prepared: dict[str, Prepared]
    results: dict[str, RunResult]
    """By fingerprint; those of former forms of the study left out."""
    pretrained: dict[str, RunResult]
    """The runs that others begin with, likewise."""
    failures: tuple[AtentoError, ...] = ()
    """Why runs could not be done, one line each; they are missing."""
    finished: bool


def run_study(
    study: Study,
    folder: Path,
    *,
    jobs: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> StudyRun:
    """Do every run that is missing.

    Args:
        study: what to run.
        folder: the study's directory; runs that are in it are used.
        jobs: runs at once, each in a process of its own; 0: one after the other in this process; None: as many as the
            study's ``threads`` let the machine's cores take, or one on a GPU. Studies of speed run one at a time.
        device: "cpu", "cuda", … or "auto".
        progress: told about the whole study.
        stop: ends it early; what is done stays.

    Raises:
        ConfigurationError, DataError, OutputError: the study does not fit, or the folder is another study's or in use
            by another process; before anything is trained.
        TrainingError: memory or disk were not enough for a run, or it was killed; what is done stays.
    """
    check_recipes(study)
    folder = folder.absolute()
    with locked(folder / ".lock"):
        _refuse_others(study, folder)
        return _run(study, folder, jobs, usable_device(device), progress or Silent(), stop or Stop())


def _run(
    study: Study, folder: Path, jobs: int | None, device: torch.device, progress: Progress, stop: Stop
) -> StudyRun:
    timing = study.measures_speed
    materials = Materials(folder / "data", ()) if timing else prepare(study, folder / "data", progress)
    threads = min(study.threads or usable_cores(), usable_cores())
    timed_on = f"{processor()}, {device}, {threads} threads"
    prepared = prepare_variants(study, materials, folder, progress, timed_on=timed_on)
    with atomic_text(folder / "study.toml") as stream:
        stream.write(_HEADER + to_toml(study))
    if jobs is None or (timing and jobs):
        jobs = 1 if timing or device.type != "cpu" else max(1, usable_cores() // threads)
    board = _Board(study, prepared, folder / "runs", materials.scored_on, progress)
    workers: Workers = InProcess() if jobs == 0 else ProcessPool(jobs)

    def job(plan: RunPlan) -> Job:
        runs = folder / "runs"
        return Job(study=study, plan=plan, materials=materials, runs=runs, threads=threads, device=str(device))

    progress.start(f"study of {count_runs(study)} runs", count_runs(study))
    board.begin()
    now = {**versions_here(str(device)), "threads": str(threads)}
    if otherwise := changes([*board.results.values(), *board.pretrained.values()], now):
        progress.message(f"not all of these were made as runs are now ({otherwise}); the report tells it")
    try:
        _run_missing(board, workers, job, stop)
    except KeyboardInterrupt:  # asked twice: what has been saved is there
        workers.terminate()
        raise
    finally:
        workers.close()
        progress.finish()
    return StudyRun(
        study=study,
        materials=materials,
        prepared=prepared,
        results=board.results,
        pretrained=board.pretrained,
        failures=tuple(board.failures.values()),
        finished=board.finished,
    )


def _run_missing(board: _Board, workers: Workers, job: Callable[[RunPlan], Job], stop: Stop) -> None:
    """Begin what can be begun and take in the news, until nothing is missing or all has stopped."""
    while (waiting := board.missing(workers.names)) or workers.names:
        if stop.wanted:
            workers.stop()
            if not workers.names:
                return
        else:
            for plan in waiting[: workers.free]:
                workers.start(job(plan))
        for event in workers.events(stop):
            board.take(event)


def _refuse_others(study: Study, folder: Path) -> None:
    """Refuse a folder that holds another study, or a ``study.toml`` that ``run_study`` did not write.

    Raises:
        OutputError: it does.
    """
    path = folder / "study.toml"
    if not path.exists():
        return
    try:
        ours = path.read_text(encoding="utf-8").startswith(_HEADER)
        title = read_toml(path).get("title")
    except (ConfigurationError, OSError, UnicodeDecodeError):
        ours, title = False, None
    if not ours:
        raise OutputError(
            f"{path} would be overwritten, and no study wrote it; choose another place with -o, or move that file away"
        )
    if title != study.title:
        raise OutputError(f"{folder} holds the study {title!r}; choose another place with -o, or remove {path}")


class _Board:
    """Knows what is done, and tells the progress of the whole study."""

    def __init__(
        self, study: Study, prepared: dict[str, Prepared], runs: Path, scored_on: str, progress: Progress
    ) -> None:
        self._study, self._prepared, self._progress = study, prepared, progress
        self._runs, self._scored_on = runs, scored_on
        self.results: dict[str, RunResult] = {}
        self.pretrained: dict[str, RunResult] = {}
        plans = (plan_pretraining(each, seed) for each in prepared.values() for seed in study.seeds)
        self._starts = {plan.fingerprint: plan for plan in plans if plan is not None}
        self.failures: dict[str, AtentoError] = {}
        """By run."""
        self._fractions: dict[str, float] = {}
        self._planned = self._total = count_runs(study)
        self._shown = 0.0

    def begin(self) -> None:
        """Find what is done already."""
        for fingerprint, start in self._starts.items():
            if (pretrained := finished_result(self._runs, start, self._scored_on)) is not None:
                self.pretrained[fingerprint] = pretrained
        while True:
            plans = next_runs(self._study, self._prepared, self.results)
            found = {
                plan.fingerprint: result
                for plan in plans
                if plan.fingerprint not in self.results
                and (result := finished_result(self._runs, plan, self._scored_on)) is not None
            }
            if not found:
                break
            self.results.update(found)
        self._count()
        if self._done:
            self._progress.message(f"{self._done} of {self._total} runs are done already")
        self._show("")

    def missing(self, running: Sequence[str]) -> list[RunPlan]:
        """What could be begun now, without what has failed; of runs with the same weights, one after the other.

        In the place of a run that begins with another one stands that one, as long as it is not done.
        """
        plans = next_runs(self._study, self._prepared, self.results)
        firsts = (self._first(plan) for plan in plans if plan.fingerprint not in self.results)
        wanted = [plan for plan in firsts if plan.name not in self.failures]
        held = {plan.weights for plan in (*plans, *wanted) if plan.name in running}
        missing: dict[str, RunPlan] = {}
        for plan in wanted:
            if plan.weights not in held:
                missing.setdefault(plan.weights, plan)
        return list(missing.values())

    def _first(self, plan: RunPlan) -> RunPlan:
        """The run, or the one that it begins with, if that has to be done."""
        if (start := plan.pretraining) is None:
            return plan
        result = self.pretrained.get(start.fingerprint)
        ready = result is not None and (result.failure is not None or has_weights(self._runs, start))
        return plan if ready else start

    @property
    def finished(self) -> bool:
        """Whether every run is done."""
        return not self.failures and not self.missing(())

    @property
    def _done(self) -> int:
        return len(self.results) + len(self.pretrained)

    def take(self, event: Event) -> None:
        """Take in news.

        Raises:
            AtentoError: a run was ended by what would end others, too.
        """
        match event:
            case Hindered(error=error):
                raise error
            case Failed(name=name, error=error):
                self.failures[name] = error
                self._fractions.pop(name, None)
                self._progress.message(f"failed: {error}")
            case Progressed(name=name, fraction=fraction, note=note):
                self._fractions[name] = fraction
                self._show(note)
            case Finished(name=name, result=result):
                done = self.pretrained if result.fingerprint in self._starts else self.results
                done[result.fingerprint] = result
                self._fractions.pop(name, None)
                self._count()
                self._progress.message(f"{name}: {_summary(result)}")
                self._show("")

    def _count(self) -> None:
        """There may be more runs than the study plans, where a best learning rate was an end of those tried."""
        self._total = count_runs(self._study, self._prepared.values(), self.results)

    def _show(self, note: str) -> None:
        """The part that is done, in runs of those that were planned at the start."""
        done = (self._done + sum(self._fractions.values())) * self._planned / self._total
        self._progress.advance(max(0.0, done - self._shown), note=note)
        self._shown = max(self._shown, done)


def _summary(result: RunResult) -> str:
    if result.failure is not None:
        return f"broke off ({result.failure})"
    parts = [f"dev loss {result.dev_loss:.3f}"] if result.dev_loss is not None else []
    for name, test in result.tests.items():
        if "bleu" in test.metrics:
            parts.append(f"{name} BLEU {test.metrics['bleu']:.1f}")
        elif "accuracy" in test.metrics:
            parts.append(f"{name} accuracy {test.metrics['accuracy']:.1f}")
        elif "training_tokens_per_second" in test.metrics:
            parts.append(f"{name}: {test.metrics['training_tokens_per_second']:,.0f} tokens/s")
    return ", ".join([*parts, f"{result.cost.minutes:.1f} min"])
