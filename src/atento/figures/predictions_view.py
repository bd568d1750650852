"""How a record of predictions shows itself: a row a step, with the token that stands there and those most probable."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from markupsafe import Markup

from atento.core import markup
from atento.core.display import View
from atento.figures import canvas, next_token_table, next_tokens
from atento.figures.predictions import PredictedToken, Predictions, percent
from atento.figures.terminal import clean

_MOST: Final = 60
"""Steps that a notebook shows."""
_DRAWN: Final = 24
"""Panels of its picture."""
_HOW: Final = "`to_json()` and `save_html(…)` have all of them."


def view(predictions: Predictions) -> View:
    """The forms of a record."""
    short = _first(predictions, _MOST)
    return View(
        title="Next tokens",
        text=lambda: "\n".join([next_token_table.draw(short, width=100), *_cut(predictions, _MOST)]),
        html=lambda place: _html(predictions, short if place == "notebook" else predictions),
        picture=(lambda: canvas.picture(lambda: next_tokens.sheet([_first(predictions, _DRAWN)])))
        if predictions.steps
        else None,
    )


def _first(predictions: Predictions, count: int) -> Predictions:
    return replace(predictions, steps=predictions.steps[:count])


def _cut(predictions: Predictions, count: int) -> list[str]:
    total = len(predictions.steps)
    return [f"The first {count:,} of {total:,} steps."] if total > count else []


def _html(predictions: Predictions, shown: Predictions) -> str:
    rows = [_row(number, step) for number, step in enumerate(shown.steps, shown.first)]
    return markup.element(
        markup.strong(predictions.text[:300] + ("…" if len(predictions.text) > 300 else "")),
        markup.line(
            "Each step's token, and the most probable ones; the one that stands there is marked ▸.", quiet=True
        ),
        markup.table(("#", "token", "p", "rank", "most probable"), rows, numbers=(0, 2, 3)),
        markup.left_out(len(shown.steps), len(predictions.steps), "steps", _HOW),
    )


def _row(number: int, step: PredictedToken) -> tuple[str, str, str, str, Markup]:
    shape = Markup('<span class="token" style="background-color: {}" title="id {}, p = {}">{}{}</span>')
    others = Markup("").join(
        shape.format(
            markup.tint(each.probability),
            each.id,
            f"{each.probability:.6g}",
            next_token_table.MARK if each.id == step.id else "",
            Markup("{}<sub>{}</sub>").format(clean(each.token), percent(each.probability)),
        )
        for each in step.alternatives
    )
    return str(number), clean(step.token), percent(step.probability), f"{step.rank:,}", others
