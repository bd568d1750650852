"""Learning to write: from running text to a task for language models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec

from atento.applications.device import usable_device
from atento.bundle import Bundle
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import atomic_folder
from atento.core.progress import Progress
from atento.data.text_batching import TextBatch, TextBatches, Windows
from atento.data.text_dataset import TextDataset, open_texts
from atento.data.text_files import TextFiles
from atento.data.text_split import split_text
from atento.models.build import build_model
from atento.models.gpt import GPTConfig
from atento.models.language_model import LanguageModel
from atento.models.transformer import StackConfig
from atento.text.fit import Fit
from atento.training.fit import fit_of_texts, tell_of_fit
from atento.training.objectives import LanguageObjective
from atento.training.precision import Precision, resolve
from atento.training.recipe import Recipe, TextDataConfig
from atento.training.start import origin_of
from atento.training.task import Task
from atento.training.tokenizers import make_tokenizer
from atento.training.validation import Validation, evaluating, mean_loss

CONTEXT = 256
"""Tokens of a row where the model has no limit and the recipe says nothing."""


def language_task(
    recipe: Recipe, model_config: GPTConfig, data: TextDataConfig, run: Path, device: str, progress: Progress
) -> Task[LanguageModel, Windows, TextBatch]:
    """A tokenizer, encoded texts and a model with random weights; what is made is kept in ``run``.

    Raises:
        DataError: a text cannot be read, or is too small.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    where = usable_device(device)
    context = context_of(model_config, data)
    train_files, valid_files = held_out_texts(recipe, data, run, progress)
    tokenizer = make_tokenizer(recipe.tokenizer, data, train_files, run / "tokenizers", progress)
    dataset = open_texts(train_files, data.documents, tokenizer, progress=progress)
    valid = open_texts(valid_files, data.documents, tokenizer, progress=progress)
    announce_texts(dataset, valid, progress)
    fit = fit_of_texts(train_files, data.documents, tokenizer)
    tell_of_fit(fit, recipe.start, progress)
    settings = recipe.training
    origin = origin_of(recipe.start, tokenizer, tokenizer)
    model = build_model(model_config, origin.vocabulary, seed=settings.seed)
    origin.load_into(model)
    model = model.to(where)
    progress.message(f"{model.num_parameters:,} parameters, vocabulary {tokenizer.size:,}, context {context}")
    check_size(dataset, context, settings.batch_tokens)
    bundle = Bundle(
        model=model,
        model_config=model_config,
        source_tokenizer=tokenizer,
        target_tokenizer=tokenizer,
        target_language=data.language,
        decoding=recipe.decoding,
    )
    precision = resolve(settings.precision, where)
    budget = settings.batch_tokens
    validated = TextBatches(valid, model.vocabulary, context=context, budget=max(budget, context), seed=0, moved=False)
    return Task(
        bundle=bundle,
        objective=LanguageObjective(label_smoothing=settings.label_smoothing),
        batches=TextBatches(dataset, model.vocabulary, context=context, budget=budget, seed=settings.seed),
        validator=LanguageValidator(model, validated, precision),
        precision=precision,
        data=facts_of_texts(dataset, valid, fit),
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


def context_of(config: StackConfig, data: TextDataConfig) -> int:
    """Tokens of a row.

    Raises:
        ConfigurationError: more than the model has positions.
    """
    most = config.max_positions if config.position == "learned" else None
    if data.context is None:
        return most or CONTEXT
    if most is not None and data.context > most:
        raise ConfigurationError(
            f"data.context = {data.context} is more than model.max_positions = {most}; change either"
        )
    return data.context


def held_out_texts(
    recipe: Recipe, data: TextDataConfig, run: Path, progress: Progress
) -> tuple[list[TextFiles], list[TextFiles]]:
    """Texts to train and to validate on; the second are split from the first where none is given.

    Raises:
        DataError: a text is too short to be split.
    """
    if data.valid is not None:
        return list(data.train), [data.valid]
    folder = run / "held-out"
    if not folder.exists():
        with atomic_folder(folder) as temporary:
            for number, files in enumerate(data.train):
                place = temporary / str(number)
                split_text(files, data.documents, data.held_out, place, seed=recipe.training.seed)
        progress.message(f"no text to validate on was given: held a part of the training text out, in {folder}")
    train, valid = [], []
    for number, files in enumerate(data.train):
        suffix = ".jsonl" if files.json_lines else ".txt"
        train.append(TextFiles(text=str(folder / str(number) / f"train{suffix}"), weight=files.weight))
        valid.append(TextFiles(text=str(folder / str(number) / f"dev{suffix}")))
    return train, valid


def announce_texts(dataset: TextDataset, valid: TextDataset, progress: Progress) -> None:
    """Say how much there is."""
    for part, purpose in ((dataset, "to train on"), (valid, "to validate on")):
        documents = "document" if part.documents == 1 else "documents"
        progress.message(f"{part.places - part.documents:,} tokens in {part.documents:,} {documents} {purpose}")


def check_size(dataset: TextDataset, context: int, budget: int) -> None:
    """Refuse a text that does not fill a batch: every step would see the same.

    Raises:
        DataError: it is smaller.
    """
    if dataset.places < min(budget, max(context, budget // context * context)):
        names = ", ".join(corpus.name for corpus in dataset.corpora)
        raise DataError(
            f"{names}: {dataset.places:,} tokens are fewer than one batch holds (training.batch_tokens = {budget}); "
            f"bring more text, or set training.batch_tokens to {dataset.places} or less, and data.context with it"
        )


def facts_of_texts(dataset: TextDataset, valid: TextDataset, fit: Mapping[str, Fit]) -> dict[str, object]:
    """What the card says of the data."""
    return {
        "train": [corpus.name for corpus in dataset.corpora],
        "valid": [corpus.name for corpus in valid.corpora],
        "train_documents": dataset.documents,
        "valid_documents": valid.documents,
        "train_tokens": dataset.places - dataset.documents,
        "valid_tokens": valid.places - valid.documents,
        "valid_bytes": valid.size,
        "fit": msgspec.to_builtins(dict(fit)),
    }
