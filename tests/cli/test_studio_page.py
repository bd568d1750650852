from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for a built page."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    monkeypatch.setattr("atento.studio.static.check_built", lambda: None)
    return folder


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be served, and browsers that would be opened."""
    found: list[Any] = []

    def serve(app: Any, port: int, ready: Callable[[str], None]) -> None:
        found.append((app, port))
        ready(f"http://127.0.0.1:{port}")

    monkeypatch.setattr("atento.studio.serve.serve", serve)
    monkeypatch.setattr("atento.studio.serve.open_browser", found.append)
    return found


def test_it_says_where_it_is_and_opens_it(atento: Atento, built: Path, served: list[Any], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    result = atento("studio", "--workspace", tmp_path / "there", "--port", 9000)
    assert (result.code, result.err) == (0, "")
    [line] = result.out.splitlines()
    assert "http://127.0.0.1:9000" in line
    assert str(tmp_path / "there") in line
    (app, port), address = served
    assert port == 9000
    assert app.state.studio.workspace.root == tmp_path / "there"
    assert address == "http://127.0.0.1:9000"


def test_the_browser_is_left_alone(atento: Atento, built: Path, served: list[Any]) -> None:
    assert atento("studio", "--no-browser").code == 0
    assert len(served) == 1


def test_runs_and_tokenizers_are_given(atento: Atento, built: Path, served: list[Any], run: Path) -> None:
    tokenizer = run / "bundle" / "tokenizer.json"
    assert atento("studio", run, run, "--tokenizer", tokenizer, run, "--no-browser").code == 0
    space = served[0][0].state.studio.workspace
    assert space.runs == ("given/tiny",)
    assert space.path("given/tiny") == run.resolve()
    assert len(space.tokenizers) == 2


@pytest.mark.parametrize("words", [["nowhere"], ["--workspace", "nowhere"], ["--tokenizer", "nowhere.json"]])
def test_what_is_not_there_is_told(atento: Atento, built: Path, served: list[Any], words: list[str]) -> None:
    assert "nowhere" in atento("studio", *words).error
    assert served == []


def test_a_page_that_was_not_built_is_told(
    atento: Atento, served: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from atento.studio import static

    monkeypatch.setattr(static.check_built, "__defaults__", (tmp_path,))
    assert "make web" in atento("studio").error
    assert served == []


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_a_missing_library_is_told(atento: Atento, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    error = atento("studio").error
    assert library in error
    assert "atento[studio]" in error


def test_help_and_the_application_import_no_torch() -> None:
    program = (
        "import sys\nfrom atento.cli import main\nassert main(['studio', '--help']) == 0\n"
        "assert not {'torch', 'starlette', 'uvicorn'} & set(sys.modules)\nimport atento.studio.app\n"
        "assert not {'torch', 'matplotlib', 'sacrebleu', 'scipy'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "Examples:" in found.stdout
