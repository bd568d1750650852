"""A claim's interval as a small drawing: where it lies against zero and against the region in which the claim holds."""

from __future__ import annotations

from dataclasses import dataclass

from atento.study import numbers
from atento.study.results import Verdict

_PAD = 0.08


@dataclass(frozen=True)
class Label:
    """A number under the drawing."""

    place: float
    text: str
    anchor: str


@dataclass(frozen=True)
class IntervalBar:
    """Places in percent of the width, from "baseline better" on the left to "variant better" on the right."""

    zero: float
    region: tuple[float, float]
    """Where the whole interval must lie for the claim to hold."""
    mean: float
    ends: tuple[float, float] | None
    seeds: tuple[float, ...]
    labels: tuple[Label, ...]


def interval_bar(verdict: Verdict) -> IntervalBar | None:
    """The drawing of a verdict; None where there is no difference yet."""
    found = verdict.difference
    if found is None:
        return None
    margin = verdict.margin
    ends = None if found.low is None or found.high is None else (found.low, found.high)
    marked: list[float] = [0.0, margin, *found.values, found.mean, *(ends or ())]
    if verdict.relation == "equal":
        marked.append(-margin)
    low, high = min(marked), max(marked)
    span: float = (high - low) or 1.0
    low, span = low - _PAD * span, (1 + 2 * _PAD) * span

    def place(value: float) -> float:
        return round(100 * (value - low) / span, 2)

    return IntervalBar(
        zero=place(0.0),
        region=(place(-margin), place(margin)) if verdict.relation == "equal" else (place(margin), 100.0),
        mean=place(found.mean),
        ends=None if ends is None else (place(ends[0]), place(ends[1])),
        seeds=tuple(place(value) for value in found.values) if len(found.values) > 1 else (),
        labels=_labels(verdict, {place(value): value for value in _named(verdict)}),
    )


def _named(verdict: Verdict) -> tuple[float, ...]:
    """The numbers to write, the less important first, as the later ones win a place."""
    margin = verdict.margin
    return (-margin, margin, 0.0) if verdict.relation == "equal" else (margin, 0.0)


def _labels(verdict: Verdict, named: dict[float, float]) -> tuple[Label, ...]:
    """The margins and zero, without those that would run into zero's."""
    zero = next(place for place, value in named.items() if value == 0)
    kept = []
    for place, value in sorted(named.items()):
        if value and abs(place - zero) < 11:
            continue
        text = "0" if not value else numbers.size(value, verdict.difference, verdict.measure)
        kept.append(Label(place, text, "start" if place < 6 else "end" if place > 94 else "middle"))
    return tuple(kept)
