"""BLEU, chrF and TER of summed counts, for any number of sums at once.

They are sacrebleu's formulas (Papineni et al. 2002 with the exponential smoothing of mteval-v13a; Popović 2015 with
effective order; Snover et al. 2006) written over arrays, because a test wants thousands of them. All scores are those
of sums of counts, never means of sentences' scores. A column's meaning is sacrebleu's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def bleu(counts: Counts) -> Counts:
    """BLEU in percent of ``[sums, 2 + 2 N]`` counts: translated words, reference words, N matches, N totals."""
    translated, reference = counts[:, 0], counts[:, 1]
    correct, total = np.split(counts[:, 2:], 2, axis=1)
    missed = correct == 0
    halvings = np.cumsum(missed, axis=1)  # each order without a match counts half of the one before it
    matches = np.where(missed, 0.5**halvings, correct)
    with np.errstate(divide="ignore"):  # log 0 is −∞, whose exponential is the 0 that is wanted
        mean = np.log(_ratio(matches, total)).mean(axis=1)
    short = 1.0 - _ratio(reference, translated, otherwise=np.inf)
    brevity = np.where(translated < reference, np.exp(np.minimum(0.0, short)), 1.0)
    return np.where(correct.any(axis=1), 100.0 * brevity * np.exp(mean), 0.0)


def chrf(counts: Counts, *, beta: float = 2.0) -> Counts:
    """ChrF in percent of ``[sums, 3 N]`` counts: each order's n-grams translated, in the reference, common."""
    translated, reference, common = (counts[:, column::3] for column in range(3))
    effective = (translated > 0) & (reference > 0)
    orders = effective.sum(axis=1)
    precision = _ratio(np.where(effective, _ratio(common, translated), 0.0).sum(axis=1), orders)
    recall = _ratio(np.where(effective, _ratio(common, reference), 0.0).sum(axis=1), orders)
    return 100.0 * _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def ter(counts: Counts) -> Counts:
    """TER in percent of ``[sums, 2]`` counts: edits and (average) reference words. Lower is better; it may pass 100."""
    edits, reference = counts[:, 0], counts[:, 1]
    return 100.0 * np.where(reference > 0, _ratio(edits, reference), edits > 0)


def _ratio(numerator: Counts, denominator: NDArray[np.generic], *, otherwise: float = 0.0) -> Counts:
    """The quotient, and ``otherwise`` where the denominator is 0."""
    result = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
