"""Work that takes longer than a request may: each job runs in a thread of its own and tells how far it is."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from atento.core.errors import AtentoError
from atento.core.progress import Progress, Stop
from atento.studio.failures import UnknownIdError

State = Literal["running", "done", "failed", "stopped"]
Work = Callable[[Progress, Stop], Any]
"""Returns the result; None if it was stopped midway and kept what it had."""

_KEPT: Final = 32
"""Jobs that have ended and can still be asked for."""
_AT_ONCE: Final = 2
_PATIENCE: Final = 10.0
"""Seconds that running jobs have to end when the studio does."""
_LOG: Final = logging.getLogger(__name__)


class JobAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is."""

    id: str
    state: State
    description: str
    done: float
    total: float | None
    note: str
    result: Any
    error: str | None


class StoppedError(Exception):
    """Raised inside work that somebody stopped."""


class _Job:
    """Implements ``core.progress.Progress``; its fields are read by other threads."""

    def __init__(self, number: str, description: str) -> None:
        self.id, self.state = number, "running"  # type: str, State
        self.stop = Stop()
        self.description, self.note = description, ""
        self.done, self.total = 0.0, None  # type: float, float | None
        self.result: Any = None
        self.error: str | None = None
        self._looks_itself = False
        self.ended = threading.Event()

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        """Begin a piece of work."""
        self._check()
        self.description, self.total, self.done, self.note = description, total, 0.0, ""
        self._looks_itself = stoppable

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Go on; work that does not look at ``Stop`` itself ends here."""
        self.done += amount
        self.note = note
        self._check()

    def message(self, text: str) -> None:
        """The latest line stands beside the progress."""
        self.note = text

    def finish(self) -> None:
        """End a piece of work."""
        self._looks_itself = False

    def answer(self) -> JobAnswer:
        """A copy for the page."""
        return JobAnswer(
            id=self.id,
            state=self.state,
            description=self.description,
            done=self.done,
            total=self.total,
            note=self.note,
            result=self.result,
            error=self.error,
        )

    def _check(self) -> None:
        if self.stop.wanted and not self._looks_itself:
            raise StoppedError


class Jobs:
    """All jobs."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._guard = threading.Lock()
        self._free = threading.Semaphore(_AT_ONCE)

    def begin(self, description: str, work: Work) -> str:
        """Start a job and give its id; it waits where two are running already."""
        job = _Job(secrets.token_urlsafe(9), description)
        with self._guard:
            self._jobs[job.id] = job
            self._forget()
        threading.Thread(target=self._run, args=(job, work), name=f"job {job.id}", daemon=True).start()
        return job.id

    def answer(self, number: str) -> JobAnswer:
        """How far a job is.

        Raises:
            UnknownIdError: there is none of this id, or it ended long ago.
        """
        return self._job(number).answer()

    def stop(self, number: str) -> JobAnswer:
        """Ask a job to end at its next safe point.

        Raises:
            UnknownIdError: there is none of this id, or it ended long ago.
        """
        job = self._job(number)
        job.stop.set()
        return job.answer()

    def wait(self, number: str, seconds: float) -> bool:
        """Wait for a job's end; whether it came."""
        return self._job(number).ended.wait(seconds)

    def close(self) -> None:
        """Stop all jobs and wait for them a little."""
        with self._guard:
            running = [job for job in self._jobs.values() if not job.ended.is_set()]
        for job in running:
            job.stop.set()
        for job in running:
            job.ended.wait(_PATIENCE)

    def _job(self, number: str) -> _Job:
        with self._guard:
            if number not in self._jobs:
                raise UnknownIdError("there is no such job, or it ended long ago")
            return self._jobs[number]

    def _forget(self) -> None:
        ended = [number for number, job in self._jobs.items() if job.ended.is_set()]
        for number in ended[: max(0, len(ended) - _KEPT)]:
            del self._jobs[number]

    def _run(self, job: _Job, work: Work) -> None:
        try:
            with self._free:
                job.result = work(job, job.stop)
            job.state = "stopped" if job.stop.wanted and job.result is None else "done"
        except StoppedError:
            job.state = "stopped"
        except AtentoError as error:
            job.state, job.error = "failed", str(error)
        except Exception:
            _LOG.exception("a job failed")
            job.state, job.error = "failed", "the studio failed at this; the terminal says how"
        finally:
            job.ended.set()
