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
