from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from atento.core.progress import Progress
from atento.studio.routes import characters
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.vocabularies import picking
from atento.text.vocabularies.described import Described, describe
from atento.text.vocabularies.tables import full_listing, vocabulary_tables
from atento.text.vocabularies.text_tables import text_tables
from atento.text.vocabularies.texts import count_text

Post = Callable[..., Any]


def described(client: TestClient, post: Post, tokenizer: str) -> dict[str, Any]:
    job = post("characters", {"tokenizer": tokenizer})["job"]
    assert client.app.state.studio.jobs.wait(job, 60)
    return dict(client.get(f"/api/jobs/{job}").json())


def test_tables_are_the_librarys_own(client: TestClient, post: Post, folder: Path) -> None:
    expected = vocabulary_tables(describe(open_tokenizer(folder / "bpe.json")))
    job = described(client, post, "bpe.json")
    assert (job["state"], job["error"]) == ("done", None)
    found = job["result"]["tables"]
    assert [each["rows"] for each in found] == [each.data()["rows"] for each in expected]
    assert [each["shown"] for each in found] == [each.shown for each in expected]


def test_a_tokenizer_that_is_not_there_is_told_before_a_job_begins(post: Post) -> None:
    assert "nothing.json" in post("characters", {"tokenizer": "nothing.json"}, 404)


def test_others_are_answered_while_a_vocabulary_is_described(
    client: TestClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    def slow(tokenizer: OpenTokenizer, progress: Progress) -> list[Described]:
        progress.start("finding entries alone", 10)
        progress.advance(4)
        reached.set()
        assert goes_on.wait(60)
        progress.advance()
        return describe(tokenizer)

    monkeypatch.setattr(characters, "describe", slow)
    job = post("characters", {"tokenizer": "deep/unigram"})["job"]
    assert reached.wait(60)
    answer = client.get(f"/api/jobs/{job}").json()
    assert (answer["state"], answer["done"], answer["total"]) == ("running", 4, 10)
    assert post("tokens", {"tokenizer": "bpe.json", "text": "a vida"})["text"] == "a vida"
    assert client.delete(f"/api/jobs/{job}").json()["state"] == "running"
    goes_on.set()
    assert client.app.state.studio.jobs.wait(job, 60)
    assert client.get(f"/api/jobs/{job}").json()["state"] == "stopped"
    # What was stopped left nothing half-made behind.
    monkeypatch.setattr(characters, "describe", describe)
    assert described(client, post, "deep/unigram")["state"] == "done"


@pytest.mark.parametrize(
    ("chosen", "which"),
    [
        ("all", ["all"]),
        ("", ["all"]),
        ("byte", ["byte"]),
        ("script=Latin", ["script=Latin"]),
        ("space, longest", ["space", "longest"]),
    ],
)
def test_entries_page_by_page(post: Post, folder: Path, chosen: str, which: list[str]) -> None:
    expected = picking.pick(describe(open_tokenizer(folder / "bpe.json")), which)
    body = {"tokenizer": "bpe.json", "filter": chosen, "offset": 10, "limit": 20}
    found = post("characters/entries", body)
    assert found["total"] == len(expected) > 20
    rows = full_listing("", expected[10:30]).data()["rows"]
    assert found["rows"] == [{"label": each.shown, **row} for each, row in zip(expected[10:30], rows, strict=True)]


def test_entries_are_searched(post: Post) -> None:
    found = post("characters/entries", {"tokenizer": "bpe.json", "search": "irm"})
    assert found["total"] == len(found["rows"]) > 0
    assert all("irm" in row["piece"] for row in found["rows"])


@pytest.mark.parametrize(
    ("change", "words"),
    [({"filter": "nonsense"}, "nonsense"), ({"filter": "script=Latim"}, "Latin"), ({"limit": 501}, "500")],
)
def test_what_cannot_be_listed_is_told(post: Post, change: dict[str, Any], words: str) -> None:
    assert words in post("characters/entries", {"tokenizer": "bpe.json", **change}, 422)


@pytest.mark.parametrize("tokenizer", [None, "bpe.json"])
def test_a_texts_characters(post: Post, folder: Path, tokenizer: str | None) -> None:
    text = "a vida\r\né\u202e bela\n\nпривет"
    opened = None if tokenizer is None else open_tokenizer(folder / tokenizer, name="bpe")
    expected = text_tables(count_text(["a vida", "é\u202e bela", "", "привет"], opened))
    found = post("characters/text", {"text": text, "tokenizer": tokenizer})["tables"]
    assert [each["rows"] for each in found] == [each.data()["rows"] for each in expected]
    assert "200,000" in post("characters/text", {"text": "a" * 200_001}, 413)
