"""Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation": scores, windows, one look.

score(hₜ, h̄ₛ)  location W_a hₜ, row s · dot hₜᵀ h̄ₛ · general hₜᵀ W_a h̄ₛ · concat vᵀ tanh(W_a [hₜ; h̄ₛ])     (3.1)
align          αₜ(s) = softmaxₛ(score(hₜ, h̄ₛ)), over the source's own tokens and, with a local window, those in it  (7)
window         global: all s · local: [pₜ − D, pₜ + D] with pₜ = t (local-m) or pₜ = S · sigmoid(v_pᵀ tanh(W_p hₜ))
               (local-p, 9), whose weights are αₜ(s) exp(−(s − pₜ)² / 2σ²), σ = D / 2, not renormalised            (10)
context        cₜ = Σₛ αₜ(s) h̄ₛ
attentional    h̃ₜ = tanh(W_c [cₜ; hₜ])                                                                              (5)

Positions s and t count from 0, s in the order in which the encoder reads the source; S is the number of tokens that it
reads, ``</s>`` included. A window that the source does not reach gives the zero context. Where the paper lets location
ignore what stands beyond the rows of W_a, we refuse such a source. The paper's D must be at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from atento.nn.attention import additive_scores, masked_softmax

Score = Literal["location", "dot", "general", "concat"]
Window = Literal["global", "local-m", "local-p"]

KEPT = 1 << 22
"""Elements of concat's hidden layer that are kept at once for the backward pass."""


@dataclass(frozen=True, kw_only=True)
class LuongReader:
    """What a look at the sources needs: their constants, and the parameters of the score and the window."""

    score: Score
    window: Window
    half_width: int
    """D."""
    values: Float[Tensor, "sources source annotation"]
    """h̄."""
    keys: Float[Tensor, "sources source key"] | None
    """h̄ (dot), W_a h̄ (general), or concat's half of W_a with h̄; None for location."""
    mask: Bool[Tensor, "sources source"] | None
    """None where no source is padded."""
    positions: Int[Tensor, "sources source"]
    """Places in the order of reading; 0 at padding."""
    lengths: Int[Tensor, " sources"]
    """S."""
    weight_query: Float[Tensor, "query units"] | None = None
    """W_a of location, or concat's half of it that reads hₜ."""
    vector: Float[Tensor, " key"] | None = None
    """v of concat."""
    weight_centre: Float[Tensor, "centre units"] | None = None
    """W_p of local-p."""
    vector_centre: Float[Tensor, " centre"] | None = None
    """v_p of local-p."""

    def first(self, sources: int) -> LuongReader:
        """The reader of the first sources."""
        if sources == self.values.shape[0]:
            return self
        return replace(
            self,
            values=self.values[:sources],
            keys=None if self.keys is None else self.keys[:sources],
            mask=None if self.mask is None else self.mask[:sources],
            positions=self.positions[:sources],
            lengths=self.lengths[:sources],
        )


@dataclass(frozen=True)
class LuongLook:
    """What a look found."""

    contexts: Float[Tensor, "sources queries annotation"]
    weights: Float[Tensor, "sources queries source"]
    """What multiplies the annotations: with local-p the softmax times the Gaussian."""
    scores: Float[Tensor, "sources queries source"]
    """Of all tokens, inside the window or not."""
    queries: Float[Tensor, "sources queries query"]
    """What is scored against the keys: hₜ, or concat's half of W_a with it."""
    centres: Shaped[Tensor, "sources queries"] | None = None
    """pₜ of a local window."""
    alignments: Float[Tensor, "sources queries source"] | None = None
    """αₜ(s) of local-p, before the Gaussian."""


