"""Which runs a study consists of: each variant's recipe, its parameters matched, its learning rates and seeds.

Runs are known by a fingerprint of everything that they depend on, so a study that goes on, or that has been changed,
uses whatever has been done already. A second fingerprint covers only what the weights depend on: runs that differ in
decoding alone share it and are trained once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from atento.bundle import vocabulary_of
from atento.core.configuration import convert, merged, to_builtins
from atento.core.errors import ConfigurationError
from atento.core.files import sha256
from atento.core.progress import Progress
from atento.core.vocabulary import Vocabulary
from atento.data.corpus_files import CorpusFiles
from atento.models.build import TranslatorConfig, attends, count_parameters
from atento.study.configuration import CorpusData, Match, RandomData, Study, Variant
from atento.study.data import Materials, digest, whole
from atento.study.results import RunResult
from atento.training.recipe import TranslationRecipe
from atento.training.tokenizers import make_tokenizers

_SHORT = 10
"""Digits of a fingerprint in a folder's name."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A variant ready to run: its recipe, but for seed and learning rate."""

    variant: Variant
    recipe: TranslationRecipe
    vocabulary: Vocabulary
    parameters: int
    texts: str
    """Checksum of what it is trained and validated on, and of its tokenizers."""


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One run."""

    prepared: Prepared
    seed: int
    learning_rate: float | None
    recipe: TranslationRecipe
    fingerprint: str
    weights: str
    """Fingerprint of what its weights depend on."""

    @property
    def variant(self) -> str:
        """Its variant's name."""
        return self.prepared.variant.name

    @property
    def name(self) -> str:
        """For people and folders."""
        rate = "" if self.learning_rate is None else f"-lr{self.learning_rate:g}"
        return f"{self.variant}{rate}-seed{self.seed}-{self.fingerprint[:_SHORT]}"


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
        recipe, vocabulary, texts = _recipe(study, variant, materials, folder, progress, timed_on)
        parameters = count_parameters(recipe.model, vocabulary)
        match = study.match
        if match is not None and variant.matched and variant.name != match.to:
            model = matched(recipe.model, vocabulary, prepared[match.to].parameters, match, variant.name)
            recipe = msgspec.structs.replace(recipe, model=model)
            parameters = count_parameters(model, vocabulary)
        prepared[variant.name] = Prepared(
            variant=variant, recipe=recipe, vocabulary=vocabulary, parameters=parameters, texts=texts
        )
    return {variant.name: prepared[variant.name] for variant in study.variants}


def check_recipes(study: Study) -> None:
    """Refuse, before anything is written, a study with a variant that cannot be what the study says.

    Raises:
        ConfigurationError: a recipe does not fit, or a claim asks a model without attention for its word alignments.
    """
    models = {}
    for variant in study.variants:
        recipe = variant_recipe(study, variant)
        models[variant.name] = recipe.model
    match = study.match
    if match is not None and not any(_has_size(model, match.key) for model in models.values()):
        raise ConfigurationError(f"match.key = {match.key!r} is no whole number in any variant's model; name a size")
    for claim in study.claims:
        for name in (claim.variant, claim.baseline):
            if claim.measure.metric == "aer" and not attends(models[name]):
                raise ConfigurationError(
                    f"the claim {claim.statement!r} asks for aer, and the variant {name!r} has no attention; "
                    "take another metric or variant"
                )


def variant_recipe(study: Study, variant: Variant) -> TranslationRecipe:
    """A variant's recipe, but for data and matching.

    Raises:
        ConfigurationError: it does not fit, or it names data, which a study has elsewhere.
    """
    where = f"variant {variant.name!r}"
    table = merged(study.recipe, variant.recipe)
    recipe = convert(table, TranslationRecipe, where=where)
    idle = [key for key in table.get("data", {}) if key != "max_length"]
    if idle:
        raise ConfigurationError(
            f"{where}: recipe.data.{idle[0]} has no effect, for a study's data stand in [data]; leave it out"
        )
    given = study.data.train if isinstance(study.data, CorpusData) else ()
    links = [corpus.alignment for corpus in given]
    if recipe.training.guided_alignment is not None and (not any(links) or not whole(variant)):
        raise ConfigurationError(
            f"{where}: training.guided_alignment needs word links of all that it is trained on: give a corpus of "
            "[[data.train]] an alignment, and the variant neither pairs nor max_words"
        )
    return recipe


def plan_run(prepared: Prepared, seed: int, learning_rate: float | None) -> RunPlan:
    """The run of a variant with this seed and rate (None: the recipe's own)."""
    changes: dict[str, Any] = {"seed": seed}
    if learning_rate is not None:
        changes["learning_rate"] = learning_rate
    training = msgspec.structs.replace(prepared.recipe.training, **changes)
    recipe = msgspec.structs.replace(prepared.recipe, training=training)
    known = {**shown(recipe), "texts": prepared.texts, "vocabulary": to_builtins(prepared.vocabulary)}
    decoded = {} if training.keep_metric == "loss" else {"decoding": known["decoding"]}  # it chose the weights
    return RunPlan(
        prepared=prepared,
        seed=seed,
        learning_rate=learning_rate,
        recipe=recipe,
        fingerprint=_digest(known),
        weights=_digest({**known, "decoding": None, **decoded}),
    )


