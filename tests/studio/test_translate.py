from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import atento
from atento.applications.translator import Translator
from atento.figures.attention import Attention

Post = Callable[..., Any]
TEXT = "a vida é bela hoje"


@pytest.mark.parametrize("family", ["recurrent", "plain", "transformer"])
def test_candidates_are_the_translators_own(post: Post, folder: Path, family: str) -> None:
    body = {"model": f"runs/{family}", "text": TEXT, "n_best": 3, "length_penalty": 0.5}
    found = post("translate", body)
    translator = atento.load(folder / "runs" / family)
    decoding = translator.bundle.decoding
    changed = type(decoding)(beam_size=3, n_best=3, length_penalty=0.5, max_length=decoding.max_length)
    expected = translator.translate(TEXT, decoding=changed, attention=True)
    assert found["seconds"] > 0
    assert len(found["candidates"]) == 3
    for given, own in zip(found["candidates"], expected.candidates, strict=True):
        for name in ("text", "total", "score", "finished"):
            assert given[name] == getattr(own, name)
        for name in ("tokens", "ids", "log_probabilities"):
            assert tuple(given[name]) == getattr(own, name)
        if family == "plain":
            assert given["attention"] is None
            continue
        assert own.attention is not None
        record = Attention.from_json(_dumped(given["attention"]))
        assert list(record.weights) == ["cross"]
        assert (record.weights["cross"] == own.attention.weights["cross"]).all()
        assert record.target_spans == own.attention.target_spans


def _dumped(record: Any) -> str:
    import json

    return json.dumps(record)


def test_the_bundles_own_settings_are_the_default(post: Post, folder: Path) -> None:
    found = post("translate", {"model": "runs/recurrent", "text": TEXT})
    [candidate] = found["candidates"]
    assert candidate["text"] == atento.load(folder / "runs" / "recurrent").translate(TEXT).text


def test_an_empty_text_has_no_candidates(post: Post) -> None:
    assert post("translate", {"model": "runs/recurrent", "text": " \n"})["candidates"] == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"model": "runs/none"}, 404, "runs/none"),
        ({"model": "bpe.json"}, 404, "no folder"),
        ({"model": "deep"}, 404, "no model"),
        ({"model": "runs/gpt"}, 422, "gpt"),
        ({"model": "runs/bert"}, 422, "bert"),
        ({"model": "runs/classes"}, 422, "classifier"),
        ({"beam_size": 0}, 422, "beam_size"),
        ({"beam_size": 65}, 422, "64"),
        ({"n_best": 65}, 422, "64"),
        ({"beam_size": 2, "n_best": 3}, 422, "n_best"),
        ({"length_penalty": 11}, 422, "length_penalty"),
        ({"text": "a" * 10_001}, 422, "10,000"),
        ({"text": "a" * 200_001}, 413, "200,000"),
        ({"temperature": 1}, 422, "temperature"),
    ],
)
def test_what_cannot_be_translated_is_told(post: Post, change: dict[str, Any], status: int, words: str) -> None:
    assert words in post("translate", {"model": "runs/recurrent", "text": TEXT, **change}, status)


def test_where_attention_is_too_much_the_text_is_translated_all_the_same(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atento.studio.routes.translate.WEIGHTS", 10)
    [candidate] = post("translate", {"model": "runs/transformer", "text": TEXT})["candidates"]
    assert candidate["attention"] is None
    assert candidate["tokens"]


def test_light_requests_are_answered_while_models_work_and_a_model_serves_one_at_a_time(
    client: TestClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both recurrent translations want one model; the Transformer is another one. All three are held by events."""
    goes_on, begun = threading.Event(), threading.Semaphore(0)
    inside, most = 0, 0
    original = Translator.translate

    def slow(self: Translator, *words: Any, **settings: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        begun.release()
        assert goes_on.wait(30)
        inside -= 1
        return original(self, *words, **settings)

    monkeypatch.setattr(Translator, "translate", slow)
    answers: list[Any] = []

    def ask(model: str) -> None:
        answers.append(client.post("/api/translate", json={"model": model, "text": TEXT}))

    threads = [
        threading.Thread(target=ask, args=(f"runs/{name}",)) for name in ("recurrent", "recurrent", "transformer")
    ]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=30)
    assert begun.acquire(timeout=30)  # one of either model
    assert post("tokens", {"tokenizer": "bpe.json", "text": "a vida"})["decoded"] == "a vida"
    assert client.get("/api/about").status_code == 200
    assert client.get("/").status_code == 200
    assert not begun.acquire(blocking=False)
    assert answers == []
    goes_on.set()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [200] * 3
    assert most == 2


def test_many_waiting_for_a_model_do_not_keep_light_requests_waiting(
    client: TestClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(Translator, "translate", lambda *_, **__: goes_on.wait(30) and _nothing())
    body = {"model": "runs/recurrent", "text": TEXT}
    threads = [threading.Thread(target=client.post, args=("/api/translate",), kwargs={"json": body}) for _ in range(40)]
    for thread in threads:
        thread.start()
    try:
        assert post("tokens", {"tokenizer": "bpe.json", "text": "a vida"})["decoded"] == "a vida"
    finally:
        goes_on.set()
        for thread in threads:
            thread.join(30)


def _nothing() -> Any:
    from atento.applications.translator import Translation

    return Translation(source="", candidates=())
