"""How a walk shows itself: frame by frame, each with its equations, its numbers and the colours of these.

Frames are stepped through without a script: each belongs to a radio button, of which the style sheet shows the chosen
one's; the buttons beside a frame's title choose its neighbours. Where styles are taken out, all frames stand below each
other. The file adds a few lines of script for Space and the arrows. A number is written where it appears first; where
it appears again, its colours do, with a way back.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from atento.core import markup, terminal_tables
from atento.core.display import Place, View
from atento.core.shortening import first_of
from atento.figures import canvas
from atento.figures.cells import cells
from atento.figures.strips import Strip, fitting, pixels, strips
from atento.inspection.walks.equations import EQUATIONS
from atento.inspection.walks.record import Array, Choice, Frame, Numbers, Part, Walk
from atento.inspection.walks.words import ACTIONS, column_names, flattened, row_names, titled

_MOST_FRAMES: Final = 60
"""That a notebook shows."""
_MOST_NUMBERS: Final = 20_000
"""Written into a notebook; the file has all."""
_MOST_STRIPS: Final = 16
"""Frames of a notebook's picture."""
_TALLEST: Final = 20.0
"""Inches of it: in a higher one, shrunk to the pixels that it may have, letters could not be read."""
_MOST_CELLS: Final = (40, 24)
"""Rows and columns of numbers that are shown as cells; larger ones are colours, and their numbers are folded."""
_MOST_ROWS: Final = 40
"""Of a strip."""
_MOST_LINES: Final = 40
"""Frames of the text."""
HEAD: Final = ("#", "frame", "equation", "values")
"""Of ``steps``."""

_STYLE: Final = Markup("""<style>
.atento .walk { display: flex; flex-wrap: wrap; align-items: center; }
.atento .walk > input { order: 0; margin: 2px; accent-color: rgb(0, 124, 190); }
.atento .walk > section { order: 1; flex: 0 0 100%; min-width: 0; display: none; }
.atento .walk > input:checked + section { display: block; }
.atento .walk label { cursor: pointer; border: 1px solid rgba(128, 128, 128, .6); border-radius: 4px; padding: 0 .7em; }
.atento .walk .title { display: flex; flex-wrap: wrap; gap: .6em; align-items: baseline; margin: .5em 0; }
.atento .walk .equation { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", serif; font-size: 1.1em; }
.atento .walk img { image-rendering: pixelated; border: 1px solid rgba(128, 128, 128, .5); max-width: 100%; }
</style>""")
_SCRIPT: Final = Markup("""<script>
document.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("summary")) return;
  const table = event.target.closest(".scroll");
  if (event.key !== " " && table && table.scrollWidth > table.clientWidth) return;
  const forward = event.key === "ArrowRight" || (event.key === " " && !event.shiftKey);
  const back = event.key === "ArrowLeft" || (event.key === " " && event.shiftKey);
  if (!forward && !back) return;
  const focus = event.target.getBoundingClientRect();
  const place = event.target === document.body ? innerHeight / 2 : (focus.top + focus.bottom) / 2;
  const distance = walk => {
    const { top, bottom } = walk.getBoundingClientRect();
    return Math.max(top - place, place - bottom, 0);
  };
  const walks = [...document.querySelectorAll(".walk")].sort((one, other) => distance(one) - distance(other));
  const walk = event.target.closest(".walk") ?? walks[0];
  event.preventDefault();
  const frames = [...walk.querySelectorAll(":scope > input")];
  const to = frames[frames.findIndex(frame => frame.checked) + (forward ? 1 : -1)];
  if (to) { to.checked = true; to.focus(); }
});
</script>""")


def view(walk: Walk) -> View:
    """The forms of a walk."""
    numbers = _Numbers(walk)
    return View(
        title=f"{walk.model.name or walk.model.family}: {walk.kind}",
        text=lambda: _text(walk, numbers),
        html=lambda place: _html(walk, numbers, place),
        picture=(lambda: canvas.picture(lambda: _figure(walk, numbers, _MOST_STRIPS, _TALLEST)))
        if walk.frames
        else None,
        script=_SCRIPT,
    )


def about(walk: Walk) -> list[str]:
    """What is gone through, and in which model: a line each."""
    sides = [side.text for side in (walk.source, walk.target) if side is not None and side.text]
    settings = ", ".join(f"{name} {value}" for name, value in walk.model.settings.items())
    return [f"{walk.kind}: {' → '.join(sides)}", f"{walk.model.name or 'model'} ({walk.model.family}): {settings}"]


def steps(walk: Walk) -> list[tuple[str, ...]]:
    """Every frame as a row of a table for a terminal; its head is ``HEAD``."""
    return _steps(walk, _Numbers(walk), None)


