"""Learning to classify: from labelled texts to a task, from random weights or a pre-trained model's body."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import torch
from torch.nn import functional

from atento.applications.classifier import framing_of
from atento.applications.device import usable_device
from atento.core.files import atomic_folder
from atento.core.progress import Progress
from atento.data.batch_plan import Int64s
from atento.data.labelled_batching import LabelledBatch, LabelledBatches
from atento.data.labelled_dataset import LabelledDataset, classes_of, open_labelled
from atento.data.labelled_files import LabelledFiles
from atento.data.labelled_split import split_labelled
from atento.evaluation.classification import confusion_matrix, macro_f1
from atento.models.bert import BertConfig
from atento.models.build import ReaderConfig, build_classifier, moved
from atento.models.classifier import Classifier, body_config
from atento.training.fit import fit_of_labelled, tell_of_fit
from atento.training.objectives import ClassificationObjective
from atento.training.precision import Precision, autocast, resolve
from atento.training.recipe import LabelledDataConfig, Recipe
from atento.training.start import origin_of
from atento.training.task import Task, announce_model, reading_bundle
from atento.training.tokenizers import make_classifier_tokenizer
from atento.training.validation import Validation, evaluating


def classification_task(
    recipe: Recipe, model_config: ReaderConfig, data: LabelledDataConfig, run: Path, device: str, progress: Progress
) -> Task[Classifier, Int64s, LabelledBatch]:
    """A tokenizer, encoded texts and a model; what is made is kept in ``run``.

    Raises:
        DataError: a file cannot be read, or has a class that training never saw.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    where, settings = usable_device(device), recipe.training
    model_config = body_config(model_config) if isinstance(model_config, BertConfig) else model_config
    train_files, valid_files = _held_out(recipe, data, run, progress)
    tokenizer = make_classifier_tokenizer(recipe.tokenizer, data, train_files, run / "tokenizers", progress)
    origin = origin_of(recipe.start, tokenizer, tokenizer)
    classes = origin.classes_for(classes_of(train_files))
    dataset = open_labelled(train_files, classes, tokenizer.encode_batch, progress=progress)
    valid = open_labelled(valid_files, classes, tokenizer.encode_batch, progress=progress)
    progress.message(
        f"{len(dataset):,} texts to train on, {len(valid):,} to validate on; classes: {', '.join(classes)}"
    )
    fit = fit_of_labelled(train_files, tokenizer)
    tell_of_fit(fit, recipe.start, progress)
    model = build_classifier(model_config, origin.vocabulary, len(classes), seed=settings.seed)
    origin.load_classifier(model)
    model = moved(model, where)
    bundle = reading_bundle(
        recipe, data, model, model_config, tokenizer, classes=classes, paired=dataset.second is not None
    )
    framing = framing_of(bundle)
    announce_model(model, framing.longest, progress)
    batches = LabelledBatches(dataset, framing, budget=settings.batch_tokens, seed=settings.seed)
    if batches.cut:
        progress.message(f"{batches.cut:,} texts are longer than {framing.longest} tokens and lose their ends")
    validated = LabelledBatches(valid, framing, budget=max(settings.batch_tokens, framing.longest or 0), seed=0)
    precision = resolve(settings.precision, where)
    return Task(
        bundle=bundle,
        objective=ClassificationObjective(label_smoothing=settings.label_smoothing),
        batches=batches,
        validator=ClassificationValidator(model, validated, precision),
        precision=precision,
        data=_facts(dataset, valid, classes, batches.cut) | {"fit": msgspec.to_builtins(fit)},
        signatures={},
    )


class ClassificationValidator:
    """Holds the held-out texts."""

    def __init__(self, model: Classifier, batches: LabelledBatches, precision: Precision) -> None:
        self._model, self._batches, self._precision = model, batches, precision

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        device = next(self._model.parameters()).device
        right: list[int] = []
        guessed: list[int] = []
        nats = 0.0
        with evaluating(self._model), torch.inference_mode(), autocast(self._precision, device):
            for batch in (each.to(device) for each in self._batches.epoch()):
                logits = self._model.logits(batch.rows.tokens, batch.rows.mask, batch.rows.types).float()
                nats += float(functional.cross_entropy(logits, batch.labels, reduction="sum"))
                guessed += logits.argmax(1).tolist()
                right += batch.labels.tolist()
        confusion = confusion_matrix(np.array(right), np.array(guessed), self._model.num_classes)
        accuracy = 100 * float(np.trace(confusion)) / len(right)
        return Validation(
            loss=nats / len(right), measures={"accuracy": accuracy, "macro_f1": 100 * macro_f1(confusion)}
        )


def _held_out(
    recipe: Recipe, data: LabelledDataConfig, run: Path, progress: Progress
) -> tuple[list[LabelledFiles], list[LabelledFiles]]:
    """Files to train and to validate on; the second are split from the first where none is given."""
    if data.valid is not None:
        return list(data.train), [data.valid]
    folder = run / "held-out"
    if not folder.exists():
        with atomic_folder(folder) as temporary:
            split_labelled(data.train, data.held_out, temporary, seed=recipe.training.seed)
        progress.message(f"no file to validate on was given: held a part of the training texts out, in {folder}")
    train, valid = [], []
    for number, files in enumerate(data.train):  # all texts of a small file may be on one side
        parts = {name: folder / str(number) / f"{name}.jsonl" for name in ("train", "dev")}
        if parts["train"].stat().st_size:
            train.append(LabelledFiles(file=str(parts["train"]), weight=files.weight))
        if parts["dev"].stat().st_size:
            valid.append(LabelledFiles(file=str(parts["dev"])))
    return train, valid


def _facts(dataset: LabelledDataset, valid: LabelledDataset, classes: tuple[str, ...], cut: int) -> dict[str, object]:
    """What the card says of the data."""
    counts = np.bincount(dataset.labels, minlength=len(classes)).tolist()
    return {
        "train": list(dataset.names),
        "valid": list(valid.names),
        "train_texts": len(dataset),
        "valid_texts": len(valid),
        "classes": dict(zip(classes, counts, strict=True)),
        "cut": cut,
    }
