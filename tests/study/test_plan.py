from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.core.configuration import convert
from atento.core.errors import ConfigurationError
from atento.core.progress import Silent
from atento.core.vocabulary import Vocabulary
from atento.models.build import ModelConfig, count_parameters
from atento.models.recurrent import RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.study.configuration import Match, Study
from atento.study.data import prepare
from atento.study.plan import best_rate, count_runs, next_runs, variant_runs
from atento.study.preparation import Prepared, matched, prepare_variants
from atento.study.results import Cost, RunResult

VOCABULARY = Vocabulary(source_size=100, target_size=100, shared=True)


def count(model: ModelConfig) -> int:
    return count_parameters(model, VOCABULARY)


def plans_of(study: Study, folder: Path) -> dict[str, Prepared]:
    return prepare_variants(study, prepare(study, folder / "data", Silent()), folder, Silent())


def result(fingerprint: str, rate: float | None, loss: float | None) -> RunResult:
    return RunResult(
        variant="x",
        seed=1,
        learning_rate=rate,
        fingerprint=fingerprint,
        recipe={},
        dev_loss=loss,
        cost=Cost(parameters=1),
    )


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_cells_are_brought_to_equal_parameters(cell: str) -> None:
    wanted = count_parameters(RecurrentConfig(cell="lstm", hidden_size=128), VOCABULARY)
    config = RecurrentConfig(cell=cell, hidden_size=8)  # type: ignore[arg-type]
    found = matched(config, count, wanted, Match(to="lstm"), "x")
    assert isinstance(found, RecurrentConfig)
    assert found.hidden_size % 4 == 0
    assert abs(count_parameters(found, VOCABULARY) - wanted) <= 0.05 * wanted


def test_what_matches_already_is_left_alone() -> None:
    config = RecurrentConfig(hidden_size=130)
    wanted = count_parameters(RecurrentConfig(hidden_size=128), VOCABULARY)
    assert matched(config, count, wanted, Match(to="x"), "x") is config


def test_what_cannot_match_says_so() -> None:
    with pytest.raises(ConfigurationError, match=r"'big' cannot be matched: with model\.hidden_size = "):
        matched(RecurrentConfig(), count, 10, Match(to="x"), "big")
    with pytest.raises(ConfigurationError, match="no whole number in the model"):
        matched(TransformerConfig(), count, 10, Match(to="x"), "big")


def test_variants_differ_in_what_they_say_and_are_matched(tiny: Study, tmp_path: Path) -> None:
    prepared = plans_of(tiny, tmp_path)
    attention, plain = prepared["attention"], prepared["plain"]
    assert attention.recipe.model.attention.__struct_config__.tag == "additive"  # type: ignore[union-attr]
    assert plain.recipe.model.attention.__struct_config__.tag == "none"  # type: ignore[union-attr]
    assert abs(plain.parameters - attention.parameters) <= 0.05 * attention.parameters
    assert plain.recipe.training == attention.recipe.training


def test_the_first_seed_tries_all_rates_and_the_others_the_best(tiny: Study, tmp_path: Path) -> None:
    prepared = plans_of(tiny, tmp_path)
    first = next_runs(tiny, prepared, {})
    assert [(plan.variant, plan.seed, plan.learning_rate) for plan in first] == [
        (name, 1, rate) for name in ("attention", "plain") for rate in (1e-3, 1e-2)
    ]
    done = {
        plan.fingerprint: result(plan.fingerprint, plan.learning_rate, loss)
        for plan, loss in zip(first, (2.0, 1.0, 1.0, 2.0), strict=True)
    }
    later = [plan for plan in next_runs(tiny, prepared, done) if plan.fingerprint not in done]
    assert [(plan.variant, plan.seed, plan.learning_rate) for plan in later] == [
        ("attention", 2, 1e-2), ("plain", 2, 1e-3),
    ]  # fmt: skip
    assert len(done) + len(later) == count_runs(tiny)


@pytest.mark.parametrize(
    ("best", "tried", "chosen"),
    [
        (2e-3, [1e-3, 2e-3, 4e-3], 2e-3),
        (8e-3, [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2], 8e-3),
        (1.6e-2, [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2], 1.6e-2),
        (1.0, [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2], 1.6e-2),
        (2.5e-4, [1e-3, 2e-3, 4e-3, 5e-4, 2.5e-4], 2.5e-4),
    ],
)
def test_rates_go_on_beyond_an_end_that_is_best(
    tiny: Study, tmp_path: Path, best: float, tried: list[float], chosen: float
) -> None:
    """Dev losses fall towards ``best``, which the study's own rates may not have; two more are tried at most."""
    study = msgspec.structs.replace(tiny, learning_rates=(1e-3, 2e-3, 4e-3), extra_rates=2)
    prepared = plans_of(study, tmp_path)["attention"]
    done: dict[str, RunResult] = {}
    for _ in tried:
        plans, later = variant_runs(study, prepared, done)
        new = [plan for plan in plans if plan.fingerprint not in done]
        assert not later or not new
        for plan in new:
            assert plan.learning_rate is not None
            loss = abs(math.log(plan.learning_rate / best))
            done[plan.fingerprint] = result(plan.fingerprint, plan.learning_rate, loss)
    plans, later = variant_runs(study, prepared, done)
    assert [plan.learning_rate for plan in plans] == pytest.approx(tried)
    assert {plan.learning_rate for plan in later["dev_loss"]} == {chosen}
    assert [plan.seed for plan in later["dev_loss"]] == list(study.seeds)


