"""How an attention record shows itself in a notebook and as a file: cells with their weights, head by head."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Final

import numpy as np
from markupsafe import Markup

from atento.core import markup
from atento.core.display import Picture, Place, View
from atento.core.shortening import brief, first_of
from atento.figures import canvas, heatmap, terminal
from atento.figures.attention import Attention, Read, Role
from atento.figures.cells import cells

MOST_TOKENS: Final = 60
"""Rows and columns that a notebook shows."""
_MOST_CELLS: Final = 5000
"""Of single layers and heads, below the mean, in a notebook."""
_MOST_CHARACTERS: Final = 300
"""Of each text in its heading."""
_NAMES: Final[dict[Role, str]] = {
    "cross": "the target's tokens (rows) looking at the source's",
    "encoder": "the source's tokens (rows) looking at each other",
    "decoder": "the target's tokens (rows) looking at what was read",
}
_ROWS: Final = {
    "predicted": "A row is the step that predicts its token.",
    "input": "A row is the step that reads its token.",
}
_MORE: Final = "`figure(layer=…, head=…)` draws any of them, `to_json()` has all numbers."


def view(attention: Attention) -> View:
    """The forms of a record."""
    short = first(attention, MOST_TOKENS)
    return View(
        title=attention.note or "Attention",
        text=lambda: _text(attention, short),
        html=lambda place: _html(attention, attention if place.whole else short, place),
        picture=(lambda: _picture(attention, short)) if attention.weights else None,
    )


def first(attention: Attention, count: int) -> Attention:
    """The record of the first tokens of each side alone; rows may then sum to less than one."""
    if max(map(len, attention.labels("cross")), default=0) <= count and len(attention.reading.tokens) <= count:
        return attention
    reading = attention.reading
    kept = Read(
        tokens=reading.tokens[:count],
        spans=reading.spans[:count],
        reach=tuple(min(reach, count) for reach in reading.reach[:count]),
    )
    return replace(
        attention,
        source=attention.source[:count],
        target=attention.target[:count],
        source_spans=attention.source_spans[:count],
        target_spans=attention.target_spans[:count],
        weights={role: array[..., :count, :count] for role, array in attention.weights.items()},
        read=kept if attention.read is not None or "decoder" in attention.weights else None,
    )


def _text(attention: Attention, short: Attention) -> str:
    if not attention.weights:
        return _heading(attention)
    hidden = not bool(short.visible().all())
    lines = [_heading(attention), "", terminal.draw(short, width=100), "", terminal.legend(hidden=hidden)]
    return "\n".join([*lines, *([] if short is attention else [_cut(attention)])])


def _picture(attention: Attention, short: Attention) -> Picture:
    titles = None if short is attention else [_cut(attention)]
    return canvas.picture(lambda: heatmap.sheet([short], titles=titles))


def _html(attention: Attention, shown: Attention, place: Place) -> str:
    texts = " → ".join(
        brief(text, place.most(_MOST_CHARACTERS)) for text in (attention.source_text, attention.target_text) if text
    )
    parts = [markup.strong(texts or "Attention", attention.note), markup.line(_heading(attention), quiet=True)]
    if not attention.weights:
        return markup.element(*parts)
    rows, columns = shown.labels()
    visible = shown.visible()
    parts.append(cells(rows, columns, shown.matrix(), visible=visible))
    parts.append(markup.line(_ROWS[attention.rows] + " Columns are tokens in the order of the text.", quiet=True))
    if shown is not attention:
        parts.append(markup.line(_cut(attention), quiet=True))
    parts += _heads(shown, place)
    return markup.element(*parts)


def _heads(shown: Attention, place: Place) -> list[Markup]:
    """Every layer and head of every role, folded; in a notebook as many as there is room for."""
    heads = [(role, at) for role, array in shown.weights.items() for at in np.ndindex(array.shape[:2])]
    if len(heads) == 1:
        return []
    room = place.most(_MOST_CELLS)
    filled = itertools.accumulate(shown.weights[role][at].size for role, at in heads)
    count = len(heads) if room is None else sum(total <= room for total in filled)
    if not count:
        return [markup.line(f"{len(heads):,} heads are not shown one by one. {_MORE}", quiet=True)]
    parts = []
    for role, (layer, head) in heads[:count]:
        rows, columns = shown.labels(role)
        table = cells(rows, columns, shown.weights[role][layer, head], visible=shown.visible(role))
        parts.append(markup.folded(f"{role}, layer {layer}, head {head}", table))
    return [markup.folded("Head by head", *parts), markup.left_out(count, len(heads), "heads", _MORE)]


def _heading(attention: Attention) -> str:
    if not attention.weights:
        return "No attention is recorded."
    role = attention.main_role
    layers, heads = attention.array().shape[:2]
    which = "the one layer and head" if layers == heads == 1 else f"mean of {layers} layers × {heads} heads"
    return f"{role} attention: {_NAMES[role]}; {which}"


def _cut(attention: Attention) -> str:
    """What ``first`` left out of each side."""
    sides = {
        "source tokens": len(attention.source),
        "target tokens": max(len(attention.target), len(attention.reading.tokens) if attention.target else 0),
    }
    return " ".join(filter(None, (first_of(min(MOST_TOKENS, count), count, side) for side, count in sides.items())))
