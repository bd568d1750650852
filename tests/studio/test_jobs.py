from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from atento.core.errors import DataError
from atento.core.progress import Progress, Stop
from atento.studio.failures import UnknownIdError
from atento.studio.jobs import Jobs

WAIT = 30.0


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def test_a_job_tells_how_far_it_is_and_keeps_its_result(jobs: Jobs) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    def work(progress: Progress, _: Stop) -> dict[str, int]:
        progress.start("counting", 10)
        progress.advance(3, note="three")
        reached.set()
        assert goes_on.wait(WAIT)
        progress.finish()
        return {"sum": 3}

    number = jobs.begin("waiting", work)
    assert reached.wait(WAIT)
    answer = jobs.answer(number)
    assert (answer.state, answer.description, answer.done, answer.total) == ("running", "counting", 3, 10)
    assert (answer.note, answer.result, answer.error) == ("three", None, None)
    goes_on.set()
    assert jobs.wait(number, WAIT)
    assert (jobs.answer(number).state, jobs.answer(number).result) == ("done", {"sum": 3})


def test_a_stopped_job_ends_at_its_next_step(jobs: Jobs) -> None:
    reached, goes_on = threading.Event(), threading.Event()
    steps = []

    def work(progress: Progress, _: Stop) -> str:
        progress.start("counting", None)
        for step in range(3):
            steps.append(step)
            reached.set()
            assert goes_on.wait(WAIT)
            progress.advance()
        return "never"

    number = jobs.begin("waiting", work)
    assert reached.wait(WAIT)
    assert jobs.stop(number).state == "running"
    goes_on.set()
    assert jobs.wait(number, WAIT)
    assert (jobs.answer(number).state, jobs.answer(number).result, steps) == ("stopped", None, [0])


def test_work_that_looks_at_the_wish_itself_is_not_broken_off(jobs: Jobs) -> None:
    reached, goes_on = threading.Event(), threading.Event()
    saved = threading.Event()

    def work(progress: Progress, stop: Stop) -> str | None:
        progress.start("training", None, stoppable=True)
        reached.set()
        assert goes_on.wait(WAIT)
        progress.advance()
        if stop.wanted:
            saved.set()
            return None
        return "trained"

    number = jobs.begin("waiting", work)
    assert reached.wait(WAIT)
    jobs.stop(number)
    goes_on.set()
    assert jobs.wait(number, WAIT)
    assert saved.is_set()
    assert jobs.answer(number).state == "stopped"


def test_errors_are_one_line_and_defects_are_logged(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def wrong(_: Progress, __: Stop) -> None:
        raise DataError("line 3 is empty; fill it")

    def broken(_: Progress, __: Stop) -> None:
        raise RuntimeError("on fire")

    numbers = [jobs.begin("", work) for work in (wrong, broken)]
    assert all(jobs.wait(number, WAIT) for number in numbers)
    answers = [jobs.answer(number) for number in numbers]
    assert [answer.state for answer in answers] == ["failed", "failed"]
    assert answers[0].error == "line 3 is empty; fill it"
    assert "on fire" not in str(answers[1].error)
    assert "on fire" in caplog.text
    assert "line 3" not in caplog.text


def test_two_run_at_once_and_others_wait(jobs: Jobs) -> None:
    goes_on, begun = threading.Event(), threading.Semaphore(0)

    def work(_: Progress, __: Stop) -> int:
        begun.release()
        assert goes_on.wait(WAIT)
        return 1

    numbers = [jobs.begin("", work) for _ in range(3)]
    assert begun.acquire(timeout=WAIT)
    assert begun.acquire(timeout=WAIT)
    assert not begun.acquire(blocking=False)
    goes_on.set()
    assert all(jobs.wait(number, WAIT) for number in numbers)


def test_old_jobs_are_forgotten(jobs: Jobs) -> None:
    numbers = []
    for _ in range(40):
        numbers.append(jobs.begin("", lambda *_: 1))
        assert jobs.wait(numbers[-1], WAIT)
    with pytest.raises(UnknownIdError):
        jobs.answer(numbers[0])
    assert jobs.answer(numbers[-1]).state == "done"
    assert len(set(numbers)) == 40


def test_jobs_over_the_wire(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    def slow(*_: Any, progress: Progress, **__: Any) -> None:
        progress.start("Measuring", 5)
        progress.advance(2)
        reached.set()
        assert goes_on.wait(WAIT)
        progress.advance()

    monkeypatch.setattr("atento.studio.routes.leaderboard.measure", slow)
    body = {"tokenizers": ["bpe.json"], "texts": [{"name": "a", "text": "b"}]}
    job = client.post("/api/leaderboard", json=body).json()["job"]
    assert reached.wait(WAIT)
    expected = {"id": job, "state": "running", "description": "Measuring", "done": 2.0, "total": 5.0, "note": "",
                "result": None, "error": None}  # fmt: skip
    assert client.get(f"/api/jobs/{job}").json() == expected
    assert client.delete(f"/api/jobs/{job}").json() == expected
    goes_on.set()
    assert client.app.state.studio.jobs.wait(job, WAIT)  # type: ignore[attr-defined]
    assert client.get(f"/api/jobs/{job}").json()["state"] == "stopped"


def test_there_is_no_such_job(client: TestClient) -> None:
    asked: list[Callable[[str], Any]] = [client.get, client.delete]
    for ask in asked:
        answer = ask("/api/jobs/none")
        assert answer.status_code == 404
        assert "job" in answer.json()["error"]["message"]
