"""How neighbours and analogies show themselves: the nearest entries with their scores."""

from __future__ import annotations

from typing import Final

from atento.core import markup, terminal_tables
from atento.core.display import Picture, Place, View
from atento.core.shortening import first_of
from atento.figures import canvas
from atento.figures.bars import Bars, bars
from atento.inspection.word_space import Answer, Word

_MOST_NEIGHBOURS: Final = 100
"""That a notebook shows."""
_MOST_BARS: Final = 20


def view(answer: Answer) -> View:
    """The forms of an answer."""
    asked = " ".join(f"{sign}{word.text}" for sign, word in zip(("", "− ", "+ "), answer.words, strict=False))
    pieces = [_pieces(word) for word in answer.words if len(word.pieces) > 1]
    rows = [(each.label, f"{each.score:.4f}", str(each.place)) for each in answer.neighbours]
    head = ("neighbour", "score", "place")
    short = rows[:_MOST_NEIGHBOURS]
    cut = first_of(len(short), len(rows), "neighbours")

    def text() -> str:
        drawn = terminal_tables.draw(head, short, numbers=(1, 2), width=100)
        return "\n".join(filter(None, [asked, *pieces, drawn, cut]))

    def html(place: Place) -> str:
        shown = rows if place.whole else short
        largest = max((abs(each.score) for each in answer.neighbours), default=1.0) or 1.0
        barred = [
            (*row, markup.bar(max(each.score, 0.0) / largest))
            for row, each in zip(shown, answer.neighbours, strict=False)
        ]
        notes = [*pieces, "Read in the model's own space, and not in a map of it."]
        return markup.element(
            markup.strong(asked),
            *(markup.line(note, quiet=True) for note in notes),
            markup.table((*head, ""), barred, numbers=(1, 2)),
            markup.line(cut, quiet=True) if cut and not place.whole else "",
        )

    def picture() -> Picture:
        bar_rows = [(each.label, max(each.score, 0.0), f"{each.score:.3f}") for each in answer.neighbours[:_MOST_BARS]]
        return canvas.picture(lambda: bars(asked, [Bars(title="score", rows=bar_rows)]))

    return View(title=f"Near {asked}", text=text, html=html, picture=picture if answer.neighbours else None)


def _pieces(word: Word) -> str:
    return f"{word.text}: the mean of its {len(word.pieces)} tokens, {' '.join(word.pieces)}"
