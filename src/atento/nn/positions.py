"""Where a token stands: sinusoidal, learned and rotary positions.

Sinusoidal: Vaswani et al. 2017, section 3.5. Rotary: Su et al. 2021 (RoFormer), eq. 34.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

Layout = Literal["interleaved", "halves"]
"""Sine and cosine of a frequency side by side (Vaswani) or all sines first (tensor2tensor, Marian)."""


def sinusoidal(
    positions: Int[Tensor, "*any"], size: int, layout: Layout = "interleaved"
) -> Float[Tensor, "*any {size}"]:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(pos / 10000^(2i/d)).

    Raises:
        ValueError: ``size`` is odd.
    """
    if size % 2:
        raise ValueError(f"sinusoidal positions need an even size, not {size}")
    frequencies = torch.exp(torch.arange(0, size, 2, device=positions.device) * (-math.log(10000.0) / size))
    angles = positions.unsqueeze(-1) * frequencies
    if layout == "halves":
        return torch.cat([angles.sin(), angles.cos()], dim=-1)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def rotation(
    positions: Int[Tensor, "*any"], size: int
) -> tuple[Float[Tensor, "*any half"], Float[Tensor, "*any half"]]:
    """Cosine and sine of the angles by which rotary positions turn each pair of a head's components.

    Args:
        positions: any shape.
        size: the head's size K; the result has K/2 angles.
    """
    frequencies = torch.exp(torch.arange(0, size, 2, device=positions.device) * (-math.log(10000.0) / size))
    angles = positions.unsqueeze(-1) * frequencies
    return angles.cos(), angles.sin()


def rotate(
    vectors: Float[Tensor, "*any head"], cosine: Float[Tensor, "*#any half"], sine: Float[Tensor, "*#any half"]
) -> Float[Tensor, "*any head"]:
    """Turn the component pairs (i, i + K/2) of queries or keys, so that their dot product depends on distance only."""
    first, second = vectors.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
