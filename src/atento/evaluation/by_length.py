"""Quality by the length of the source sentence, as in figure 2 of Bahdanau et al. 2015.

A bin's score is the corpus score of its sentences, not the mean of their scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from atento.core.errors import ConfigurationError, DataError
from atento.evaluation.configuration import MetricName
from atento.evaluation.metrics import Statistics
from atento.evaluation.report import Report
from atento.text.words import How, segment

BOUNDS = (1, 6, 11, 16, 21, 31, 41, 51)
"""The default bins' fewest words: 1–5, 6–10, …, 51 or more (and 0, for empty lines)."""


class LengthBin(Report, frozen=True, kw_only=True):
    """The sentences of some lengths."""

    label: str
    """``6–10``, or ``51+`` for the last one."""
    sentences: int
    source_words: int
    scores: dict[MetricName, float]
    """In percent."""


class LengthReport(Report, frozen=True, kw_only=True):
    """Quality for each bin that has sentences, from short to long."""

    bins: tuple[LengthBin, ...]
    words: How
    """What was counted as a word."""
    metrics: tuple[MetricName, ...]

    def rows(self) -> list[tuple[str, ...]]:
        """A table: source words, sentences, and each metric's score."""
        return [
            (each.label, str(each.sentences), *(f"{each.scores[metric]:.1f}" for metric in self.metrics))
            for each in self.bins
        ]


def quality_by_length(
    statistics: Statistics, sources: Sequence[str], *, bounds: Sequence[int] = BOUNDS, words: How = "words"
) -> LengthReport:
    """Score a system's translations apart for short and long source sentences.

    Args:
        statistics: the system's counts; every metric of their scorer is reported.
        sources: the source sentences.
        bounds: the fewest words of each bin, rising, from 1 (sources without a word are a bin of their own), or from 0.
        words: as in ``atento.text.words.segment``: punctuation marks are words of their own, or only spaces separate.

    Raises:
        ConfigurationError: the bounds do not rise from 0 or 1.
        DataError: there are not as many sources as translations.
    """
    if not bounds or bounds[0] not in (0, 1) or any(low >= high for low, high in pairwise(bounds)):
        raise ConfigurationError(f"length bounds {list(bounds)}: they must begin with 0 or 1 and rise")
    if len(sources) != len(statistics.translations):
        raise DataError(
            f"{len(sources)} source sentences for {len(statistics.translations)} translations; give as many"
        )
    lengths = np.array([len(segment(source, words)) for source in sources])
    places = np.searchsorted(np.asarray(bounds), lengths, side="right")  # 0: no word at all, where bounds begin with 1
    kinds, members = np.unique(places, return_inverse=True)
    scores: dict[MetricName, list[float]] = {}
    for name, counts in statistics.counts.items():
        sums = np.zeros((len(kinds), counts.shape[1]))
        np.add.at(sums, members, counts)
        scores[name] = statistics.scorer.values(name, sums).tolist()
    bins = tuple(
        LengthBin(
            label=_label(int(place), bounds),
            sentences=int((members == number).sum()),
            source_words=int(lengths[members == number].sum()),
            scores={name: values[number] for name, values in scores.items()},
        )
        for number, place in enumerate(kinds)
    )
    return LengthReport(bins=bins, words=words, metrics=tuple(statistics.counts))


def merged_bounds(lengths: Sequence[int], bounds: Sequence[int], smallest: int) -> tuple[int, ...]:
    """The fewest words of each bin, so that each has at least so many sentences (as far as there are as many).

    A bin with too few sentences takes in the next longer one; the last one is taken in by the one before it. Sentences
    without a word are a bin like the others: where there are some, the bounds begin with 0.

    Args:
        lengths: the sentences' words.
        bounds: the fewest words of each bin, rising, from 1.
        smallest: how many sentences a bin needs.
    """
    kept: list[int] = []
    for low in (0, *bounds) if 0 in lengths else bounds:
        if not kept or sum(kept[-1] <= length < low for length in lengths) >= smallest:
            kept.append(low)
    while len(kept) > 1 and sum(length >= kept[-1] for length in lengths) < smallest:
        kept.pop()
    return tuple(kept)


def _label(place: int, bounds: Sequence[int]) -> str:
    if place == 0:
        return "0"
    if place == len(bounds):
        return f"{bounds[-1]}+"
    low, high = bounds[place - 1], bounds[place] - 1
    return str(low) if low == high else f"{low}–{high}"
