"""Which numbers a run computes in."""

from __future__ import annotations

import contextlib
from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def resolve(wanted: Literal["auto", "float32", "bfloat16"], device: torch.device) -> Precision:
    """``auto`` is bfloat16 where the processor multiplies matrices in it, else float32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        features = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return "bfloat16" if features.get("avx512_bf16") or features.get("amx_bf16") else "float32"
    return "float32"


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Matrix products in the given precision; weights, sums and the optimiser stay in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
