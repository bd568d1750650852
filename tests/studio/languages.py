"""What the library and the studio say to the page, and the page's translations of it (``web/src/words/library.json``).

The page knows a message by its English, with its values as numbered slots: ``no entry of {1} has the id {2}``. Here the
same texts are gathered from the code that the studio can reach, so that none stays without a translation.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grimp

ROOT: Final = Path(__file__).parents[2]
LIBRARY: Final = ROOT / "web" / "src" / "words" / "library.json"
COLUMNS: Final = json.loads(LIBRARY.with_name("columns.json").read_text(encoding="utf-8"))
"""Those of tables whose cells are phrases."""
KEYS: Final = ROOT / "web" / "tests" / "keys.json"
"""Texts, and what the page says them by; its own tests read the same."""
LANGUAGES: Final = ("pt", "es")

_APART: Final = (
    "atento.cli",  # its own words
    "atento.data.",  # but for links: the demo's corpus is the built-in one, which is read and cut without complaint
    "atento.training.",  # but for what may befall the demo
    "atento.study",
    "atento.nn.",  # shapes that only a defect of ours has wrong
    "atento.models.gpt.decoder",
    "atento.models.recurrent.decoder",
    "atento.models.transformer.decoder",
    "atento.models.transformer.layers",
    "atento.models.reading",
    "atento.models.passes",
    "atento.decoding.prefix",  # the studio forces none
    "atento.evaluation.",
    "atento.figures.",
    "atento.inspection.embeddings",  # of no tab yet
    "atento.inspection.text_vectors",
    "atento.inspection.vectors",
    "atento.applications.classifier",
    "atento.applications.next_tokens",
    "atento.applications.reader",
    "atento.applications.writer",
    "atento.text.dictionary",
    "atento.text.gaps",
    "atento.text.training",
)
_STILL: Final = (
    "atento.data.pharaoh",
    "atento.evaluation.alignment",
    "atento.figures.attention",
    "atento.training.checkpoint",
    "atento.training.demo",
    "atento.training.loop",
    "atento.training.run",
)
_DEMO: Final = (
    "atento.training.loop",
    "atento.training.task",
    "atento.training.translation",
    "atento.data.encoding",
    "atento.text.training",
)
"""Where the job that trains the demo's model tells how far it is."""
_FILES: Final = {"every_column", "_counts", "_figure", "_ends", "full_listing", "character_listing"}
"""What makes the columns of files, which programs read."""
_DEFECTS: Final = {"AssertionError", "IndexError", "KeyError", "StoppedError", "TypeError"}
"""What is never shown to anybody, or tells of a defect."""

Slots = tuple[str, ...]


class Phrases:
    """A part of the translations, as the page reads it."""

    def __init__(self, entries: dict[str, dict[str, str]]) -> None:
        self.entries = entries
        keys = sorted(self.entries, key=lambda key: -len(re.sub(r"\{\d\}", "", key)))
        self._forms = [(re.compile(_pattern(key), re.DOTALL), key) for key in keys if re.search(r"\{\d\}", key)]

    def key(self, english: str) -> str | None:
        """The entry that a text is said by; None if there is none."""
        return self.fit(english)[0]

    def fit(self, english: str) -> tuple[str | None, Slots]:
        """The same, and what stands in its slots."""
        if english in self.entries:
            return english, ()
        found = ((key, form.fullmatch(english)) for form, key in self._forms)
        return next(((key, match.groups()) for key, match in found if match), (None, ()))


def _pattern(key: str) -> str:
    """A slot right after another is what may be added to a message: ``; did you mean 'bpe'?``."""
    first, *rest = re.split(r"\{\d\}", key)
    slots = ["(.*?)", *("((?:[;,].*)?)" if before == "" else "(.*?)" for before in rest)]
    return re.escape(first) + "".join(slot + re.escape(piece) for slot, piece in zip(slots, rest, strict=False))


@functools.lru_cache
def phrases(part: str) -> Phrases:
    """``messages``, ``progress``, ``tables`` or ``formulas``."""
    return Phrases(json.loads(LIBRARY.read_text(encoding="utf-8"))[part])


@functools.lru_cache
def spoken(part: str) -> Phrases:
    """A part as the page looks texts up in it: what other libraries say is among the messages."""
    return Phrases(phrases(part).entries | (phrases("foreign").entries if part == "messages" else {}))


def is_known_message(english: str) -> bool:
    """Whether a message is known in the page's languages; ``{1}: {2}`` alone, which fits much, does not make it so."""
    key = spoken("messages").key(english)
    if key == "{1}: {2}":
        return is_known_message(english.partition(": ")[2])
    return key is not None


