"""What the charts of a report share: intervals, inks, labels that are wrapped and never overlap, and ticks.

``dots`` and ``lines`` draw; sizes follow from the measured labels. The colours are those of Okabe and Ito (2008), which
people with any colour vision can tell apart, without their yellow, which is too pale on white.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from atento.figures import fonts
from atento.figures.canvas import measure, properties

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#3a3a3a", "#8c6bb1")
INK: Final = "#24292f"
FAINT_INK: Final = "#6a737d"
RULE: Final = "#d8dde3"
POINTS: Final = 9.5
SMALL: Final = 8.0
"""Sizes of letters."""


@dataclass(frozen=True)
class Interval:
    """A mean over seeds; without an interval where there is one seed only."""

    mean: float
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()
    """The seeds' own."""

    @property
    def ends(self) -> tuple[float, float] | None:
        """Both ends of the interval, if it has any that are finite."""
        if self.low is None or self.high is None or not (math.isfinite(self.low) and math.isfinite(self.high)):
            return None
        return self.low, self.high


def wrapped(text: str, width: float, points: float = POINTS, most_lines: int = 3) -> fonts.Style:
    """A text broken into lines of at most ``width`` inches, at spaces where it has them; the rest becomes ``…``."""

    def fits(line: str) -> bool:
        return measure(fonts.style(line), points)[0] <= width

    lines = _broken(" ".join(text.split()), fits)
    if len(lines) > most_lines:
        last = lines[most_lines - 1]
        while last and not fits(last + "…"):
            last = last[:-1]
        lines = [*lines[: most_lines - 1], last.rstrip() + "…"]
    styles = [fonts.style(line) for line in lines]
    families = dict.fromkeys(family for style in styles for family in style.families)
    return fonts.Style("\n".join(style.text for style in styles), tuple(families))


def size(style: fonts.Style, points: float = POINTS) -> tuple[float, float]:
    """Width and height in inches of a text that may have several lines."""
    lines = style.text.split("\n")
    width = max(measure(fonts.Style(line, style.families), points)[0] for line in lines)
    return width, len(lines) * points / 72 * 1.3


def spread(places: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Middles of labels of these heights as near as can be to ``places``, in the same order, without overlap.

    Neighbours that would overlap are moved together as one block (pooling of adjacent violators), so the sum of squared
    moves is least.
    """
    order = sorted(range(len(places)), key=lambda number: places[number])
    starts = [0.0] * len(places)  # where a label would lie if all labels below it lay end to end from 0
    below = 0.0
    for number in order:
        starts[number] = below + heights[number] / 2
        below += heights[number]
    blocks: list[tuple[float, list[int]]] = []
    for number in order:
        offset, members = places[number] - starts[number], [number]
        while blocks and blocks[-1][0] > offset:
            other, more = blocks.pop()
            offset = (other * len(more) + offset * len(members)) / (len(more) + len(members))
            members = more + members
        blocks.append((offset, members))
    middles = [0.0] * len(places)
    for offset, members in blocks:
        for number in members:
            middles[number] = offset + starts[number]
    return middles


def paper(figure: Figure) -> Axes:
    """Invisible axes over the whole figure whose unit is the inch, for labels and rules."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return axes


def frame(figure: Figure, left: float, bottom: float, width: float, height: float, level: float = 0) -> Axes:
    """Axes at a place given in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up), zorder=level)


def write(axes: Axes, x: float, y: float, style: fonts.Style, points: float = POINTS, **settings: Any) -> None:
    """Write a label, taken as it is: no formulas."""
    axes.text(
        x,
        y,
        style.text,
        fontproperties=properties(style, points),
        parse_math=False,
        usetex=False,
        clip_on=False,
        linespacing=1.15,
        **{"color": INK, "ha": "left", "va": "center", **settings},
    )


def number(value: float, _position: object = None) -> str:
    """A tick's label: thousands are separated, and no digits are more than the value has."""
    return f"{value:,.6g}".replace("-", "−")


def ticks_within(low: float, high: float, logarithmic: bool = False, most: int = 6) -> list[float]:
    """Round numbers within two limits: a few, or on a logarithmic axis one to five a decade."""
    decades = math.log10(high / low) if logarithmic else 0.0
    if decades < 0.7:
        found = MaxNLocator(nbins=most, steps=[1, 2, 5, 10]).tick_values(low, high)
    else:
        subs = (1.0, 2.0, 3.0, 5.0, 7.0) if decades < 1.3 else (1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)
        found = LogLocator(subs=subs, numticks=50).tick_values(low, high)
    return [float(tick) for tick in found if low <= tick <= high]


def separate(ticks: Sequence[float], where: Callable[[float], float]) -> list[float]:
    """The ticks whose labels do not touch those before them; ``where`` gives a tick's place in inches."""
    kept: list[float] = []
    free = -math.inf
    for tick in sorted(ticks):
        half = measure(fonts.style(number(tick)), SMALL)[0] / 2
        if where(tick) - half >= free:
            kept.append(tick)
            free = where(tick) + half + 0.08
    return kept


def bare(axes: Axes, sides: Sequence[str] = ("bottom",)) -> None:
    """Axes without a frame but on these sides, with small quiet ticks."""
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set(visible=side in sides, color=FAINT_INK, linewidth=0.7)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=FAINT_INK, pad=4, which="both")
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for label in labels:
            label.set_fontfamily(fonts.BASE)


def _broken(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Lines that fit, broken at spaces, and inside words that are too long for a line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        rest = f"{line} {word}" if line else word
        if fits(rest):
            line = rest
            continue
        if line:
            lines.append(line)
        while not fits(word) and len(word) > 1:
            cut = next(count for count in range(len(word) - 1, 0, -1) if count == 1 or fits(word[:count]))
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line]
