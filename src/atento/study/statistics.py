"""Estimates over seeds."""

from __future__ import annotations

from collections.abc import Sequence

from atento.evaluation.seeds import mean_interval
from atento.study.metrics import MetricInfo
from atento.study.results import Estimate


def estimate(values: Sequence[float], metric: MetricInfo | None = None) -> Estimate:
    """The mean of one value a seed, with its 95 % t interval; one seed has none.

    Args:
        values: one a seed.
        metric: what they are of; the interval is cut to what it can be. None: a difference.

    Raises:
        ValueError: no value.
        ConfigurationError: several values of which one is not finite.
    """
    if not values:
        raise ValueError("an estimate needs a value")
    if len(values) == 1:
        return Estimate(mean=values[0], low=None, high=None, values=tuple(values))
    mean, low, high = mean_interval(values)
    if metric is not None:
        low, high = max(low, metric.least), min(high, metric.greatest)
    return Estimate(mean=mean, low=low, high=high, values=tuple(values))
