"""How a report writes numbers: as many digits as they deserve, thousands apart, a real minus, ``–`` for none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from atento.study.configuration import Measure
from atento.study.metrics import METRICS, Metric
from atento.study.results import Estimate, Verdict

MISSING = "–"


def fixed(value: float | None, digits: int) -> str:
    """So many decimals."""
    if value is None or math.isnan(value):
        return MISSING
    text = f"{value:,.{digits}f}".replace("inf", "∞")
    if not any(character in "123456789∞" for character in text):
        text = text.removeprefix("-")  # −0.0 is 0.0
    return text.replace("-", "−")


def whole(value: float | None) -> str:
    """No decimals, thousands apart."""
    return fixed(value, 0)


def plain(value: float | None) -> str:
    """All its digits, as a paper or a recipe gives it."""
    return MISSING if value is None else f"{value:.12g}".replace("-", "−")


def rate(value: float | None) -> str:
    """A learning rate."""
    return "the recipe's own" if value is None else f"{value:.6g}"


def digits(metric: Metric, values: Sequence[float]) -> int:
    """The decimals of a metric's figures, which for times and memory leave three significant digits."""
    known = METRICS[metric].decimals
    if known is not None:
        return known
    largest = max((abs(value) for value in values if math.isfinite(value) and value), default=1.0)
    return min(max(2 - math.floor(math.log10(largest)), 0), 6)


def figure(value: float | None, metric: Metric) -> str:
    """A metric's figure."""
    return MISSING if value is None else fixed(value, digits(metric, [value]))


def interval(estimate: Estimate, metric: Metric) -> str:
    """An estimate's interval, ``[low, high]``; nothing for one seed."""
    return _bracket(estimate, digits(metric, [estimate.mean]))


def difference(estimate: Estimate, measure: Measure | None, *, least_digits: int = 0) -> tuple[str, str]:
    """A difference with its sign, and its interval (empty for one seed), with at least so many decimals."""
    places = max(least_digits, _difference_digits(estimate, measure))
    text = fixed(estimate.mean, places)
    return signed(text), _bracket(estimate, places)


def of_verdict(verdict: Verdict) -> tuple[str, str, str]:
    """A verdict's difference, the interval of it, and the published difference; empty where there is none."""
    found, known = verdict.difference, verdict.published
    measured = ("", "") if found is None else difference(found, verdict.measure)
    return (*measured, "" if known is None else signed(plain(known)))


def signed(text: str) -> str:
    """A written number with its sign; zero has none."""
    return text if text.startswith("−") or not any(digit in "123456789∞" for digit in text) else f"+{text}"


def size(value: float, estimate: Estimate | None, measure: Measure | None) -> str:
    """A margin or published difference: with the digits of the measured difference, or more where it has more."""
    if estimate is None or value != round(value, _difference_digits(estimate, measure)):
        return plain(value)
    return fixed(value, _difference_digits(estimate, measure))


def _bracket(estimate: Estimate, places: int) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{fixed(estimate.low, places)}, {fixed(estimate.high, places)}]"


def _difference_digits(estimate: Estimate, measure: Measure | None) -> int:
    if measure is None or measure.per is not None:
        return 2
    return digits(measure.metric, [estimate.mean])
