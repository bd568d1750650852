from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from atento.applications.translator import Translator
from atento.core.configuration import convert, to_toml
from atento.core.errors import ConfigurationError
from atento.training.recipe import Recipe, read_recipe, recipe_of
from atento.training.run import train
from atento.training.shipped import FINE_TUNING, shipped_recipes


@pytest.mark.parametrize("name", sorted(name for name, text in shipped_recipes().items() if "[model]" in text))
def test_shipped_recipes_are_valid_and_carry_no_paths(name: str, corpus: tuple[Path, Path]) -> None:
    table = tomllib.loads(shipped_recipes()[name])
    assert not {"train", "valid"} & set(table.get("data", {}))
    recipe = read_recipe(name, train=corpus)
    assert convert(tomllib.loads(to_toml(recipe)), Recipe, where="again") == recipe


def _suggested() -> list[tuple[str, str]]:
    """What the comments of recipes tell to ``--set``: recipe, and a setting with each of its values."""
    found = []
    for name, text in shipped_recipes().items():
        comments = " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
        for key, values in re.findall(r"--set ([\w.]+)=([\w|-]+)", comments):
            found += [(name, f"{key}={value}") for value in values.split("|")]
    return found


@pytest.mark.parametrize(("name", "setting"), _suggested())
def test_what_a_recipes_comment_tells_to_set_can_be_set(name: str, setting: str, corpus: tuple[Path, Path]) -> None:
    changed = to_toml(read_recipe(name, train=corpus, overrides=[setting]))
    assert changed != to_toml(read_recipe(name, train=corpus))


def test_luongs_recipe_tells_every_rung_of_the_papers_ladder() -> None:
    told = {setting.partition("=")[0] for name, setting in _suggested() if name == "luong2015"}
    rungs = {f"model.attention.{key}" for key in ("score", "window", "input_feeding")} | {"decoding.replace_unknown"}
    assert told >= rungs


def test_unknown_words_can_be_replaced_by_luongs_recipe(corpus: tuple[Path, Path], tmp_path: Path) -> None:
    """Its tokenizer is of words, and its model attends: else training would refuse."""
    small = ["embedding_size=8", "hidden_size=8", "num_encoder_layers=1", "num_decoder_layers=1"]
    overrides = ["decoding.replace_unknown=true", "tokenizer.vocab_size=11", "tokenizer.min_frequency=1"]
    overrides += [f"model.{setting}" for setting in small]
    recipe = read_recipe(
        "luong2015", train=corpus, overrides=[*overrides, "training.steps=1", "training.batch_tokens=120"]
    )
    train(recipe, tmp_path / "run")
    assert Translator.load(tmp_path / "run").bundle.decoding.replace_unknown


def test_a_recipe_without_a_model_wants_a_run_to_start_from(corpus: tuple[Path, Path]) -> None:
    assert FINE_TUNING in shipped_recipes()
    with pytest.raises(ConfigurationError, match=r"fine-tune has no \[model\]: say which run to go on from"):
        read_recipe(FINE_TUNING, train=corpus)


def test_unknown_recipe_and_key_name_the_nearest(corpus: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'small'"):
        read_recipe("smal", train=corpus)
    with pytest.raises(ConfigurationError, match=r"unknown key 'model\.num_head'; did you mean 'num_heads'"):
        read_recipe("small", train=corpus, overrides=["model.num_head=2"])
    with pytest.raises(ConfigurationError, match=r"training\.dropout.*unknown|unknown key 'training\.dropout'"):
        read_recipe("small", train=corpus, overrides=["training.dropout=0.1"])


def test_kind_replaces_the_whole_table(corpus: tuple[Path, Path]) -> None:
    recipe = read_recipe("small", train=corpus, overrides=["model.kind=recurrent", "model.cell=gru"])
    assert type(recipe.model).__name__ == "RecurrentConfig"


def test_a_budget_on_the_command_line_replaces_the_recipes(corpus: tuple[Path, Path]) -> None:
    training = read_recipe("small", train=corpus, overrides=["training.steps=7"]).training
    assert (training.steps, training.minutes, training.epochs) == (7, None, None)
    demo = read_recipe("demo", train=corpus)
    assert demo.training.minutes is not None
    assert demo.training.min_steps is not None
    shorter = read_recipe("demo", train=corpus, overrides=["training.minutes=1"])
    assert (shorter.training.minutes, shorter.training.min_steps) == (1, None)
    with pytest.raises(ConfigurationError, match=r"min_steps = 9 is out of range: it is more than training\.steps = 8"):
        read_recipe("demo", train=corpus, overrides=["training.steps=8", "training.min_steps=9"])


def test_paths_are_relative_to_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        '[model]\nkind = "transformer"\n[training]\nsteps = 1\n[[data.train]]\nsource = "a.pt"\ntarget = "a.es"\n'
        '[data.valid]\nsource = "b.pt"\ntarget = "b.es"\n'
    )
    monkeypatch.chdir(tmp_path)
    data = read_recipe("recipes/mine.toml").data
    assert data.train[0].source == str(folder / "a.pt")
    assert data.valid is not None
    assert data.valid.target == str(folder / "b.es")


def test_no_data_and_no_budget(tmp_path: Path, corpus: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigurationError, match="no training data: give --train"):
        read_recipe("small")
    recipe = tmp_path / "x.toml"
    recipe.write_text('[model]\nkind = "transformer"\n[training]\nseed = 1\n')
    with pytest.raises(ConfigurationError, match="no budget"):
        read_recipe(str(recipe), train=corpus)


def test_language_models_and_classifiers_have_no_label_smoothing_unless_asked() -> None:
    def smoothing(kind: str, data: dict[str, object], **training: float) -> float:
        table = {"model": {"kind": kind}, "data": data, "training": {"steps": 1, **training}}
        return recipe_of(table, where="x").training.label_smoothing

    assert smoothing("transformer", {}) == 0.1
    assert smoothing("gpt", {}) == smoothing("bert", {}) == smoothing("bert", {"kind": "labels"}) == 0.0
    assert smoothing("gpt", {}, label_smoothing=0.2) == 0.2


def test_a_translator_takes_one_corpus_and_other_models_any_number_of_texts(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.txt" for name in "abc"]
    assert len(read_recipe("gpt-small", train=paths).data.train) == 3
    assert len(read_recipe("classify", train=paths, overrides=("model.kind=bert",)).data.train) == 3
    with pytest.raises(ConfigurationError, match=r"one corpus of one or two files, not 3 files; .*\[\[data.train\]\]"):
        read_recipe("small", train=paths)
