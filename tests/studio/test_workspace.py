from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import atento
from atento.core.errors import DataError
from atento.studio.app import create_app
from atento.studio.discovery import discover
from atento.studio.failures import OutsideError, UnknownIdError
from atento.studio.workspace import Workspace

Post = Callable[..., Any]
BASE = "http://127.0.0.1:8765"


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of the workspace that a test may change."""
    return Path(shutil.copytree(folder, tmp_path / "own"))


def asked(root: Path, cache: Path, **given: Any) -> Iterator[TestClient]:
    with TestClient(create_app(Workspace(root, **given), cache=cache), base_url=BASE) as client:
        yield client


@pytest.fixture
def client_of(cache: Path) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of other workspaces."""
    made = []

    def make(root: Path, **given: Any) -> TestClient:
        client = asked(root, cache, **given)
        made.append(client)
        return next(client)

    yield make
    for client in made:
        next(client, None)


def test_everything_in_the_folder_is_listed(client: TestClient, folder: Path) -> None:
    found = client.get("/api/workspace").json()
    assert found["root"] == str(folder)
    names = {each["id"]: each for each in found["tokenizers"]}
    assert names["bpe.json"] == {
        "id": "bpe.json", "name": "bpe", "kind": "bpe", "size": 330, "library": names["bpe.json"]["library"],
    }  # fmt: skip
    assert names["deep/unigram"]["kind"] == "unigram"
    assert names["bert"]["kind"] == "wordpiece"
    assert names["runs/gpt/bundle/tokenizer.json"]["name"] == "runs/gpt"
    assert {f"builtin/{kind}" for kind in ("bpe", "byte-bpe", "wordpiece", "unigram", "word")} <= names.keys()
    assert "notes.json" not in names
    assert len({each["name"] for each in found["tokenizers"]}) == len(found["tokenizers"])
    assert [each["id"] for each in found["models"]] == [
        f"runs/{family}" for family in ("bert", "gpt", "plain", "recurrent", "transformer")
    ]
    assert found["refused"] == [{"id": "runs/classes", "message": found["refused"][0]["message"]}]
    assert "classifier" in found["refused"][0]["message"]
    assert found["complete"] is True
    assert found["demo"] == {"state": "absent", "job": None}


def test_about_says_what_the_page_must_know(client: TestClient) -> None:
    found = client.get("/api/about").json()
    assert found["version"] == atento.__version__
    assert found["limits"] == {"characters": 200_000, "body": 4_000_000}
    assert found["sentence"] == "E a vida o que é, diga lá, meu irmão?"
    assert found["tabs"][0] == "tokens"


@pytest.mark.parametrize(
    "name", ["../secret.json", "runs/../../secret.json", "/etc/passwd", "link.json", "linked/secret.json", "", "a\0b"]
)
def test_a_path_outside_is_refused(own: Path, name: str, client_of: Callable[..., TestClient]) -> None:
    secret = own.parent / "secret.json"
    shutil.copy(own / "bpe.json", secret)
    (own / "link.json").symlink_to(secret)
    (own / "linked").symlink_to(own.parent)
    client = client_of(own)
    for path, body in (
        ("tokens", {"tokenizer": name, "text": "a"}),
        ("workspace/tokenizers", {"path": name}),
        ("translate", {"model": name, "text": "a"}),
        ("leaderboard", {"tokenizers": ["bpe.json"], "texts": [{"name": "t", "path": name}]}),
    ):
        answer = client.post(f"/api/{path}", json=body)
        assert answer.status_code == 400, (path, answer.text)
        assert "workspace" in answer.json()["error"]["message"]
    listed = {each["id"] for each in client.get("/api/workspace").json()["tokenizers"]}
    assert not any("link" in each for each in listed)


def test_paths_and_links_that_stay_inside_are_followed(own: Path) -> None:
    (own / "again.json").symlink_to(own / "bpe.json")
    space = Workspace(own)
    assert space.path("again.json") == own / "bpe.json"
    assert space.path("runs/../bpe.json") == own / "bpe.json"
    assert space.path(str(own / "bpe.json")) == own / "bpe.json"
    assert space.path(".") == own


def test_a_link_out_of_a_models_folder_is_refused(own: Path, client_of: Callable[..., TestClient]) -> None:
    weights = own / "runs" / "gpt" / "bundle" / "model.safetensors"
    weights.rename(own.parent / "weights")
    weights.symlink_to(own.parent / "weights")
    answer = client_of(own).post("/api/attention", json={"model": "runs/gpt", "source": "a vida"})
    assert answer.status_code == 400
    assert "leaves the workspace" in answer.json()["error"]["message"]


def test_names_that_no_system_takes_and_links_in_a_circle_are_told(own: Path) -> None:
    (own / "round").symlink_to(own / "round")
    space = Workspace(own)
    for name, error in (("x" * 900, UnknownIdError), ("x" * 5000, OutsideError), ("round", OutsideError)):
        with pytest.raises(error):
            space.path(name)


def test_what_was_named_on_the_command_line_may_lie_elsewhere(
    folder: Path, tmp_path: Path, client_of: Callable[..., TestClient]
) -> None:
    (tmp_path / "empty").mkdir()
    client = client_of(tmp_path / "empty", runs=[folder / "runs" / "gpt"], tokenizers=[folder / "bpe.json"])
    found = client.get("/api/workspace").json()
    assert [each["id"] for each in found["models"]] == ["given/gpt"]
    assert {"given/bpe.json", "given/gpt/bundle/tokenizer.json"} <= {each["id"] for each in found["tokenizers"]}
    assert client.post("/api/attention", json={"model": "given/gpt", "source": "a vida"}).status_code == 200
    assert client.post("/api/tokens", json={"tokenizer": "given/bpe.json", "text": "a"}).status_code == 200
    outside = client.post("/api/tokens", json={"tokenizer": "given/gpt/../../bpe.json", "text": "a"})
    assert outside.status_code == 400


