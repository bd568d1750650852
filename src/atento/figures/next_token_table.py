"""A language model's expectations for the terminal: a line a step, the token that stands there marked among the others.

#  token       p  rank  most probable
4  ▁leu    31.2%     1  ▸▁leu 31.2%  ▁comprou 12.0%  ▁viu 4.1%
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from atento.figures.predictions import PredictedToken, Predictions, percent
from atento.figures.terminal import clean, columns_of, padded

MARK: Final = "▸"
_HEADER: Final = ("#", "token", "p", "rank", "most probable")


def draw(predictions: Predictions, *, width: int = 80) -> str:
    """The steps as lines of at most ``width`` columns, as far as single tokens allow it; longer ones go on below."""
    cells = [_cells(step, number) for number, step in enumerate(predictions.steps, predictions.first)]
    widths = [max(columns_of(row[column]) for row in (_HEADER, *cells)) for column in range(4)]
    left = sum(widths) + 2 * len(widths)
    lines = [_line(_HEADER[:4], widths) + _HEADER[4]]
    for row, step in zip(cells, predictions.steps, strict=True):
        first, *more = _wrapped(_alternatives(step), width - left)
        lines += [_line(row, widths) + first, *(" " * left + rest for rest in more)]
    return "\n".join(lines)


def _cells(step: PredictedToken, number: int) -> tuple[str, str, str, str]:
    return str(number), clean(step.token), percent(step.probability), f"{step.rank:,}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells with two spaces after each; the token flush left, the numbers flush right."""
    number, token, *rest = cells
    token += " " * (widths[1] - columns_of(token))
    figures = [padded(cell, width) for cell, width in zip(rest, widths[2:], strict=True)]
    return "".join(f"{cell}  " for cell in (padded(number, widths[0]), token, *figures))


def _alternatives(step: PredictedToken) -> list[str]:
    return [
        f"{MARK if each.id == step.id else ''}{clean(each.token)} {percent(each.probability)}"
        for each in step.alternatives
    ]


def _wrapped(parts: Sequence[str], width: int) -> list[str]:
    """Parts with two spaces between them, in lines of this width or of one part."""
    lines: list[str] = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}  {part}"
        if columns_of(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
