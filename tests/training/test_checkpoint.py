from __future__ import annotations

from pathlib import Path

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
    random_state,
    recover_checkpoints,
    remove_checkpoints,
    save_checkpoint,
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
