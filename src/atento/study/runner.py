"""Runs a study: every run in a process of its own, several at once, until none is missing.

A process of its own gives each run its own peak of memory and its own threads, and no run can disturb another. Ctrl-C
reaches this process only; it asks the others to stop at their next step and to save, so the study goes on from there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from atento.core.configuration import to_toml
from atento.core.errors import AtentoError, TrainingError
from atento.core.files import atomic_text
from atento.core.machine import usable_cores
from atento.core.progress import Progress, Silent, Stop
from atento.study.configuration import RandomData, Study
from atento.study.data import Materials, prepare
from atento.study.plan import Prepared, RunPlan, count_runs, next_runs, prepare_variants
from atento.study.results import RunResult
from atento.study.worker import Job, execute, finished_result

_PATIENCE = 0.5
"""Seconds between two looks at the wish to stop."""


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """A study and what has come of it so far."""

    study: Study
    materials: Materials
    prepared: dict[str, Prepared]
    results: dict[str, RunResult]
    """By fingerprint; those of former forms of the study left out."""
    finished: bool


def run_study(
    study: Study,
    folder: Path,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> StudyRun:
    """Do every run that is missing.

    Args:
        study: what to run.
        folder: the study's directory; runs that are in it are used.
        jobs: runs at once, each in a process of its own; 0: one after the other in this process; None: as many as the
            study's ``threads`` let the machine's cores take. Studies of speed always run one at a time.
        progress: told about the whole study.
        stop: ends it early; what is done stays.

    Raises:
        ConfigurationError, DataError, OutputError: the study does not fit, before anything is trained.
        TrainingError: a run failed for a reason of its own; the others are kept.
    """
    progress, stop, folder = progress or Silent(), stop or Stop(), folder.absolute()
    timing = isinstance(study.data, RandomData)
    materials = Materials(folder / "data", ()) if timing else prepare(study, folder / "data", progress)
    prepared = prepare_variants(study, materials, folder, progress)
    with atomic_text(folder / "study.toml") as stream:
        stream.write(to_toml(study))
    cores = usable_cores()
    threads = min(study.threads or cores, cores)
    at_once = 1 if timing and jobs != 0 else jobs if jobs is not None else max(1, cores // threads)
    board = _Board(study, prepared, folder / "runs", progress)
    pool: _Pool | _Here = _Here() if at_once == 0 else _Pool(at_once)

    def job(plan: RunPlan) -> Job:
        return Job(study=study, plan=plan, materials=materials, runs=folder / "runs", threads=threads)

    progress.start(f"study of {count_runs(study)} runs", count_runs(study))
    board.begin()
    try:
        _run_missing(board, pool, job, stop)
    finally:
        pool.close()
        progress.finish()
    return StudyRun(
        study=study,
        materials=materials,
        prepared=prepared,
        results=board.results,
        finished=not board.missing(()),
    )


def _run_missing(board: _Board, pool: _Pool | _Here, job: Callable[[RunPlan], Job], stop: Stop) -> None:
    """Begin what can be begun and take in the news, until nothing is missing or all has stopped."""
    while (waiting := board.missing(pool.names)) or pool.names:
        if stop.wanted:
            pool.stop()
            if not pool.names:
                return
        else:
            for plan in waiting[: pool.free]:
                pool.start(job(plan))
        for event in pool.events(stop):
            board.take(event)


@dataclass(frozen=True, kw_only=True)
class _Event:
    """News of a run."""

    name: str
    fraction: float | None = None
    note: str = ""
    result: RunResult | None = None
    error: AtentoError | None = None


class _Board:
    """Knows what is done, and tells the progress of the whole study."""

    def __init__(self, study: Study, prepared: dict[str, Prepared], runs: Path, progress: Progress) -> None:
        self._study, self._prepared, self._runs, self._progress = study, prepared, runs, progress
        self.results: dict[str, RunResult] = {}
        self._fractions: dict[str, float] = {}
        self._shown = 0.0

    def begin(self) -> None:
        """Find what is done already."""
        while True:
            plans = next_runs(self._study, self._prepared, self.results)
            found = {
                plan.fingerprint: result
                for plan in plans
                if plan.fingerprint not in self.results and (result := finished_result(self._runs, plan)) is not None
            }
            if not found:
                break
            self.results.update(found)
        if self.results:
            self._progress.message(f"{len(self.results)} of {count_runs(self._study)} runs are done already")
        self._show("")

    def missing(self, running: Sequence[str]) -> list[RunPlan]:
        """What could be begun now."""
        plans = next_runs(self._study, self._prepared, self.results)
        return [plan for plan in plans if plan.fingerprint not in self.results and plan.name not in running]

    def take(self, event: _Event) -> None:
        """Take in news.

        Raises:
            AtentoError: a run failed.
        """
        if event.error is not None:
            raise event.error
        if event.fraction is not None:
            self._fractions[event.name] = event.fraction
        if event.result is not None:
            self.results[event.result.fingerprint] = event.result
            self._fractions.pop(event.name, None)
            self._progress.message(f"{event.name}: {_summary(event.result)}")
        self._show(event.note)

    def _show(self, note: str) -> None:
        done = len(self.results) + sum(self._fractions.values())
        self._progress.advance(max(0.0, done - self._shown), note=note)
        self._shown = max(self._shown, done)


def _summary(result: RunResult) -> str:
    if result.failure is not None:
        return f"broke off ({result.failure})"
    parts = [f"dev loss {result.dev_loss:.3f}"] if result.dev_loss is not None else []
    for name, test in result.tests.items():
        if "bleu" in test.metrics:
            parts.append(f"{name} BLEU {test.metrics['bleu']:.1f}")
        elif "training_tokens_per_second" in test.metrics:
            parts.append(f"{name}: {test.metrics['training_tokens_per_second']:,.0f} tokens/s")
    return ", ".join([*parts, f"{result.cost.minutes:.1f} min"])


class _Here:
    """Runs one after the other, in this process."""

    free = 1

    def __init__(self) -> None:
        self._job: Job | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The run that waits."""
        return () if self._job is None else (self._job.plan.name,)

    def start(self, job: Job) -> None:
        """Remember it."""
        self._job = job

    def events(self, stop: Stop) -> Iterator[_Event]:
        """Do it."""
        if self._job is not None:
            job, self._job = self._job, None
            yield _Event(name=job.plan.name, result=execute(job, Silent(), stop))

    def stop(self) -> None:
        """Nothing runs between two events."""
        self._job = None

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class _Process:
    process: BaseProcess
    connection: Connection
    asked: bool = field(default=False)


