"""A recipe describes a whole run: data, tokenizer, model, training, decoding. TOML at the edge, structs inside."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from atento.core.configuration import Configuration, apply_overrides, convert, nearest, read_toml
from atento.core.errors import ConfigurationError
from atento.core.shortening import shortened
from atento.data.corpus_files import CorpusFiles
from atento.data.labelled_files import LabelledFiles
from atento.data.text_files import Documents, TextFiles
from atento.decoding.configuration import DecodingConfig
from atento.models.bert import BertConfig
from atento.models.build import ModelConfig, ReaderConfig, TranslatorConfig
from atento.text.configuration import TokenizerConfig
from atento.text.words import How
from atento.training.configuration import BUDGET_KEYS, BUDGETS, TrainingConfig
from atento.training.shipped import DEFAULT, shipped_recipes
from atento.training.start import with_start


class PairDataConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="pairs"):
    """Sentence pairs to train on and to validate on, for translators.

    Raises:
        ConfigurationError: a value out of its range.
    """

    source_language: str | None = None
    """The code of the language (``pt``), kept with the model; of corpora that name none it chooses the source in TMX
    and JSON Lines."""
    target_language: str | None = None
    """The same of the target."""
    train: tuple[CorpusFiles, ...] = ()
    """The corpora to train on: one ``[[data.train]]`` each, or ``--train``."""
    valid: CorpusFiles | None = None
    """The corpus to validate on, or ``--valid``. None: a seeded part of the training data is held out."""
    held_out: float = 0.05
    """The size of the held-out part: a fraction of the pairs, or from 1 on their number; at most 1,000 pairs."""
    max_length: int = 128
    """Pairs with a longer side, in tokens, are left out of training (and counted)."""
    source_tokenizer: str | None = None
    """The file of an existing tokenizer, shared if there is no other. None: ``[tokenizer]`` says what to train."""
    target_tokenizer: str | None = None
    """The file of an existing tokenizer of the target alone."""

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise ConfigurationError(f"data.max_length = {self.max_length}: give 1 or more")
        if not 0 < self.held_out < math.inf:
            raise ConfigurationError(f"data.held_out = {self.held_out}: give a number of pairs, or a fraction below 1")
        if self.target_tokenizer is not None and self.source_tokenizer is None:
            raise ConfigurationError("data.target_tokenizer needs data.source_tokenizer too; give both")


class TextDataConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """Running text to train on and to validate on, for language models.

    Raises:
        ConfigurationError: a value out of its range.
    """

    language: str | None = None
    """The code of the language (``pt``), kept with the model."""
    train: tuple[TextFiles, ...] = ()
    """The texts to train on: one ``[[data.train]]`` each, or ``--train``."""
    valid: TextFiles | None = None
    """The text to validate on, or ``--valid``. None: a part of the training text is held out."""
    held_out: float = 0.05
    """The size of the held-out part, a fraction: the end of every file that is one document, else whole documents; of
    each file a million characters at most."""
    documents: Documents = "file"
    """Where documents end in plain text: with the file, at blank lines, or at every line. What stands in one is never
    read together with another. Long ones are cut at 65,536 characters where the tokenizer cannot encode them in parts
    (word, wordpiece)."""
    context: int | None = None
    """Tokens of a row; none: as many as the model has positions, or 256 where it has no limit."""
    tokenizer: str | None = None
    """The file of an existing tokenizer. None: ``[tokenizer]`` says what to train."""

    def __post_init__(self) -> None:
        if self.context is not None and self.context < 2:
            raise ConfigurationError(f"data.context = {self.context}: give 2 or more")
        if not 0 < self.held_out < 1:
            raise ConfigurationError(f"data.held_out = {self.held_out}: give a fraction between 0 and 1")


class LabelledDataConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="labels"):
    """Texts with classes to train on and to validate on, for classifiers.

    Raises:
        ConfigurationError: a value out of its range.
    """

    language: str | None = None
    """The code of the language (``pt``), kept with the model."""
    train: tuple[LabelledFiles, ...] = ()
    """The files to train on: one ``[[data.train]]`` each, or ``--train``."""
    valid: LabelledFiles | None = None
    """The file to validate on, or ``--valid``. None: a part of every class is held out."""
    held_out: float = 0.1
    """The size of the held-out part, a fraction."""
    context: int | None = None
    """Tokens of a row; longer texts lose their ends. None: as many as the model reads."""
    tokenizer: str | None = None
    """The file of an existing tokenizer. None: ``[tokenizer]`` says what to train."""

    def __post_init__(self) -> None:
        if self.context is not None and self.context < 8:
            raise ConfigurationError(f"data.context = {self.context}: give 8 or more")
        if not 0 < self.held_out < 1:
            raise ConfigurationError(f"data.held_out = {self.held_out}: give a fraction between 0 and 1")


DataConfig = PairDataConfig | TextDataConfig | LabelledDataConfig


class Recipe(Configuration, frozen=True, kw_only=True):
    """A whole run."""

    model: ModelConfig
    """What is trained. A recipe that goes on from another run takes that run's."""
    training: TrainingConfig
    """How it is trained, and for how long."""
    data: DataConfig = PairDataConfig()
    """What it learns from. Without a kind: pairs for recurrent models and Transformers, text for GPT and BERT."""
    tokenizer: TokenizerConfig = TokenizerConfig()
    """The tokenizer that is trained where ``[data]`` names none."""
    decoding: DecodingConfig = DecodingConfig()
    """How the trained model searches or samples, where a command says nothing else."""
    start: str | None = None
    """The bundle of a trained run, whose model and tokenizers this one begins with; None: random weights."""


