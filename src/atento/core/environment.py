"""What the environment says, and what the command line asks there of the libraries below it.

Variables are read by these libraries when they are first imported.

*Threads that share a processor politely.* PyTorch's parallel loops wait for each other by spinning. If another program
takes one of the processors away, a thread spins through its whole share of time while the one it waits for has none: a
small model on two busy cores then trains several times slower than with a single thread. Sleeping at once is no cure:
waking takes longer than a small loop does. So a thread spins for a small part of a millisecond and then sleeps.
Steps of training in twelve seconds on two cores, the demo's model (medians of three): with 500, 1,500, 5,000 and 20,000
spins 100, 110, 122 and 128 where nothing else runs, and 72, 54, 36 and 14 beside two other busy programs (one thread:
about 110). In eighteen seconds of pt-es-small, means of two: with 5,000 and 20,000 spins 58 and 55; beside others 30
and 16. GNU OpenMP's own 300,000 are worse beside others than any of these.

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
        settings["GOMP_SPINCOUNT"] = "5000"
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