def _digest(known: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def next_runs(study: Study, prepared: Mapping[str, Prepared], done: Mapping[str, RunResult]) -> list[RunPlan]:
    """All runs that can be named now, done (by fingerprint) or not.

    The first seed tries every learning rate; the others follow with the best one when all of those are done. Runs with
    the same seed are neighbours, so that what is compared was run at about the same time.
    """
    plans = (plan for each in prepared.values() for part in variant_runs(study, each, done) for plan in part)
    named = {plan.fingerprint: plan for plan in plans}
    return sorted(named.values(), key=lambda plan: study.seeds.index(plan.seed))


def variant_runs(
    study: Study, prepared: Prepared, done: Mapping[str, RunResult]
) -> tuple[list[RunPlan], list[RunPlan]]:
    """A variant's runs: the first seed's with every learning rate; and every seed's with the rate that is best on dev.

    The second list is empty until all of the first are done (by fingerprint), unless there is one rate only.
    """
    rates: Sequence[float | None] = study.learning_rates or (None,)
    tried = [plan_run(prepared, study.seeds[0], rate) for rate in rates]
    if len(rates) == 1:
        return tried, [plan_run(prepared, seed, rates[0]) for seed in study.seeds]
    if not all(plan.fingerprint in done for plan in tried):
        return tried, []
    chosen = best_rate([done[plan.fingerprint] for plan in tried])
    return tried, [plan_run(prepared, seed, chosen) for seed in study.seeds]


def count_runs(study: Study) -> int:
    """All runs of a study."""
    return len(study.variants) * (max(1, len(study.learning_rates)) + len(study.seeds) - 1)


def best_rate(runs: Sequence[RunResult]) -> float | None:
    """The learning rate with the lowest dev loss; the lowest rate where all runs broke off."""
    known = [run for run in runs if run.dev_loss is not None and run.dev_loss == run.dev_loss]
    if not known:
        return min((run.learning_rate for run in runs if run.learning_rate is not None), default=None)
    return min(known, key=lambda run: run.dev_loss or 0.0).learning_rate


def shown(recipe: TranslationRecipe) -> dict[str, Any]:
    """A recipe as tables without the places of files, which differ from machine to machine."""
    table = to_builtins(recipe)
    table.pop("data", None)
    kept = {"max_length": recipe.data.max_length}
    return {**table, "data": kept}


def matched(
    model: TranslatorConfig, vocabulary: Vocabulary, parameters: int, match: Match, name: str
) -> TranslatorConfig:
    """The model with ``match.key`` changed so that it has about so many parameters, if it has not.

    Raises:
        ConfigurationError: the model has no such key, or no value comes near enough.
    """
    if abs(count_parameters(model, vocabulary) - parameters) <= match.tolerance * parameters:
        return model
    if not _has_size(model, match.key):
        raise ConfigurationError(
            f"match.key = {match.key!r} is no whole number in the model of the variant {name!r}; "
            "name a size, or set matched = false there"
        )

    def sized(steps: int) -> TranslatorConfig:
        changed = {**to_builtins(model), match.key: steps * match.multiple}
        return convert(changed, type(model), where=f"variant {name!r}")

    def size(steps: int) -> int:
        return count_parameters(sized(steps), vocabulary)

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


def _has_size(model: TranslatorConfig, key: str) -> bool:
    present = getattr(model, key, None)
    return isinstance(present, int) and not isinstance(present, bool)


def _recipe(
    study: Study, variant: Variant, materials: Materials, folder: Path, progress: Progress, timed_on: str
) -> tuple[TranslationRecipe, Vocabulary, str]:
    """The recipe, its vocabulary, and the checksum of its texts."""
    recipe = variant_recipe(study, variant)
    if isinstance(study.data, RandomData):
        size = study.data.vocabulary
        vocabulary = Vocabulary(source_size=size, target_size=size, shared=True)
        return recipe, vocabulary, json.dumps([to_builtins(study.data), timed_on], sort_keys=True)
    train = materials.train_of(variant)
    if recipe.training.guided_alignment is None:  # one variant may be guided, and another not
        train = tuple(_unlinked(corpus) for corpus in train)
    valid = materials.valid_of(variant)
    texts = digest([*train, valid])
    tokenizers = folder / "tokenizers" / _tokenizer_name(recipe, train)
    source, target = make_tokenizers(recipe.tokenizer, recipe.data, train, tokenizers, progress)
    files = {"source_tokenizer": str(tokenizers / "source.json")}
    if target is not source:
        files["target_tokenizer"] = str(tokenizers / "target.json")
    given = msgspec.structs.replace(recipe.data, train=tuple(train), valid=valid, **files)
    checksums = [sha256(Path(path)) for path in files.values()]
    return (
        msgspec.structs.replace(recipe, data=given),
        vocabulary_of(source, target),
        hashlib.sha256(" ".join([texts, *checksums]).encode()).hexdigest(),
    )


def _unlinked(corpus: CorpusFiles) -> CorpusFiles:
    """The corpus without its word links."""
    if corpus.alignment is None:
        return corpus
    return msgspec.structs.replace(corpus, alignment=None, alignment_words="whitespace", alignment_one_based=False)


def _tokenizer_name(recipe: TranslationRecipe, train: Sequence[CorpusFiles]) -> str:
    """A name for the tokenizers of this configuration on these texts."""
    known = json.dumps([to_builtins(recipe.tokenizer), digest(train)], sort_keys=True)
    return f"{recipe.tokenizer.kind}-{hashlib.sha256(known.encode()).hexdigest()[:_SHORT]}"
