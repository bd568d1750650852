"""What the environment says, and what the command line asks there of the libraries below it.

Variables are read by these libraries when they are first imported.

*Threads that share a processor politely.* PyTorch's parallel loops wait for each other by spinning. If another program
takes one of the processors away, a thread spins through its whole share of time while the one it waits for has none: a
small model on two busy cores then trains several times slower than with a single thread. Sleeping at once is no cure:
waking takes longer than a small loop does. So a thread spins for a fraction of a millisecond, about as long as Python
needs between two operations, and then sleeps. Measured in training on two cores, tokens a second of a small recurrent
model and of pt-es-small: with 200 spins 3,600 and 2,800 on quiet cores, 3,000 and 1,900 beside two other busy programs;
with 20,000 spins 5,700 and 3,500, 2,000 and 1,400; with GNU OpenMP's default of 300,000 pt-es-small as many on quiet
cores, but 900 and 500 on busy ones.

*Huge pages.* PyTorch can ask Linux for pages of 2 MiB for its large tensors, which makes training 3 % faster (means of
six and five alternations; one by one they differ by 10 %).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def settings_for_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to be set, without those that the user's environment has already."""
    settings = {"THP_MEM_ALLOC_ENABLE": "1"}
    if "OMP_WAIT_POLICY" not in environment:
        settings["GOMP_SPINCOUNT"] = "20000"
    return {name: value for name, value in settings.items() if name not in environment}


def default_cache() -> Path:
    """The folder for what can be made again: ``ATENTO_CACHE``, or the system's place for caches."""
    if chosen := os.environ.get("ATENTO_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "atento"
