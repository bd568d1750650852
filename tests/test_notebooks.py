"""The course's notebooks: each runs with a tiny budget, opens in Jupyter, and says the same in both languages."""

from __future__ import annotations

import ast
import io
import re
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


def cells(path: Path, kind: str) -> list[str]:
    """The sources of a notebook's cells of a kind, as Jupyter gets them."""
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == kind]


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


def test_the_course_is_whole() -> None:
    assert [number(path) for path in ENGLISH] == [number(path) for path in PORTUGUESE]
    assert len({number(path) for path in ENGLISH}) == len(ENGLISH)


def number(path: Path) -> str:
    """A notebook's number in the course."""
    return path.name.split("-")[0]


def skeleton(path: Path) -> str:
    """A notebook's code without what is said to people: comments, docstrings, strings handed to ``SAYING``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
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
        "data": 'def f():\n    """Say."""\n    return 1\n\nprint(str("two"), f"{f()} three")\n',
    }
    found = {}
    for name, text in variants.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        found[name] = skeleton(tmp_path / f"{name}.py")
    assert found["one"] == found["same"]
    assert len(set(found.values())) == 3
