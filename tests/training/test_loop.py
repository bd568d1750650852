from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from atento.bundle import load_bundle
from atento.core.errors import ConfigurationError, DivergedError, TrainingError
from atento.core.files import sha256
from atento.core.progress import Silent
from atento.models.weights import weights
from atento.training import loop
from atento.training.checkpoint import load_model_weights, steps_saved
from atento.training.objectives import Loss, TranslationObjective
from atento.training.recipe import Recipe
from atento.training.run import train
from atento.training.validation import TranslationValidator, Validation

Make = Callable[..., Recipe]
StopAt = Callable[[float], dict[str, Any]]


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def timeless(run: Path) -> list[dict[str, Any]]:
    """The log without what the clock says."""
    return [{key: line[key] for key in line.keys() - {"seconds", "tokens_per_second"}} for line in lines(run)]


def test_a_run_leaves_a_bundle_a_log_and_a_resolved_recipe(tmp_path: Path, tiny_recipe: Make, family: str) -> None:
    report = train(tiny_recipe(family), tmp_path / "run")
    assert report.outcome.reason == "budget"
    assert report.outcome.state.step == 8
    assert [score.step for score in report.outcome.state.scores] == [4, 8]
    assert {"recipe.toml", "bundle", "checkpoints", "metrics.jsonl"} <= {p.name for p in (tmp_path / "run").iterdir()}
    logged = [line["step"] for line in lines(tmp_path / "run") if "loss" in line]
    assert logged == [2, 4, 6, 8]
    card = load_bundle(tmp_path / "run").card
    assert card is not None
    assert card["training"]["steps"] == 8
    assert "version:" in card["signatures"]["bleu"]


def test_stopped_and_resumed_equals_uninterrupted(
    tmp_path: Path, tiny_recipe: Make, family: str, stop_at: StopAt
) -> None:
    recipe = tiny_recipe(family, "training.keep=ema")
    train(recipe, tmp_path / "whole")
    report = train(recipe, tmp_path / "parts", **stop_at(0.3))
    assert report.outcome.reason == "stopped"
    assert 0 < report.outcome.state.step < 8
    train(None, tmp_path / "parts", resume=True)
    first, second = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts"))
    assert first == second
    whole, parts = (timeless(tmp_path / name) for name in ("whole", "parts"))
    assert whole == parts
    assert report.outcome.state.step % 2 == 1  # between two lines of the log, whose means are of all their steps


def test_different_seeds_differ(tmp_path: Path, tiny_recipe: Make) -> None:
    for seed in (1, 2):
        train(tiny_recipe("transformer", f"training.seed={seed}", "training.steps=1"), tmp_path / str(seed))
    first, second = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("1", "2"))
    assert first != second


@pytest.mark.parametrize("keep", ["last", "best", "average", "ema"])
def test_keep_decides_which_weights_the_bundle_gets(tmp_path: Path, tiny_recipe: Make, keep: str) -> None:
    settings = (f"training.keep={keep}", "training.average=2", "training.validate_every=2")
    run = tmp_path / "run"
    report = train(tiny_recipe("transformer", *settings), run)
    kept = weights(load_bundle(run).model)
    saved = {step: load_model_weights(run / "checkpoints", step) for step in steps_saved(run / "checkpoints")}
    match keep:
        case "last":
            expected = saved[8]
        case "best":
            expected = saved[min(report.outcome.state.scores, key=lambda score: score.loss).step]
        case "average":
            assert sorted(saved) == [6, 8]
            expected = {name: (saved[6][name] + saved[8][name]) / 2 for name in kept}
        case _:
            expected = dict(report.outcome.values)
            assert any(not torch.equal(expected[name], saved[8][name]) for name in kept)
    torch.testing.assert_close(kept, expected)


