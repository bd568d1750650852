"""Estimates over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from atento.evaluation.seeds import mean_interval
from atento.study.results import Estimate


def estimate(values: Sequence[float], bounds: tuple[float, float] = (-math.inf, math.inf)) -> Estimate:
    """The mean of one value a seed, with its 95 % t interval; one seed has none.

    Args:
        values: one a seed.
        bounds: what is possible at all; the interval is cut there.

    Raises:
        ValueError: no value.
        ConfigurationError: several values of which one is not finite.
    """
    if not values:
        raise ValueError("an estimate needs a value")
    if len(values) == 1:
        return Estimate(mean=values[0], low=None, high=None, values=tuple(values))
    mean, low, high = mean_interval(values)
    return Estimate(mean=mean, low=max(low, bounds[0]), high=min(high, bounds[1]), values=tuple(values))