class TranslationRecipe(Recipe, frozen=True, kw_only=True):
    """A whole run of a translator."""

    model: TranslatorConfig
    data: PairDataConfig = PairDataConfig()


class ClassificationRecipe(Recipe, frozen=True, kw_only=True):
    """A whole run of a classifier."""

    model: ReaderConfig
    data: LabelledDataConfig = LabelledDataConfig()


class LanguageRecipe(Recipe, frozen=True, kw_only=True):
    """A whole run of a language model, masked or not."""

    model: ReaderConfig
    data: TextDataConfig = TextDataConfig()


def read_recipe(
    name_or_path: str = DEFAULT,
    *,
    train: Sequence[str | Path] | None = None,
    valid: Sequence[str | Path] | None = None,
    alignment: str | Path | None = None,
    alignment_words: How = "whitespace",
    alignment_one_based: bool = False,
    start: str | Path | None = None,
    overrides: Sequence[str] = (),
) -> Recipe:
    """A shipped recipe or a file, with data and settings from the command line put over it.

    Paths in a recipe file are relative to it; ``train`` and ``valid`` and ``alignment`` (word links of ``train``, which
    switch guided alignment on; how they are read, ``alignment_words`` and ``alignment_one_based`` say, as of
    ``CorpusFiles``) and ``start`` (a run to go on from) to the present folder. ``train`` and ``valid`` are one or two
    files each; of a language model any number of texts, and one. Of a shipped recipe that starts from a run, the model,
    tokenizer and decoding give way to the run's; what else goes over, ``inheritance`` says.

    Raises:
        ConfigurationError: there is no such recipe, or a key or value does not fit.
        BundleError: there is no run to start from.
    """
    table, folder = _read(name_or_path)
    if start is None and "start" in table:
        start = folder / str(table["start"])
    if start is not None and name_or_path in shipped_recipes():
        table = {name: part for name, part in table.items() if name not in ("model", "tokenizer", "decoding")}
    table = apply_overrides(table, overrides)
    _require_tables(table, name_or_path)
    if alignment is not None:
        table.setdefault("training", {}).setdefault("guided_alignment", {})
    if start is not None:
        table = with_start(table, Path(start))
    elif "model" not in table and name_or_path in shipped_recipes():
        raise ConfigurationError(f"{name_or_path} has no [model]: say which run to go on from (--from RUN)")
    _let_budget_replace(table, overrides)
    _need_data_from_either(train, table)
    recipe = recipe_of(table, where=name_or_path)
    match recipe.data:
        case PairDataConfig() as pairs:
            reading = {"alignment_words": alignment_words, "alignment_one_based": alignment_one_based}
            links = {} if alignment is None else {"alignment": str(alignment), **reading}
            data: DataConfig = _resolved_pairs(pairs, folder, train, valid, links, overrides)
        case TextDataConfig() | LabelledDataConfig() as texts:
            if alignment is not None:
                raise ConfigurationError("word links are for translators; leave --alignment out")
            data = _resolved_texts(texts, folder, train, valid, overrides)
    return msgspec.structs.replace(recipe, data=data)