def look(
    reader: LuongReader, states: Float[Tensor, "sources queries units"], times: Int[Tensor, "sources queries"]
) -> LuongLook:
    """Look at the sources with states hₜ and their target positions t."""
    asked = queries(reader, states)
    scores = score(reader, asked)
    mask = None if reader.mask is None else reader.mask.unsqueeze(1)
    if reader.window == "global":
        weights = masked_softmax(scores, mask)
        return LuongLook(weights @ reader.values, weights, scores, asked)
    centre = centres(reader, states, times)
    distances = reader.positions.unsqueeze(1) - centre.unsqueeze(-1)  # [sources, queries, S]
    inside = distances.abs() <= reader.half_width
    weights = masked_softmax(scores, inside if mask is None else inside & mask)
    alignments = None
    if reader.window == "local-p":
        alignments = weights
        weights = weights * gaussian(distances, reader.half_width).to(weights.dtype)
    return LuongLook(weights @ reader.values, weights, scores, asked, centre, alignments)


def queries(
    reader: LuongReader, states: Float[Tensor, "sources queries units"]
) -> Float[Tensor, "sources queries query"]:
    """hₜ itself, or concat's half of W_a with it."""
    if reader.score != "concat":
        return states
    assert reader.weight_query is not None
    return F.linear(states, reader.weight_query)


def score(
    reader: LuongReader, asked: Float[Tensor, "sources queries query"]
) -> Float[Tensor, "sources queries source"]:
    """score(hₜ, h̄ₛ) of every query and source token (section 3.1; location: eq. 8)."""
    if reader.score == "location":
        assert reader.weight_query is not None
        each = F.linear(asked, reader.weight_query[: reader.positions.shape[1]])  # [sources, queries, S]
        return each.gather(2, reader.positions.unsqueeze(1).expand(-1, asked.shape[1], -1))
    assert reader.keys is not None
    if reader.score != "concat":
        return asked @ reader.keys.transpose(1, 2)
    assert reader.vector is not None
    return concat_scores(asked, reader.keys, reader.vector)


def concat_scores(
    queries: Float[Tensor, "sources queries key"],
    keys: Float[Tensor, "sources source key"],
    vector: Float[Tensor, " key"],
    kept: int = KEPT,
) -> Float[Tensor, "sources queries source"]:
    """vᵀ tanh(W_a [hₜ; h̄ₛ]), W_a h given in its two halves.

    The hidden layer [sources, queries, source, key] is the largest tensor of the model. Beyond ``kept`` elements it is
    made in pieces, and each piece again in the backward pass.
    """
    at_once = max(1, kept // max(1, keys.numel()))
    if queries.shape[1] <= at_once:
        return additive_scores(queries, keys, vector)
    pieces = [
        checkpoint(additive_scores, piece, keys, vector, use_reentrant=False, preserve_rng_state=False)
        for piece in torch.split(queries, at_once, dim=1)
    ]
    return torch.cat(pieces, dim=1)


def centres(
    reader: LuongReader, states: Float[Tensor, "sources queries units"], times: Int[Tensor, "sources queries"]
) -> Shaped[Tensor, "sources queries"]:
    """pₜ: t itself (local-m), or S · sigmoid(v_pᵀ tanh(W_p hₜ)) (local-p, eq. 9), never in half precision."""
    if reader.window == "local-m":
        return times
    assert reader.weight_centre is not None
    assert reader.vector_centre is not None
    with torch.autocast(states.device.type, enabled=False):
        hidden = torch.tanh(F.linear(states.to(reader.weight_centre.dtype), reader.weight_centre))
        return reader.lengths.unsqueeze(1) * torch.sigmoid(hidden @ reader.vector_centre)


def gaussian(distances: Float[Tensor, "*any source"], half_width: int) -> Float[Tensor, "*any source"]:
    """exp(−(s − pₜ)² / 2σ²) with σ = D / 2 (eq. 10)."""
    return torch.exp(-2 * (distances / half_width) ** 2)


def attentional(
    contexts: Float[Tensor, "*any annotation"],
    states: Float[Tensor, "*any units"],
    weight: Float[Tensor, "attentional read"],
) -> Float[Tensor, "*any attentional"]:
    """h̃ₜ = tanh(W_c [cₜ; hₜ]) (eq. 5)."""
    return torch.tanh(F.linear(torch.cat([contexts, states], dim=-1), weight))
