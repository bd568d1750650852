"""Running text as a run reads it: what is trained on and held out, the tokenizer, both parts encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from atento.bundle import read_bundle_config
from atento.core.configuration import convert
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.core.files import atomic_folder
from atento.core.progress import Progress
from atento.data.text_dataset import TextDataset, open_texts
from atento.data.text_files import Documents, TextFiles
from atento.data.text_split import part_paths, split_texts
from atento.models.transformer import StackConfig
from atento.text.configuration import TokenizerConfig
from atento.text.fit import Fit
from atento.text.tokenizer import Tokenizer
from atento.training.fit import fit_of_texts, tell_of_fit
from atento.training.inheritance import RECIPE, recipe_beside
from atento.training.recipe import Recipe, TextDataConfig
from atento.training.tokenizers import make_tokenizer

CONTEXT = 256
"""Tokens of a row where the model has no limit and the recipe says nothing."""

_ENDS: Mapping[Documents, str] = {
    "file": "a plain text file is one document (data.documents = {!r})",
    "blank-line": "documents of plain text end at blank lines (data.documents = {!r})",
    "line": "every line of plain text is a document (data.documents = {!r})",
}
"""Said where a run goes on from another one, which may have brought this along."""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Everything but the model."""

    tokenizer: Tokenizer
    train: TextDataset
    valid: TextDataset
    context: int
    """Tokens of a row."""
    fit: Mapping[str, Fit]

    def facts(self) -> dict[str, object]:
        """What the card says of the data."""
        train, valid = self.train, self.valid
        return {
            "train": [corpus.name for corpus in train.corpora],
            "valid": [corpus.name for corpus in valid.corpora],
            "train_documents": train.documents,
            "valid_documents": valid.documents,
            "train_tokens": train.places - train.documents,
            "valid_tokens": valid.places - valid.documents,
            "valid_bytes": valid.size,
            "fit": msgspec.to_builtins(dict(self.fit)),
        }


def prepare_texts(
    recipe: Recipe,
    model: StackConfig,
    data: TextDataConfig,
    run: Path,
    progress: Progress,
    *,
    tokenizer: TokenizerConfig | None = None,
) -> Texts:
    """Split, train a tokenizer (``tokenizer``, else the recipe's) and encode; what is made is kept in ``run``.

    Raises:
        DataError: a text cannot be read, or is too small.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    context = context_of(model, data)
    if recipe.start is not None:
        progress.message(_ENDS[data.documents].format(data.documents))
    train_files, valid_files = held_out_texts(recipe, data, run, progress)
    made = make_tokenizer(tokenizer or recipe.tokenizer, data, train_files, run / "tokenizers", progress)
    train = open_texts(train_files, data.documents, made, progress=progress)
    valid = open_texts(valid_files, data.documents, made, progress=progress)
    for part, purpose in ((train, "to train on"), (valid, "to validate on")):
        documents = "document" if part.documents == 1 else "documents"
        progress.message(f"{part.places - part.documents:,} tokens in {part.documents:,} {documents} {purpose}")
    check_size(train, context, recipe.training.batch_tokens)
    fit = fit_of_texts(train_files, data.documents, made)
    tell_of_fit(fit, recipe.start, progress)
    return Texts(tokenizer=made, train=train, valid=valid, context=context, fit=fit)


def context_of(config: StackConfig, data: TextDataConfig) -> int:
    """Tokens of a row: what the recipe says, or as many as the model has positions.

    Where its kind of positions has no limit, ``CONTEXT`` at most: a model from elsewhere may name a very large one.

    Raises:
        ConfigurationError: more than the model has positions.
    """
    most = config.max_positions if config.position == "learned" else None
    if data.context is None:
        return most or min(config.max_positions, CONTEXT)
    if most is not None and data.context > most:
        raise ConfigurationError(
            f"data.context = {data.context} is more than model.max_positions = {most}; change either"
        )
    return data.context


def context_like(run: Path) -> int:
    """Tokens of the rows that the model of a run was trained on, or would be, if it comes from elsewhere.

    Raises:
        BundleError: there is no such run, or it is no language model's.
        ConfigurationError: its recipe is damaged.
    """
    _, config = read_bundle_config(run)
    if not isinstance(config.model, StackConfig):
        raise BundleError(f"{run} holds no language model")
    data = (recipe_beside(run) or {}).get("data")
    context = data.get("context") if isinstance(data, Mapping) else None
    return context_of(config.model, convert({"context": context}, TextDataConfig, where=RECIPE))


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
            split_texts(data.train, data.documents, data.held_out, temporary, seed=recipe.training.seed)
        progress.message(f"no text to validate on was given: held a part of the training text out, in {folder}")
    train, valid = [], []
    for number, files in enumerate(data.train):
        part, held = part_paths(files, folder / str(number))
        train.append(TextFiles(text=str(part), weight=files.weight))
        valid.append(TextFiles(text=str(held)))
    return train, valid


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
