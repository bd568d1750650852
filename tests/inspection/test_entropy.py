from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from atento.figures.attention import Attention
from atento.inspection.entropy import entropy, head_entropies


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8).filter(lambda row: sum(row) > 1e-6))
def test_it_is_shannons(row: list[float]) -> None:
    assert entropy(np.array([row], dtype=np.float32))[0] == pytest.approx(
        scipy.stats.entropy(np.array(row, dtype=np.float64)), abs=1e-6
    )


def test_its_bounds() -> None:
    rows = np.array([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.1, 0.1, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    found = entropy(rows)
    assert found[0] == 0
    assert math.copysign(1, found[0]) == 1
    assert found[1] == pytest.approx(math.log(4))
    assert found[2] == pytest.approx(math.log(2))
    assert math.isnan(found[3])


def test_means_over_rows_are_heads_own_and_empty_rows_do_not_count() -> None:
    uniform, sharp, nothing = [0.5, 0.5], [1.0, 0.0], [0.0, 0.0]
    weights = np.array([[[uniform, sharp], [sharp, nothing], [nothing, nothing]]], dtype=np.float32)
    record = Attention(
        source=("a", "b"), target=("c", "d"), source_text="a b", target_text="c d", source_spans=((0, 1), (2, 3)),
        target_spans=((0, 1), (2, 3)), weights={"cross": weights},
    )  # fmt: skip
    [(role, found)] = head_entropies(record).items()
    assert role == "cross"
    assert found.shape == (1, 3)
    assert found[0, 0] == pytest.approx(math.log(2) / 2)
    assert found[0, 1] == 0
    assert math.isnan(found[0, 2])
