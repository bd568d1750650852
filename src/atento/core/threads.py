"""Threads that share a processor politely.

PyTorch's parallel loops wait for each other by spinning. If another program takes one of the processors away, a thread
spins through its whole share of time while the one it waits for has none: a small model on two busy cores then trains
twenty times slower than with a single thread. Spinning briefly and then sleeping ends that, and costs little on a
quiet machine.
"""

from __future__ import annotations

import os
from typing import Final

_SPINS: Final = "200"


def wait_politely() -> None:
    """Set GNU OpenMP's spin count, unless the user has; it is read when PyTorch is first imported."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
