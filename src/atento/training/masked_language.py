"""Learning to fill gaps: from running text to a task for masked language models (Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import torch
from torch.nn import functional

from atento.applications.device import usable_device
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress
from atento.data.masked_batching import MaskedBatch, MaskedBatches, Portion
from atento.data.masking import MaskingConfig
from atento.data.text_dataset import TextDataset
from atento.models.bert import BertConfig
from atento.models.build import build_model, moved
from atento.models.masked_language_model import MaskedLanguageModel
from atento.text.tokenizer import Tokenizer
from atento.text.word_parts import word_parts
from atento.training.objectives import MaskedObjective
from atento.training.precision import Precision, autocast, resolve
from atento.training.recipe import Recipe, TextDataConfig
from atento.training.start import origin_of
from atento.training.task import Task, announce_model, reading_bundle
from atento.training.texts import prepare_texts
from atento.training.validation import Validation, evaluating

_VALIDATED = 4096
"""Tokens of a validation's batch: fixed, so that all runs on a text are asked for the same tokens of it."""


def masked_language_task(
    recipe: Recipe, model_config: BertConfig, data: TextDataConfig, run: Path, device: str, progress: Progress
) -> Task[MaskedLanguageModel, Portion, MaskedBatch]:
    """A tokenizer, encoded texts and a model with random weights; what is made is kept in ``run``.

    Raises:
        DataError: a text or the tokenizer cannot be used, or a text is too small.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    where, settings = usable_device(device), recipe.training
    if not model_config.masked_head:
        raise ConfigurationError("model.masked_head = false: nothing could learn to predict masked tokens")
    with_mask = msgspec.structs.replace(recipe.tokenizer, mask=True)
    texts = prepare_texts(recipe, model_config, data, run, progress, tokenizer=with_mask)
    tokenizer = texts.tokenizer
    require_mask(tokenizer, data.tokenizer or "the tokenizer")
    origin = origin_of(recipe.start, tokenizer, tokenizer)
    model = build_model(model_config, origin.vocabulary, seed=settings.seed)
    origin.load_into(model)
    model = moved(model, where)
    announce_model(model, texts.context, progress)
    masking = settings.masking or MaskingConfig()
    words = word_parts(tokenizer) if masking.whole_words else None

    def batches(part: TextDataset, budget: int, seed: int, *, moved: bool) -> MaskedBatches:
        return MaskedBatches(
            part,
            model.vocabulary,
            masking,
            context=texts.context,
            budget=budget,
            seed=seed,
            pairs=model_config.next_sentence,
            separators=tokenizer.template.separators,
            has_types=tokenizer.template.has_types,
            words=words,
            moved=moved,
        )

    precision = resolve(settings.precision, where)
    validated = batches(texts.valid, max(_VALIDATED, texts.context), 0, moved=False)
    return Task(
        bundle=reading_bundle(recipe, data, model, model_config, tokenizer),
        objective=MaskedObjective(label_smoothing=settings.label_smoothing),
        batches=batches(texts.train, settings.batch_tokens, settings.seed, moved=True),
        validator=MaskedLanguageValidator(model, validated, precision),
        precision=precision,
        data=texts.facts(),
        signatures={},
    )


def require_mask(tokenizer: Tokenizer, where: str) -> None:
    """Refuse a tokenizer that has no token to hide others with.

    Raises:
        DataError: it has none.
    """
    if tokenizer.mask is None:
        raise DataError(
            f"{where} has no mask token, which a masked language model needs; "
            "train one with `atento tokenizer train --mask`, or leave data.tokenizer out"
        )


class MaskedLanguageValidator:
    """Holds the held-out text, in which always the same tokens are hidden."""

    def __init__(self, model: MaskedLanguageModel, batches: MaskedBatches, precision: Precision) -> None:
        self._model, self._batches, self._precision = model, batches, precision

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        with evaluating(self._model):
            return _validation(self._model, self._batches.epoch(), self._precision)


def _validation(model: MaskedLanguageModel, batches: Iterable[MaskedBatch], precision: Precision) -> Validation:
    """The loss, and the per cent of the hidden tokens that are guessed right, and of pairs."""
    device = next(model.parameters()).device
    nats, right, count, pairs_right, pairs = 0.0, 0, 0, 0, 0
    with torch.inference_mode(), autocast(precision, device):
        for batch in (each.to(device) for each in batches):
            annotations = model.encoder(batch.inputs, batch.mask, types=batch.types).annotations
            logits = model.head.logits(annotations[batch.chosen]).float()
            nats += float(functional.cross_entropy(logits, batch.labels, reduction="sum"))
            right, count = right + int((logits.argmax(1) == batch.labels).sum()), count + batch.count
            if model.next_sentence is not None and batch.follows is not None:
                following = model.next_sentence.logits(annotations).argmax(1)
                pairs_right, pairs = pairs_right + int((following == batch.follows).sum()), pairs + len(following)
    found = {"accuracy": 100 * right / count}
    return Validation(
        loss=nats / count, measures=found | ({"next_sentence": 100 * pairs_right / pairs} if pairs else {})
    )
