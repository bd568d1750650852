from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from atento.core.errors import TrainingError
from atento.training.checkpoint import (
    Checkpoint,
    Environment,
    RunState,
    Score,
    Sums,
    load_checkpoint,
    load_model_weights,
    random_state,
    recover_checkpoints,
    remove_checkpoints,
    save_checkpoint,
    set_random_state,
    steps_saved,
)


def checkpoint(step: int, *, ema: bool = False) -> Checkpoint:
    tensors = {"weight": torch.randn(2, 3)}
    return Checkpoint(
        state=RunState(
            step=step,
            epoch=1,
            batch=2,
            seconds=3.5,
            scores=(Score(step=2, loss=1.5, measures={"bleu": 3.0}),),
            logged_since=Sums(likelihood=0.1 + 0.2, count=7, parts={"next_sentence_loss": 1 / 3}),
        ),
        environment=Environment.current("float32", torch.device("cpu")),
        model=tensors,
        optimiser={"weight/exp_avg": torch.randn(2, 3)},
        ema={"weight": torch.randn(2, 3)} if ema else None,
        random=random_state(),
    )


@pytest.mark.parametrize("ema", [False, True])
def test_round_trip(tmp_path: Path, ema: bool) -> None:
    saved = checkpoint(5, ema=ema)
    loaded = load_checkpoint(save_checkpoint(tmp_path, saved))
    assert loaded.state == saved.state
    assert loaded.environment.differences(saved.environment) == []
    for name in ("model", "optimiser", "random", "ema"):
        torch.testing.assert_close(getattr(loaded, name), getattr(saved, name), rtol=0, atol=0)


def test_only_whole_checkpoints_count_and_leftovers_are_removed(tmp_path: Path) -> None:
    for step in (10, 200, 3000):
        save_checkpoint(tmp_path, checkpoint(step))
    (tmp_path / "step-004000").mkdir()
    (tmp_path / ".step-005000.x7").mkdir()
    assert steps_saved(tmp_path) == [10, 200, 3000]
    remove_checkpoints(tmp_path, keep={200})
    assert [path.name for path in tmp_path.iterdir()] == ["step-000200"]


def test_a_kill_between_the_renames_of_a_step_saved_twice_loses_nothing(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint(7)).rename(tmp_path / ".step-000007.old")
    assert steps_saved(tmp_path) == []
    recover_checkpoints(tmp_path)
    assert steps_saved(tmp_path) == [7]


@pytest.mark.parametrize("name", ["model.safetensors", "state.json", "random-0.safetensors"])
def test_damage_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    folder = save_checkpoint(tmp_path, checkpoint(1))
    (folder / name).write_bytes((folder / name).read_bytes()[:20])
    with pytest.raises(TrainingError, match="damaged") as caught:
        load_checkpoint(folder)
    assert "\n" not in str(caught.value)


def test_environment_names_what_differs() -> None:
    ours = Environment.current("float32", torch.device("cpu"))
    theirs = Environment.current("bfloat16", torch.device("cpu"))
    assert ours.differences(theirs) == ["precision: bfloat16 then, float32 now"]


@pytest.mark.parametrize(
    "change",
    [
        {"step": -5}, {"step": 2}, {"seconds": -1.0}, {"scores": [], "finished": True},
        {"scores": [{"step": 9, "loss": 1.0}]},
    ],
)  # fmt: skip
def test_a_state_that_no_run_can_have_is_damage(tmp_path: Path, change: dict[str, Any]) -> None:
    path = save_checkpoint(tmp_path, checkpoint(5)) / "state.json"
    table = json.loads(path.read_text())
    path.write_text(json.dumps(table | {"state": table["state"] | change}))
    with pytest.raises(TrainingError, match=r"step-000005 is damaged .*; remove it"):
        load_checkpoint(path.parent)


def test_a_loss_that_is_no_number_comes_back(tmp_path: Path) -> None:
    saved = checkpoint(5)
    scores = (Score(step=2, loss=math.nan, measures={"bleu": 3.0}), Score(step=4, loss=math.inf))
    state = msgspec.structs.replace(saved.state, scores=scores)
    folder = save_checkpoint(tmp_path, Checkpoint(**vars(saved) | {"state": state}))
    first, second = load_checkpoint(folder).state.scores
    assert math.isnan(first.loss)
    assert second.loss == math.inf
    assert first.value("loss") == first.value("bleu") == second.value("loss") == -math.inf


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"{")])
def test_weights_alone_that_are_missing_or_damaged_are_said_in_one_line(tmp_path: Path, damage: Any) -> None:
    damage(save_checkpoint(tmp_path, checkpoint(5)) / "model.safetensors")
    with pytest.raises(TrainingError, match=r"step-000005 is damaged .*; remove it"):
        load_model_weights(tmp_path, 5)


@pytest.mark.parametrize("states", [{}, {"cpu": torch.zeros(3)}, {"cpu": torch.zeros(3, dtype=torch.uint8)}])
def test_what_is_no_state_of_a_generator_is_a_value_error(states: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="state"):
        set_random_state(states)
