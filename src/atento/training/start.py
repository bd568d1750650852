"""Starting from a trained run in the place of random weights: fine-tuning, or going on with other text.

The run's model and tokenizers are kept; what the recipe may change of the model is how much it is regularised. What of
its training goes over as well, ``inheritance`` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor

from atento.bundle import (
    SHARED,
    SOURCE,
    TARGET,
    BundleConfig,
    load_bundle,
    read_bundle_config,
    read_card,
    vocabulary_of,
)
from atento.core.configuration import to_builtins
from atento.core.errors import BundleError, ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.build import ReaderConfig
from atento.models.classifier import Classifier
from atento.models.model import Model
from atento.models.weights import load_weights, weights
from atento.text.tokenizer import Tokenizer
from atento.training.inheritance import with_inheritance

_FREE = ("dropout", "attention_dropout", "activation_dropout")
"""Keys of a model that no weight depends on."""
_PROVENANCE = ("format", "folder", "model_type")
"""What stays true of an imported model when it has learned on."""


def with_start(table: Mapping[str, Any], start: Path) -> dict[str, Any]:
    """A recipe's tables with the model, the tokenizers and the decoding settings of a run, and the form of its texts.

    Args:
        table: the recipe's own tables; a ``[model]`` in it may change dropout alone.
        start: the run, or its bundle.

    Raises:
        BundleError: there is no such run.
        ConfigurationError: the recipe asks for another model, or for a tokenizer; or the run's own recipe is damaged.
    """
    folder, config = read_bundle_config(start)
    table = with_inheritance(table, start)
    data = table["data"]
    if config.classes and data.get("kind") != "labels":
        raise ConfigurationError(
            f"{start} is a classifier, and this recipe learns something else: start from the run that it was made of, "
            "or take the recipe classify"
        )
    named = [key for key in ("tokenizer", "source_tokenizer", "target_tokenizer") if key in data]
    if "tokenizer" in table or named:
        key = f"data.{named[0]}" if named else "[tokenizer]"
        raise ConfigurationError(f"a run that starts from {start} keeps its tokenizer; leave {key} out")
    return {
        **table,
        "start": str(folder.absolute()),
        "model": _model(table.get("model", {}), config, start),
        "decoding": {**to_builtins(config.decoding), **table.get("decoding", {})},
        "data": {**_languages(config), **data, **_tokenizers(config, folder.absolute())},
    }


def _model(given: Mapping[str, Any], config: BundleConfig, start: Path) -> dict[str, Any]:
    own = to_builtins(config.model)
    defaults = msgspec.to_builtins(config.model)
    for key, value in given.items():
        if key not in _FREE and key in defaults and defaults[key] != value:
            raise ConfigurationError(
                f"model.{key} = {value!r}, but {start} has {defaults[key]!r}, and its weights are kept; leave it out"
            )
    return {**own, **given}


def _tokenizers(config: BundleConfig, folder: Path) -> dict[str, str]:
    if isinstance(config.model, ReaderConfig):
        return {"tokenizer": str(folder / SHARED)}
    if SHARED in config.checksums:
        return {"source_tokenizer": str(folder / SHARED)}
    return {"source_tokenizer": str(folder / SOURCE), "target_tokenizer": str(folder / TARGET)}


def _languages(config: BundleConfig) -> dict[str, str]:
    if isinstance(config.model, ReaderConfig):
        languages = {"language": config.target_language}
    else:
        languages = {"source_language": config.source_language, "target_language": config.target_language}
    return {name: value for name, value in languages.items() if value is not None}


def imported_of(start: str | None) -> dict[str, Any]:
    """Which model of another library a run goes back to, as its card says it: directly, or by the run it starts from.

    An export needs it: what computes the same in two formats goes out as what it came in as.

    Args:
        start: the bundle that the run starts from, if there is one.
    """
    imported = read_card(Path(start)).get("imported") if start is not None else None
    if not isinstance(imported, Mapping):
        return {}
    return {"imported": {name: imported[name] for name in _PROVENANCE if name in imported}}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a model begins as."""

    vocabulary: Vocabulary
    values: Mapping[str, Tensor] | None
    """Weights of a trained model; None: random ones."""
    classes: tuple[str, ...] = ()
    """Of a classifier."""

    def load_into(self, model: Model) -> None:
        """Give a model these weights.

        Raises:
            BundleError: they do not fit.
        """
        if self.values is None:
            return
        try:
            load_weights(model, self.values)
        except ValueError as error:
            raise BundleError(f"the run to start from does not fit this recipe: {error}") from error

    def classes_for(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """The classes, in their order, of a classifier that begins so: those of the texts, or of the run's classifier.

        Args:
            found: the classes of the texts.

        Raises:
            BundleError: the run to start from does not know one of them.
        """
        if not self.classes:
            return found
        if strange := [name for name in found if name not in self.classes]:
            raise BundleError(
                f"the run to start from tells {', '.join(self.classes)} apart, and the texts have {strange[0]!r}, too; "
                "leave such texts out, or start from a language model or without --from"
            )
        return self.classes

    def load_classifier(self, model: Classifier) -> None:
        """Give a classifier the body of a language model, masked or not, or all of a classifier.

        Raises:
            BundleError: it does not fit.
        """
        if self.values is None or self.classes:
            self.load_into(model)
        else:
            values = model.with_pretrained(self.values)
            Origin(vocabulary=self.vocabulary, values=values).load_into(model)


def origin_of(start: str | None, source: Tokenizer, target: Tokenizer) -> Origin:
    """What a run with these tokenizers begins as; ``start`` is the bundle of another run, if there is one.

    Raises:
        BundleError: it is gone, damaged, or has other tokenizers by now.
    """
    if start is None:
        return Origin(vocabulary=vocabulary_of(source, target), values=None)
    bundle = load_bundle(Path(start))
    theirs = (bundle.source_tokenizer.checksum, bundle.target_tokenizer.checksum)
    if theirs != (source.checksum, target.checksum):
        raise BundleError(f"{start} has other tokenizers than when this run began; begin another run")
    return Origin(vocabulary=bundle.vocabulary, values=weights(bundle.model), classes=bundle.classes)
