from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

from atento.training.shipped import shipped_recipes

Atento = Callable[..., Any]


def test_all_recipes_are_listed_with_what_they_are(atento: Atento) -> None:
    result = atento("recipes")
    assert result.code == 0
    found = json.loads(atento("recipes", "--json").out)
    assert found["recipes"].keys() == shipped_recipes().keys() >= {"demo", "small", "pt-es-small"}
    assert all(len(summary) > 20 for summary in found["recipes"].values())
    assert all(name in result.out for name in found["recipes"])


def test_a_recipe_is_shown_as_it_stands(atento: Atento) -> None:
    out = atento("recipes", "show", "demo").out
    assert out == shipped_recipes()["demo"]
    assert tomllib.loads(out)["model"]["kind"] == "recurrent"
    assert "did you mean 'small'" in atento("recipes", "show", "smal").error


def test_listing_imports_no_torch() -> None:
    script = "import sys; from atento.cli import main; main(['recipes', '--json']); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_the_keys_of_a_table_are_listed_with_what_they_do(atento: Atento) -> None:
    out = atento("recipes", "keys", "training.masking").out
    assert "[training.masking]" in out
    [row] = [line for line in out.splitlines() if "training.masking.whole_words" in line]
    assert "true or false   false" in row
    assert "Choose all tokens of" in row
    assert "model." not in out


def test_all_keys_are_listed_and_those_of_a_kind(atento: Atento) -> None:
    every = json.loads(atento("recipes", "keys", "--json").out)["tables"]
    names = {key["name"] for table in every for key in table["keys"]}
    assert names >= {"start", "model.norm", "model.attention.score", "data.train.alignment", "training.masking.rate",
                     "tokenizer.vocab_size", "decoding.beam_size", "training.guided_alignment.weight"}  # fmt: skip
    [gpt] = json.loads(atento("recipes", "keys", "gpt", "--json").out)["tables"]
    assert gpt["kinds"] == [["model", "gpt"]]
    [key] = [key for key in gpt["keys"] if key["name"] == "model.num_key_value_heads"]
    assert (key["values"], key["default"]) == ("whole number", "none")
    assert "model.num_encoder_layers" not in {key["name"] for key in gpt["keys"]}


def test_an_unknown_key_is_one_line_with_the_nearest_or_all_tables(atento: Atento) -> None:
    assert "no key 'model.nrom'; did you mean 'model.norm'?" in atento("recipes", "keys", "model.nrom").error
    assert "did you mean 'gpt'?" in atento("recipes", "keys", "gtp").error
    line = atento("recipes", "keys", "xyzzy").error
    assert "known: additive, attention, bert, data" in line
    assert "num_layers" not in line