def check_tables(answer: Any) -> None:
    """Fail where a table in an answer has a title, a note or a phrase that the page's languages lack."""
    if isinstance(answer, list):
        for each in answer:
            check_tables(each)
    elif isinstance(answer, dict):
        if {"titles", "shown", "notes"} <= answer.keys():
            keys = list(answer["columns"])
            told = [number for number, key in enumerate(keys) if key in COLUMNS["phrases"]]
            lists = [number for number, key in enumerate(keys) if key in COLUMNS["lists"]]
            cells = [row[number] for row in answer["shown"] for number in told]
            cells += [one for row in answer["shown"] for number in lists for one in row[number].split("; ")]
            words = [answer["title"], *answer["titles"], *answer["columns"].values(), *answer["notes"], *cells]
            lacking = {each for each in words if re.search("[a-z]{3}", each) and phrases("tables").key(each) is None}
            assert not lacking, f"translate in {LIBRARY.name}, under 'tables': {lacking}"
        for each in answer.values():
            check_tables(each)


@functools.lru_cache
def messages() -> dict[str, str]:
    """Every message that a request or a job can be refused or fail with, and where it is."""
    found: dict[str, str] = {}
    for module in _reached():
        if module.startswith(_APART) and not module.startswith(_STILL):
            continue
        tree = _tree(module)
        slots: set[str] = set()
        for node in ast.walk(tree):
            for text, names in _said(node):
                slots.update(names)
                found.setdefault(text, f"{module}, line {getattr(node, 'lineno', 0)}")
        for node in ast.walk(tree):
            for text in _put_into(node, slots):
                found.setdefault(text, f"{module}, line {getattr(node, 'lineno', 0)}")
    return found


@functools.lru_cache
def stages() -> dict[str, str]:
    """What jobs say of their progress."""
    found: dict[str, str] = {}
    shown = ("atento.studio", "atento.text.metrics", "atento.text.vocabularies", *_DEMO)
    for module in _reached():
        if not module.startswith(shown):
            continue
        for node in ast.walk(_tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("start", "message", "begin"):
                    for text, _ in _texts(node.args[0]) if node.args else ():
                        found.setdefault(text, f"{module}, line {node.lineno}")
                for keyword in node.keywords:
                    if keyword.arg == "note" and node.func.attr == "advance":
                        for text, _ in _texts(keyword.value):
                            found.setdefault(text, f"{module}, line {node.lineno}")
    return found


@functools.lru_cache
def table_words() -> dict[str, str]:
    """Titles and notes of the tables that the studio shows."""
    found: dict[str, str] = {}
    for module in _reached():
        if not module.startswith(("atento.text.vocabularies", "atento.text.metrics", "atento.text.traces.lanes")):
            continue
        for node in _outside(_tree(module), _FILES):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("Column", "Table", "Metric"):
                continue
            for keyword in node.keywords:
                if keyword.arg in ("title", "note", "notes"):
                    values = keyword.value.elts if isinstance(keyword.value, ast.Tuple) else [keyword.value]
                    for text in (text for value in values for text, _ in _texts(value)):
                        found.setdefault(text, f"{module}, line {node.lineno}")
    return found


@functools.lru_cache
def constants() -> frozenset[str]:
    """Every string of the package."""
    files = (ROOT / "src" / "atento").rglob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return frozenset(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))


@functools.lru_cache
def _reached() -> list[str]:
    graph = grimp.build_graph("atento")
    own = {"atento.studio", *graph.find_descendants("atento.studio")}
    return sorted(own | graph.find_upstream_modules("atento.studio", as_package=True))


@functools.lru_cache
def _tree(module: str) -> ast.Module:
    path = ROOT / "src" / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _outside(tree: ast.Module, functions: set[str]) -> Iterator[ast.AST]:
    """All nodes, but for those of some functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef) or node.name not in functions:
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _said(node: ast.AST) -> Iterator[tuple[str, Slots]]:
    """What an error is made of, or a function returns whose text is put into errors."""
    if isinstance(node, ast.FunctionDef) and node.name in ("nearest", "_contradiction"):
        for each in ast.walk(node):
            if isinstance(each, ast.Return) and each.value is not None:
                yield from _texts(each.value)
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func).rpartition(".")[2]
    if name.endswith("Error") and name not in _DEFECTS and node.args:
        yield from _texts(node.args[0])
    elif name in ("failure", "_require") and node.args:
        yield from _texts(node.args[-1])


def _put_into(node: ast.AST, slots: set[str]) -> Iterator[str]:
    """Texts that are given a name by which a message has them in a slot."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in slots | {"advice"}:
                yield from (text for text, _ in _texts(node.value) if " " in text)


def _texts(node: ast.expr) -> Iterator[tuple[str, Slots]]:
    """The texts that an expression can be, each with what stands in its slots."""
    match node:
        case ast.Constant(value=str(text)) if re.search("[a-z]", text):
            yield text, ()
        case ast.JoinedStr(values=parts):
            names = [ast.unparse(part.value) for part in parts if isinstance(part, ast.FormattedValue)]
            yield _form(parts), tuple(names)
            for part in parts:
                if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.IfExp):
                    yield from _texts(part.value)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)


def _form(parts: list[ast.expr]) -> str:
    text, number = "", 0
    for part in parts:
        if isinstance(part, ast.Constant):
            text += part.value
        else:
            number += 1
            text += f"{{{number}}}"
    return text
