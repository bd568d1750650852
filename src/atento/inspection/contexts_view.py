"""How one word's vectors in several sentences show themselves: a table of cosines a layer, and their means."""

from __future__ import annotations

from typing import Final

from atento.core import markup, terminal_tables
from atento.core.display import Picture, Place, View
from atento.core.shortening import first_of
from atento.figures import canvas
from atento.figures.cells import cells
from atento.figures.similarity import Panel, similarity_tables
from atento.inspection.contexts import Contexts, LayerSimilarity, Occurrence

MOST_OCCURRENCES: Final = 40
"""That a notebook shows."""


def view(found: Contexts) -> View:
    """The forms of a comparison."""
    every = (found.input, *found.layers)
    listed = [sentence(found, each) for each in found.occurrences]
    head = ("mean cosine of pairs", found.word, "different words")
    means = [
        (layer_name(each), f"{each.self_similarity:.4f}", "" if each.others is None else f"{each.others:.4f}")
        for each in every
    ]
    cut = first_of(min(MOST_OCCURRENCES, len(listed)), len(listed), "occurrences")

    def text() -> str:
        places = [f"{number:3}  {text}" for number, text in enumerate(listed[:MOST_OCCURRENCES], 1)]
        return "\n".join(
            [*places, *filter(None, [cut]), "", terminal_tables.draw(head, means, numbers=(1, 2), width=100)]
        )

    def html(place: Place) -> str:
        most = place.most(MOST_OCCURRENCES)
        numbers = [str(number) for number in range(1, len(listed) + 1)][:most]
        rows = list(zip(numbers, listed[:most], strict=True))
        tables = [
            markup.folded(f"Cosines: {layer_name(each)}", cells(numbers, numbers, each.table[:most, :most]))
            for each in every
        ]
        return markup.element(
            markup.strong(found.word, "in several sentences"),
            markup.table(("#", "occurrence"), rows, numbers=(0,)),
            markup.line(cut, quiet=True) if cut and not place.whole else "",
            markup.table(head, means, numbers=(1, 2)),
            *tables,
        )

    def picture() -> Picture:
        panels = [Panel(layer_name(each), each.table[:MOST_OCCURRENCES, :MOST_OCCURRENCES]) for each in every]
        return canvas.picture(lambda: similarity_tables(panels, listed[:MOST_OCCURRENCES]))

    return View(title=f"{found.word} in its contexts", text=text, html=html, picture=picture)


def layer_name(each: LayerSimilarity) -> str:
    """A layer for a reader."""
    return "input vectors" if each.layer is None else f"layer {each.layer}"


def sentence(found: Contexts, occurrence: Occurrence) -> str:
    """The sentence with the word in brackets."""
    raw, (start, stop) = found.sentences[occurrence.sentence - 1].encode(), occurrence.span
    return f"{raw[:start].decode()}[{raw[start:stop].decode()}]{raw[stop:].decode()}"
