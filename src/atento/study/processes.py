"""The processes that a study's runs live in: each has one run, tells how far it is, and can be asked to stop."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Protocol

from atento.core.errors import AtentoError, OutputError, TrainingError, is_out_of_memory
from atento.core.progress import Silent, Stop
from atento.study.results import RunResult
from atento.study.worker import Job, execute

_PATIENCE = 0.5
"""Seconds between two looks at the wish to stop."""


@dataclass(frozen=True)
class Progressed:
    """A run has come so far."""

    name: str
    fraction: float
    note: str


@dataclass(frozen=True)
class Finished:
    """A run is done."""

    name: str
    result: RunResult


@dataclass(frozen=True)
class Failed:
    """A run cannot be done, for a reason of its own: the others can."""

    name: str
    error: AtentoError


@dataclass(frozen=True)
class Hindered:
    """A run was ended by what would end others, too: memory, a full disk."""

    name: str
    error: AtentoError


Event = Progressed | Finished | Failed | Hindered


class Workers(Protocol):
    """What does the runs."""

    @property
    def names(self) -> tuple[str, ...]:
        """The runs that go on."""
        ...

    @property
    def free(self) -> int:
        """How many more can be begun."""
        ...

    def start(self, job: Job) -> None:
        """Begin a run."""
        ...

    def events(self, stop: Stop) -> Iterator[Event]:
        """What there is to tell of the runs."""
        ...

    def stop(self) -> None:
        """Ask every run to save and end."""
        ...

    def terminate(self) -> None:
        """End every run at once, saved or not."""
        ...

    def close(self) -> None:
        """End whatever still runs, when it has saved."""
        ...


class InProcess:
    """Runs one after the other, in this process: for tests, and for whoever wants a debugger in a run."""

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

    def events(self, stop: Stop) -> Iterator[Event]:
        """Do it."""
        if self._job is not None:
            job, self._job = self._job, None
            try:
                result = execute(job, Silent(), stop)
            except BaseException as error:
                explained = _explained(job.plan.name, error)
                if explained is None:
                    raise
                yield explained
                return
            if result is not None:
                yield Finished(job.plan.name, result)

    def stop(self) -> None:
        """Nothing runs between two events."""
        self._job = None

    def terminate(self) -> None:
        """Nothing goes on."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class _Process:
    process: BaseProcess
    connection: Connection
    asked: bool = field(default=False)


class ProcessPool:
    """Some processes, each with one run."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._context = _context()
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
        with _interrupts_held():
            process.start()
        theirs.close()
        self._running[job.plan.name] = _Process(process, ours)

    def events(self, stop: Stop) -> Iterator[Event]:
        """What the runs say within a moment."""
        del stop
        ready = wait([each.connection for each in self._running.values()], timeout=_PATIENCE)
        for name, each in [(name, each) for name, each in self._running.items() if each.connection in ready]:
            try:
                event: Event = each.connection.recv()
            except (EOFError, ConnectionResetError):  # the second where it ended before it heard of a wish to stop
                process = self._running.pop(name).process
                process.join()
                if not process.exitcode:
                    continue
                event = Hindered(
                    name,
                    TrainingError(
                        f"the run {name} ended with exit code {process.exitcode} ({_cause(process.exitcode)}); "
                        "start the study again: it goes on from where it is"
                    ),
                )
            yield event

    def stop(self) -> None:
        """Ask every run to save and end."""
        for each in self._running.values():
            if not each.asked:
                each.asked = True
                with contextlib.suppress(OSError):
                    each.connection.send("stop")

    def terminate(self) -> None:
        """End every run at once, saved or not."""
        for each in self._running.values():
            each.process.terminate()
            each.process.join()
        self._running.clear()

    def close(self) -> None:
        """End whatever still runs, when it has saved."""
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

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:  # noqa: ARG002
        """Only what can be stopped counts, training or measuring: it takes nearly all the time."""
        self._counts = stoppable
        self._total = total or 1.0

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Pass it on, once a second at most."""
        now = time.monotonic()
        self._done += amount if self._counts else 0.0
        if self._counts and now - self._told >= 1:
            self._told = now
            text = f"{self._name} · {note}" if note else self._name
            with contextlib.suppress(OSError):
                self._connection.send(Progressed(self._name, min(1.0, self._done / self._total), text))


def _context() -> ForkServerContext | SpawnContext:
    """How processes begin: fresh, but on Linux from one that has imported what a run needs (seconds of each run)."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atento.study.worker"])
    return context


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process begins.

    A terminal sends it to all of its processes, and one that begins cannot ignore it yet. Those that begin here keep it
    held back for good. Windows knows no such thing.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # as it begins, it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cause(exit_code: int) -> str:
    return "killed: out of memory? use fewer --jobs" if exit_code < 0 else "its error stands above"


def _explained(name: str, error: BaseException) -> Failed | Hindered | None:
    """A failure that people can mend, in one line; None for a fault of ours."""
    if isinstance(error, AtentoError) and not isinstance(error, OutputError):
        return Failed(name, type(error)(f"the run {name}: {error}"))
    if isinstance(error, OutputError):
        advice = str(error)
    elif isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        advice = f"{error.strerror or error}{place}; mend that and start the study again: it goes on from where it is"
    elif is_out_of_memory(error):
        advice = (
            "not enough memory; start the study again with fewer --jobs: it goes on from where it is (with a smaller "
            "--set recipe.training.batch_tokens every run begins anew)"
        )
    else:
        return None
    return Hindered(name, TrainingError(f"the run {name} ended: {advice}"))


def _work(job: Job, connection: Connection) -> None:
    """The whole of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name = job.plan.name
    try:
        result = execute(job, _RemoteProgress(name, connection), _RemoteStop(connection))
        if result is not None:
            connection.send(Finished(name, result))
    except BaseException as error:
        explained = _explained(name, error)
        if explained is None:
            traceback.print_exc()
            raise SystemExit(1) from None
        connection.send(explained)
    finally:
        connection.close()
