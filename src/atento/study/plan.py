"""Which runs a study consists of: every learning rate with the first seed, and the best one with the others.

The best rate has the lowest dev loss. The two that a claim about the training loss compares also run with the rate that
has the lowest training loss: how fast a model learns its text is judged at the rate that is best for that.

Where the best of the rates is the lowest or the highest that was tried, the next one beyond is tried as well, at the
grid's own distance, so that no variant is held back by where the grid ends.

A variant of classifiers may begin pre-trained: each of its seeds then has a run on unlabelled text, and the runs of
that seed, whatever their learning rate, begin with what it has learned.

Runs are known by a fingerprint of their recipe, texts and tokenizers, so a study that goes on, or that has been
changed, uses whatever has been done already; versions, machine and device are told, and no part of it. A second
fingerprint covers only what the weights depend on: runs that differ in decoding alone share it and are trained once.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from atento.core.configuration import tag_of, to_builtins
from atento.study.configuration import Study
from atento.study.preparation import Prepared
from atento.study.results import RunResult
from atento.study.variants import count_pretraining
from atento.training.recipe import LabelledDataConfig, PairDataConfig, Recipe, TextDataConfig

Criterion = Literal["dev_loss", "training_loss"]
"""What the best learning rate is chosen by: the attribute of a run's result that is lowest."""
_SHORT = 10
"""Digits of a fingerprint in a folder's name."""


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One run."""

    prepared: Prepared
    seed: int
    learning_rate: float | None
    recipe: Recipe
    """The place of the run that it begins with is left open."""
    fingerprint: str
    weights: str
    """Fingerprint of what its weights depend on."""
    pretraining: RunPlan | None = None
    """The run that it begins with; None: random weights."""
    pretrains: bool = False
    """Whether it is such a run itself: of unlabelled text, and scored on no test set."""

    @property
    def variant(self) -> str:
        """Its variant's name."""
        return self.prepared.variant.name

    @property
    def name(self) -> str:
        """For people and folders."""
        rate = "" if self.learning_rate is None else f"-lr{self.learning_rate:g}"
        what = f"pretraining-{tag_of(self.recipe.model)}" if self.pretrains else f"{self.variant}{rate}"
        return f"{what}-seed{self.seed}-{self.fingerprint[:_SHORT]}"

    @property
    def shown(self) -> dict[str, Any]:
        """Its recipe as tables, with that of the run that it begins with, without the places of files."""
        table = shown(self.recipe)
        if self.pretraining is None:
            return table
        first = shown(self.pretraining.recipe)
        return {**table, "pretraining": {key: first[key] for key in ("training", "data")}}


def plan_run(prepared: Prepared, seed: int, learning_rate: float | None) -> RunPlan:
    """The run of a variant with this seed and rate (None: the recipe's own)."""
    changes: dict[str, Any] = {"seed": seed}
    if learning_rate is not None:
        changes["learning_rate"] = learning_rate
    training = msgspec.structs.replace(prepared.recipe.training, **changes)
    recipe = msgspec.structs.replace(prepared.recipe, training=training)
    known = {**shown(recipe), "texts": prepared.texts, "vocabulary": to_builtins(prepared.vocabulary)}
    first = plan_pretraining(prepared, seed)
    if first is not None:
        known["pretraining"] = first.fingerprint
    decoded = {} if training.keep_metric == "loss" else {"decoding": known["decoding"]}  # it chose the weights
    return RunPlan(
        prepared=prepared,
        seed=seed,
        learning_rate=learning_rate,
        recipe=recipe,
        fingerprint=_digest(known),
        weights=_digest({**known, "decoding": None, **decoded}),
        pretraining=first,
    )


def plan_pretraining(prepared: Prepared, seed: int) -> RunPlan | None:
    """The run that a variant's runs with this seed begin with; None: they begin with random weights."""
    if (ready := prepared.pretraining) is None:
        return None
    training = msgspec.structs.replace(ready.recipe.training, seed=seed)
    recipe = msgspec.structs.replace(ready.recipe, training=training)
    known = {**shown(recipe), "texts": ready.texts, "vocabulary": to_builtins(ready.vocabulary), "decoding": None}
    fingerprint = _digest(known)
    return RunPlan(
        prepared=prepared,
        seed=seed,
        learning_rate=None,
        recipe=recipe,
        fingerprint=fingerprint,
        weights=fingerprint,
        pretrains=True,
    )