def test_accumulated_batches_make_the_step_of_one_large_batch(tmp_path: Path, tiny_recipe: Make) -> None:
    common = ("model.dropout=0", "training.log_every=1")
    small = (*common, "training.batch_tokens=129")
    counted = train(tiny_recipe("transformer", *small, "training.epochs=1"), tmp_path / "count")
    batches, whole = counted.outcome.state.step, counted.card["data"]["train_pairs"] * 8  # seven words and </s>
    assert batches > 1
    accumulated = (*small, f"training.accumulate={batches}", "training.steps=1")
    one = (*common, f"training.batch_tokens={whole}", "training.epochs=1")
    assert train(tiny_recipe("transformer", *one), tmp_path / "large").outcome.state.step == 1
    train(tiny_recipe("transformer", *accumulated), tmp_path / "small")
    large, small_one = (lines(tmp_path / name)[0] for name in ("large", "small"))
    assert small_one["loss"] == pytest.approx(large["loss"], rel=1e-5)
    assert small_one["gradient_norm"] == pytest.approx(large["gradient_norm"], rel=1e-4)


def test_a_line_of_the_log_is_of_all_steps_since_the_last_one(tmp_path: Path, tiny_recipe: Make) -> None:
    """Also where the model was validated in between."""
    settings = ("training.steps=6", "training.validate_every=2", "model.dropout=0")
    for name, every in (("each", 1), ("three", 3)):
        train(tiny_recipe("transformer", *settings, f"training.log_every={every}"), tmp_path / name)
    each, three = ([line for line in lines(tmp_path / name) if "loss" in line] for name in ("each", "three"))
    for place, line in enumerate(three):
        part = [one["loss"] for one in each[3 * place : 3 * place + 3]]
        assert min(part) < line["loss"] < max(part)
        assert line["loss"] == pytest.approx(sum(part) / 3, rel=0.02)


def test_a_budget_lasts_for_the_least_steps(tmp_path: Path, tiny_recipe: Make) -> None:
    """Minutes are over at once here; the rate falls over the steps that there are."""
    settings = ("training.minutes=1e-9", "training.min_steps=6", "training.warmup_steps=1", "training.log_every=1")
    report = train(tiny_recipe("transformer", *settings), tmp_path / "run")
    assert (report.outcome.state.step, report.outcome.reason) == (6, "budget")
    rates = [line["learning_rate"] for line in lines(tmp_path / "run") if "loss" in line]
    train(tiny_recipe("transformer", *settings[2:], "training.steps=6"), tmp_path / "steps")
    assert rates == [line["learning_rate"] for line in lines(tmp_path / "steps") if "loss" in line]


def test_patience_stops_the_run(tmp_path: Path, tiny_recipe: Make) -> None:
    settings = ("training.patience=1", "training.learning_rate=50", "training.validate_every=1", "training.steps=100")
    report = train(tiny_recipe("transformer", *settings), tmp_path / "run")
    scores = report.outcome.state.scores
    assert report.outcome.reason == "patience"
    assert len(scores) < 100
    assert scores[-1].loss >= scores[-2].loss


class _Broken(TranslationObjective):
    """Not finite on some calls."""

    def __call__(self, model: Any, batch: Any) -> Loss:
        loss = super().__call__(model, batch)
        _Broken.calls += 1
        factor = float("nan") if _Broken.calls in _Broken.bad else 1.0
        return Loss(total=loss.total * factor, likelihood=loss.likelihood * factor, count=loss.count)

    calls = 0
    bad: frozenset[int] | range = frozenset()


