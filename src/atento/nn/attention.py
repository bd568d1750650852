"""Attention as the course teaches it: one function for recurrent and Transformer models alike.

A *query* (what the decoder looks for) is scored against every *key* (the bridge from the query to the value); a softmax
turns the scores into weights; the result, the *context*, is the weighted sum of the *values*. The models differ in the
score only: Bahdanau et al. 2015 (A.1.2, additive), Luong et al. 2015 (section 3.1: dot, general, concat; eq. 8:
location; in ``luong.py`` with that paper's windows), Vaswani et al. 2017 (eq. 1, scaled dot product).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def attend(
    scores: Float[Tensor, "*any queries keys"],
    values: Float[Tensor, "*any keys value"],
    mask: Bool[Tensor, "*#any #queries keys"] | None = None,
) -> tuple[Float[Tensor, "*any queries value"], Float[Tensor, "*any queries keys"]]:
    """Masked softmax over the keys, then the weighted sum of the values.

    Where ``mask`` is False the weight is exactly zero; a query with no key at all gets the zero context.

    Returns:
        The contexts and the weights; each row of weights sums to one.
    """
    weights = masked_softmax(scores, mask)
    return weights @ values, weights


def masked_softmax(
    scores: Float[Tensor, "*any queries keys"], mask: Bool[Tensor, "*#any #queries keys"] | None
) -> Float[Tensor, "*any queries keys"]:
    """The softmax over the keys where ``mask`` is True, exactly zero elsewhere; without any such key all are zero."""
    if mask is None:
        return scores.softmax(dim=-1)
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask, lowest).softmax(dim=-1).masked_fill(~mask, 0.0)


def scaled_dot_product_scores(
    queries: Float[Tensor, "*any queries head"], keys: Float[Tensor, "*any keys head"]
) -> Float[Tensor, "*any queries keys"]:
    """QKᵀ / √d_k (Vaswani et al. 2017, eq. 1)."""
    return queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])


def additive_scores(
    queries: Float[Tensor, "*any queries attention"],
    keys: Float[Tensor, "*any keys attention"],
    vector: Float[Tensor, " attention"],
) -> Float[Tensor, "*any queries keys"]:
    """vᵀ tanh(W s + U h), with W s and U h given (Bahdanau et al. 2015, A.1.2)."""
    return torch.tanh(queries.unsqueeze(-2) + keys.unsqueeze(-3)) @ vector