def _digest(known: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def next_runs(study: Study, prepared: Mapping[str, Prepared], done: Mapping[str, RunResult]) -> list[RunPlan]:
    """All runs that can be named now, done (by fingerprint) or not.

    The first seed tries every learning rate; the others follow with the best one when all of those are done. Runs with
    the same seed are neighbours, so that what is compared was run at about the same time.
    """
    named = {
        plan.fingerprint: plan
        for each in prepared.values()
        for tried, chosen in [variant_runs(study, each, done)]
        for part in (tried, *chosen.values())
        for plan in part
    }
    return sorted(named.values(), key=lambda plan: study.seeds.index(plan.seed))


def variant_runs(
    study: Study, prepared: Prepared, done: Mapping[str, RunResult]
) -> tuple[list[RunPlan], dict[Criterion, list[RunPlan]]]:
    """A variant's runs: the first seed's with every learning rate; and every seed's with the best one, by criterion.

    The first list grows beyond the study's rates by up to ``extra_rates``. There is no second one until all of the
    first are done (by fingerprint), unless there is one rate only.
    """
    first, criteria = study.seeds[0], _criteria(study, prepared.variant.name)

    def with_each_seed(rate: float | None) -> list[RunPlan]:
        return [plan_run(prepared, seed, rate) for seed in study.seeds]

    if len(study.learning_rates) < 2:
        rate = study.learning_rates[0] if study.learning_rates else None
        return [plan_run(prepared, first, rate)], dict.fromkeys(criteria, with_each_seed(rate))
    tried = [plan_run(prepared, first, rate) for rate in study.learning_rates]
    while all(plan.fingerprint in done for plan in tried):
        results, rates = [done[plan.fingerprint] for plan in tried], [plan.learning_rate or 0.0 for plan in tried]
        chosen = {criterion: best_rate(results, criterion) for criterion in criteria}
        further = [rate for best in chosen.values() if (rate := _rate_beyond(rates, best)) is not None]
        if not further or len(tried) == len(study.learning_rates) + study.extra_rates:
            return tried, {criterion: with_each_seed(rate) for criterion, rate in chosen.items()}
        tried.append(plan_run(prepared, first, further[0]))
    return tried, {}


def _criteria(study: Study, variant: str) -> list[Criterion]:
    fitted = {
        name
        for claim in study.claims
        if claim.measure.metric == "training_loss"
        for name in (claim.variant, claim.baseline)
    }
    return ["dev_loss", "training_loss"] if variant in fitted else ["dev_loss"]


def _rate_beyond(rates: Sequence[float], best: float | None) -> float | None:
    """The next learning rate on the side where the best one is the last; None where it has neighbours on both."""
    ordered = sorted(rates)
    if best == ordered[-1]:
        beyond = best * best / ordered[-2]
    elif best == ordered[0]:
        beyond = best * best / ordered[1]
    else:
        return None
    return float(f"{beyond:.3g}")


def count_runs(study: Study, prepared: Iterable[Prepared] = (), done: Mapping[str, RunResult] | None = None) -> int:
    """All runs of a study, those that others begin with included.

    Args:
        study: the study.
        prepared: its variants, where it has begun; what is ``done`` may tell that they have more runs than planned.
        done: by fingerprint.
    """
    planned = max(1, len(study.learning_rates)) + len(study.seeds) - 1
    further = 0
    for each in prepared:
        tried, chosen = variant_runs(study, each, done or {})
        known = {plan.fingerprint for part in (tried, *chosen.values()) for plan in part}
        further += (len(known) if chosen else len(tried) + len(study.seeds) - 1) - planned
    return len(study.variants) * planned + further + count_pretraining(study)


def best_rate(runs: Sequence[RunResult], criterion: Criterion = "dev_loss") -> float | None:
    """The learning rate with the lowest loss; the lowest rate where all runs broke off."""
    losses = [(loss, run) for run in runs if (loss := getattr(run, criterion)) is not None and not math.isnan(loss)]
    if not losses:
        return min((run.learning_rate for run in runs if run.learning_rate is not None), default=None)
    return min(losses, key=lambda known: known[0])[1].learning_rate


def shown(recipe: Recipe) -> dict[str, Any]:
    """A recipe as tables without the places of files, which differ from machine to machine."""
    table = to_builtins(recipe)
    table.pop("data", None)
    match recipe.data:
        case PairDataConfig(max_length=longest):
            kept: dict[str, Any] = {"max_length": longest}
        case LabelledDataConfig(context=context):
            kept = {"kind": "labels", "context": context}
        case TextDataConfig(context=context, documents=documents):
            kept = {"kind": "text", "context": context, "documents": documents}
    return {**table, "data": {key: value for key, value in kept.items() if value is not None}}