def test_a_step_that_is_not_finite_is_skipped_and_counted(
    tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Broken.calls, _Broken.bad = 0, frozenset({3})
    monkeypatch.setattr("atento.training.translation.TranslationObjective", _Broken)
    report = train(tiny_recipe("transformer"), tmp_path / "run")
    assert report.outcome.state.skipped == 1
    assert all(torch.isfinite(value).all() for value in weights(load_bundle(tmp_path / "run").model).values())


def test_too_many_of_them_stop_the_run(tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _Broken.calls, _Broken.bad = 0, range(2, 1000)
    monkeypatch.setattr("atento.training.translation.TranslationObjective", _Broken)
    with pytest.raises(TrainingError, match="the last 3 steps"):
        train(tiny_recipe("transformer", "training.max_skipped_steps=3"), tmp_path / "run")


@pytest.mark.parametrize("keep", ["last", "best", "average", "ema"])
@pytest.mark.parametrize(
    ("setting", "words"),
    [("training.learning_rate=1e300", "not finite"), ("training.epsilon=1e-9", "all 8 steps")],
)
def test_training_that_diverged_ends_without_a_bundle(
    tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch, keep: str, setting: str, words: str
) -> None:
    if words == "all 8 steps":
        _Broken.calls, _Broken.bad = 0, range(1000)
        monkeypatch.setattr("atento.training.translation.TranslationObjective", _Broken)
    for resume in (False, True):
        recipe = tiny_recipe("transformer", f"training.keep={keep}", setting)
        with pytest.raises(DivergedError, match=rf"{words}.*; begin another run: lower training.learning_rate"):
            train(recipe, tmp_path / "run", resume=resume)
    assert not (tmp_path / "run" / "bundle").exists()


def test_a_loss_that_is_not_finite_is_never_the_best(
    tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([math.nan, 3.0, 2.0, math.inf])
    monkeypatch.setattr(TranslationValidator, "run", lambda _: Validation(loss=next(losses)))
    train(tiny_recipe("transformer", "training.validate_every=2", "training.keep=best"), tmp_path / "run")
    kept = load_model_weights(tmp_path / "run" / "checkpoints", 6)
    torch.testing.assert_close(weights(load_bundle(tmp_path / "run").model), kept, rtol=0, atol=0)


def test_epochs_and_minutes_are_budgets(tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    report = train(tiny_recipe("transformer", "training.epochs=2"), tmp_path / "epochs")
    assert (report.outcome.state.epoch, report.outcome.state.batch) == (2, 0)
    ticks = iter(range(0, 100_000, 5))
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(ticks)))
    report = train(tiny_recipe("transformer", "training.minutes=2"), tmp_path / "minutes")
    assert report.outcome.reason == "budget"
    assert report.outcome.state.seconds >= 120


def test_directories_in_use_and_nothing_to_resume(tmp_path: Path, tiny_recipe: Make) -> None:
    recipe = tiny_recipe("transformer", "training.steps=1")
    train(recipe, tmp_path / "run")
    with pytest.raises(TrainingError, match="is there already; add --resume"):
        train(recipe, tmp_path / "run")
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(None, tmp_path / "other", resume=True)
    with pytest.raises(TrainingError, match="differs from the recipe given"):
        train(tiny_recipe("transformer", "training.steps=2"), tmp_path / "run", resume=True)
    with pytest.raises(ConfigurationError, match="cannot be used here"):
        train(recipe, tmp_path / "third", device="nonsense")


def test_resumption_under_other_conditions_warns(tmp_path: Path, tiny_recipe: Make, stop_at: StopAt) -> None:
    said: list[str] = []

    class Listening(Silent):
        def message(self, text: str) -> None:
            said.append(text)

    train(tiny_recipe("transformer"), tmp_path / "run", **stop_at(0.3))
    path = next((tmp_path / "run" / "checkpoints").glob("*/state.json"))
    path.write_text(path.read_text().replace('"threads": ', '"threads": 7'))
    train(None, tmp_path / "run", resume=True, progress=Listening())
    assert any("resumed under other conditions" in text and "threads" in text for text in said)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("a defect of ours")])