def recipe_of(table: Mapping[str, Any], *, where: str) -> Recipe:
    """A recipe from tables; where ``data.kind`` is missing, the kind of model tells it.

    Label smoothing belongs to translation (Vaswani et al. 2017); the papers' language models and classifiers have none,
    so where the tables do not speak of it, theirs is 0.

    Raises:
        ConfigurationError: a key or value does not fit.
    """
    data, model = table.get("data", {}), table.get("model", {})
    if isinstance(data, Mapping) and isinstance(model, Mapping):
        data = {"kind": "text" if model.get("kind") in _LANGUAGE_MODELS else "pairs", **data}
        table = {**table, "data": data}
        training = table.get("training", {})
        if data["kind"] != "pairs" and isinstance(training, Mapping):
            table["training"] = {"label_smoothing": 0.0, **training}
    return convert(table, Recipe, where=where)


_LANGUAGE_MODELS = tuple(str(kind.__struct_config__.tag) for kind in get_args(ReaderConfig))


def _resolved_pairs(
    data: PairDataConfig,
    folder: Path,
    train: Sequence[str | Path] | None,
    valid: Sequence[str | Path] | None,
    links: Mapping[str, object],
    overrides: Sequence[str],
) -> PairDataConfig:
    corpora = [corpus.relative_to(folder) for corpus in data.train]
    if train:
        if len(train) > 2:
            raise ConfigurationError(
                f"a translator's --train is one corpus of one or two files, not {len(train)} files; several corpora go "
                "into a recipe file ([[data.train]])"
            )
        corpora = [msgspec.structs.replace(CorpusFiles.of(train), **links)]
    held_out = CorpusFiles.of(valid) if valid else data.valid.relative_to(folder) if data.valid and not train else None
    languages = (data.source_language, data.target_language)
    tokenizers = {
        name: str(folder / path) if not overridden else path
        for name in ("source_tokenizer", "target_tokenizer")
        if (path := getattr(data, name)) is not None
        for overridden in [_overridden(f"data.{name}", overrides)]
    }
    return msgspec.structs.replace(
        data,
        train=tuple(corpus.relative_to(Path.cwd()).with_languages(*languages) for corpus in corpora),
        valid=held_out.relative_to(Path.cwd()).with_languages(*languages) if held_out else None,
        **{name: str(Path.cwd() / path) for name, path in tokenizers.items()},
    )


def _resolved_texts(
    data: TextDataConfig | LabelledDataConfig,
    folder: Path,
    train: Sequence[str | Path] | None,
    valid: Sequence[str | Path] | None,
    overrides: Sequence[str],
) -> TextDataConfig | LabelledDataConfig:
    def named(path: str | Path) -> TextFiles | LabelledFiles:
        return TextFiles(text=str(path)) if isinstance(data, TextDataConfig) else LabelledFiles(file=str(path))

    texts = [named(path) for path in train] if train else [files.relative_to(folder) for files in data.train]
    held_out = data.valid.relative_to(folder) if data.valid is not None and not train else None
    if valid:
        if len(valid) > 1:
            raise ConfigurationError(f"this kind of model is validated on one file, and {len(valid)} were given")
        held_out = named(valid[0])
    tokenizer = data.tokenizer
    if tokenizer is not None and not _overridden("data.tokenizer", overrides):
        tokenizer = str(folder / tokenizer)
    return msgspec.structs.replace(
        data,
        train=tuple(files.relative_to(Path.cwd()) for files in texts),
        valid=held_out.relative_to(Path.cwd()) if held_out is not None else None,
        tokenizer=str(Path.cwd() / tokenizer) if tokenizer is not None else None,
    )


