"""The course's notebooks: each runs with a tiny budget, opens in Jupyter, and says the same in both languages."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

from atento.core.display import Displayed

ROOT = Path(__file__).parents[1] / "notebooks"
ENGLISH, PORTUGUESE = (sorted((ROOT / language).glob("*.py")) for language in ("en", "pt"))
PAIRS = list(zip(ENGLISH, PORTUGUESE, strict=True))
BUDGET = "0.002"
SAYING = {"print", "Series", "Scales", "Counts", "Panel"}
"""Calls whose strings are for people, and so differ from language to language."""
NAMED = {"CLASSES", "STARTS", "SCORES"}
"""Lists of such strings."""
QUESTIONS = {
    "1": ("How are the encoder's weights learned?", "Como se aprendem os pesos do codificador?"),
    "3": ("Which of these is no advantage of the Transformer?", "Qual destas não é uma vantagem do Transformer?"),
    "6": ("What to do with unknown words?", "O que fazer com palavras desconhecidas?"),
}
"""The course's own, by notebook."""


def named(path: Path) -> str:
    """A notebook's name in a test's."""
    return f"{path.parent.name}-{path.stem}"


every = pytest.mark.parametrize("path", [path for pair in PAIRS for path in pair], ids=named)
every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].stem)


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebooks run: what one has trained, others find."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address is looked up and nothing is connected to, so a notebook that needs the network fails."""

    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"a notebook asks for the network: {arguments[1:]}")

    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, name, refuse, raising=False)
    for name in ("getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


def cells(path: Path, kind: str) -> list[str]:
    """The sources of a notebook's cells of a kind, as Jupyter gets them."""
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == kind]


@pytest.mark.usefixtures("offline")
@every
def test_it_runs_and_its_figures_can_be_drawn(path: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("ATENTO_NOTEBOOK_BUDGET", BUDGET)
    monkeypatch.setenv("ATENTO_CACHE", str(workplace / "cache"))
    shown: list[object] = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Expr):  # Jupyter shows the last one of a cell
            node.value = ast.Call(func=ast.Name("display_", ast.Load()), args=[node.value], keywords=[])
    exec(
        compile(ast.fix_missing_locations(tree), str(path), "exec"), {"__name__": "__main__", "display_": shown.append}
    )
    figures = [each for each in shown if isinstance(each, Figure)]
    assert figures
    for figure in figures:
        figure.savefig(io.BytesIO())
    for record in (each for each in shown if isinstance(each, Displayed)):
        assert set(DisplayFormatter().format(record)[0]) >= {"text/plain", "text/html", "image/png"}


@pytest.mark.usefixtures("offline")
def test_the_network_is_closed_while_they_run() -> None:
    for host in ("127.0.0.1", "localhost", "example.org"):
        with pytest.raises(AssertionError, match="asks for the network"):
            socket.create_connection((host, 80), timeout=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain, pytest.raises(AssertionError, match="network"):
        plain.sendto(b"", ("127.0.0.1", 9))


def make(*arguments: str) -> str:
    """What `make` prints in the project's folder; the test is skipped where it is missing."""
    if shutil.which("make") is None or sys.platform == "win32":
        pytest.skip("there is no make on this machine, or programs lie elsewhere than in bin/")
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT.parent, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_make_turns_them_into_notebooks_of_jupyter(tmp_path: Path) -> None:
    programs, path = tmp_path / "venv" / "bin", PORTUGUESE[0]
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    jupytext_here = "import sys; from jupytext.cli import jupytext; sys.exit(jupytext())"
    (programs / "jupytext").write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{jupytext_here}' \"$@\"\n")
    (programs / "jupytext").chmod(0o755)
    (tmp_path / "venv" / ".development").touch()  # as an installation leaves it
    name = path.relative_to(ROOT.parent)
    make("notebooks", f"VENV={tmp_path / 'venv'}", f"IPYNB={tmp_path}", f"NOTEBOOKS={name}")
    made = tmp_path / name.with_suffix(".ipynb")
    assert json.loads(made.read_text(encoding="utf-8"))["nbformat"] == 4
    assert jupytext.read(made).metadata["kernelspec"]["name"] == "python3"
    written, read = (jupytext.read(each).cells for each in (path, made))
    assert [(cell.cell_type, cell.source) for cell in read] == [(cell.cell_type, cell.source) for cell in written]


def test_make_finds_every_notebook() -> None:
    found = make("--dry-run", "notebooks")
    for path in (*ENGLISH, *PORTUGUESE):
        assert str(path.relative_to(ROOT.parent)) in found


@every
def test_jupyter_reads_cells_of_both_kinds(path: Path) -> None:
    notebook = jupytext.read(path)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    code, text = cells(path, "code"), cells(path, "markdown")
    assert len(code) > 4
    assert len(text) > 4
    assert any(cell.startswith("%matplotlib inline") for cell in code)  # without it figures show as their names
    for cell in code:
        ast.parse(cell.replace("%matplotlib", "# %matplotlib"))


@every
def test_it_teaches(path: Path) -> None:
    text = "\n".join(cells(path, "markdown"))
    code = "\n".join(cells(path, "code"))
    assert re.search(r"^\|.*\| (course|curso) \|", text, flags=re.MULTILINE), "the table of notations"
    assert "$$" in text
    assert code.count("assert ") >= 5, "equations beside the library's values"
    assert text.count("<details>") == text.count("</details>") >= 2
    exercises = re.split(r"^## (?:Exercises|Exercícios)$", text, flags=re.MULTILINE)[1]
    assert 4 <= len(re.findall(r"^\d\. \(", exercises, flags=re.MULTILINE)) <= 6


@every
def test_a_tokenizers_marks_are_taken_from_pieces(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr=read)), attr="replace"),
                          args=[ast.Name(id="JOINER"), *_]):  # fmt: skip
                assert read == "piece", f"line {node.lineno}: labels show another sign for it"


