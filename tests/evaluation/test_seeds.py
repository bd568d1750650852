"""Student's distribution agrees with printed tables and with integrating its density; the tests agree with R's."""

import math

import numpy as np
import pytest

from atento.core.errors import ConfigurationError
from atento.evaluation.seeds import (
    mean_interval,
    paired_difference,
    student_t_quantile,
    student_t_tail,
    welch_difference,
)

TABLE = {
    # (p, df): NIST/SEMATECH e-Handbook 1.3.6.7.2 and R's qt() with more digits
    (0.975, 1): 12.706205, (0.975, 2): 4.302653, (0.975, 3): 3.182446, (0.975, 4): 2.776445, (0.975, 5): 2.570582,
    (0.975, 9): 2.262157, (0.975, 10): 2.228139, (0.975, 30): 2.042272, (0.975, 100): 1.983972,
    (0.95, 4): 2.131847, (0.99, 7): 2.997952, (0.995, 3): 5.840909, (0.9, 12): 1.356217, (0.75, 1): 1.0,
}  # fmt: skip
SLEEP = (  # Student (1908), R's data set `sleep`: extra hours of sleep with two drugs
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)


def integral(t: float, df: float) -> float:
    """P(T > t) of the density, t = √df·tan θ: (cos θ)^(df − 1) over θ, by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(200)

    def area(low: float, high: float) -> float:
        angles = (high - low) / 2 * nodes + (high + low) / 2
        return float((high - low) / 2 * (weights * np.cos(angles) ** (df - 1)).sum())

    return area(math.atan(t / math.sqrt(df)), math.pi / 2) / area(-math.pi / 2, math.pi / 2)


@pytest.mark.parametrize(("p", "df"), TABLE)
def test_quantiles_are_the_tables(p, df):
    assert student_t_quantile(p, df) == pytest.approx(TABLE[p, df], abs=1e-6)
    assert student_t_quantile(1 - p, df) == pytest.approx(-TABLE[p, df], abs=1e-6)


@pytest.mark.parametrize("df", [1, 2, 2.5, 4.7, 17.776, 60])
@pytest.mark.parametrize("t", [0.0, 1e-6, 0.3, 1.0, 2.2, 9.0])
def test_tails_are_the_densitys_integral(df, t):
    assert student_t_tail(t, df) == pytest.approx(integral(t, df), rel=1e-4 if df == 2.5 else 1e-7)
    assert student_t_tail(-t, df) == pytest.approx(1 - student_t_tail(t, df))


@pytest.mark.parametrize("df", [0.5, 1, 3.86, 20, 1e6])
@pytest.mark.parametrize("p", [1e-9, 0.01, 0.4, 0.5, 0.5 + 1e-9, 0.975, 0.9999])
def test_a_quantile_has_its_probability_below(p, df):
    assert student_t_tail(-student_t_quantile(p, df), df) == pytest.approx(p, rel=1e-6)


def test_few_degrees_and_many_are_the_known_distributions():
    assert student_t_quantile(0.9, 1) == pytest.approx(math.tan(math.pi * 0.4))  # Cauchy's
    assert student_t_quantile(0.9, 2) == pytest.approx(0.8 / math.sqrt(2 * 0.9 * 0.1))
    assert student_t_quantile(0.975, 1e7) == pytest.approx(1.959964, abs=1e-5)  # the normal distribution's


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
    intervals = [mean_interval(list(map(float, row)), 0.9) for row in draws]
    covered = np.mean([each.low <= 25.0 <= each.high for each in intervals])
    assert covered == pytest.approx(0.9, abs=0.03)  # three standard deviations


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
    with pytest.raises(ConfigurationError, match="confidence = 95"):
        mean_interval([1.0, 2.0], 95)
    for p, df in ((0.0, 3), (1.0, 3), (0.5, 0), (0.5, math.inf)):
        with pytest.raises(ValueError, match="df is positive"):
            student_t_quantile(p, df)
