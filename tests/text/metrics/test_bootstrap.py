"""Intervals against the formula for large samples, and against what must hold of them."""

from __future__ import annotations

import numpy as np
import pytest

from atento.text.metrics.bootstrap import Bootstrap, mean_over_texts, quotient, ratio_of_sums
from atento.text.metrics.sums import COLUMNS, GROUPS, RATIOS, GroupedSums, rows_of

RATIO = RATIOS[0]


def grouped(size: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    sums = GroupedSums()
    sums.add(np.arange(len(size)), rows_of({"bytes": size.astype(float), "tokens": tokens.astype(float)}, len(size)))
    return sums.groups


def drawn(texts: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    tokens = generator.integers(1, 40, size=texts)
    return generator.poisson(3.5 * tokens) + 1, tokens


@pytest.mark.parametrize("texts", [400, 3 * GROUPS + 5])
def test_the_interval_is_about_that_of_the_delta_method(texts: int) -> None:
    size, tokens = drawn(texts)
    found = ratio_of_sums(Bootstrap(2000, 1).sample([grouped(size, tokens)]), RATIO)
    ratio = size.sum() / tokens.sum()
    error = np.sqrt(((size - ratio * tokens) ** 2).sum()) / tokens.sum()
    assert found.value == pytest.approx(ratio)
    assert found.low == pytest.approx(ratio - 1.96 * error, abs=0.25 * error)
    assert found.high == pytest.approx(ratio + 1.96 * error, abs=0.25 * error)
    own = size / tokens
    mean = mean_over_texts(Bootstrap(2000, 1).sample([grouped(size, tokens)]), RATIO)
    error = own.std() / np.sqrt(texts)
    assert mean.value == pytest.approx(own.mean())
    assert mean.low == pytest.approx(own.mean() - 1.96 * error, abs=0.3 * error)


def test_equal_texts_leave_nothing_to_chance() -> None:
    found = ratio_of_sums(Bootstrap(100, 1).sample([grouped(np.full(30, 12), np.full(30, 4))]), RATIO)
    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


def test_one_text_has_no_interval_and_no_tokens_have_no_ratio() -> None:
    bootstrap = Bootstrap(100, 1)
    assert ratio_of_sums(bootstrap.sample([grouped(np.array([12]), np.array([4]))]), RATIO).low is None
    nothing = ratio_of_sums(bootstrap.sample([grouped(np.array([12, 3]), np.array([0, 0]))]), RATIO)
    assert (nothing.value, nothing.low, nothing.high) == (None, None, None)


def test_a_seed_gives_its_interval_again_and_another_one_another() -> None:
    groups = grouped(*drawn(100))
    one, same, other = (ratio_of_sums(Bootstrap(200, seed).sample([groups]), RATIO) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_streams_are_drawn_each_by_itself() -> None:
    """Texts of two kinds, half of each in every resample: what differs between the kinds adds nothing."""
    short, long = grouped(np.full(50, 10), np.full(50, 5)), grouped(np.full(50, 90), np.full(50, 15))
    apart = ratio_of_sums(Bootstrap(200, 1).sample([short, long]), RATIO)
    assert (apart.value, apart.low, apart.high) == pytest.approx((5.0, 5.0, 5.0))
    together = ratio_of_sums(Bootstrap(200, 1).sample([np.concatenate([short, long])]), RATIO)
    assert together.low < 4.9 < 5.1 < together.high


def test_a_quotient_of_two_samples_is_taken_resample_by_resample() -> None:
    bootstrap = Bootstrap(300, 1)
    size, tokens = drawn(200)
    one, other = bootstrap.sample([grouped(size, 2 * tokens)]), bootstrap.sample([grouped(size, tokens)])
    found = quotient(one, other, "tokens", "tokens")
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
    assert one.sums[COLUMNS["tokens"]] == 2 * tokens.sum()
