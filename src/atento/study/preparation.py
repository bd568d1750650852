"""Variants made ready to run: recipes with their data, tokenizers made once, parameters matched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from atento.bundle import vocabulary_of
from atento.core.configuration import convert, to_builtins
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import sha256
from atento.core.progress import Progress
from atento.core.vocabulary import Vocabulary
from atento.data.corpus_files import CorpusFiles
from atento.models.build import ModelConfig, ReaderConfig, count_classifier_parameters, count_parameters
from atento.study.configuration import Match, RandomData, Study, Variant
from atento.study.data import Materials, digest
from atento.study.labelled import texts_of
from atento.study.variants import has_size, pretraining_recipe, variant_recipe
from atento.text.tokenizer import Tokenizer
from atento.training.recipe import LabelledDataConfig, LanguageRecipe, PairDataConfig, Recipe, TextDataConfig
from atento.training.tokenizers import make_classifier_tokenizer, make_tokenizer, make_tokenizers

_SHORT = 10
"""Digits of a checksum in a folder's name."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A recipe with its data and tokenizers."""

    recipe: Recipe
    vocabulary: Vocabulary
    texts: str
    """Checksum of what it is trained and validated on, and of its tokenizers."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A variant ready to run: its recipe, but for seed and learning rate."""

    variant: Variant
    recipe: Recipe
    vocabulary: Vocabulary
    parameters: int
    texts: str
    """Checksum of what it is trained and validated on, and of its tokenizers."""
    pretraining: Ready | None = None
    """What its runs begin with; None: random weights."""


def prepare_variants(
    study: Study, materials: Materials, folder: Path, progress: Progress, *, timed_on: str = ""
) -> dict[str, Prepared]:
    """Every variant's recipe, with its tokenizers made and its parameters matched.

    Args:
        study: which study.
        materials: its data.
        folder: the study's directory.
        progress: told about tokenizers that are trained.
        timed_on: the device and threads, which the results of studies of speed depend on.

    Raises:
        ConfigurationError: a recipe does not fit, or parameters cannot be matched.
        DataError, OutputError: as data and tokenizers say.
    """
    prepared: dict[str, Prepared] = {}
    order = sorted(study.variants, key=lambda variant: study.match is None or variant.name != study.match.to)
    for variant in order:  # the one that others are matched to comes first
        ready = _ready(study, variant, materials, folder, progress, timed_on)
        recipe, count = ready.recipe, _counter(study, materials, ready.vocabulary)
        match = study.match
        if match is not None and variant.matched and variant.name != match.to:
            model = matched(recipe.model, count, prepared[match.to].parameters, match, variant.name)
            recipe = msgspec.structs.replace(recipe, model=model)
        prepared[variant.name] = Prepared(
            variant=variant,
            recipe=recipe,
            vocabulary=ready.vocabulary,
            parameters=count(recipe.model),
            texts=ready.texts,
            pretraining=_pretraining(study, variant, recipe, materials, ready.vocabulary),
        )
    return {variant.name: prepared[variant.name] for variant in study.variants}


def _counter(study: Study, materials: Materials, vocabulary: Vocabulary) -> Callable[[ModelConfig], int]:
    """Counts the parameters of a study's models."""

    def count(model: ModelConfig) -> int:
        if study.subject == "classification" and isinstance(model, ReaderConfig):
            return count_classifier_parameters(model, vocabulary, len(materials.facts.classes))
        return count_parameters(model, vocabulary)

    return count


def matched(
    model: ModelConfig, count: Callable[[ModelConfig], int], parameters: int, match: Match, name: str
) -> ModelConfig:
    """The model with ``match.key`` changed so that it has about so many parameters, if it has not.

    Args:
        model: of a variant.
        count: tells a model's parameters.
        parameters: how many it shall have.
        match: what is changed.
        name: the variant's, for errors.

    Raises:
        ConfigurationError: the model has no such key, or no value comes near enough.
    """
    if abs(count(model) - parameters) <= match.tolerance * parameters:
        return model
    if not has_size(model, match.key):
        raise ConfigurationError(
            f"match.key = {match.key!r} is no whole number in the model of the variant {name!r}; "
            "name a size, or set matched = false there"
        )

    def sized(steps: int) -> ModelConfig:
        changed = {**to_builtins(model), match.key: steps * match.multiple}
        return convert(changed, type(model), where=f"variant {name!r}")

    def size(steps: int) -> int:
        return count(sized(steps))

    low, high = 1, 2
    while size(low) < size(high) < parameters:  # a key that changes nothing ends it, too
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < parameters else (low, middle)
    best = min((low, high), key=lambda steps: abs(size(steps) - parameters))
    found = size(best)
    if abs(found - parameters) > match.tolerance * parameters:
        raise ConfigurationError(
            f"the variant {name!r} cannot be matched: with model.{match.key} = {best * match.multiple} it has "
            f"{found:,} parameters, and {match.to!r} has {parameters:,}; give a smaller match.multiple, or "
            "matched = false"
        )
    return sized(best)


