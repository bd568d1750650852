from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from atento.core.configuration import convert, to_toml
from atento.core.errors import ConfigurationError
from atento.training.recipe import Recipe, read_recipe
from atento.training.shipped import FINE_TUNING, shipped_recipes


@pytest.mark.parametrize("name", sorted(name for name, text in shipped_recipes().items() if "[model]" in text))
def test_shipped_recipes_are_valid_and_carry_no_paths(name: str, corpus: tuple[Path, Path]) -> None:
    table = tomllib.loads(shipped_recipes()[name])
    assert not {"train", "valid"} & set(table.get("data", {}))
    recipe = read_recipe(name, train=corpus)
    assert convert(tomllib.loads(to_toml(recipe)), Recipe, where="again") == recipe


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
