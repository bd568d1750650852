"""Workers that end in odd ways."""

from __future__ import annotations

import multiprocessing

import pytest

from atento.core.errors import TrainingError
from atento.core.progress import Stop
from atento.study.processes import ProcessPool, _Process


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
    with pytest.raises(TrainingError, match="the run run ended with exit code 3"):
        list(pool_with(3).events(Stop()))
