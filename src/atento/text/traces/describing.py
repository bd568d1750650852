"""Replays in words, a step a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from atento.text.traces.replay import LookUp, MatchReplay, MergeReplay, Replay, SegmentationReplay

_TRIED: Final = 6
"""Of the entries that were tried in vain, how many are shown."""


def describe(steps: Replay, read: Callable[[str], str]) -> list[str]:
    """A replay in words, a step a line; ``read`` makes a piece readable."""
    match steps:
        case MergeReplay():
            return _merges(steps, read)
        case MatchReplay():
            lines = []
            for found in steps.matches:
                missed = found.tried if found.found is None else found.tried[:-1]
                shown = " ".join([*map(read, missed[:_TRIED]), *(["…"] if len(missed) > _TRIED else [])])
                result = "none: unknown" if found.found is None else read(found.found)
                lines.append(f"{shown} → {result}" if shown else result)
            return lines or [f"→ {' '.join(steps.pieces)}"]
        case SegmentationReplay():
            return [f"{each.total:9.3f}  {' '.join(map(read, each.pieces))}" for each in steps.best]
        case LookUp():
            return [f"looked up whole: {' '.join(map(read, steps.pieces))}"]


def _merges(steps: MergeReplay, read: Callable[[str], str]) -> list[str]:
    """What is left after each merge, with the pair that was put together."""
    alive = dict(enumerate(steps.symbols))
    lines = [" ".join(map(read, steps.symbols))]
    for merge in steps.merges:
        following = next(place for place in sorted(alive) if place > merge.place)
        alive[merge.place] = merge.left + alive.pop(following)
        pair = f"{read(merge.left)} + {read(merge.right)}"
        lines.append(f"{' '.join(read(alive[place]) for place in sorted(alive))}    ({pair}, rank {merge.rank:g})")
    return lines