@every_pair
def test_both_languages_have_the_same_code(pair: tuple[Path, Path]) -> None:
    english, portuguese = (skeleton(path) for path in pair)
    assert english == portuguese
    assert [number(path) for path in pair] == [number(pair[0])] * 2


@every_pair
def test_both_languages_have_the_same_parts(pair: tuple[Path, Path]) -> None:
    texts = ["\n\n".join(cells(path, "markdown")) for path in pair]
    for pattern in (r"^#+ ", r"^\|", r"<details>", r"^\d\. "):
        english, portuguese = (len(re.findall(pattern, text, flags=re.MULTILINE)) for text in texts)
        assert english == portuguese, pattern
    equations = [re.findall(r"^\$\$.+\$\$$", text, flags=re.MULTILINE) for text in texts]
    assert equations[0] == equations[1]
    kinds = [[cell.cell_type for cell in jupytext.read(path).cells] for path in pair]
    assert kinds[0] == kinds[1]


@every
def test_it_uses_nothing_private(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names += [name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    assert [name for name in names if name.startswith("_")] == []


@pytest.mark.parametrize("chosen", QUESTIONS)
def test_the_questions_of_the_course_are_asked(chosen: str) -> None:
    [pair] = [pair for pair in PAIRS if number(pair[0]) == chosen]
    for path, question in zip(pair, QUESTIONS[chosen], strict=True):
        before, _, after = "\n".join(cells(path, "markdown")).partition(question)
        assert after.split("<details>")[0] != after, "its answer is folded below"
        assert before


@pytest.mark.parametrize(("language", "hatched"), [("en", "hatched"), ("pt", "hachurado")])
def test_what_a_mask_hides_is_told_as_it_is_drawn(language: str, hatched: str) -> None:
    [path] = [path for path in (*ENGLISH, *PORTUGUESE) if path.parent.name == language and number(path) == "3"]
    drawn, _, told = path.read_text(encoding="utf-8").rpartition('heatmap.grid(result.attention, role="decoder")')
    assert drawn
    assert hatched in told[:300]  # figures/key.py draws it so, and black is a weight of nearly zero


def test_the_course_is_whole() -> None:
    assert [number(path) for path in ENGLISH] == [number(path) for path in PORTUGUESE]
    assert len({number(path) for path in ENGLISH}) == len(ENGLISH)


def number(path: Path) -> str:
    """A notebook's number in the course."""
    return path.name.split("-")[0]


def skeleton(path: Path) -> str:
    """A notebook's code without what is said to people: comments, docstrings, strings of ``SAYING`` and ``NAMED``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.Assign) and NAMED & {
            each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)
        }:
            for part in (each for each in ast.walk(node.value) if isinstance(each, ast.Constant)):
                part.value = ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
            for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
                for part in value.values if isinstance(value, ast.JoinedStr) else [value]:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        part.value = ""
    return ast.dump(tree, indent=1)


def test_the_comparison_sees_a_difference_in_code_alone(tmp_path: Path) -> None:
    variants = {
        "one": 'def f():\n    """Say."""\n    return 1\n\nprint("two", f"{f()} three")  # a comment\n',
        "same": 'def f():\n    """Dizer."""\n    return 1\n\nprint("dois", f"{f()} três")\n',
        "other": 'def f():\n    """Say."""\n    return 2\n\nprint("two", f"{f()} three")\n',
        "names": 'CLASSES = ["a"]\ndef f():\n    """Say."""\n    return 1\n\nprint("two", f"{f()} three")\n',
        "other names": 'CLASSES = ["b"]\ndef f():\n    """Dizer."""\n    return 1\n\nprint("", f"{f()} três")\n',
        "more names": 'CLASSES = ["b", "c"]\ndef f():\n    """Dizer."""\n    return 1\n\nprint("", f"{f()} três")\n',
        "data": 'def f():\n    """Say."""\n    return 1\n\nprint(str("two"), f"{f()} three")\n',
    }
    found = {}
    for name, text in variants.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        found[name] = skeleton(tmp_path / f"{name}.py")
    assert found["one"] == found["same"]
    assert found["names"] == found["other names"]
    assert len(set(found.values())) == 5