def _overridden(key: str, overrides: Sequence[str]) -> bool:
    return any(setting.startswith(f"{key}=") for setting in overrides)


_MEASURED: dict[type, tuple[str, ...]] = {
    PairDataConfig: ("loss", "bleu", "chrf"),
    TextDataConfig: ("loss",),
    LabelledDataConfig: ("loss", "accuracy", "macro_f1"),
}
"""What validation measures, by what is trained on."""


def check_guidance(recipe: Recipe) -> None:
    """Refuse links that nothing uses, and guided alignment without links.

    Raises:
        ConfigurationError: one is there without the other.
    """
    guided = recipe.training.guided_alignment is not None
    if not isinstance(recipe.data, PairDataConfig):
        if guided:
            raise ConfigurationError("training.guided_alignment is for translators; leave it out")
        return
    given = [corpus.name for corpus in recipe.data.train if corpus.alignment is not None]
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


def check_masking(recipe: Recipe) -> None:
    """Refuse settings of masking where nothing is masked.

    Raises:
        ConfigurationError: the model is no masked language model.
    """
    masked = isinstance(recipe.model, BertConfig) and isinstance(recipe.data, TextDataConfig)
    if recipe.training.masking is not None and not masked:
        raise ConfigurationError("training.masking is for masked language models (model.kind = 'bert'); leave it out")


def check_keep_metric(recipe: Recipe) -> None:
    """Refuse to choose weights by what validation does not measure.

    Raises:
        ConfigurationError: such models have no such metric.
    """
    known = _MEASURED[type(recipe.data)]
    if recipe.training.keep_metric not in known:
        raise ConfigurationError(
            f"training.keep_metric = {recipe.training.keep_metric!r} is not measured; give {' or '.join(known)}"
        )


def _read(name_or_path: str) -> tuple[dict[str, Any], Path]:
    """The tables, and the folder that their paths are relative to."""
    shipped = shipped_recipes()
    if name_or_path in shipped:
        return tomllib.loads(shipped[name_or_path]), Path()
    path = Path(name_or_path)
    if not path.suffix and not path.exists():
        raise ConfigurationError(f"there is no recipe {name_or_path!r}{nearest(name_or_path, shipped)}")
    return read_toml(path), path.parent


def _require_tables(table: Mapping[str, Any], where: str) -> None:
    """Refuse a part of a recipe that is a single value, before anything is laid over it or under it."""
    for field in msgspec.structs.fields(Recipe):
        if field.name != "start" and not isinstance(table.get(field.name, {}), Mapping):
            given = f"{field.name} = {shortened(repr(table[field.name]), 40)}"
            raise ConfigurationError(f"{where}: {given}: it must be a table; set its keys ({field.name}.KEY)")


def _let_budget_replace(table: dict[str, Any], overrides: Sequence[str]) -> None:
    """A budget given on the command line takes the place of the recipe's, whatever its unit."""
    given = {setting.partition("=")[0].strip().removeprefix("training.") for setting in overrides}
    training = table.get("training")
    if isinstance(training, dict) and given & set(BUDGETS):
        for name in set(BUDGET_KEYS) - given:
            training.pop(name, None)


def _need_data_from_either(train: Sequence[str | Path] | None, table: dict[str, Any]) -> None:
    data = table.get("data")
    if not train and not (isinstance(data, dict) and data.get("train")):
        raise ConfigurationError(
            "no training data: give --train SOURCE TARGET (of a language model --train TEXT), or a recipe with "
            "[[data.train]]"
        )
