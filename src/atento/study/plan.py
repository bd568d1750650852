"""Which runs a study consists of: every learning rate with the first seed, and the best one with the others.

Where the best of the rates is the lowest or the highest that was tried, the next one beyond is tried as well, at the
grid's own distance, so that no variant is held back by where the grid ends.

A variant of classifiers may begin pre-trained: each of its seeds then has a run on unlabelled text, and the runs of
that seed, whatever their learning rate, begin with what it has learned.

Runs are known by a fingerprint of everything that they depend on, so a study that goes on, or that has been changed,
uses whatever has been done already. A second fingerprint covers only what the weights depend on: runs that differ in
decoding alone share it and are trained once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from atento.core.configuration import tag_of, to_builtins
from atento.study.configuration import Study
from atento.study.preparation import Prepared
from atento.study.results import RunResult
from atento.study.variants import count_pretraining
from atento.training.recipe import LabelledDataConfig, PairDataConfig, Recipe, TextDataConfig

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
    plans = (plan for each in prepared.values() for part in variant_runs(study, each, done) for plan in part)
    named = {plan.fingerprint: plan for plan in plans}
    return sorted(named.values(), key=lambda plan: study.seeds.index(plan.seed))


def variant_runs(
    study: Study, prepared: Prepared, done: Mapping[str, RunResult]
) -> tuple[list[RunPlan], list[RunPlan]]:
    """A variant's runs: the first seed's with every learning rate; and every seed's with the rate that is best on dev.

    The first list grows beyond the study's rates by up to ``extra_rates``. The second one is empty until all of the
    first are done (by fingerprint), unless there is one rate only.
    """
    first = study.seeds[0]
    if len(study.learning_rates) < 2:
        rate = study.learning_rates[0] if study.learning_rates else None
        return [plan_run(prepared, first, rate)], [plan_run(prepared, seed, rate) for seed in study.seeds]
    tried = [plan_run(prepared, first, rate) for rate in study.learning_rates]
    while all(plan.fingerprint in done for plan in tried):
        chosen = best_rate([done[plan.fingerprint] for plan in tried])
        further = _rate_beyond([plan.learning_rate or 0.0 for plan in tried], chosen)
        if further is None or len(tried) == len(study.learning_rates) + study.extra_rates:
            return tried, [plan_run(prepared, seed, chosen) for seed in study.seeds]
        tried.append(plan_run(prepared, first, further))
    return tried, []


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


def count_runs(study: Study, tried: Iterable[int] = ()) -> int:
    """All runs of a study, those that others begin with included.

    Args:
        study: the study.
        tried: how many learning rates each variant tries, as far as that is known; else as many as the study gives.
    """
    grid = max(1, len(study.learning_rates))
    further = sum(count - grid for count in tried)
    return len(study.variants) * (grid + len(study.seeds) - 1) + further + count_pretraining(study)


def best_rate(runs: Sequence[RunResult]) -> float | None:
    """The learning rate with the lowest dev loss; the lowest rate where all runs broke off."""
    known = [run for run in runs if run.dev_loss is not None and run.dev_loss == run.dev_loss]
    if not known:
        return min((run.learning_rate for run in runs if run.learning_rate is not None), default=None)
    return min(known, key=lambda run: run.dev_loss or 0.0).learning_rate


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