def test_two_of_one_name_have_two_ids(folder: Path, tmp_path: Path) -> None:
    for place in ("one", "two", "root"):
        (tmp_path / place).mkdir()
        shutil.copy(folder / "bpe.json", tmp_path / place / "bpe.json")
    space = Workspace(tmp_path / "root", tokenizers=[tmp_path / "one" / "bpe.json", tmp_path / "two" / "bpe.json"])
    assert [space.path(name) for name in space.tokenizers] == [
        tmp_path / "one" / "bpe.json",
        tmp_path / "two" / "bpe.json",
    ]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--workspace"):
        Workspace(tmp_path / "none")
    with pytest.raises(DataError, match="none"):
        Workspace(tmp_path, runs=[tmp_path / "none"])


@pytest.mark.parametrize("name", ["pytorch_model.bin", "old.pt", "old.pkl", "last.ckpt"])
@pytest.mark.parametrize("place", ["", "bundle"])
def test_a_model_with_a_pickle_is_refused(
    own: Path, name: str, place: str, client_of: Callable[..., TestClient]
) -> None:
    with zipfile.ZipFile(own / "runs" / "gpt" / place / name, "w") as file:
        file.writestr("data.pkl", b"\x80\x02.")
    client = client_of(own)
    answer = client.post("/api/attention", json={"model": "runs/gpt", "source": "a vida"})
    assert answer.status_code == 422
    assert name in answer.json()["error"]["message"]
    assert "pickle" in answer.json()["error"]["message"]
    found = client.get("/api/workspace").json()
    assert "runs/gpt" not in [each["id"] for each in found["models"]]
    assert "runs/gpt" in [each["id"] for each in found["refused"]]


def test_portuguese_text_is_no_pickle(own: Path, client_of: Callable[..., TestClient]) -> None:
    text = "não é só isso\n" * 300 + "x" * 95 + "é" * 100  # a character is cut where the first bytes end
    (own / "runs" / "gpt" / "train.pt").write_text(text, encoding="utf-8")
    assert client_of(own).post("/api/attention", json={"model": "runs/gpt", "source": "a"}).status_code == 200


def test_a_tokenizer_can_be_added(own: Path, client_of: Callable[..., TestClient]) -> None:
    (own / "cut").mkdir()
    shutil.copy(own / "bpe.json", own / "cut" / "odd.txt")
    client = client_of(own)
    answer = client.post("/api/workspace/tokenizers", json={"path": "cut/odd.txt", "name": "odd"})
    assert answer.json()["id"] == "cut/odd.txt"
    assert answer.json()["name"] == "odd"
    assert "cut/odd.txt" in [each["id"] for each in client.get("/api/workspace").json()["tokenizers"]]
    found = client.post("/api/tokens", json={"tokenizer": "cut/odd.txt", "text": "a"}).json()
    assert found["tokenizer"]["name"] == "odd"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"path": "notes.json"}, 422, "tokenizer"),
        ({"path": "bpe.json", "pattern": "gpt2"}, 422, "pattern"),
        ({"path": "nothing.json"}, 404, "nothing.json"),
    ],
)
def test_what_is_no_tokenizer_is_not_added(post: Post, client: TestClient, body: Any, status: int, words: str) -> None:
    before = client.get("/api/workspace").json()["tokenizers"]
    assert words in post("workspace/tokenizers", body, status)
    assert client.get("/api/workspace").json()["tokenizers"] == before


def test_a_changed_file_is_opened_anew(own: Path, client_of: Callable[..., TestClient]) -> None:
    client = client_of(own)
    before = client.post("/api/tokens", json={"tokenizer": "bpe.json", "text": "a"}).json()["tokenizer"]
    shutil.copy(own / "deep" / "unigram" / "tokenizer.json", own / "bpe.json")
    after = client.post("/api/tokens", json={"tokenizer": "bpe.json", "text": "a"}).json()["tokenizer"]
    assert (before["kind"], after["kind"]) == ("bpe", "unigram")
    [listed] = [each for each in client.get("/api/workspace").json()["tokenizers"] if each["id"] == "bpe.json"]
    assert listed["kind"] == "unigram"


def test_damaged_files_are_told_and_hide_nothing_else(own: Path, client_of: Callable[..., TestClient]) -> None:
    (own / "bpe.json").write_text('{"added_tokens": [', encoding="utf-8")
    (own / "runs" / "bert" / "bundle" / "model.safetensors").write_bytes(b"short")
    found = client_of(own).get("/api/workspace").json()
    refused = {each["id"]: each["message"] for each in found["refused"]}
    assert {"bpe.json", "runs/bert"} <= refused.keys()
    assert "runs/gpt" in [each["id"] for each in found["models"]]


def test_hidden_linked_and_deep_folders_are_not_looked_into(own: Path) -> None:
    everything = discover([own])
    for place in (".hidden", "node_modules", "a/b/c/d/e/f/g"):
        (own / place).mkdir(parents=True)
        shutil.copy(own / "bpe.json", own / place / "more.json")
    (own / "linked").symlink_to(own / ".hidden")
    found = discover([own])
    assert found.tokenizers == everything.tokenizers
    assert everything.complete
    assert not found.complete


def test_the_root_may_be_a_run(folder: Path, client_of: Callable[..., TestClient]) -> None:
    found = client_of(folder / "runs" / "gpt").get("/api/workspace").json()
    assert [(each["id"], each["name"]) for each in found["models"]] == [(".", "gpt")]
    assert "bundle/tokenizer.json" in [each["id"] for each in found["tokenizers"]]
    assert all(each["name"] for each in found["tokenizers"])
