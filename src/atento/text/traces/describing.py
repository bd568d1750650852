"""Traces in words: replays a step a line, figures, and places of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from atento.text.traces.replay import LookUp, MatchReplay, MergeReplay, Replay, SegmentationReplay
from atento.text.traces.trace import Trace
from atento.text.visible import visible

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


def counted(trace: Trace, words: int) -> str:
    """One sentence of figures on a trace."""
    count = len(trace.tokens)
    parts = [f"{count:,} tokens", f"{trace.size:,} bytes", f"{len(trace.text):,} characters"]
    if count:
        parts.append(f"{trace.size / count:.2f} bytes a token")
    if words:
        parts.append(f"{count / words:.2f} tokens a word")
    return ", ".join(parts)


def names(numbers: Sequence[int]) -> str:
    """Places of tokens for a reader, from 1: ``3–5`` or ``3, 7``."""
    first, last = numbers[0] + 1, numbers[-1] + 1
    if len(numbers) > 1 and last - first + 1 == len(numbers):
        return f"{first}–{last}"
    return ", ".join(str(number + 1) for number in numbers)


def round_trip(trace: Trace) -> str:
    """Whether a trace's ids give its text again: what a sentence on the text says of it."""
    return "comes back exactly" if trace.exact else f"comes back otherwise {trace.difference}"


def facts(trace: Trace) -> list[str]:
    """What a reader should know of a trace, a line each: what comes back, stands around, is shared or is lost."""
    return [f"The text {round_trip(trace)}.", *further_facts(trace)]


def further_facts(trace: Trace) -> list[str]:
    """The same but for ``round_trip``."""
    lines = []
    added = [token.piece for token in trace.finished if token.added]
    if added:
        lines.append(f"A model reads {len(trace.finished):,} tokens: {' '.join(added)} stand around.")
    lines += [
        f"Tokens {names(shared.tokens)} share one character: {visible(shared.grapheme)}" for shared in trace.shared
    ]
    if trace.lost:
        lines.append(f"Cannot be spelled, and is lost: {visible(' '.join(trace.lost))}")
    if trace.spelled:
        lines.append(f"Never seen in training, spelled in bytes: {visible(' '.join(trace.spelled))}")
    return lines
