"""Threads that share a processor politely.

PyTorch's parallel loops wait for each other by spinning. If another program takes one of the processors away, a thread
spins through its whole share of time while the one it waits for has none: a small model on two busy cores then trains
several times slower than with a single thread. Sleeping at once is no cure: waking takes longer than a small loop
does. So a thread spins for a fraction of a millisecond, about as long as Python needs between two operations, and then
sleeps.

Measured in training on two cores, tokens a second of the demo's recipe and of pt-es-small: with 200 spins 3,600 and
2,800 on quiet cores, 3,000 and 1,900 beside two other busy programs; with 20,000 spins 5,700 and 3,500, 2,000 and
1,400; with GNU OpenMP's default of 300,000 pt-es-small as many on quiet cores, but 900 and 500 on busy ones.
"""

from __future__ import annotations

import os
from typing import Final

_SPINS: Final = "20000"


def wait_politely() -> None:
    """Set GNU OpenMP's spin count, unless the user has; it is read when PyTorch is first imported."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
