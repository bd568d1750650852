"""A variant's recipe, and that of the run that its runs begin with; what does not fit the study is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from atento.core.configuration import convert, merged
from atento.core.errors import ConfigurationError
from atento.models.build import TranslatorConfig, attends
from atento.study.configuration import CorpusData, Study, Variant
from atento.study.data import whole
from atento.training.configuration import BUDGET_KEYS, BUDGETS
from atento.training.recipe import (
    ClassificationRecipe,
    LanguageRecipe,
    PairDataConfig,
    Recipe,
    TranslationRecipe,
    check_guidance,
    check_keep_metric,
    check_masking,
)


def check_recipes(study: Study) -> None:
    """Refuse, before anything is written, a study with a variant that cannot be what the study says.

    Raises:
        ConfigurationError: a recipe does not fit, or a claim asks a model without attention for its word alignments.
    """
    models = {}
    for variant in study.variants:
        models[variant.name] = variant_recipe(study, variant).model
        pretraining_recipe(study, variant)
    match = study.match
    if match is not None and not any(has_size(model, match.key) for model in models.values()):
        raise ConfigurationError(f"match.key = {match.key!r} is no whole number in any variant's model; name a size")
    for claim in study.claims:
        for name in (claim.variant, claim.baseline):
            if claim.measure.metric == "aer" and not _attends(models[name]):
                raise ConfigurationError(
                    f"the claim {claim.statement!r} asks for aer, and the variant {name!r} has no attention; "
                    "take another metric or variant"
                )


def variant_recipe(study: Study, variant: Variant) -> Recipe:
    """A variant's recipe, but for data and matching.

    Raises:
        ConfigurationError: it does not fit, or it names data, which a study has elsewhere.
    """
    where = f"variant {variant.name!r}"
    table = merged(study.recipe, variant.recipe)
    if "start" in table:
        raise ConfigurationError(f"{where}: recipe.start: a study trains what its runs begin with; see `pretraining`")
    _refuse_seed(table, f"{where}: recipe")
    if study.subject == "classification":
        recipe: Recipe = convert(table, ClassificationRecipe, where=where)
        _refuse_idle(table, ("kind", "context"), f"{where}: recipe.data")
        _check(recipe, where)
        return recipe
    recipe = convert(table, TranslationRecipe, where=where)
    _refuse_idle(table, ("max_length",), f"{where}: recipe.data")
    given = study.data.train if isinstance(study.data, CorpusData) else ()
    links = [corpus.alignment for corpus in given]
    if recipe.training.guided_alignment is not None and (not any(links) or not whole(variant)):
        raise ConfigurationError(
            f"{where}: training.guided_alignment needs word links of all that it is trained on: give a corpus of "
            "[[data.train]] an alignment, and the variant neither pairs nor max_words"
        )
    _check(recipe, where)
    return recipe


def pretraining_recipe(study: Study, variant: Variant) -> LanguageRecipe | None:
    """The recipe of the run that a variant's runs begin with, but for data and matching; None: with random weights.

    Model, tokenizer and training are the variant's, with what ``pretraining`` says of training laid over; a budget
    there takes the place of the variant's. Each text without a class is a document, if nothing else is said.

    Raises:
        ConfigurationError: it does not fit, or changes what is the variant's.
    """
    if variant.pretraining is None:
        return None
    where = f"variant {variant.name!r}: pretraining"
    table = merged(study.pretraining, variant.pretraining)
    for key in table:
        if key not in ("training", "data"):
            raise ConfigurationError(
                f"{where}.{key} has no effect: model and tokenizer are the variant's own; only training and data may "
                "be given"
            )
    _refuse_idle(table, ("context", "documents"), f"{where}.data")
    _refuse_seed(table, where)
    own = merged(study.recipe, variant.recipe)
    training = {**own.get("training", {}), "keep_metric": "loss"}
    given = table.get("training", {})
    if isinstance(given, Mapping) and set(given) & set(BUDGETS):
        training = {key: value for key, value in training.items() if key not in BUDGET_KEYS}
    whole_table = {
        **own,
        "training": merged(training, given) if isinstance(given, Mapping) else given,
        "data": {"documents": "line", **table.get("data", {})},
    }
    recipe = convert(whole_table, LanguageRecipe, where=where)
    _check(recipe, where)
    return recipe


def count_pretraining(study: Study) -> int:
    """How many runs there are that others begin with: one a seed of each recipe for them."""
    recipes = [recipe for variant in study.variants if (recipe := pretraining_recipe(study, variant)) is not None]
    return len(study.seeds) * len({msgspec.json.encode(recipe) for recipe in recipes})


def has_size(model: msgspec.Struct, key: str) -> bool:
    """Whether a key of a model is a whole number."""
    present = getattr(model, key, None)
    return isinstance(present, int) and not isinstance(present, bool)


def _attends(model: msgspec.Struct) -> bool:
    """Whether a model has attention over a source."""
    return isinstance(model, TranslatorConfig) and attends(model)


def _refuse_seed(table: Mapping[str, Any], where: str) -> None:
    training = table.get("training", {})
    if isinstance(training, Mapping) and "seed" in training:
        raise ConfigurationError(f"{where}.training.seed has no effect, for the study's seeds say it; leave it out")


def _refuse_idle(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    data = table.get("data", {})
    if not isinstance(data, Mapping):
        raise ConfigurationError(f"{where} must be a table; leave it out")
    for key in data:
        if key not in known:
            raise ConfigurationError(f"{where}.{key} has no effect, for a study's data stand in [data]; leave it out")


def _check(recipe: Recipe, where: str) -> None:
    """What a run would refuse as it begins.

    Raises:
        ConfigurationError: settings that do not go together.
    """
    try:
        if not isinstance(recipe.data, PairDataConfig):  # a translator's word links stand in the study's data
            check_guidance(recipe)
        check_masking(recipe)
        check_keep_metric(recipe)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
