from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

import atento
from atento.inspection.walks import record as walks
from atento.inspection.walks import walk, walks_of
from atento.studio.answers import Kind

Post = Callable[..., Any]
TEXT = "a vida é bela"


def application(folder: Path, family: str) -> Any:
    loaders = {"gpt": atento.load_writer, "bert": atento.load_reader}
    return loaders.get(family, atento.load)(folder / "runs" / family)


def test_the_kinds_of_walks_are_the_librarys() -> None:
    assert get_args(Kind) == get_args(walks.Kind)


@pytest.mark.parametrize("family", ["recurrent", "plain", "transformer", "gpt", "bert"])
def test_every_walk_is_the_librarys_own(client: TestClient, post: Post, folder: Path, family: str) -> None:
    subject = application(folder, family)
    has = client.get(f"/api/mechanics/runs/{family}").json()
    assert has["walks"] == list(walks_of(subject).walks)
    assert has["layers"] == dict(walks_of(subject).layers)
    assert has["heads"] == dict(walks_of(subject).heads)
    assert has["walks"]
    for kind in has["walks"]:
        found = post("mechanics", {"model": f"runs/{family}", "walk": kind, "text": TEXT})
        assert found == json.loads(walk(subject, kind, TEXT, name=family).to_json())


def test_a_layer_a_head_and_a_position_are_chosen(post: Post, folder: Path) -> None:
    body = {"model": "runs/transformer", "walk": "head", "text": TEXT, "role": "cross", "layer": 2, "head": 1,
            "position": 3, "target": "la vida bela"}  # fmt: skip
    options = {name: body[name] for name in ("role", "layer", "head", "position", "target")}
    expected = walk(application(folder, "transformer"), "head", TEXT, name="transformer", **options)  # type: ignore[arg-type]
    assert post("mechanics", body) == json.loads(expected.to_json())


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"walk": "nonsense"}, 422, "nonsense"),
        ({"walk": "head"}, 422, "head"),
        ({"layer": 1}, 422, "layer"),
        ({"position": 999}, 422, "999"),
        ({"model": "runs/none"}, 404, "runs/none"),
        ({"text": ""}, 422, "empty"),
        ({"text": "a" * 1001}, 413, "1,000"),
        ({"target": "a" * 1001}, 413, "1,000"),
        ({"top": 0}, 422, "top"),
        ({"speed": 1}, 422, "speed"),
    ],
)
def test_what_cannot_be_walked_is_told(post: Post, change: dict[str, Any], status: int, words: str) -> None:
    body = {"model": "runs/recurrent", "walk": "attention", "text": TEXT, **change}
    assert words in post("mechanics", body, status)


def test_a_model_that_is_not_there_has_no_walks(client: TestClient) -> None:
    assert client.get("/api/mechanics/runs/none").status_code == 404
    assert client.get("/api/mechanics/%2e%2e/%2e%2e/etc").status_code in (400, 404)
