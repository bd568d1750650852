"""Bootstrap intervals of ratios of sums (Efron 1979): groups of texts are drawn with replacement, percentiles taken.

Numerator and denominator come from the same drawn texts. Streams with equally many groups are drawn alike, line by
line, so that figures of parallel texts are paired; for texts that have nothing to do with each other this changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atento.text.metrics.sums import COLUMNS, Matrix, Ratio

LEVEL: Final = 0.95
_ENDS: Final = (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2)


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval; None where there is none: nothing to divide by, or a single text."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Sample:
    """Sums of what was measured, and of each resample."""

    sums: NDArray[np.float64]
    """[columns]."""
    resampled: Matrix
    """[resamples, columns]; none without two groups."""


class Bootstrap:
    """Draws groups, the same ones for each number of groups."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._resamples, self._seed = resamples, seed
        self._weights: dict[int, NDArray[np.float32]] = {}

    def sample(self, streams: Sequence[Matrix]) -> Sample:
        """The sums over streams, each resampled by itself.

        Args:
            streams: sums of groups, each [groups, columns].
        """
        sums = np.sum([stream.sum(axis=0) for stream in streams], axis=0)
        if any(len(stream) < 2 for stream in streams):
            return Sample(sums, np.empty((0, len(COLUMNS))))
        return Sample(sums, np.sum([self._drawn(len(stream)) @ stream for stream in streams], axis=0))

    def _drawn(self, groups: int) -> NDArray[np.float32]:
        """How often each group is drawn, [resamples, groups]."""
        if groups not in self._weights:
            generator = np.random.default_rng([self._seed, groups])
            drawn = generator.multinomial(groups, np.full(groups, 1 / groups), size=self._resamples)
            self._weights[groups] = drawn.astype(np.float32)
        return self._weights[groups]


def ratio_of_sums(sample: Sample, ratio: Ratio) -> Estimate:
    """One sum over another."""
    return quotient(sample, sample, ratio.above, ratio.below)


def mean_over_texts(sample: Sample, ratio: Ratio) -> Estimate:
    """The mean of the texts' own ratios, each text counting alike."""
    return quotient(sample, sample, f"sum {ratio.key}", f"texts {ratio.key}")


def quotient(one: Sample, other: Sample, above: str, below: str) -> Estimate:
    """A column of one sample over a column of another, resample by resample."""
    top, bottom = one.sums[COLUMNS[above]], other.sums[COLUMNS[below]]
    if bottom == 0:
        return Estimate(None)
    value = float(top / bottom)
    if not len(one.resampled) or not len(other.resampled):
        return Estimate(value)
    tops, bottoms = one.resampled[:, COLUMNS[above]], other.resampled[:, COLUMNS[below]]
    usable = bottoms > 0
    low, high = np.percentile(tops[usable] / bottoms[usable], _ENDS)
    return Estimate(value, float(low), float(high))
