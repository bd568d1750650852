"""What ``docs/recipes.md`` tells runs as it stands (with tiny budgets); its tables are those of the configurations."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from tests.recipe_keys import PAGE, with_keys

from atento.cli import main
from atento.core.configuration import tag_of
from atento.core.keys import NO_VALUES, sections
from atento.training.recipe import Recipe, read_recipe

TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str, str]] = re.findall(
    r"(?:Save this as `([^`\n]+)`:\n\n)?```(\w*)\n(.*?)```", TEXT, re.DOTALL
)
TRAINING = ("training.steps=3", "training.validate_every=3", "training.validation_sentences=2",
            "training.batch_tokens=400", "training.precision=float32")  # fmt: skip
STACK = ("tokenizer.vocab_size=600", "model.model_size=32", "model.feed_forward_size=32")
SIZES = {
    "follows.toml": (),  # goes on with another run's model
    "luong2015": ("tokenizer.vocab_size=200", "model.embedding_size=16", "model.hidden_size=16"),
}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page speaks of."""
    from atento.data.builtin.corpus import builtin_corpus

    corpus = builtin_corpus(composed=0)
    pairs = [(pair.source, pair.target) for pair in corpus.train.handwritten[:400]]
    held_out = [(pair.source, pair.target) for pair in corpus.dev.handwritten[:20]]
    nested = [{"translation": {"pt": source, "es": target}} for source, target in pairs]
    sections_of_texts = [{"body": text, "section": {"name": name}} for pair in pairs for text, name in _named(pair)]
    files = {
        "train.pt": [source for source, _ in pairs],
        "train.es": [target for _, target in pairs],
        "dev.pt": [source for source, _ in held_out],
        "dev.es": [target for _, target in held_out],
        "train.align": ["0-0"] * len(pairs),
        "pairs.tsv": ["\t".join(pair) for pair in pairs],
        "pairs.jsonl": map(json.dumps, nested),
        "novels.txt": [line for source, target in pairs for line in (source, source, target, "")],
        "news.jsonl": [json.dumps({"body": source}) for source, _ in pairs],
        "topics.tsv": ["\t".join(each) for pair in pairs for each in _named(pair)],
        "topics.jsonl": map(json.dumps, sections_of_texts),
        "follows.tsv": [f"{'yes' if number % 2 else 'no'}\t{a}\t{b}" for number, (a, b) in enumerate(pairs)],
    }
    for name, lines in files.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    return tmp_path


def _named(pair: tuple[str, str]) -> list[tuple[str, str]]:
    return list(zip(pair, ("pt", "es"), strict=True))


def test_the_examples_run(workplace: Path) -> None:
    for name, _, text in BLOCKS:
        if name:
            (workplace / name).write_text(text, encoding="utf-8")
    lines = [line for _, language, text in BLOCKS if not language for line in text.splitlines()]
    assert sum(line.startswith("atento train") for line in lines) > 8
    lines = [line.partition(" > ")[0] for line in lines]
    for line in lines:
        words = shlex.split(line)[1:]
        if words[0] == "train":
            words += [word for each in (*SIZES.get(words[1], STACK), *TRAINING) for word in ("--set", each)]
        assert main(words) == 0, line


@pytest.mark.parametrize(
    ("number", "kind", "model"), [(0, "pairs", "transformer"), (1, "text", "gpt"), (2, "labels", "bert")]
)
def test_data_are_named_as_the_page_does(number: int, kind: str, model: str, workplace: Path) -> None:
    fragments = [text for name, language, text in BLOCKS if language and not name]
    assert len(fragments) == 3
    (workplace / "recipe.toml").write_text(fragments[number], encoding="utf-8")
    settings = [f"model.kind={model}", *STACK, *TRAINING]
    settings += ["training.guided_alignment.head=0"] if kind == "pairs" else []
    words = [word for each in settings for word in ("--set", each)]
    assert main(["train", "recipe.toml", *words, "-o", "run"]) == 0
    data = read_recipe("run/recipe.toml").data
    assert tag_of(data) == kind
    assert len(data.train) == len(tomllib.loads(fragments[number])["data"]["train"])


def test_a_list_of_data_can_be_set_as_the_page_does(workplace: Path) -> None:
    [line] = re.findall(r"`--set '(data\.train=.*?)'`", TEXT)
    recipe = read_recipe("gpt-small", overrides=[line])
    assert [Path(text.text).name for text in recipe.data.train] == ["novels.txt", "news.jsonl"]


def test_the_tables_are_those_of_the_configurations() -> None:
    assert with_keys(TEXT) == TEXT, "write them anew with `make keys`"


def test_every_key_is_in_them_with_what_it_does() -> None:
    rows = TEXT.partition("<!-- keys -->")[2]
    for section in sections(Recipe):
        for key in section.keys:
            assert key.text, f"{key.name} ({section.title}): put a text below its attribute"
            assert f"| `{key.name}` | {key.values} |" in rows
            assert key.default in NO_VALUES or not key.default or f"`{key.default}`" in rows