def test_a_new_run_that_cannot_begin_leaves_nothing(
    tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    for place in ("atento.models.build._built", "atento.training.run.Trainer"):
        with monkeypatch.context() as patch:
            patch.setattr(place, fails)
            with pytest.raises((type(error), ConfigurationError)):
                train(tiny_recipe("transformer"), tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_steps_that_do_not_fit_into_memory_leave_nothing_but_checkpoints(
    tmp_path: Path, tiny_recipe: Make, monkeypatch: pytest.MonkeyPatch, stop_at: StopAt
) -> None:
    def fails(_: object) -> None:
        raise MemoryError

    recipe = tiny_recipe("transformer")
    train(recipe, tmp_path / "begun", **stop_at(0.3))
    monkeypatch.setattr(loop.Trainer, "_step", fails)
    for run, resume in (("begun", True), ("new", False)):
        with pytest.raises(MemoryError):
            train(recipe, tmp_path / run, resume=resume)
    assert steps_saved(tmp_path / "begun" / "checkpoints")
    assert not (tmp_path / "new").exists()


def test_a_recipe_that_no_longer_fits_the_checkpoint_is_said(
    tmp_path: Path, tiny_recipe: Make, stop_at: StopAt
) -> None:
    train(tiny_recipe("transformer"), tmp_path / "run", **stop_at(0.3))
    path = tmp_path / "run" / "recipe.toml"
    path.write_text(path.read_text().replace("num_decoder_layers = 1", "num_decoder_layers = 2"))
    with pytest.raises(TrainingError, match=r"does not fit .*recipe.toml .*; put the recipe back as it was"):
        train(None, tmp_path / "run", resume=True)


def _emptied(path: Path) -> None:
    save_file({}, path)


def _of_another_model(path: Path) -> None:
    save_file({name: torch.zeros(*value.shape, 2) for name, value in load_file(path).items()}, path)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize("damage", [_emptied, _of_another_model, _cut, Path.unlink])
@pytest.mark.parametrize("name", ["model", "optimiser", "ema", "random-0"])
def test_a_damaged_checkpoint_is_said_before_training_goes_on(
    tmp_path: Path, tiny_recipe: Make, stop_at: StopAt, name: str, damage: Callable[[Path], None]
) -> None:
    train(tiny_recipe("transformer", "training.keep=ema"), tmp_path / "run", **stop_at(0.3))
    [path] = (tmp_path / "run" / "checkpoints").glob(f"*/{name}.safetensors")
    damage(path)
    with pytest.raises(TrainingError, match=r"the checkpoint .* (is damaged|does not fit) .*remove") as caught:
        train(None, tmp_path / "run", resume=True)
    assert "\n" not in str(caught.value)
    shutil.rmtree(path.parent)
    assert train(None, tmp_path / "run", resume=True).outcome.state.finished


@pytest.mark.parametrize("keep", ["best", "average"])
@pytest.mark.parametrize("damage", [_of_another_model, _cut, Path.unlink])
def test_a_damaged_checkpoint_to_keep_is_said_before_training_goes_on(
    tmp_path: Path, tiny_recipe: Make, stop_at: StopAt, keep: str, damage: Callable[[Path], None]
) -> None:
    settings = (f"training.keep={keep}", "training.validate_every=2")
    train(tiny_recipe("transformer", *settings), tmp_path / "run", **stop_at(0.6))
    first, *_, last = sorted((tmp_path / "run" / "checkpoints").iterdir())
    assert first != last
    damage(first / "model.safetensors")
    with pytest.raises(TrainingError, match=rf"{first.name} (is damaged|does not fit) .*remove"):
        train(None, tmp_path / "run", resume=True)
    shutil.rmtree(first)
    assert train(None, tmp_path / "run", resume=True).outcome.state.finished


@pytest.mark.parametrize("damage", [b"{", b"[]\n", b'{"step": "x"}\n', b'{"step": 1, "a\xff": 2}\n', b"\xff\n"])
def test_what_is_whole_of_a_damaged_log_stays(
    tmp_path: Path, tiny_recipe: Make, stop_at: StopAt, damage: bytes
) -> None:
    train(tiny_recipe("transformer"), tmp_path / "run", **stop_at(0.6))
    before = lines(tmp_path / "run")
    with (tmp_path / "run" / "metrics.jsonl").open("ab") as stream:
        stream.write(damage)
    train(None, tmp_path / "run", resume=True)
    assert lines(tmp_path / "run")[: len(before)] == before
