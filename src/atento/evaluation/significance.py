"""Whether one of two systems is really better on a test set, and on which sentences they differ.

Paired bootstrap resampling (Koehn, "Statistical significance tests for machine translation evaluation", EMNLP 2004)
with the p-value of sacrebleu's ``--paired-bs``: how often the absolute difference of a resample, less its mean,
reaches the difference that was observed. Approximate randomisation (Riezler and Maxwell 2005) as in ``--paired-ar``:
how often swapping translations at random makes a difference as large. Both count (c + 1) / (n + 1).

On purpose unlike sacrebleu, ties count as "as large": it counts only larger ones, so that a system compared with
itself, or with one that differs in a single sentence, comes out as significantly different from it (p = 1 / (n + 1)).

The bootstrap's p-value is one-sided in effect: of equally good systems about one pair in ten gets p < 0.05. The
interval of the difference and randomisation keep to one in twenty; look whether the interval holds 0.

A test set says nothing about training's randomness: two seeds of one recipe may differ significantly, too. Where
there are several runs a side, ``runs`` covers both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from atento.core.errors import ConfigurationError
from atento.evaluation.configuration import MetricName
from atento.evaluation.formulas import Counts
from atento.evaluation.metrics import Scorer, Statistics
from atento.evaluation.report import Interval, Report, Score
from atento.evaluation.resampling import bootstrap_sums, interval, swapped_sums

Method = Literal["bootstrap", "randomisation"]

_ROUNDING: Final = 1e-9
"""Differences of scores (percent) closer than this are ties."""


class Difference(Report, frozen=True, kw_only=True):
    """How a system's score differs from the baseline's."""

    baseline: Score
    system: Score
    difference: float
    """System less baseline, in percent: for BLEU and chrF positive is better, for TER negative is."""
    interval: Interval
    """Of the difference, over paired bootstrap samples."""
    p_value: float
    better: float
    """The share of bootstrap samples in which the system is better than the baseline (Koehn's criterion)."""
    worse: float

    @property
    def significant(self) -> bool:
        """Whether the interval excludes 0, which keeps to one false alarm in twenty (the bootstrap's p does not)."""
        return self.interval.low > 0 or self.interval.high < 0


class Comparison(Report, frozen=True, kw_only=True):
    """Two systems on one test set."""

    differences: tuple[Difference, ...]
    method: Method
    sentences: int
    references: int

    def rows(self) -> list[tuple[str, str, str, str, str, str, str]]:
        """A table: metric, baseline, system, difference, its 95 % interval, p, signature."""
        return [
            (
                each.system.name,
                f"{each.baseline.value:.1f}",
                f"{each.system.value:.1f}",
                f"{each.difference:+.1f}",
                f"{each.interval.low:+.1f} … {each.interval.high:+.1f}",
                f"{each.p_value:.4f}" + ("*" if each.significant else ""),
                each.system.signature,
            )
            for each in self.differences
        ]


def compare(
    baseline: Statistics, system: Statistics, *, method: Method = "bootstrap", trials: int = 10_000
) -> Comparison:
    """Test two systems' difference in every metric of their scorer.

    Args:
        baseline: counts of the system to compare with.
        system: counts of the other one, from the same ``Scorer``.
        method: what the p-value comes from; the intervals always come from the scorer's bootstrap resamples.
        trials: random swaps, for ``randomisation``.

    Raises:
        ConfigurationError: there are no resamples or no trials.
        ValueError: the counts come from two scorers.
    """
    require_one_scorer([baseline, system])
    scorer, config = system.scorer, system.scorer.config
    if config.resamples < 1 or trials < 1:
        raise ConfigurationError(
            f"a comparison needs resamples and trials, not {config.resamples} and {trials}; give 1 or more of either"
        )
    names = list(system.counts)
    pairs = [baseline.counts[name] for name in names], [system.counts[name] for name in names]
    drawn = bootstrap_sums([*pairs[0], *pairs[1]], config.resamples, config.seed)
    resampled = _values(scorer, names, drawn[: len(names)], drawn[len(names) :])
    sampling = {"bs": config.resamples, "seed": config.seed}
    if method == "bootstrap":
        spread = {name: np.abs(second - first) for name, (first, second) in resampled.items()}
        chance = {name: each - each.mean() for name, each in spread.items()}
    else:
        sampling["ar"] = trials
        swapped = _values(scorer, names, *swapped_sums(*pairs, trials, config.seed))
        chance = {name: np.abs(second - first) for name, (first, second) in swapped.items()}
    return Comparison(
        differences=tuple(
            _difference(
                scorer.score(name, baseline.counts[name].sum(axis=0), interval(resampled[name][0]), sampling),
                scorer.score(name, system.counts[name].sum(axis=0), interval(resampled[name][1]), sampling),
                gains=resampled[name][1] - resampled[name][0],
                chance=chance[name],
            )
            for name in names
        ),
        method=method,
        sentences=len(system.translations),
        references=len(scorer.references),
    )


def _values(
    scorer: Scorer, names: Sequence[MetricName], baseline: Sequence[Counts], system: Sequence[Counts]
) -> dict[MetricName, tuple[Counts, Counts]]:
    """Each metric's scores of sampled sums, for two systems."""
    return {
        name: (scorer.values(name, first), scorer.values(name, second))
        for name, first, second in zip(names, baseline, system, strict=True)
    }


def _difference(baseline: Score, system: Score, *, gains: Counts, chance: Counts) -> Difference:
    """Assemble a metric's result from samples of the difference, and of what chance alone would make of it."""
    better, worse = improvements(gains, higher_is_better=system.higher_is_better)
    observed = system.value - baseline.value
    return Difference(
        baseline=baseline,
        system=system,
        difference=observed,
        interval=interval(gains),
        p_value=p_value_of(chance, abs(observed)),
        better=better,
        worse=worse,
    )


def improvements(gains: Counts, *, higher_is_better: bool) -> tuple[float, float]:
    """The shares of sampled differences (second system less first) in which the second is better, and is worse."""
    signed = gains if higher_is_better else -gains
    return float((signed > _ROUNDING).mean()), float((signed < -_ROUNDING).mean())


def p_value_of(chance: Counts, observed: float) -> float:
    """How often chance alone does as much; never 0, which no number of samples shows (Phipson and Smyth 2010)."""
    return float((np.count_nonzero(chance >= observed - _ROUNDING) + 1) / (len(chance) + 1))


class Contrast(Report, frozen=True, kw_only=True):
    """A sentence that two systems translate differently well."""

    number: int
    """Its line, from 1."""
    references: tuple[str, ...]
    baseline: str
    system: str
    baseline_score: float
    """Sentence chrF, in percent."""
    system_score: float
    difference: float
    """System less baseline."""


def most_different(baseline: Statistics, system: Statistics, *, count: int = 10) -> tuple[Contrast, ...]:
    """The sentences whose chrF differs most, in either direction, the largest difference first.

    Raises:
        ConfigurationError: the scorer does not measure chrF.
        ValueError: the counts come from two scorers.
    """
    require_one_scorer([baseline, system])
    metric: MetricName = "chrf"
    if metric not in system.counts:
        raise ConfigurationError("the sentences that differ most are found by chrF; add it to the metrics")
    scorer = system.scorer
    one, other = (scorer.values(metric, each.counts[metric]) for each in (baseline, system))
    order = np.argsort(-np.abs(other - one), kind="stable")[:count]
    return tuple(
        Contrast(
            number=int(index) + 1,
            references=tuple(reference[index] for reference in scorer.references),
            baseline=baseline.translations[index],
            system=system.translations[index],
            baseline_score=float(one[index]),
            system_score=float(other[index]),
            difference=float(other[index] - one[index]),
        )
        for index in order
        if one[index] != other[index]
    )


def require_one_scorer(systems: Sequence[Statistics]) -> None:
    """Refuse counts that do not stand for the same references and settings.

    Raises:
        ValueError: they come from different scorers.
    """
    if any(system.scorer is not systems[0].scorer for system in systems):
        raise ValueError("all systems' statistics must come from one Scorer")