def _ready(
    study: Study, variant: Variant, materials: Materials, folder: Path, progress: Progress, timed_on: str
) -> Ready:
    """A variant's recipe, ready but for matching."""
    recipe = variant_recipe(study, variant)
    match recipe.data:
        case PairDataConfig() if isinstance(study.data, RandomData):
            size = study.data.vocabulary
            vocabulary = Vocabulary(source_size=size, target_size=size, shared=True)
            texts = json.dumps([to_builtins(study.data), timed_on], sort_keys=True)
            return Ready(recipe=recipe, vocabulary=vocabulary, texts=texts)
        case PairDataConfig() as data:
            return _ready_to_translate(recipe, data, variant, materials, folder, progress)
        case LabelledDataConfig() as data:
            limit = texts_of(study, variant)
            return _ready_to_classify(recipe, data, limit, materials, folder, progress)
        case TextDataConfig():
            raise AssertionError("no variant is a language model")


def _ready_to_translate(
    recipe: Recipe, data: PairDataConfig, variant: Variant, materials: Materials, folder: Path, progress: Progress
) -> Ready:
    train = materials.train_of(variant)
    if recipe.training.guided_alignment is None:  # one variant may be guided, and another not
        train = tuple(_unlinked(corpus) for corpus in train)
    valid = materials.valid_of(variant)
    texts = digest([*train, valid])
    tokenizers = folder / "tokenizers" / _tokenizer_name(recipe, digest(train))
    source, target = make_tokenizers(recipe.tokenizer, data, train, tokenizers, progress)
    files = {"source_tokenizer": str(tokenizers / "source.json")}
    if target is not source:
        files["target_tokenizer"] = str(tokenizers / "target.json")
    given = msgspec.structs.replace(data, train=tuple(train), valid=valid, **files)
    return Ready(
        recipe=msgspec.structs.replace(recipe, data=given),
        vocabulary=vocabulary_of(source, target),
        texts=_joined(texts, *(sha256(Path(path)) for path in files.values())),
    )


def _ready_to_classify(
    recipe: Recipe,
    data: LabelledDataConfig,
    limit: int | None,
    materials: Materials,
    folder: Path,
    progress: Progress,
) -> Ready:
    """All variants of one tokenizer's configuration share it, so that pre-trained ones differ in their start alone."""
    recipe = msgspec.structs.replace(recipe, tokenizer=msgspec.structs.replace(recipe.tokenizer, mask=True))
    train, valid = materials.labelled_train(limit), materials.labelled_valid
    place = _classifier_tokenizer(recipe, materials, folder, progress)
    tokenizer = Tokenizer.load(place)
    given = msgspec.structs.replace(data, train=(train,), valid=valid, tokenizer=str(place))
    return Ready(
        recipe=msgspec.structs.replace(recipe, data=given),
        vocabulary=vocabulary_of(tokenizer, tokenizer),
        texts=_joined(*(sha256(path) for path in (train.path, valid.path, place))),
    )


def _classifier_tokenizer(recipe: Recipe, materials: Materials, folder: Path, progress: Progress) -> Path:
    """The file of a tokenizer with a mask token, of all unlabelled texts; without such, of all labelled ones."""
    unlabelled, labelled = materials.unlabelled, materials.labelled_train(None)
    known = sha256(labelled.path if unlabelled is None else unlabelled[0].path)
    place = folder / "tokenizers" / _tokenizer_name(recipe, known)
    if unlabelled is None:
        make_classifier_tokenizer(recipe.tokenizer, LabelledDataConfig(), [labelled], place, progress)
    else:
        make_tokenizer(recipe.tokenizer, TextDataConfig(documents="line"), unlabelled[:1], place, progress)
    return place / "tokenizer.json"


def _pretraining(
    study: Study, variant: Variant, recipe: Recipe, materials: Materials, vocabulary: Vocabulary
) -> Ready | None:
    """What a variant's runs begin with: the same model and tokenizer, on the texts without classes.

    Raises:
        DataError: there are none.
    """
    own = pretraining_recipe(study, variant)
    if own is None:
        return None
    if materials.unlabelled is None:
        raise DataError(f"the variant {variant.name!r} is pre-trained, and no unlabelled text is left; give some more")
    assert isinstance(recipe.data, LabelledDataConfig)
    assert recipe.data.tokenizer is not None
    train, valid = materials.unlabelled
    tokenizer = recipe.data.tokenizer
    data = msgspec.structs.replace(own.data, train=(train,), valid=valid, tokenizer=tokenizer)
    changed: LanguageRecipe = msgspec.structs.replace(own, model=recipe.model, tokenizer=recipe.tokenizer, data=data)
    texts = _joined(*(sha256(path) for path in (train.path, valid.path, Path(tokenizer))))
    return Ready(recipe=changed, vocabulary=vocabulary, texts=texts)


def _joined(*checksums: str) -> str:
    return hashlib.sha256(" ".join(checksums).encode()).hexdigest()


def _unlinked(corpus: CorpusFiles) -> CorpusFiles:
    """The corpus without its word links."""
    if corpus.alignment is None:
        return corpus
    return msgspec.structs.replace(corpus, alignment=None, alignment_words="whitespace", alignment_one_based=False)


def _tokenizer_name(recipe: Recipe, texts: str) -> str:
    """A name for the tokenizers of this configuration on texts with this checksum."""
    known = json.dumps([to_builtins(recipe.tokenizer), texts], sort_keys=True)
    return f"{recipe.tokenizer.kind}-{hashlib.sha256(known.encode()).hexdigest()[:_SHORT]}"
