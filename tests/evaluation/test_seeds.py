"""The tests over seeds agree with printed tables of Student's distribution and with R's."""

import math

import numpy as np
import pytest

from atento.core.errors import ConfigurationError
from atento.evaluation.seeds import mean_interval, paired_difference, welch_difference

TABLE = {2: 12.706205, 3: 4.302653, 4: 3.182446, 5: 2.776445, 10: 2.262157, 31: 2.042272, 101: 1.983972}
"""t for 95 % with so many runs (NIST/SEMATECH e-Handbook 1.3.6.7.2; more digits by R's qt)."""
SLEEP = (  # Student (1908), R's data set `sleep`: extra hours of sleep with two drugs
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)


@pytest.mark.parametrize("runs", TABLE)
def test_intervals_reach_as_far_as_the_tables_say(runs):
    values = [float(number % 2) for number in range(runs)]
    found = mean_interval(values)
    assert found.mean == pytest.approx(np.mean(values))
    reach = TABLE[runs] * np.std(values, ddof=1) / math.sqrt(runs)
    assert (found.mean - found.low, found.high - found.mean) == pytest.approx((reach, reach), rel=1e-6)


def test_welch_is_rs():
    found = welch_difference(*SLEEP)
    assert (found.mean, found.degrees_of_freedom) == pytest.approx((1.58, 17.776), abs=5e-4)
    assert (found.low, found.high) == pytest.approx((-0.2054832, 3.3654832), abs=1e-7)
    assert found.p_value == pytest.approx(0.07939, abs=5e-6)
    assert (found.paired, found.a_runs, found.b_runs) == (False, 10, 10)


def test_paired_is_rs():
    found = paired_difference(*SLEEP)
    assert (found.mean, found.degrees_of_freedom) == pytest.approx((1.58, 9))
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)
    assert found.paired


def test_exchanging_the_sides_mirrors_the_difference():
    one, other = welch_difference([1.0, 2.0, 4.0], [5.0, 5.5]), welch_difference([5.0, 5.5], [1.0, 2.0, 4.0])
    assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low))
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.a_runs, one.b_runs) == (other.b_runs, other.a_runs) == (3, 2)


def test_the_interval_covers_the_mean_as_often_as_it_says():
    draws = np.random.default_rng(3).normal(25.0, 0.4, size=(1000, 3))
    intervals = [mean_interval(list(map(float, row))) for row in draws]
    covered = np.mean([each.low <= 25.0 <= each.high for each in intervals])
    assert covered == pytest.approx(0.95, abs=0.021)  # three standard deviations


def test_two_equally_good_recipes_differ_by_chance_as_often_as_p_says():
    draws = np.random.default_rng(4).normal(25.0, 0.4, size=(800, 8))
    for test in (welch_difference, paired_difference):
        found = [test(list(row[:4]), list(row[4:])) for row in draws]
        assert np.mean([each.p_value < 0.05 for each in found]) == pytest.approx(
            0.05, abs=0.023
        )  # three standard deviations
        assert all((each.p_value < 0.05) == (not each.low <= 0 <= each.high) for each in found)


def test_runs_that_do_not_differ_leave_no_doubt():
    for test in (welch_difference, paired_difference):
        different, same = test([1.0, 1.0], [2.0, 2.0]), test([1.0, 1.0], [1.0, 1.0])
        assert (different.low, different.high, different.p_value) == (1.0, 1.0, 0.0)
        assert (same.low, same.high, same.p_value) == (0.0, 0.0, 1.0)


def test_what_says_nothing_is_refused():
    with pytest.raises(ConfigurationError, match="with 1 and 3 runs; give 2 or more"):
        welch_difference([1.0], [1.0, 2.0, 3.0])
    with pytest.raises(ConfigurationError, match="2 and 3 runs cannot be paired"):
        paired_difference([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ConfigurationError, match="with 1 runs"):
        mean_interval([1.0])
    with pytest.raises(ConfigurationError, match="finite"):
        mean_interval([1.0, math.nan])
