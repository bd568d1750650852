"""How a record of predictions shows itself: a row a step, with the token that stands there and those most probable."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from markupsafe import Markup

from atento.core import markup
from atento.core.display import Place, View
from atento.core.shortening import brief, first_of
from atento.figures import canvas, next_token_table, next_tokens
from atento.figures.predictions import PredictedToken, Predictions, percent
from atento.figures.terminal import clean

_MOST_STEPS: Final = 60
"""That a notebook shows."""
_MOST_PANELS: Final = 24
"""Of its picture."""
_MOST_CHARACTERS: Final = 300
"""Of the text above."""
_HOW: Final = "`to_json()` and `save_html(…)` have all of them."


def view(predictions: Predictions) -> View:
    """The forms of a record."""
    short = _first(predictions, _MOST_STEPS)
    cut = first_of(len(short.steps), len(predictions.steps), "steps")
    return View(
        title="Next tokens",
        text=lambda: "\n".join(filter(None, [next_token_table.draw(short, width=100), cut])),
        html=lambda place: _html(predictions, predictions if place.whole else short, place),
        picture=(lambda: canvas.picture(lambda: next_tokens.sheet([_first(predictions, _MOST_PANELS)])))
        if predictions.steps
        else None,
    )


def _first(predictions: Predictions, count: int) -> Predictions:
    return replace(predictions, steps=predictions.steps[:count])


def _html(predictions: Predictions, shown: Predictions, place: Place) -> str:
    rows = [_row(number, step) for number, step in enumerate(shown.steps, shown.first)]
    return markup.element(
        markup.strong(brief(predictions.text, place.most(_MOST_CHARACTERS))),
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
