"""Samples of a test set: drawn with replacement (bootstrap), or with two systems' sentences swapped at random.

Both draw what sacrebleu draws from the same seed, so its intervals and p-values are reproduced; but a resample is
made as one matrix product of how often each sentence was drawn with the sentences' counts, block by block, so memory
does not grow with resamples × sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from atento.evaluation.formulas import Counts
from atento.evaluation.report import Interval

_BLOCK = 1 << 21
"""Drawn sentences held at a time."""


def bootstrap_sums(counts: Sequence[Counts], resamples: int, seed: int) -> list[Counts]:
    """Sums over bootstrap samples of the sentences, the same samples for every array of counts.

    Args:
        counts: arrays ``[sentences, columns]``, such as two systems' or two metrics'.
        resamples: how many samples, each of as many sentences as there are.
        seed: the same seed gives the same samples.

    Returns:
        For each array its sums ``[resamples, columns]``.
    """
    generator = np.random.default_rng(seed)
    joined = np.hstack(counts)
    sentences = len(joined)
    sums = []
    for rows in _blocks(resamples, sentences):
        drawn = generator.integers(0, sentences, size=(rows, sentences), dtype=np.int64)
        drawn += np.arange(rows, dtype=np.int64)[:, None] * sentences
        times = np.bincount(drawn.ravel(), minlength=rows * sentences).reshape(rows, sentences)
        sums.append(times.astype(np.float64) @ joined)
    return _split(np.concatenate(sums), counts)


def swapped_sums(
    first: Sequence[Counts], second: Sequence[Counts], trials: int, seed: int
) -> tuple[list[Counts], list[Counts]]:
    """Sums of two pseudo-systems that share out each sentence's two translations by the toss of a coin.

    Arguments and results are as in ``bootstrap_sums``, ``first`` and ``second`` being two systems' arrays.
    """
    generator = np.random.default_rng(seed)
    one, other = np.hstack(first), np.hstack(second)
    difference = one - other
    gains = []
    for rows in _blocks(trials, len(one)):
        kept = generator.integers(2, size=(rows, len(one)), dtype=np.bool_)
        gains.append(kept.astype(np.float64) @ difference)
    gain = np.concatenate(gains)
    return _split(other.sum(axis=0) + gain, first), _split(one.sum(axis=0) - gain, first)


def interval(samples: Counts) -> Interval:
    """The central 95 % of samples, bounded by samples as sacrebleu does, and their mean."""
    ordered = np.sort(samples)
    cut = len(ordered) // 40
    return Interval(low=float(ordered[cut]), high=float(ordered[-1 - cut]), mean=float(ordered.mean()))


def _split(joined: Counts, like: Sequence[Counts]) -> list[Counts]:
    return np.split(joined, np.cumsum([array.shape[1] for array in like])[:-1], axis=1)


def _blocks(rows: int, columns: int) -> Iterator[int]:
    """Numbers of rows that add up to ``rows``; multiples of 32, where numpy may cut a stream of coin tosses."""
    size = max(32, _BLOCK // columns // 32 * 32)
    for start in range(0, rows, size):
        yield min(size, rows - start)
