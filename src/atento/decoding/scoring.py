"""Length penalty, and when a source may stop.

score = total / length^α, where total ≤ 0 is the sum of the tokens' log-probabilities and the length counts ``</s>``.
A prompt counts in neither, or in both.

Exact stopping. An unfinished hypothesis of total t can only become a finished one whose total is at most t, because
log-probabilities are not positive, and whose length lies between the next length and the limit. So its score is at most
t / length^α at the most favourable of these lengths: the limit if α > 0 (dividing a negative number by more), the
shortest one if α < 0, any if α = 0. A source stops when that bound, for its best unfinished hypothesis, is not above
the n-th best finished score. (Float32 keeps this: adding a number ≤ 0 and dividing by a positive one round
monotonically.)

Stopping at the present length. The same comparison with t / length^α as if the hypothesis ended here. With α > 0 this
is a heuristic: a hypothesis could still gain by being longer, for which exact stopping searches on up to the limit.
Hugging Face's ``early_stopping=False`` compares likewise, but with the worst of as many finished hypotheses as there
are beams, so it stops later.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.decoding.configuration import DecodingConfig


class Scoring:
    """Scores by length, and the stopping rule, of one configuration."""

    def __init__(self, config: DecodingConfig, longest: int, device: torch.device) -> None:
        self._alpha = config.length_penalty
        self._stopping = config.stopping
        lengths = torch.arange(longest + 2, dtype=torch.float64).clamp_(min=1)  # an empty hypothesis has total 0
        self._divisors = lengths.pow(self._alpha).clamp(max=torch.finfo(torch.float32).max).float().to(device)

    def scores(
        self, totals: Float[Tensor, "sources width"], lengths: Int[Tensor, " sources"]
    ) -> Float[Tensor, "sources width"]:
        """total / length^α, for totals of hypotheses of these lengths."""
        return totals / self._divisors[lengths].unsqueeze(1)

    def settled(
        self,
        totals: Float[Tensor, "sources width"],
        lengths: Int[Tensor, " sources"],
        limits: Int[Tensor, " sources"],
        shortest: Int[Tensor, " sources"],
        worst: Float[Tensor, " sources"],
    ) -> Bool[Tensor, " sources"]:
        """Which sources may stop.

        ``totals`` are those of unfinished hypotheses of length ``lengths`` (−inf: none), which end between ``shortest``
        and ``limits``; ``worst`` is the score of the n-th best finished hypothesis, −inf while there are fewer. No
        unfinished hypothesis at all settles a source too.
        """
        best = totals.amax(1)
        if self._stopping == "first-finished":
            return (worst > -torch.inf) | (best == -torch.inf)
        if self._alpha == 0:
            return best <= worst
        if self._alpha < 0:
            favourable = (lengths + 1).maximum(shortest)
        else:
            favourable = limits if self._stopping == "exact" else lengths
        return best / self._divisors[favourable] <= worst
