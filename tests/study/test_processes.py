"""Workers that end in odd ways, and how they tell how far they are."""

from __future__ import annotations

import multiprocessing
import time

import pytest

from atento.core.progress import Stop
from atento.study.processes import Hindered, ProcessPool, Progressed, _Process, _RemoteProgress


def pool_with(code: int) -> ProcessPool:
    """A pool whose one worker is asked to stop, and ends with this exit code without having heard of it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=exit, args=(code,))
    process.start()
    pool = ProcessPool(1)
    pool._running["run"] = _Process(process, ours)
    pool.stop()
    theirs.close()
    process.join()
    return pool


def test_a_worker_that_ended_before_it_heard_of_a_stop_is_done() -> None:
    pool = pool_with(0)
    assert list(pool.events(Stop())) == []
    assert pool.names == ()


def test_a_worker_that_failed_is_told_of() -> None:
    [event] = pool_with(3).events(Stop())
    assert isinstance(event, Hindered)
    assert "the run run ended with exit code 3" in str(event.error)


def test_a_worker_tells_once_a_second_how_far_its_training_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    ours, theirs = multiprocessing.Pipe()
    progress = _RemoteProgress("run", theirs)
    progress.start("reading", 5.0)
    progress.advance(5.0)
    progress.start("training", 10.0, stoppable=True)
    for _ in range(10):
        progress.advance(1.0, note="loss 2")
        now[0] += 0.4
    monkeypatch.undo()
    told = []
    while ours.poll():
        told.append(ours.recv())
    assert told == [Progressed("run", done / 10, "run · loss 2") for done in (1, 4, 7, 10)]
