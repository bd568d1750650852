"""The two ways to continue hypotheses: the best extensions (greedy and beam search), or drawn ones (sampling).

Both take the log-probabilities of each row's next token, with bans as −inf, and the totals of the rows, −inf for rows
that carry no hypothesis; both give ``width`` extensions a source.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from atento.decoding.configuration import DecodingConfig
from atento.decoding.filters import apply_temperature, keep_top_k, keep_top_p

BLOCK = 128
"""Tokens that ``greatest`` looks at together."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """``width`` continuations of each source's rows; a total of −inf marks a place without any."""

    parents: Int[Tensor, "sources width"]
    """Which of its source's rows each continues."""
    tokens: Int[Tensor, "sources width"]
    log_probabilities: Float[Tensor, "sources width"]
    totals: Float[Tensor, "sources width"]

    def select(self, sources: Int[Tensor, " kept"]) -> Extensions:
        """Those of these sources alone."""
        return Extensions(
            self.parents[sources], self.tokens[sources], self.log_probabilities[sources], self.totals[sources]
        )

    def at(self, places: Int[Tensor, "sources kept"]) -> Extensions:
        """Those of each source that stand at these places, in their order."""
        return Extensions(
            self.parents.gather(1, places),
            self.tokens.gather(1, places),
            self.log_probabilities.gather(1, places),
            self.totals.gather(1, places),
        )

    def first(self, count: int) -> Extensions:
        """The first so many of each source."""
        if count == self.tokens.shape[1]:
            return self
        return Extensions(
            self.parents[:, :count], self.tokens[:, :count], self.log_probabilities[:, :count], self.totals[:, :count]
        )


def best_extensions(
    log_probabilities: Float[Tensor, "rows vocab"], totals: Float[Tensor, "sources rows_each"], width: int
) -> Extensions:
    """The ``width`` extensions of greatest total of each source, best first.

    The best of every row are found first and then merged: one row alone can at most supply them all, and this spares
    the sum over, and the search through, rows × vocabulary.
    """
    sources, rows_each = totals.shape
    if width == 1:
        values, tokens = log_probabilities.max(dim=1, keepdim=True)
        values = _without_nan(values)
        return Extensions(torch.zeros_like(tokens), tokens, values, totals + values)
    each = min(width, log_probabilities.shape[1])
    values, tokens = (found.view(sources, -1) for found in greatest(log_probabilities, each))  # [S, rows_each * each]
    values = _without_nan(values)
    candidates = (values.view(sources, rows_each, each) + totals.unsqueeze(2)).view(sources, -1)
    if candidates.shape[1] < width:  # a vocabulary smaller than the beam, at the first steps
        missing = (0, width - candidates.shape[1])
        candidates = torch.nn.functional.pad(candidates, missing, value=-torch.inf)
        values = torch.nn.functional.pad(values, missing, value=-torch.inf)
        tokens = torch.nn.functional.pad(tokens, missing)
    best, places = candidates.topk(width, dim=1)
    parents = (places // each).clamp_(max=rows_each - 1)
    return Extensions(parents, tokens.gather(1, places), values.gather(1, places), best)


def drawn_extensions(
    log_probabilities: Float[Tensor, "rows vocab"],
    totals: Float[Tensor, "sources rows_each"],
    uniforms: Float[Tensor, "sources width"],
    config: DecodingConfig,
) -> Extensions:
    """One extension of each row by each of its uniform numbers, of the tempered and truncated distribution.

    Drawn by inverting the cumulative distribution in the order of the vocabulary; log-probabilities stay the model's.
    """
    logits = apply_temperature(log_probabilities, config.temperature)
    logits = keep_top_p(keep_top_k(logits, config.top_k), config.top_p)
    cumulative = logits.softmax(1).cumsum(1, dtype=torch.float64)
    rows = logits.shape[0]
    targets = uniforms.reshape(rows, -1) * cumulative[:, -1:]  # below the last sum, because uniforms ≤ 1 - 2^-52
    tokens = torch.searchsorted(cumulative, targets, right=True).clamp_(max=logits.shape[1] - 1)
    values = _without_nan(log_probabilities.gather(1, tokens))
    values = values.masked_fill_(logits.gather(1, tokens) == -torch.inf, -torch.inf)
    tokens, values = tokens.view_as(uniforms), values.view_as(uniforms)
    each = uniforms.shape[1] // totals.shape[1]
    parents = torch.arange(totals.shape[1], device=totals.device).repeat_interleave(each).expand_as(tokens)
    return Extensions(parents, tokens, values, totals.gather(1, parents) + values)


def greatest(
    values: Float[Tensor, "rows vocab"], count: int
) -> tuple[Float[Tensor, "rows count"], Int[Tensor, "rows count"]]:
    """The ``count`` greatest values of each row, and where they stand: ``topk``, but faster on a CPU.

    The greatest values lie in the blocks with the greatest maxima (and in what is left over after the last block), and
    maxima vectorise where a partial sort does not: 320 rows of 8,000 take about half of the time.
    """
    blocks = values.shape[1] // BLOCK
    if blocks < 4 * count:
        found = values.topk(count, dim=1)
        return found.values, found.indices
    parts = values[:, : blocks * BLOCK].view(-1, blocks, BLOCK)
    chosen = parts.amax(2).topk(count, dim=1).indices
    inside = parts.gather(1, chosen.unsqueeze(2).expand(-1, -1, BLOCK)).flatten(1)  # [R, count * BLOCK]
    found = torch.cat([inside, values[:, blocks * BLOCK :]], dim=1).topk(count, dim=1)
    places = found.indices
    block = chosen.gather(1, (places // BLOCK).clamp_(max=count - 1))
    left_over = places - count * BLOCK + blocks * BLOCK
    return found.values, torch.where(places < count * BLOCK, block * BLOCK + places % BLOCK, left_over)


def _without_nan(values: Float[Tensor, "rows found"]) -> Float[Tensor, "rows found"]:
    """A model whose logits are all −inf (or not numbers) has the softmax NaN: nothing can follow."""
    return values.nan_to_num_(nan=-torch.inf, neginf=-torch.inf)
