"""Rényi's entropy against its definition, and against what is known of it."""

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.text.metrics.renyi import efficiency, entropy

COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any).map(np.array)


def test_worked_by_hand() -> None:
    counts = np.array([3, 1, 0, 1])
    assert entropy(counts, 2.0) == pytest.approx(log(25 / 11))  # Σ p² = (9 + 1 + 1) / 25
    assert entropy(counts, 1.0) == pytest.approx(0.6 * log(5 / 3) + 0.4 * log(5))
    assert efficiency(counts, 2.0, 4) == pytest.approx(log(25 / 11) / log(4))
    assert efficiency(counts, 2.0, 3) == pytest.approx(log(25 / 11) / log(3))


def test_there_is_none_without_tokens_or_of_one_type() -> None:
    assert efficiency(np.array([0, 0]), 2.5, 2) is None
    assert efficiency(np.array([5]), 2.5, 1) is None


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.5, 7.0])
def test_a_uniform_distribution_is_fully_efficient(alpha: float) -> None:
    assert efficiency(np.full(50, 7), alpha, 50) == pytest.approx(1.0)
    assert efficiency(np.full(50, 7), alpha, 2500) == pytest.approx(0.5)


@given(COUNTS, st.sampled_from([0.3, 0.9, 1.0, 1.5, 2.5, 6.0]))
def test_it_is_the_definition(counts: np.ndarray, alpha: float) -> None:
    shares = [count / counts.sum() for count in counts.tolist() if count]
    found = entropy(counts, alpha)
    if alpha == 1.0:
        assert found == pytest.approx(-sum(share * log(share) for share in shares), abs=1e-9)
    else:
        assert exp((1 - alpha) * found) == pytest.approx(sum(share**alpha for share in shares), rel=1e-6)


@given(COUNTS)
def test_it_falls_with_the_order_and_is_continuous_at_shannons(counts: np.ndarray) -> None:
    values = [entropy(counts, alpha) for alpha in (0.5, 1.0, 2.0, 2.5, 5.0)]
    assert all(one >= other - 1e-9 for one, other in pairwise(values))
    assert entropy(counts, 1.0001) == pytest.approx(values[1], abs=0.01)