def figure(walk: Walk) -> Figure:
    """What each frame ends with, as strips of colour below each other.

    Raises:
        DataError: more than one sheet can hold.
    """
    return _figure(walk, _Numbers(walk), None, None)


class _Numbers:
    """The numbers of values; arrays that frames share are made once."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._kept: dict[str, Numbers] = {}

    def of(self, value: Array | Part) -> tuple[Numbers, tuple[str, ...]]:
        """A value's numbers, and their axes."""
        if isinstance(value, Array):
            return value.numbers, value.axes
        array = self._walk.arrays[value.array]
        if value.array not in self._kept:
            self._kept[value.array] = array.numbers
        return self._kept[value.array][value.at], array.axes[len(value.at) :]


def _text(walk: Walk, numbers: _Numbers) -> str:
    rows = _steps(walk, numbers, _MOST_LINES)
    table = terminal_tables.draw(HEAD, rows, numbers=(0,), width=120)
    return "\n".join(filter(None, [*about(walk), table, first_of(len(rows), len(walk.frames), "frames")]))


def _steps(walk: Walk, numbers: _Numbers, most: int | None) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for number, frame in enumerate(walk.frames[:most]):
        shapes = [f"{name} {_shape(numbers.of(value)[0])}" for name, value in frame.values.items()]
        shapes += [_told(choices) for choices in frame.choices.values()]
        equations = "; ".join(EQUATIONS[name] for name in frame.equations)
        rows.append((str(number), titled(walk, frame), equations, ", ".join(shapes)))
    return rows


def _figure(walk: Walk, numbers: _Numbers, most: int | None, tallest: float | None) -> Figure:
    """The first frames as strips, as many as fit the height."""
    drawn = {
        number: strip
        for number, frame in enumerate(walk.frames[:most])
        if (strip := _strip(walk, numbers, number, frame)) is not None
    }
    fits = len(drawn) if tallest is None else fitting(list(drawn.values()), tallest)
    shown = len(walk.frames[:most]) if fits == len(drawn) else list(drawn)[fits]
    return strips(list(drawn.values())[:fits], first_of(shown, len(walk.frames), "frames"))


def _strip(walk: Walk, numbers: _Numbers, number: int, frame: Frame) -> Strip | None:
    """What a frame ends with; None where it has no numbers."""
    equation = "; ".join(EQUATIONS[name] for name in frame.equations)
    title = f"{number}  {titled(walk, frame)}"
    if frame.values:
        name = list(frame.values)[-1]
        found, axes = numbers.of(frame.values[name])
        rows, columns = row_names(walk, axes, found), column_names(walk, axes, found)
        return Strip(
            title=f"{title}: {name}",
            note=equation,
            values=flattened(found)[:_MOST_ROWS],
            rows=rows[:_MOST_ROWS],
            columns=columns if len(columns) <= _MOST_CELLS[1] else (),
        )
    if frame.choices:
        choices = next(iter(frame.choices.values()))
        shares = np.array([[each.probability for each in choices]])
        return Strip(title=title, note=equation, values=shares, columns=[each.token for each in choices])
    return None


def _html(walk: Walk, numbers: _Numbers, place: Place) -> str:
    shown = walk.frames[: place.most(_MOST_FRAMES)]
    writer = _Writer(walk, numbers, place.prefix, place.most(_MOST_NUMBERS))
    frames = [writer.frame(number, frame, len(shown)) for number, frame in enumerate(shown)]
    heading, model = about(walk)
    keys = "Space and the arrows step" if place.whole else "Buttons step, and arrow keys from a dot"
    parts = [
        _STYLE,
        markup.strong(heading),
        markup.line(f"{model}. {keys}; colours: blue above 0, orange below.", quiet=True),
        Markup('<div class="walk">{}</div>').format(Markup("\n").join(frames)),
        markup.left_out(len(shown), len(walk.frames), "frames", "`save_html(…)` and `to_json()` have all of them."),
    ]
    if writer.omitted:
        parts.append(
            markup.line(
                f"{writer.omitted:,} numbers are not written here, only their colours: `save_html(…)` writes all of "
                "them, and `numbers(frame, name)` gives them.",
                quiet=True,
            )
        )
    return markup.element(*parts)


