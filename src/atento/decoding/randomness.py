"""Uniform random numbers that depend on nothing but (seed, input, sample, step).

A counter-based generator: SplitMix64 (Steele, Lea & Flood 2014), one stream a sampled hypothesis, in tensor operations
on 64-bit integers. So what is drawn does not depend on batches, order, neighbours or the kind of device.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

_GAMMA = 0x9E3779B97F4A7C15 - 2**64  # as signed 64-bit integers, which wrap around
_FIRST = 0xBF58476D1CE4E5B9 - 2**64
_SECOND = 0x94D049BB133111EB - 2**64


def stream_keys(
    seed: int, indices: Int[Tensor, " sources"], samples: Int[Tensor, " width"]
) -> Int[Tensor, "sources width"]:
    """One key for each pair of an input's and a sample's number."""
    inputs = _mix(_mix(indices.new_tensor(seed) + _GAMMA) + (indices + 1) * _GAMMA)
    return _mix(inputs.unsqueeze(1) + (samples + 1) * _GAMMA)


def uniforms(keys: Int[Tensor, "*any"], step: int) -> Float[Tensor, "*any"]:
    """The ``step``-th number of each stream: float64 in [0, 1), a multiple of 2^-52."""
    offset = (step * _GAMMA + 2**63) % 2**64 - 2**63
    return _shift(_mix(keys + offset), 12).double() * 2.0**-52


def _mix(values: Int[Tensor, "*any"]) -> Int[Tensor, "*any"]:
    values = (values ^ _shift(values, 30)) * _FIRST
    values = (values ^ _shift(values, 27)) * _SECOND
    return values ^ _shift(values, 31)


def _shift(values: Int[Tensor, "*any"], bits: int) -> Int[Tensor, "*any"]:
    """A logical shift to the right; torch's is arithmetic."""
    return (values >> bits) & ((1 << (64 - bits)) - 1)


def row_keys(
    seed: int, index: Int[Tensor, " sources"], width: int, samples: Sequence[int] | None
) -> Int[Tensor, "sources width"]:
    """The keys of each source's samples 0, 1, …, or of the one sample that each source is."""
    if samples is None:
        return stream_keys(seed, index, torch.arange(width, device=index.device))
    assert width == 1
    numbers = torch.tensor(list(samples), device=index.device)
    every = stream_keys(seed, index, torch.arange(int(numbers.max()) + 1, device=index.device))
    return every.gather(1, numbers.unsqueeze(1))
