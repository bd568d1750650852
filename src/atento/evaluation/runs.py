"""Two recipes on one test set, each trained several times: their difference tested over sentences and over seeds.

A score varies with the sentences that happen to be in the test set and with the seed of training. Each is covered by a
test of its own, and neither says anything of the other:

- *Sentences*: paired bootstrap (``significance``). Every resample of the sentences is applied to all runs, and a side's
  score is the mean over its runs; so the runs are taken as they are.
- *Seeds*: Student's t (``seeds``) on each run's score of the whole test set; so the sentences are taken as they are.

Left out on purpose: a bootstrap that resamples runs as well. Resampling n runs understates their variance by
(n − 1) / n, which for the usual three runs makes the interval far too narrow; t does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atento.core.errors import ConfigurationError
from atento.evaluation.configuration import MetricName
from atento.evaluation.formulas import Counts
from atento.evaluation.metrics import Scorer, Statistics
from atento.evaluation.report import Interval, Report
from atento.evaluation.resampling import bootstrap_sums, interval
from atento.evaluation.seeds import SeedDifference, paired_difference, welch_difference
from atento.evaluation.significance import improvements, p_value_of, require_one_scorer


class SentenceDifference(Report, frozen=True, kw_only=True):
    """What other test sentences would make of the difference between these very runs."""

    interval: Interval
    """Of the difference of means over runs, over paired bootstrap samples of the sentences."""
    p_value: float
    better: float
    """The share of samples in which B is better than A."""
    worse: float


class RunsDifference(Report, frozen=True, kw_only=True):
    """How the mean score of B's runs differs from that of A's, in one metric and in percent."""

    metric: MetricName
    name: str
    higher_is_better: bool
    signature: str
    a_scores: tuple[float, ...]
    """Each run's score of the whole test set."""
    b_scores: tuple[float, ...]
    a_mean: float
    b_mean: float
    difference: float
    """Mean of B less mean of A: for BLEU and chrF positive is better, for TER negative is."""
    over_sentences: SentenceDifference
    over_seeds: SeedDifference | None
    """None where a side has one run, which says nothing about training's randomness."""


class RunsComparison(Report, frozen=True, kw_only=True):
    """Two sides of one or more runs on one test set."""

    differences: tuple[RunsDifference, ...]
    paired: bool
    """Whether run k of A was matched with run k of B in the test over seeds."""
    sentences: int
    references: int
    resamples: int


class RunsContrast(Report, frozen=True, kw_only=True):
    """A sentence that two sides translate differently well."""

    number: int
    """Its line, from 1."""
    references: tuple[str, ...]
    a: tuple[str, ...]
    """Each run's translation."""
    b: tuple[str, ...]
    a_score: float
    """Sentence chrF in percent, the mean over runs."""
    b_score: float
    difference: float
    """B less A."""


def compare_runs(a: Sequence[Statistics], b: Sequence[Statistics], *, paired: bool = False) -> RunsComparison:
    """Test the difference of two sides' mean scores over sentences and over seeds, in every metric of their scorer.

    Args:
        a: counts of each run of the side to compare with.
        b: counts of each run of the other side, from the same ``Scorer``.
        paired: whether ``a[k]`` and ``b[k]`` share a seed; else Welch's test takes the runs as independent.

    Raises:
        ConfigurationError: there are no resamples or no runs, or unequal numbers of runs to be paired.
        ValueError: the counts come from two scorers.
    """
    runs = [*a, *b]
    scorer = _scorer(a, b)
    config = scorer.config
    if config.resamples < 1:
        raise ConfigurationError(f"a comparison needs resamples, not {config.resamples}; give 1 or more")
    if paired and len(a) != len(b):
        raise ConfigurationError(f"{len(a)} and {len(b)} runs cannot be paired; give as many on both sides")
    names = list(scorer.config.metrics)
    drawn = iter(bootstrap_sums([run.counts[name] for name in names for run in runs], config.resamples, config.seed))
    return RunsComparison(
        differences=tuple(
            _difference(scorer, name, runs, [next(drawn) for _ in runs], len(a), paired) for name in names
        ),
        paired=paired,
        sentences=len(runs[0].translations),
        references=len(scorer.references),
        resamples=config.resamples,
    )


def matching_seeds(a: Sequence[int | None], b: Sequence[int | None]) -> list[int] | None:
    """For each run of A the place of B's run with the same seed; None unless seeds match one to one (None: unknown)."""
    if len(a) < 2 or None in a or len(set(a)) < len(a) or len(a) != len(b) or set(a) != set(b):
        return None
    return [b.index(seed) for seed in a]


def most_different_runs(
    a: Sequence[Statistics], b: Sequence[Statistics], *, count: int = 10
) -> tuple[RunsContrast, ...]:
    """The sentences whose chrF, averaged over a side's runs, differs most, the largest difference first.

    Raises:
        ConfigurationError: the scorer does not measure chrF, or there are no runs.
        ValueError: the counts come from two scorers.
    """
    scorer = _scorer(a, b)
    if "chrf" not in scorer.config.metrics:
        raise ConfigurationError("the sentences that differ most are found by chrF; add it to the metrics")
    one, other = (np.mean([scorer.values("chrf", run.counts["chrf"]) for run in side], axis=0) for side in (a, b))
    order = np.argsort(-np.abs(other - one), kind="stable")[:count]
    return tuple(
        RunsContrast(
            number=int(index) + 1,
            references=tuple(reference[index] for reference in scorer.references),
            a=tuple(run.translations[index] for run in a),
            b=tuple(run.translations[index] for run in b),
            a_score=float(one[index]),
            b_score=float(other[index]),
            difference=float(other[index] - one[index]),
        )
        for index in order
        if one[index] != other[index]
    )


def _difference(
    scorer: Scorer,
    name: MetricName,
    runs: Sequence[Statistics],
    drawn: Sequence[Counts],
    size: int,
    paired: bool,
) -> RunsDifference:
    """One metric's result; the first ``size`` runs are side A, ``drawn`` holds each run's sums of the resamples."""
    sampling = {"bs": scorer.config.resamples, "seed": scorer.config.seed}
    scores = [scorer.score(name, run.counts[name].sum(axis=0), None, sampling) for run in runs]
    values = [score.value for score in scores]
    a, b = values[:size], values[size:]
    resampled = [scorer.values(name, sums) for sums in drawn]
    gains = np.mean(resampled[size:], axis=0) - np.mean(resampled[:size], axis=0)
    a_mean, b_mean = float(np.mean(a)), float(np.mean(b))
    spread = np.abs(gains)
    better, worse = improvements(gains, higher_is_better=scores[0].higher_is_better)
    test = paired_difference if paired else welch_difference
    return RunsDifference(
        metric=name,
        name=scores[0].name,
        higher_is_better=scores[0].higher_is_better,
        signature=scores[0].signature,
        a_scores=tuple(a),
        b_scores=tuple(b),
        a_mean=a_mean,
        b_mean=b_mean,
        difference=b_mean - a_mean,
        over_sentences=SentenceDifference(
            interval=interval(gains),
            p_value=p_value_of(spread - spread.mean(), abs(b_mean - a_mean)),
            better=better,
            worse=worse,
        ),
        over_seeds=test(a, b) if min(len(a), len(b)) > 1 else None,
    )


def _scorer(a: Sequence[Statistics], b: Sequence[Statistics]) -> Scorer:
    if not a or not b:
        raise ConfigurationError("a comparison needs a run on either side")
    require_one_scorer([*a, *b])
    return a[0].scorer
