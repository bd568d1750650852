"""Averages of weights: exponential over steps, or plain over the last checkpoints (Vaswani et al. 2017, § 6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from atento.models.weights import copy_tensors, weights


class MovingAverage:
    """θ̄ ← δ θ̄ + (1 − δ) θ after every step, with δ = min(decay, (1 + t) / (10 + t)) so that it warms up."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._current = list(weights(model).values())
        self.values = {name: value.clone() for name, value in weights(model).items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the model's weights after step ``step`` (from 1)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.values.values()), self._current, 1.0 - decay)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Go on from a saved average.

        Raises:
            ValueError: it is of another model.
        """
        copy_tensors(self.values, values)


def mean(snapshots: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The plain average of several snapshots of weights."""
    return {
        name: torch.stack([snapshot[name].double() for snapshot in snapshots]).mean(0).to(value.dtype)
        for name, value in snapshots[0].items()
    }
