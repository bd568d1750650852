"""What a run is about: a task puts together, for one kind of model, everything that the loop needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from atento.bundle import Bundle
from atento.core.progress import Progress
from atento.models.build import ModelConfig
from atento.models.model import Model
from atento.text.tokenizer import Tokenizer
from atento.training.loop import ModelType
from atento.training.objectives import Objective
from atento.training.precision import Precision
from atento.training.recipe import LabelledDataConfig, Recipe, TextDataConfig
from atento.training.stream import BatchSource, BatchType, EntryType
from atento.training.validation import Validator


@dataclass(frozen=True, kw_only=True)
class Task(Generic[ModelType, EntryType, BatchType]):
    """A model that is to learn something from batches."""

    bundle: Bundle[ModelType]
    objective: Objective[ModelType, BatchType]
    batches: BatchSource[EntryType, BatchType]
    validator: Validator
    precision: Precision
    data: Mapping[str, Any]
    """What the card says of the data."""
    signatures: Mapping[str, str]
    """Of the metrics that validation measures."""


def reading_bundle(
    recipe: Recipe,
    data: TextDataConfig | LabelledDataConfig,
    model: ModelType,
    config: ModelConfig,
    tokenizer: Tokenizer,
    *,
    classes: tuple[str, ...] = (),
    paired: bool = False,
) -> Bundle[ModelType]:
    """The bundle of a model that reads texts of one language with one tokenizer."""
    return Bundle(
        model=model,
        model_config=config,
        source_tokenizer=tokenizer,
        target_tokenizer=tokenizer,
        target_language=data.language,
        decoding=recipe.decoding,
        classes=classes,
        paired=paired,
        context=data.context if classes else None,
    )


def announce_model(model: Model, context: int | None, progress: Progress) -> None:
    """Say how large a model is."""
    limit = "" if context is None else f", context {context}"
    progress.message(f"{model.num_parameters:,} parameters, vocabulary {model.vocabulary.target_size:,}{limit}")
