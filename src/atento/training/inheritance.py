"""What a run takes over from the training of the one that it starts from, beside its model and tokenizers.

A model has learned from texts of a form, and it goes on with the same: where documents end, how long a row is, what of
it is hidden and how hard its answers are. None of that stands in the weights; it stands in the recipe of the run.
Imported models and bundles without their run have none, so their family says what is usual.

Left out on purpose: what belongs to the new text or the new training (the held-out part, budget, rates, batches).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from atento.bundle import BundleConfig, read_bundle_config
from atento.core.configuration import convert, merged, read_toml
from atento.core.errors import ConfigurationError
from atento.data.labelled_files import LabelledFiles
from atento.data.text_files import Documents, TextFiles
from atento.models.bert import BertConfig
from atento.models.build import ReaderConfig

RECIPE = "recipe.toml"
"""The resolved recipe in the folder of a run."""

_DATA = {"pairs": ("max_length",), "text": ("documents", "context"), "labels": ("context",)}
_TRAINING = {"pairs": ("label_smoothing",), "text": ("label_smoothing", "masking"), "labels": ("label_smoothing",)}
"""The keys that go over, by ``data.kind``; only where the new run learns from the same kind of data."""


def with_inheritance(table: Mapping[str, Any], start: Path) -> dict[str, Any]:
    """A recipe's tables over what they take over of the run at ``start``; keys that they have stay.

    Guided alignment goes over where the tables ask for guided alignment: without word links nothing could use it.

    Raises:
        BundleError: there is no such run.
        ConfigurationError: its recipe is damaged.
    """
    _, config = read_bundle_config(start)
    data, training = dict(table.get("data", {})), dict(table.get("training", {}))
    kind = kind_of_data(config)
    if data.get("kind", _kind_of_model(config)) != kind:
        return {**table, "data": data, "training": training}
    recipe = recipe_beside(start)
    given = _usual(config) if recipe is None else recipe
    keys = _TRAINING[kind] + (("guided_alignment",) if "guided_alignment" in training else ())
    return {
        **table,
        "data": merged(_chosen(given, "data", _DATA[kind]), data),
        "training": merged(_chosen(given, "training", keys), training),
    }


def documents_of(run: Path) -> Documents:
    """Where documents end in plain text for the model of a run: as in its training, or as is usual in its family.

    Raises:
        BundleError: there is no such run.
        ConfigurationError: its recipe is damaged.
    """
    found = None if (recipe := recipe_beside(run)) is None else _chosen(recipe, "data", ("documents",)).get("documents")
    known: tuple[Documents, ...] = get_args(Documents)
    return next((each for each in known if each == found), _usual_documents(read_bundle_config(run)[1]))


def text_like(run: Path, path: Path) -> TextFiles:
    """A text, to be read as those that the model of a run has learned from: JSON Lines under the same key.

    Raises:
        ConfigurationError: the run's recipe is damaged.
    """
    return convert({"text": str(path), **_of_training_files(run, ("key",))}, TextFiles, where=RECIPE)


def labelled_like(run: Path, path: Path) -> LabelledFiles:
    """Labelled texts, to be read as those that the classifier of a run has learned from: the same columns and keys.

    Raises:
        ConfigurationError: the run's recipe is damaged.
    """
    return convert({"file": str(path), **_of_training_files(run, ("columns", "keys"))}, LabelledFiles, where=RECIPE)


def _of_training_files(run: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """What the recipe of a run says of all files that it was trained on alike."""
    recipe = recipe_beside(run) or {}
    files = _chosen(recipe, "data", ("train",)).get("train", [])
    if not isinstance(files, list) or not all(isinstance(each, Mapping) for each in files):
        raise ConfigurationError(f"the recipe of the run {run} is damaged: data.train is no list of tables; mend it")
    values = {key: [each.get(key) for each in files] for key in keys}
    return {
        key: found[0] for key, found in values.items() if found and found.count(found[0]) == len(found) and found[0]
    }


def recipe_beside(path: Path) -> dict[str, Any] | None:
    """The tables of the recipe that a run, given by its folder or its bundle, was trained by; None where it has none.

    Raises:
        ConfigurationError: the file is damaged.
    """
    places = [path / RECIPE, *([path.parent / RECIPE] if path.name == "bundle" else [])]
    file = next((place for place in places if place.exists()), None)
    return None if file is None else read_toml(file)


def kind_of_data(config: BundleConfig) -> str:
    """``data.kind`` of what a bundle's model was trained on."""
    return "labels" if config.classes else _kind_of_model(config)


def _kind_of_model(config: BundleConfig) -> str:
    return "text" if isinstance(config.model, ReaderConfig) else "pairs"


def _chosen(recipe: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Some keys of one table of a recipe.

    Raises:
        ConfigurationError: it is no table.
    """
    table = recipe.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"the recipe of the run to start from is damaged: {name} is no table; mend it")
    return {key: table[key] for key in keys if key in table}


def _usual(config: BundleConfig) -> dict[str, Any]:
    """What is taken over from a model whose training nobody knows, as tables of a recipe."""
    match kind_of_data(config):
        case "text":
            return {"data": {"documents": _usual_documents(config)}}
        case "labels" if config.context is not None:
            return {"data": {"context": config.context}}
        case _:
            return {}


def _usual_documents(config: BundleConfig) -> Documents:
    """A GPT reads files whole; a BERT lines, or paragraphs of several sentences where it tells what follows what."""
    match config.model:
        case BertConfig(next_sentence=True):
            return "blank-line"
        case BertConfig():
            return "line"
        case _:
            return "file"
