"""Rényi efficiency of a tokenizer's unigram distribution (Zouhar et al. 2023, Tokenization and the noiseless channel).

Which vocabulary the entropy is divided by is part of the figure: with the one that occurs a tokenizer looks better,
the fewer of its entries a text uses.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def entropy(counts: NDArray[np.int64], alpha: float) -> float:
    """Rényi's entropy of order ``alpha`` in nats; Shannon's for 1.

    H_α(p) = log(Σ p^α) / (1 − α)

    Args:
        counts: how often each type occurs, [types]; zeros count for nothing.
        alpha: above 0.
    """
    seen = counts[counts > 0]
    shares = seen / seen.sum()
    if math.isclose(alpha, 1.0):
        return float(-(shares * np.log(shares)).sum())
    return float(np.log((shares**alpha).sum()) / (1 - alpha))


def efficiency(counts: NDArray[np.int64], alpha: float, vocabulary: int) -> float | None:
    """The entropy as a share of the greatest that ``vocabulary`` types can have, log |V|; None without tokens, or of
    one type alone."""
    if vocabulary < 2 or not counts.any():
        return None
    return entropy(counts, alpha) / math.log(vocabulary)
