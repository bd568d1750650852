"""Samples are sacrebleu's for the same seed, whatever the block size."""

import numpy as np
import pytest

from atento.evaluation import resampling
from atento.evaluation.resampling import bootstrap_sums, interval, swapped_sums


@pytest.fixture(params=[1, 1 << 21], ids=["small blocks", "one block"])
def block(request, monkeypatch):
    monkeypatch.setattr(resampling, "_BLOCK", request.param)


@pytest.fixture
def counts():
    generator = np.random.default_rng(3)
    return [generator.integers(0, 9, size=(17, columns)).astype(float) for columns in (3, 1)]


def test_bootstrap_draws_what_sacrebleu_draws(block, counts):
    drawn = np.random.default_rng(5).choice(17, size=(71, 17), replace=True)
    for sums, each in zip(bootstrap_sums(counts, 71, 5), counts, strict=True):
        assert np.array_equal(sums, each[drawn].sum(axis=1))


def test_swaps_are_what_sacrebleu_swaps(block, counts):
    second = [each[::-1] for each in counts]
    kept = np.random.default_rng(5).integers(2, size=(71, 17), dtype=bool)
    one, other = swapped_sums(counts, second, 71, 5)
    for number, (first, reverse) in enumerate(zip(counts, second, strict=True)):
        assert np.array_equal(one[number], kept @ first + ~kept @ reverse)
        assert np.array_equal(other[number], ~kept @ first + kept @ reverse)


def test_an_interval_leaves_out_a_fortieth_on_each_side():
    around = interval(np.random.default_rng(1).permutation(1000).astype(float))
    assert (around.low, around.high, around.mean) == (25.0, 974.0, 499.5)
    assert around.half_width == 474.5


def test_an_interval_of_few_samples_is_their_range():
    around = interval(np.array([3.0, 1.0]))
    assert (around.low, around.high) == (1.0, 3.0)
