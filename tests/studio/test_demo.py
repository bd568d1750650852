from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from atento.data.builtin.corpus import BuiltinCorpus, BuiltinPart, builtin_corpus
from atento.studio.app import create_app
from atento.studio.workspace import Workspace

BASE = "http://127.0.0.1:8765"
QUICK = (
    "tokenizer.vocab_size=500", "model.embedding_size=8", "model.hidden_size=8", "training.steps=3",
    "training.batch_tokens=300", "training.validation_sentences=0", "decoding.max_length=8",
)  # fmt: skip
ENDLESS = (*QUICK, "training.steps=1000000")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BuiltinCorpus:
    """The built-in corpus, cut down to what trains in a second."""
    whole = builtin_corpus(0)

    def part(which: BuiltinPart, count: int) -> BuiltinPart:
        return BuiltinPart(handwritten=which.handwritten[:count], composed=())

    corpus = BuiltinCorpus(train=part(whole.train, 200), dev=part(whole.dev, 5), test=part(whole.test, 4))
    monkeypatch.setattr("atento.data.builtin.corpus.builtin_corpus", lambda composed: corpus)
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    return corpus


def studio(root: Path, overrides: tuple[str, ...]) -> Iterator[TestClient]:
    app = create_app(Workspace(root), demo=overrides)
    with TestClient(app, base_url=BASE) as client:
        yield client


def state(client: TestClient) -> Any:
    return client.get("/api/workspace").json()["demo"]


def ended(client: TestClient, job: str) -> Any:
    assert client.app.state.studio.jobs.wait(job, 120)  # type: ignore[attr-defined]
    return client.get(f"/api/jobs/{job}").json()


def test_the_model_is_trained_translates_and_is_trained_once(small: BuiltinCorpus, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for client in studio(tmp_path / "work", QUICK):
        assert state(client) == {"state": "absent", "job": None}
        job = client.post("/api/demo").json()["job"]
        found = ended(client, job)
        assert (found["state"], found["error"]) == ("done", None)
        assert found["result"] == {"model": "runs/demo"}
        assert state(client) == {"state": "ready", "job": None}
        assert [each["id"] for each in client.get("/api/workspace").json()["models"]] == ["runs/demo"]
        assert client.post("/api/translate", json={"model": "runs/demo", "text": "a vida"}).status_code == 200
        again = client.post("/api/demo")
        assert again.status_code == 422
        assert "trained already" in again.json()["error"]["message"]


def test_a_stopped_training_goes_on(small: BuiltinCorpus, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for client in studio(tmp_path / "work", ENDLESS):
        job = client.post("/api/demo").json()["job"]
        begun = {"description": ""}
        while begun["description"] != "training" or not begun["done"]:
            begun = client.get(f"/api/jobs/{job}").json()
            assert begun["state"] == "running"
        assert client.post("/api/demo").json()["job"] == job
        assert state(client) == {"state": "training", "job": job}
        client.delete(f"/api/jobs/{job}")
        assert ended(client, job)["state"] == "stopped"
        assert state(client) == {"state": "absent", "job": None}
        steps = len(list((tmp_path / "work" / "runs" / "demo" / "checkpoints").iterdir()))
        assert steps > 0
        job = client.post("/api/demo").json()["job"]  # goes on; ended when the studio is
    assert not list((tmp_path / "work" / "runs").glob(".demo*"))