class _Pool:
    """Some processes, each with one run."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[str, _Process] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The runs that go on."""
        return tuple(self._running)

    @property
    def free(self) -> int:
        """How many more can be begun."""
        return self._size - len(self._running)

    def start(self, job: Job) -> None:
        """Begin a run."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(job, theirs), name=job.plan.name, daemon=True)
        process.start()
        theirs.close()
        self._running[job.plan.name] = _Process(process, ours)

    def events(self, stop: Stop) -> Iterator[_Event]:
        """What the runs say within a moment."""
        del stop
        ready = wait([each.connection for each in self._running.values()], timeout=_PATIENCE)
        for name, each in [(name, each) for name, each in self._running.items() if each.connection in ready]:
            try:
                event: _Event = each.connection.recv()
            except EOFError:
                process = self._running.pop(name).process
                process.join()
                if process.exitcode:
                    raise TrainingError(
                        f"the run {name} ended with exit code {process.exitcode} ({_cause(process.exitcode)}); "
                        "start the study again: it goes on from where it is"
                    ) from None
                continue
            yield event

    def stop(self) -> None:
        """Ask every run to save and end."""
        for each in self._running.values():
            if not each.asked:
                each.asked = True
                with contextlib.suppress(OSError):
                    each.connection.send("stop")

    def close(self) -> None:
        """End whatever still runs."""
        self.stop()
        deadline = time.monotonic() + 30
        for each in self._running.values():
            each.process.join(max(0.0, deadline - time.monotonic()))
            if each.process.is_alive():
                each.process.terminate()
                each.process.join()
        self._running.clear()


class _RemoteStop(Stop):
    """A wish to stop that comes through a pipe."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    @property
    def wanted(self) -> bool:
        """Whether the study's process asked, or is gone."""
        try:
            if not self._event.is_set() and self._connection.poll():
                self._connection.recv()
                self.set()
        except (EOFError, OSError):
            self.set()
        return self._event.is_set()


class _RemoteProgress(Silent):
    """Tells the study's process how far the training is."""

    def __init__(self, name: str, connection: Connection) -> None:
        self._name, self._connection = name, connection
        self._counts, self._total, self._done, self._told = False, 1.0, 0.0, 0.0

    def start(self, description: str, total: float | None) -> None:
        """Only training (or measuring) counts: it takes nearly all the time."""
        self._counts = description in ("training", "measuring")
        self._total = total or 1.0

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Pass it on, once a second at most."""
        now = time.monotonic()
        self._done += amount if self._counts else 0.0
        if self._counts and now - self._told >= 1:
            self._told = now
            text = f"{self._name} · {note}" if note else self._name
            with contextlib.suppress(OSError):
                self._connection.send(_Event(name=self._name, fraction=min(1.0, self._done / self._total), note=text))


def _cause(exit_code: int) -> str:
    return "killed: out of memory? use fewer --jobs" if exit_code < 0 else "its error stands above"


def _work(job: Job, connection: Connection) -> None:
    """The whole of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name = job.plan.name
    try:
        result = execute(job, _RemoteProgress(name, connection), _RemoteStop(connection))
        if result is not None:
            connection.send(_Event(name=name, result=result))
    except AtentoError as error:
        connection.send(_Event(name=name, error=error))
    except BaseException:
        traceback.print_exc()
        raise SystemExit(1) from None
    finally:
        connection.close()
