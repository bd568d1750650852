"""How widely attention is spread: the entropy of its rows, head by head (Clark et al. 2019, section 3.2).

0 nats: a row looks at one token; log n nats: at n tokens alike. Rows that do not sum to one (Luong's local-p, or a
record without special tokens) are made to; a row without any weight has no entropy and is left out of the means.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atento.figures.attention import Attention, Role, Weights


def entropy(weights: Weights) -> NDArray[np.float64]:
    """−Σₖ αₖ log αₖ of each row, in nats; nan of a row without weight.

    Args:
        weights: at least 0, [..., rows, columns].

    Returns:
        [..., rows].
    """
    values = weights.astype(np.float64)
    totals = values.sum(axis=-1, keepdims=True)
    shares = np.divide(values, totals, out=np.full_like(values, np.nan), where=totals > 0)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    found: NDArray[np.float64] = -(shares * logarithms).sum(axis=-1) + 0.0  # no −0
    return found


def head_entropies(attention: Attention) -> dict[Role, NDArray[np.float64]]:
    """The mean over rows for every layer and head, [layers, heads] by role; nan where no row has any weight."""
    found: dict[Role, NDArray[np.float64]] = {}
    for role, weights in attention.weights.items():
        values = entropy(weights)
        counts = np.isfinite(values).sum(axis=-1)
        sums = np.nansum(values, axis=-1)
        found[role] = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return found
