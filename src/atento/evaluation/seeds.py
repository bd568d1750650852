"""What several runs of a recipe say about training's randomness: t intervals and tests over seeds.

A recipe trained with n seeds gives n scores on one test set. Their mean has Student's t interval; two recipes' means
differ by Welch's t (Welch 1947: unequal variances, Satterthwaite's degrees of freedom), or by the paired t where run k
of one shares its seed, and with it the order of the data, with run k of the other. Both take the scores of seeds to
be roughly normal and say nothing about the choice of the test sentences: that is ``significance``'s bootstrap.

Student's distribution comes from the regularised incomplete beta function, I_x(a, b), by its continued fraction (DLMF
8.17.22, evaluated by the modified Lentz algorithm), so no statistics library is needed for one quantile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, variance
from typing import Final, NamedTuple

from atento.core.errors import ConfigurationError
from atento.evaluation.report import Report

_PRECISION: Final = 4e-16
_TINY: Final = 1e-300
_MOST_TERMS: Final = 100_000


class MeanInterval(NamedTuple):
    """A mean over seeds and its t interval, in the score's unit."""

    mean: float
    low: float
    high: float


class SeedDifference(Report, frozen=True, kw_only=True):
    """How the mean score of system B's runs differs from that of A's, with a t interval over seeds."""

    mean: float
    """Mean of B less mean of A, in the scores' unit."""
    low: float
    high: float
    confidence: float
    """Of the interval, such as 0.95."""
    degrees_of_freedom: float
    p_value: float
    """Two-sided: how often seeds alone would make a difference as large, were the recipes equally good."""
    paired: bool
    """Whether runs were matched one to one."""
    a_runs: int
    b_runs: int


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> MeanInterval:
    """The mean of n ≥ 2 values and its interval, mean ± t·s/√n with n − 1 degrees of freedom.

    Raises:
        ConfigurationError: fewer than two values, one that is not finite, or a confidence outside (0, 1).
    """
    _check([values], confidence)
    mean = fmean(values)
    reach = _critical(confidence, len(values) - 1) * math.sqrt(variance(values) / len(values))
    return MeanInterval(mean, mean - reach, mean + reach)


def paired_difference(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> SeedDifference:
    """The paired t test of b − a, where ``a[k]`` and ``b[k]`` share a seed.

    Raises:
        ConfigurationError: not as many values on either side, fewer than two, one that is not finite, or a confidence
            outside (0, 1).
    """
    if len(a) != len(b):
        raise ConfigurationError(f"{len(a)} and {len(b)} runs cannot be paired; give as many on both sides")
    _check([a, b], confidence)
    gains = [second - first for first, second in zip(a, b, strict=True)]
    error = math.sqrt(variance(gains) / len(gains))
    return _difference(fmean(gains), error, float(len(gains) - 1), confidence, paired=True, sizes=(len(a), len(b)))


def welch_difference(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> SeedDifference:
    """Welch's t test of mean(b) − mean(a) for independent runs, of which either side may have more.

    Raises:
        ConfigurationError: fewer than two values on a side, one that is not finite, or a confidence outside (0, 1).
    """
    _check([a, b], confidence)
    first, second = variance(a) / len(a), variance(b) / len(b)
    squared = first + second
    freedom = float(len(a) + len(b) - 2)  # where no run differs from another of its side
    if squared > 0:
        shares = first / squared, second / squared
        freedom = 1 / (shares[0] ** 2 / (len(a) - 1) + shares[1] ** 2 / (len(b) - 1))
    return _difference(
        fmean(b) - fmean(a), math.sqrt(squared), freedom, confidence, paired=False, sizes=(len(a), len(b))
    )


def student_t_quantile(p: float, df: float) -> float:
    """The value that a t-distributed number with ``df`` degrees of freedom stays below with probability ``p``.

    Raises:
        ValueError: p is not strictly between 0 and 1, or df is not positive and finite.
    """
    if not (0 < p < 1 and 0 < df < math.inf):
        raise ValueError(f"p = {p}, df = {df}: p lies strictly between 0 and 1, df is positive and finite")
    tail = min(p, 1 - p)
    if tail == 0.5:
        return 0.0
    low, high = 0.0, 1.0
    while student_t_tail(high, df) > tail:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:  # until no number lies between them
        low, high = (middle, high) if student_t_tail(middle, df) > tail else (low, middle)
    return math.copysign(middle, p - 0.5)


def student_t_tail(t: float, df: float) -> float:
    """The probability that a t-distributed number with ``df`` degrees of freedom is larger than ``t``."""
    if t < 0:
        return 1 - student_t_tail(-t, df)
    square = t * t
    return incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square)) / 2


def incomplete_beta(a: float, b: float, x: float, complement: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for 0 ≤ x ≤ 1.

    Args:
        a: positive.
        b: positive.
        x: upper end of the integral.
        complement: 1 − x, which the caller knows more exactly where x is close to 1.
    """
    if x <= 0 or complement <= 0:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, I_x(a, b) = 1 − I_{1−x}(b, a)
        return 1 - incomplete_beta(b, a, complement, x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(complement)
    return math.exp(scale) / a * _continued_fraction(_beta_terms(a, b, x))


def _beta_terms(a: float, b: float, x: float) -> Iterator[float]:
    """The numerators d₁, d₂, … of 1/(1 + d₁/(1 + d₂/(1 + …))), DLMF 8.17.23."""
    for m in range(_MOST_TERMS):
        if m:
            yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))


def _continued_fraction(numerators: Iterator[float]) -> float:
    """1/(1 + d₁/(1 + d₂/…)) by the modified Lentz algorithm, which keeps both partial quotients away from 0."""
    result = upper = 1.0
    lower = 0.0
    for numerator in numerators:
        lower = 1 / _nonzero(1 + numerator * lower)
        upper = _nonzero(1 + numerator / upper)
        result *= upper * lower
        if abs(upper * lower - 1) < _PRECISION:
            return 1 / result
    raise ArithmeticError("the continued fraction of the incomplete beta function did not converge")


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _critical(confidence: float, freedom: float) -> float:
    return student_t_quantile((1 + confidence) / 2, freedom)


def _difference(
    mean: float, error: float, freedom: float, confidence: float, *, paired: bool, sizes: tuple[int, int]
) -> SeedDifference:
    reach = _critical(confidence, freedom) * error
    p_value = 2 * student_t_tail(abs(mean) / error, freedom) if error > 0 else float(mean == 0)
    return SeedDifference(
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        confidence=confidence,
        degrees_of_freedom=freedom,
        p_value=p_value,
        paired=paired,
        a_runs=sizes[0],
        b_runs=sizes[1],
    )


def _check(sides: Sequence[Sequence[float]], confidence: float) -> None:
    if any(len(values) < 2 for values in sides):
        counts = " and ".join(str(len(values)) for values in sides)
        raise ConfigurationError(
            f"nothing can be said about training's randomness with {counts} runs; give 2 or more a side"
        )
    if not all(math.isfinite(value) for values in sides for value in values):
        raise ConfigurationError("a score is not a finite number; leave the run out that has no score")
    if not 0 < confidence < 1:
        raise ConfigurationError(f"confidence = {confidence}: give a number between 0 and 1, such as 0.95")
