"""A recipe describes a whole run: data, tokenizer, model, training, decoding. TOML at the edge, structs inside."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from atento.core.configuration import Configuration, apply_overrides, convert, nearest, read_toml
from atento.core.errors import ConfigurationError
from atento.data.corpus_files import CorpusFiles
from atento.decoding.configuration import DecodingConfig
from atento.models.build import ModelConfig
from atento.text.configuration import TokenizerConfig
from atento.text.words import How
from atento.training.configuration import BUDGETS, TrainingConfig
from atento.training.shipped import DEFAULT, shipped_recipes


class DataConfig(Configuration, frozen=True, kw_only=True):
    """What is trained on and validated on.

    Raises:
        ConfigurationError: a value out of its range.
    """

    source_language: str | None = None
    target_language: str | None = None
    train: tuple[CorpusFiles, ...] = ()
    valid: CorpusFiles | None = None
    """None: a seeded part of the training data is held out."""
    held_out: float = 0.05
    """The size of that part: a fraction of the pairs, or from 1 on their number; at most 1,000 pairs."""
    max_length: int = 128
    """Pairs with a longer side, in tokens, are left out of training (and counted)."""
    source_tokenizer: str | None = None
    target_tokenizer: str | None = None
    """Files of existing tokenizers; the source's alone is shared. None: ``[tokenizer]`` says what to train."""

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise ConfigurationError(f"data.max_length = {self.max_length}: give 1 or more")
        if self.held_out <= 0:
            raise ConfigurationError(f"data.held_out = {self.held_out}: give a number of pairs, or a fraction below 1")
        if self.target_tokenizer is not None and self.source_tokenizer is None:
            raise ConfigurationError("data.target_tokenizer needs data.source_tokenizer too; give both")


class Recipe(Configuration, frozen=True, kw_only=True):
    """A whole run."""

    model: ModelConfig
    training: TrainingConfig
    data: DataConfig = DataConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    decoding: DecodingConfig = DecodingConfig()


def read_recipe(
    name_or_path: str = DEFAULT,
    *,
    train: Sequence[str | Path] | None = None,
    valid: Sequence[str | Path] | None = None,
    alignment: str | Path | None = None,
    alignment_words: How = "whitespace",
    overrides: Sequence[str] = (),
) -> Recipe:
    """A shipped recipe or a file, with data and settings from the command line put over it.

    Paths in a recipe file are relative to it; ``train`` and ``valid`` (one or two files) and ``alignment`` (word links
    of ``train``, which switch guided alignment on) to the present folder.

    Raises:
        ConfigurationError: there is no such recipe, or a key or value does not fit.
    """
    table, folder = _read(name_or_path)
    table = apply_overrides(table, overrides)
    _let_budget_replace(table, overrides)
    _need_data_from_either(train, table)
    if alignment is not None:
        table.setdefault("training", {}).setdefault("guided_alignment", {})
    recipe = convert(table, Recipe, where=name_or_path)
    data = recipe.data
    corpora = [corpus.relative_to(folder) for corpus in data.train]
    if train:
        links = {} if alignment is None else {"alignment": str(alignment), "alignment_words": alignment_words}
        corpora = [msgspec.structs.replace(CorpusFiles.of(train), **links)]
    held_out = CorpusFiles.of(valid) if valid else data.valid.relative_to(folder) if data.valid and not train else None
    languages = (data.source_language, data.target_language)
    tokenizers = {
        name: str(folder / path) if not overridden else path
        for name in ("source_tokenizer", "target_tokenizer")
        if (path := getattr(data, name)) is not None
        for overridden in [any(setting.startswith(f"data.{name}=") for setting in overrides)]
    }
    resolved = msgspec.structs.replace(
        data,
        train=tuple(corpus.relative_to(Path.cwd()).with_languages(*languages) for corpus in corpora),
        valid=held_out.relative_to(Path.cwd()).with_languages(*languages) if held_out else None,
        **{name: str(Path.cwd() / path) for name, path in tokenizers.items()},
    )
    return msgspec.structs.replace(recipe, data=resolved)


def check_guidance(recipe: Recipe) -> None:
    """Refuse links that nothing uses, and guided alignment without links.

    Raises:
        ConfigurationError: one is there without the other.
    """
    given = [corpus.name for corpus in recipe.data.train if corpus.alignment is not None]
    guided = recipe.training.guided_alignment is not None
    if guided and not given:
        raise ConfigurationError(
            "training.guided_alignment needs word links: give a corpus of [[data.train]] an alignment, or --alignment"
        )
    if given and not guided:
        raise ConfigurationError(
            f"nothing uses the alignment of {given[0]}: add [training.guided_alignment] to the recipe, or leave it out"
        )
    if recipe.data.valid is not None and recipe.data.valid.alignment is not None:
        raise ConfigurationError("data.valid.alignment is not used; leave it out and score with `atento align --gold`")


def _read(name_or_path: str) -> tuple[dict[str, Any], Path]:
    """The tables, and the folder that their paths are relative to."""
    shipped = shipped_recipes()
    if name_or_path in shipped:
        return tomllib.loads(shipped[name_or_path]), Path()
    path = Path(name_or_path)
    if not path.suffix and not path.exists():
        raise ConfigurationError(f"there is no recipe {name_or_path!r}{nearest(name_or_path, shipped)}")
    return read_toml(path), path.parent


def _let_budget_replace(table: dict[str, Any], overrides: Sequence[str]) -> None:
    """A budget given on the command line takes the place of the recipe's, whatever its unit."""
    given = {setting.partition("=")[0].strip().removeprefix("training.") for setting in overrides}
    training = table.get("training")
    if isinstance(training, dict) and given & set(BUDGETS):
        for name in set(BUDGETS) - given:
            training.pop(name, None)


def _need_data_from_either(train: Sequence[str | Path] | None, table: dict[str, Any]) -> None:
    data = table.get("data")
    if not train and not (isinstance(data, dict) and data.get("train")):
        raise ConfigurationError("no training data: give --train SOURCE TARGET, or a recipe with [[data.train]]")
