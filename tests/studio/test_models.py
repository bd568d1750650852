from __future__ import annotations

import gc
import json
import shutil
import weakref
from pathlib import Path

import pytest

from atento.bundle import kind_of, load_bundle
from atento.core.errors import BundleError
from atento.studio.bundles import describe
from atento.studio.models import Models
from atento.studio.workspace import Workspace

FAMILIES = ("recurrent", "plain", "transformer", "gpt", "bert")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_off_the_files_is_the_models_own(folder: Path, family: str) -> None:
    about = describe(folder / "runs" / family / "bundle")
    bundle = load_bundle(folder / "runs" / family)
    assert about.family == kind_of(folder / "runs" / family)
    assert about.parameters == bundle.model.num_parameters
    assert (about.source_language, about.target_language) == (bundle.source_language, bundle.target_language)
    assert about.ended_by == "budget"


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_and_heads_are_those_of_its_attention(client, folder: Path, family: str) -> None:  # type: ignore[no-untyped-def]
    found = client.post("/api/attention", json={"model": f"runs/{family}", "source": "a vida"}).json()["attention"]
    about = describe(folder / "runs" / family / "bundle")
    assert {role: (len(layers), len(layers[0])) for role, layers in found["weights"].items()} == {
        role: (layers, about.heads[role]) for role, layers in about.layers.items()
    }


def test_the_list_has_everything(client) -> None:  # type: ignore[no-untyped-def]
    [found] = [each for each in client.get("/api/workspace").json()["models"] if each["id"] == "runs/transformer"]
    parameters = found.pop("parameters")
    assert parameters > 1000
    assert found == {
        "id": "runs/transformer", "name": "transformer", "family": "transformer", "source_language": "pt",
        "target_language": "es", "attends": True, "roles": ["cross", "encoder", "decoder"],
        "layers": {"cross": 3, "encoder": 2, "decoder": 3}, "heads": {"cross": 2, "encoder": 2, "decoder": 2},
    }  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [("kind", "abacus"), ("num_heads", None), ("num_heads", "many")])
def test_a_damaged_configuration_is_told(folder: Path, tmp_path: Path, key: str, value: object) -> None:
    own = Path(shutil.copytree(folder / "runs" / "gpt" / "bundle", tmp_path / "own"))
    table = json.loads((own / "config.json").read_text(encoding="utf-8"))
    table["model"][key] = value
    if value is None:
        del table["model"][key]
    (own / "config.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(BundleError, match="damaged"):
        describe(own)


def test_the_models_used_last_stay_and_a_changed_one_is_loaded_anew(folder: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(folder / "runs", tmp_path / "runs"))
    shutil.copytree(own / "gpt", own / "other")
    models = Models(Workspace(tmp_path))

    def used(name: str) -> weakref.ref[object]:
        with models.use(f"runs/{name}") as application:
            return weakref.ref(application)

    first = used("recurrent")
    assert used("recurrent")() is first()
    for family in ("plain", "transformer", "gpt"):
        used(family)
    assert first() is not None
    used("other")
    gc.collect()
    assert first() is None
    before = used("gpt")
    (own / "gpt" / "bundle" / "card.json").write_text("{}", encoding="utf-8")
    gc.collect()
    assert used("gpt")() is not before()
