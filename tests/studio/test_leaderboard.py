from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from atento.text.metrics import report
from atento.text.metrics.measuring import measure
from atento.text.metrics.ranking import ranked
from atento.text.opened.opening import open_tokenizer

Post = Callable[..., Any]
TIMES = {"MB/s", "MB/s, median", "seconds"}


def ended(client: TestClient, post: Post, body: object) -> dict[str, Any]:
    job = post("leaderboard", body)["job"]
    assert client.app.state.studio.jobs.wait(job, 60)
    return dict(client.get(f"/api/jobs/{job}").json())


def test_figures_are_the_librarys_own(client: TestClient, post: Post, folder: Path) -> None:
    texts = [{"name": "pt", "path": "text.pt"}, {"name": "es", "text": "la vida é bela\nqué diga\nhermano\n"}]
    body = {"tokenizers": ["bpe.json", "deep/unigram", "bert"], "texts": texts, "against": "es", "alpha": 2.0}
    job = ended(client, post, body)
    assert (job["state"], job["error"]) == ("done", None)
    names = {"bpe.json": "bpe", "deep/unigram/tokenizer.json": "deep/unigram", "bert/vocab.txt": "bert"}
    opened = [open_tokenizer(folder / path, name=name) for path, name in names.items()]
    lines = {each: (folder / f"text.{each}").read_text(encoding="utf-8").splitlines() for each in ("pt", "es")}
    config = report.settings_data(found := measure(opened, lines, None, against="es"))
    assert json.loads(job["result"]["json"])["settings"] == {**config, "alpha": 2.0}
    expected = report.overall_table(found, ranked(found))
    [overall, by_text, _] = job["result"]["tables"]
    for given, row in zip(overall["rows"], expected.data()["rows"], strict=True):
        same = {key for key in row if key not in ("speed", "renyi", "renyi_seen")}
        assert {key: given[key] for key in same} == {key: row[key] for key in same}
    assert any("tokens / es" in title for title in by_text["titles"])
    rows = list(csv.DictReader(io.StringIO(job["result"]["csv"])))
    assert {row["tokenizer"] for row in rows} == set(names.values())
    assert job["result"]["markdown"].startswith("## ")
    assert r"\begin{tabular}" in job["result"]["latex"]


def test_the_built_in_text_and_a_built_in_tokenizer(client: TestClient, post: Post) -> None:
    body = {"tokenizers": ["builtin/bpe"], "texts": [{"name": "dev", "path": "builtin/dev.pt"}]}
    job = ended(client, post, body)
    [overall, _] = job["result"]["tables"]
    [row] = overall["rows"]
    assert row["exact"] == 1.0
    assert row["bytes_per_token"] > 2


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"tokenizers": []}, 422, "tokenizers"),
        ({"tokenizers": ["bpe.json", "bpe.json"]}, 422, "twice"),
        ({"tokenizers": ["none.json"]}, 404, "none.json"),
        ({"texts": []}, 422, "texts"),
        ({"texts": [{"name": "a"}]}, 422, "text or its path"),
        ({"texts": [{"name": "a", "text": "b", "path": "text.pt"}]}, 422, "text or its path"),
        ({"texts": [{"name": "a", "text": "b"}] * 2}, 422, "name"),
        ({"texts": [{"name": "a", "path": "none.pt"}]}, 404, "none.pt"),
        ({"texts": [{"name": "a", "path": "runs"}]}, 422, "file"),
        ({"texts": [{"name": "a", "path": "builtin/none"}]}, 404, "builtin/none"),
        ({"texts": [{"name": "a", "text": "b" * 200_001}]}, 413, "200,000"),
        ({"against": "b"}, 422, "b"),
        ({"alpha": 0}, 422, "alpha"),
        ({"texts": [{"name": "a", "text": "b", "weight": 2}]}, 422, "weight"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(post: Post, change: dict[str, Any], status: int, words: str) -> None:
    body = {"tokenizers": ["bpe.json"], "texts": [{"name": "a", "text": "b"}], **change}
    assert words in post("leaderboard", body, status)


def test_texts_that_are_not_parallel_fail_the_job(client: TestClient, post: Post) -> None:
    texts = [{"name": "a", "text": "one\ntwo"}, {"name": "b", "text": "one"}]
    job = ended(client, post, {"tokenizers": ["bpe.json"], "texts": texts, "against": "a"})
    assert job["state"] == "failed"
    assert "lines" in job["error"]
    assert job["result"] is None
