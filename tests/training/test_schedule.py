from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.training.configuration import TrainingConfig
from atento.training.schedule import learning_rate

SHAPES = ("inverse-square-root", "cosine", "linear", "constant")


def config(schedule: str, **keys: object) -> TrainingConfig:
    return TrainingConfig(steps=1000, learning_rate=2.0, warmup_steps=100, schedule=schedule, **keys)


@pytest.mark.parametrize("schedule", SHAPES)
def test_warm_up_is_a_line_to_the_peak(schedule: str) -> None:
    rates = [learning_rate(config(schedule), step, step / 1000, 0.0) for step in range(1, 101)]
    assert rates == pytest.approx([2.0 * step / 100 for step in range(1, 101)])


@pytest.mark.parametrize("schedule", SHAPES)
@given(step=st.integers(101, 999))
def test_never_rises_after_warm_up(schedule: str, step: int) -> None:
    now, later = (learning_rate(config(schedule), at, at / 1000, 0.1) for at in (step, step + 1))
    assert 0 < later <= now <= 2.0


def test_shapes_follow_their_formulas() -> None:
    assert learning_rate(config("inverse-square-root"), 400, 0.4, 0.1) == pytest.approx(2.0 * math.sqrt(100 / 400))
    assert learning_rate(config("linear", final_learning_rate=0.5), 550, 0.55, 0.1) == pytest.approx(2.0 * 0.75)
    assert learning_rate(config("cosine", final_learning_rate=0.0), 550, 0.55, 0.1) == pytest.approx(1.0)
    assert learning_rate(config("cosine", final_learning_rate=0.1), 1000, 1.0, 0.1) == pytest.approx(0.2)
    assert learning_rate(config("constant"), 900, 0.9, 0.1) == 2.0


def test_no_warm_up() -> None:
    settings = TrainingConfig(steps=10, learning_rate=1.0, warmup_steps=0, schedule="cosine")
    assert learning_rate(settings, 1, 0.0, 0.0) == pytest.approx(1.0)