@dataclass
class _Writer:
    """Writes frames, and remembers which numbers stand where."""

    walk: Walk
    numbers: _Numbers
    group: str
    """Of the radio buttons, and the prefix of their ids."""
    room: int | None
    """Numbers that may still be written; None: any."""
    omitted: int = 0
    _written: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)
    """The frame that has the numbers of a part."""

    def frame(self, number: int, frame: Frame, total: int) -> Markup:
        """A radio button and what it shows."""
        title = titled(self.walk, frame)
        ways = [
            self._way(number - 1, "‹ back") if number else Markup(),
            self._way(number + 1, "next ›") if number + 1 < total else Markup(),
        ]
        head = Markup('<p class="title">{} {}<strong><bdi>{}</bdi></strong> <span class="quiet">{} / {}</span></p>')
        parts = [head.format(*ways, title, number + 1, total), markup.line(ACTIONS[frame.name], quiet=True)]
        parts += [Markup('<p class="equation">{}</p>').format(EQUATIONS[name]) for name in frame.equations]
        parts += [self._value(number, name, value) for name, value in frame.values.items()]
        parts += [_choices(name, choices) for name, choices in frame.choices.items()]
        checked = Markup(" checked") if number == 0 else Markup()
        return Markup(
            '<input type="radio" name="{0}" id="{0}-{1}" title="{2}" aria-label="{2}"{3}><section>{4}</section>'
        ).format(self.group, number, f"{number + 1}: {title}", checked, Markup("\n").join(parts))

    def _way(self, number: int, text: str) -> Markup:
        return Markup('<label for="{}-{}">{}</label>').format(self.group, number, text)

    def _value(self, frame: int, name: str, value: Array | Part) -> Markup:
        found, axes = self.numbers.of(value)
        values = flattened(found)
        shape = " × ".join(f"{count} {axis}" for axis, count in zip(axes, found.shape, strict=True))
        head = Markup('<p><strong>{}</strong> <span class="quiet">{}</span></p>').format(name, shape)
        largest = float(np.abs(values).max(initial=0.0))
        rows, columns = row_names(self.walk, axes, found), column_names(self.walk, axes, found)
        small = values.shape[0] <= _MOST_CELLS[0] and values.shape[1] <= _MOST_CELLS[1]
        if small and self._take(values.size):
            table = cells(rows or [""], columns, values, largest=largest, digits=3)
            self._remember(value, frame)
            return Markup("{}\n{}").format(head, table)
        return Markup("{}\n{}\n{}").format(
            head, _coloured(values, largest, name), self._written_out(value, frame, values, rows)
        )

    def _written_out(self, value: Array | Part, frame: int, values: Numbers, rows: tuple[str, ...]) -> Markup:
        """All numbers of a large value, or where they are written already."""
        earlier = self._earlier(value)
        if earlier is not None:
            return Markup('<p class="quiet">Its numbers: {}</p>').format(self._way(earlier, f"frame {earlier + 1}"))
        if not self._take(values.size):
            self.omitted += values.size
            return Markup()
        self._remember(value, frame)
        names = [f"{name}: " for name in rows] or [""] * len(values)
        lines = [
            name + " ".join(f"{each:.6g}" for each in row.tolist()) for name, row in zip(names, values, strict=True)
        ]
        text = Markup("<pre>{}</pre>").format("\n".join(lines))
        return markup.folded(f"{values.size:,} numbers", text)

    def _take(self, count: int) -> bool:
        if self.room is None:
            return True
        if count > self.room:
            return False
        self.room -= count
        return True

    def _remember(self, value: Array | Part, frame: int) -> None:
        if isinstance(value, Part):
            self._written.setdefault((value.array, value.at), frame)

    def _earlier(self, value: Array | Part) -> int | None:
        """The frame in which a part's numbers, or those of the whole that it is a part of, are written."""
        if not isinstance(value, Part):
            return None
        starts = (value.at[:length] for length in range(len(value.at), -1, -1))
        return next((self._written[value.array, at] for at in starts if (value.array, at) in self._written), None)


def _coloured(values: Numbers, largest: float, name: str) -> Markup:
    picture = pixels(values, largest)
    source = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    label = f"{name}: {values.shape[0]} × {values.shape[1]} numbers from {values.min():.4g} to {values.max():.4g}"
    return Markup('<p><img src="{}" width="{}" height="{}" alt="{}" title="{}"></p>').format(
        Markup(source), picture.width, picture.height, label, label
    )


def _choices(name: str, choices: tuple[Choice, ...]) -> Markup:
    rows = [
        (str(each.rank), each.token, str(each.id), f"{each.probability:.6g}", markup.bar(each.probability))
        for each in choices
    ]
    return markup.table(("rank", "token", "id", "p", ""), rows, numbers=(0, 2, 3), caption=f"next tokens, {name}")


def _shape(numbers: Numbers) -> str:
    return f"[{' × '.join(map(str, numbers.shape))}]" if numbers.ndim else f"= {float(numbers):.4g}"


def _told(choices: tuple[Choice, ...]) -> str:
    return ", ".join(f"{each.token} {each.probability:.3f}" for each in choices[:3])
