import pytest

from atento.core.errors import ConfigurationError
from atento.study.metrics import METRICS
from atento.study.statistics import estimate


def test_three_seeds_have_a_t_interval() -> None:
    found = estimate([10.0, 11.0, 12.0])
    reach = 4.302653 / 3**0.5  # t of 2 degrees of freedom, from any table
    assert (found.mean, found.low, found.high) == pytest.approx((11, 11 - reach, 11 + reach), abs=1e-5)
    assert found.values == (10.0, 11.0, 12.0)


def test_one_seed_has_no_interval() -> None:
    found = estimate([4.5])
    assert (found.mean, found.low, found.high, found.values) == (4.5, None, None, (4.5,))


def test_no_value_and_infinite_values_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        estimate([])
    with pytest.raises(ConfigurationError, match="not a finite number"):
        estimate([1.0, float("inf")])


def test_what_a_metric_cannot_be_is_cut_off_its_interval() -> None:
    assert estimate([90.0, 100.0, 99.0], METRICS["bleu"]).high == 100.0
    assert estimate([0.01, 0.1, 0.3], METRICS["training_loss"]).low == 0.0
    assert estimate([1.1, 3.0], METRICS["perplexity"]).low == 1.0
    difference = estimate([-1.0, 1.0, 90.0])
    assert difference.low is not None
    assert difference.high is not None
    assert difference.low < 0 < 100 < difference.high
