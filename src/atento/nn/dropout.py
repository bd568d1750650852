"""Dropout (Srivastava et al. 2014), fast on CPU.

PyTorch's CPU kernel draws one Bernoulli variate an element, which took 7 % of a small Transformer's training step. Here
one 64-bit draw of the same generator decides four elements, at a resolution of 1/65,536: a fifth of the time
(``make bench``). Other devices keep their own fused kernel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

_LEVELS = 1 << 16


def dropout(inputs: Float[Tensor, "*any"], probability: float, training: bool) -> Float[Tensor, "*any"]:
    """Zero each element with the given probability and scale the others so that the expectation stays."""
    if not training or probability == 0.0:
        return inputs
    if inputs.device.type != "cpu":
        return F.dropout(inputs, probability)
    return inputs * keep_mask(inputs, probability)


def add_dropped(
    residual: Float[Tensor, "*any"], inputs: Float[Tensor, "*any"], probability: float
) -> Float[Tensor, "*any"]:
    """``residual + dropout(inputs)`` in training, in one pass over memory on CPU."""
    if inputs.device.type != "cpu":
        return residual + F.dropout(inputs, probability)
    return torch.addcmul(residual, inputs.to(residual.dtype), keep_mask(residual, probability))


def keep_mask(like: Float[Tensor, "*any"], probability: float) -> Float[Tensor, "*any"]:
    """A tensor of ``like``'s shape and type holding 0 with the given probability, else 1 / (1 − probability)."""
    size = like.numel()
    words = torch.empty((size + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    draws = words.view(torch.int16)[:size].view(like.shape)
    threshold = min(round(probability * _LEVELS), _LEVELS - 1) - _LEVELS // 2  # within int16 for any probability
    return (draws >= threshold).to(like.dtype).mul_(1.0 / (1.0 - probability))


class Dropout(nn.Module):
    """``dropout`` as a module."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, inputs: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
        """Drop elements while the module is in training mode."""
        return dropout(inputs, self.probability, self.training)
