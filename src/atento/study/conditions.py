"""Under what a run was made that its fingerprint does not know: versions, machine, device and threads.

A run is taken up whatever they were, as it is still the same experiment. But rounding differs with them, another
version may train otherwise, and times and memory are the machine's, so a study and its report tell where they were not
the same for all runs.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

import sacrebleu
import torch

import atento
from atento.core.machine import machine
from atento.study.results import RunResult

_SCORED = ", scored with "


def versions_here(device: str) -> dict[str, str]:
    """The versions of what a run is made with, the machine, and the device."""
    return {
        "atento": atento.__version__,
        "torch": str(torch.__version__),
        "sacrebleu": sacrebleu.__version__,
        "python": platform.python_version(),
        "machine": machine(),
        "device": device,
    }


def scored_anew(trained: Mapping[str, str], scored: Mapping[str, str]) -> dict[str, str]:
    """The versions of a run that was trained with some and scored later, perhaps with others."""
    made = {key: trained.get(key, value).partition(_SCORED)[0] for key, value in scored.items()}
    return {key: value if made[key] == value else f"{made[key]}{_SCORED}{value}" for key, value in scored.items()}


def distinct(tables: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Key → every value that it has in some of the tables."""
    found: dict[str, dict[str, None]] = {}
    for key, value in (item for table in tables for item in table.items()):
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}


def conditions(results: Iterable[RunResult]) -> dict[str, tuple[str, ...]]:
    """Condition → every value that it has in some of the runs."""
    return distinct({**result.versions, "threads": str(result.cost.threads)} for result in results)


def differences(results: Iterable[RunResult]) -> str:
    """The conditions that were not the same for all of these runs, in words; empty if all were."""
    return "; ".join(f"{key}: {' and '.join(values)}" for key, values in conditions(results).items() if len(values) > 1)


def changes(results: Iterable[RunResult], now: Mapping[str, str]) -> str:
    """What was otherwise, for some of these runs, than it is now, in words; empty if nothing was."""
    earlier = conditions(results)
    others = {key: [each for each in earlier.get(key, ()) if each != value] for key, value in now.items()}
    return "; ".join(f"{key}: {' and '.join(values)}, now {now[key]}" for key, values in others.items() if values)