def test_a_rate_beyond_the_end_that_breaks_off_is_a_neighbour(tiny: Study, tmp_path: Path) -> None:
    study = msgspec.structs.replace(tiny, learning_rates=(1e-3, 1e-2), extra_rates=2)
    prepared = plans_of(study, tmp_path)["attention"]
    losses: dict[float | None, float | None] = {1e-3: 2.0, 1e-2: 1.0, 1e-1: None}
    done: dict[str, RunResult] = {}
    for _ in losses:
        for plan in variant_runs(study, prepared, done)[0]:
            done[plan.fingerprint] = result(plan.fingerprint, plan.learning_rate, losses[plan.learning_rate])
    plans, later = variant_runs(study, prepared, done)
    assert len(plans) == 3
    assert {plan.learning_rate for plan in later["dev_loss"]} == {1e-2}
    assert count_runs(study, plans_of(study, tmp_path).values(), done) == count_runs(study) + 1


def test_a_claim_about_training_also_has_runs_at_the_rate_of_the_lowest_training_loss(
    table: dict[str, Any], tmp_path: Path
) -> None:
    table["claims"][0]["measure"] = {"metric": "training_loss"}
    table |= {"learning_rates": [1e-3, 1e-2, 1e-1], "extra_rates": 1}
    study = convert(table, Study, where="x")
    prepared = plans_of(study, tmp_path)
    dev = {1e-3: 2.0, 1e-2: 1.0, 1e-1: 3.0, 1.0: 4.0}
    training = {1e-3: 2.0, 1e-2: 1.0, 1e-1: 0.5, 1.0: 0.6}
    done: dict[str, RunResult] = {}
    while new := [plan for plan in next_runs(study, prepared, done) if plan.fingerprint not in done]:
        for plan in new:
            rate = plan.learning_rate
            assert rate is not None
            known = result(plan.fingerprint, rate, dev[rate])
            done[plan.fingerprint] = msgspec.structs.replace(known, training_loss=training[rate])
    for each in prepared.values():
        tried, chosen = variant_runs(study, each, done)
        assert [plan.learning_rate for plan in tried] == [1e-3, 1e-2, 1e-1, 1.0]  # the edge of either is gone beyond
        rates = {criterion: {plan.learning_rate for plan in plans} for criterion, plans in chosen.items()}
        assert rates == {"dev_loss": {1e-2}, "training_loss": {1e-1}}
        assert all([plan.seed for plan in plans] == list(study.seeds) for plans in chosen.values())
    assert len(done) == count_runs(study, prepared.values(), done) == 2 * (4 + 1 + 1)


def test_fingerprints_know_recipe_seed_and_texts(table: dict[str, Any], tmp_path: Path) -> None:
    tiny = convert(table, Study, where="x")
    before = {plan.fingerprint for plan in next_runs(tiny, plans_of(tiny, tmp_path / "a"), {})}
    again = {plan.fingerprint for plan in next_runs(tiny, plans_of(tiny, tmp_path / "b"), {})}
    assert before == again and len(before) == 4  # noqa: PT018 (one statement about a place's irrelevance)
    table["recipe"]["training"]["steps"] = 13
    changed = convert(table, Study, where="x")
    assert not before & {plan.fingerprint for plan in next_runs(changed, plans_of(changed, tmp_path / "c"), {})}
    other = msgspec.structs.replace(tiny, data=msgspec.structs.replace(tiny.data, seed=2))
    assert not before & {plan.fingerprint for plan in next_runs(other, plans_of(other, tmp_path / "d"), {})}


def test_one_more_seed_keeps_the_runs_that_are_done(tiny: Study, tmp_path: Path) -> None:
    prepared = plans_of(tiny, tmp_path)
    more = msgspec.structs.replace(tiny, seeds=(1, 2, 3))
    names = {plan.name for plan in next_runs(tiny, prepared, {})}
    assert names <= {plan.name for plan in next_runs(more, plans_of(more, tmp_path), {})}


def test_the_best_rate_has_the_lowest_dev_loss_and_broken_runs_have_none() -> None:
    assert best_rate([result("a", 1e-3, 3.0), result("b", 1e-2, 2.0), result("c", 1e-1, None)]) == 1e-2
    assert best_rate([result("a", 1e-2, float("nan")), result("b", 1e-3, 5.0)]) == 1e-3
    assert best_rate([result("a", 1e-2, None), result("b", 1e-3, None)]) == 1e-3
