"""Learning to write: from running text to a task for language models."""

from __future__ import annotations

import math
from pathlib import Path

from atento.applications.device import usable_device
from atento.core.progress import Progress
from atento.data.text_batching import TextBatch, TextBatches, Windows
from atento.models.build import build_model, moved
from atento.models.gpt import GPTConfig
from atento.models.language_model import LanguageModel
from atento.training.objectives import LanguageObjective
from atento.training.precision import Precision, resolve
from atento.training.recipe import Recipe, TextDataConfig
from atento.training.start import origin_of
from atento.training.task import Task, announce_model, reading_bundle
from atento.training.texts import prepare_texts
from atento.training.validation import Validation, evaluating, mean_loss


def language_task(
    recipe: Recipe, model_config: GPTConfig, data: TextDataConfig, run: Path, device: str, progress: Progress
) -> Task[LanguageModel, Windows, TextBatch]:
    """A tokenizer, encoded texts and a model with random weights; what is made is kept in ``run``.

    Raises:
        DataError: a text cannot be read, or is too small.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    where, settings = usable_device(device), recipe.training
    texts = prepare_texts(recipe, model_config, data, run, progress)
    origin = origin_of(recipe.start, texts.tokenizer, texts.tokenizer)
    model = build_model(model_config, origin.vocabulary, seed=settings.seed)
    origin.load_into(model)
    model = moved(model, where)
    announce_model(model, texts.context, progress)
    precision, context, budget = resolve(settings.precision, where), texts.context, settings.batch_tokens
    batches = TextBatches(texts.train, model.vocabulary, context=context, budget=budget, seed=settings.seed)
    validated = TextBatches(
        texts.valid, model.vocabulary, context=context, budget=max(budget, context), seed=0, moved=False
    )
    return Task(
        bundle=reading_bundle(recipe, data, model, model_config, texts.tokenizer),
        objective=LanguageObjective(label_smoothing=settings.label_smoothing),
        batches=batches,
        validator=LanguageValidator(model, validated, precision),
        precision=precision,
        data=texts.facts(),
        signatures={},
    )


class LanguageValidator:
    """Holds the held-out text in windows that do not overlap: what the model learns to predict, and no more context."""

    def __init__(self, model: LanguageModel, batches: TextBatches, precision: Precision) -> None:
        self._model, self._batches, self._precision = model, batches, precision

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        with evaluating(self._model):
            loss = mean_loss(self._model, LanguageObjective(), self._batches.epoch(), self._precision)
        bits = loss * self._batches.dataset.places / math.log(2)
        return Validation(loss=loss, measures={"bits_per_byte": bits / self._batches.dataset.size})
