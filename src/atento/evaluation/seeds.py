"""What several runs of a recipe say about training's randomness: t intervals and tests over seeds.

A recipe trained with n seeds gives n scores on one test set. Their mean has Student's t interval; two recipes' means
differ by Welch's t (Welch 1947: unequal variances, Satterthwaite's degrees of freedom), or by the paired t where run k
of one shares its seed, and with it the order of the data, with run k of the other. Both take the scores of seeds to
be roughly normal and say nothing about the choice of the test sentences: that is ``significance``'s bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Final, NamedTuple

from scipy.special import stdtr, stdtrit  # Student's distribution and its quantiles

from atento.core.errors import ConfigurationError
from atento.evaluation.report import Report

_CONFIDENCE: Final = 0.95


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
    """Of the 95 % interval."""
    degrees_of_freedom: float
    p_value: float
    """Two-sided: how often seeds alone would make a difference as large, were the recipes equally good."""
    paired: bool
    """Whether runs were matched one to one."""
    a_runs: int
    b_runs: int


def mean_interval(values: Sequence[float]) -> MeanInterval:
    """The mean of n ≥ 2 values and its interval, mean ± t·s/√n with n − 1 degrees of freedom.

    Raises:
        ConfigurationError: fewer than two values, or one that is not finite.
    """
    _check([values])
    mean = fmean(values)
    reach = _critical(len(values) - 1) * math.sqrt(variance(values) / len(values))
    return MeanInterval(mean, mean - reach, mean + reach)


def paired_difference(a: Sequence[float], b: Sequence[float]) -> SeedDifference:
    """The paired t test of b − a, where ``a[k]`` and ``b[k]`` share a seed.

    Raises:
        ConfigurationError: not as many values on either side, fewer than two, or one that is not finite.
    """
    if len(a) != len(b):
        raise ConfigurationError(f"{len(a)} and {len(b)} runs cannot be paired; give as many on both sides")
    _check([a, b])
    gains = [second - first for first, second in zip(a, b, strict=True)]
    error = math.sqrt(variance(gains) / len(gains))
    return _difference(fmean(gains), error, float(len(gains) - 1), paired=True, sizes=(len(a), len(b)))


def welch_difference(a: Sequence[float], b: Sequence[float]) -> SeedDifference:
    """Welch's t test of mean(b) − mean(a) for independent runs, of which either side may have more.

    Raises:
        ConfigurationError: fewer than two values on a side, or one that is not finite.
    """
    _check([a, b])
    first, second = variance(a) / len(a), variance(b) / len(b)
    squared = first + second
    freedom = float(len(a) + len(b) - 2)  # where no run differs from another of its side
    if squared > 0:
        shares = first / squared, second / squared
        freedom = 1 / (shares[0] ** 2 / (len(a) - 1) + shares[1] ** 2 / (len(b) - 1))
    return _difference(fmean(b) - fmean(a), math.sqrt(squared), freedom, paired=False, sizes=(len(a), len(b)))


def _critical(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + _CONFIDENCE) / 2))


def _difference(mean: float, error: float, freedom: float, *, paired: bool, sizes: tuple[int, int]) -> SeedDifference:
    reach = _critical(freedom) * error
    p_value = 2 * float(stdtr(freedom, -abs(mean) / error)) if error > 0 else float(mean == 0)
    return SeedDifference(
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        degrees_of_freedom=freedom,
        p_value=p_value,
        paired=paired,
        a_runs=sizes[0],
        b_runs=sizes[1],
    )


def _check(sides: Sequence[Sequence[float]]) -> None:
    if any(len(values) < 2 for values in sides):
        counts = " and ".join(str(len(values)) for values in sides)
        raise ConfigurationError(
            f"nothing can be said about training's randomness with {counts} runs; give 2 or more a side"
        )
    if not all(math.isfinite(value) for values in sides for value in values):
        raise ConfigurationError("a score is not a finite number; leave the run out that has no score")
