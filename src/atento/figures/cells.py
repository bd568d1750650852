"""Numbers as a table of coloured cells in HTML: what a heat map is in a picture, with every number to be read.

The colours are translucent and so lie over a light or a dark page; each cell has its number, so nothing hangs on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from atento.core.markup import tint
from atento.figures.terminal import clean

HIDDEN: Final = Markup('<td class="hidden" title="cannot look">–</td>')
_CELL: Final = Markup('<td style="background-color: %s" title="%s">%s</td>')


def cells(
    rows: Sequence[str],
    columns: Sequence[str],
    values: NDArray[np.floating],
    *,
    visible: NDArray[np.bool_] | None = None,
    largest: float = 1.0,
    digits: int = 2,
) -> Markup:
    """A table of numbers.

    Args:
        rows: their labels.
        columns: theirs, written upwards.
        values: [rows, columns].
        visible: where a row may look; elsewhere cells are hatched. None: everywhere.
        largest: the absolute value of the strongest colour; blue is above 0, orange below.
        digits: after the point, in a cell; its title has six significant ones.
    """
    head = Markup().join(Markup('<th scope="col"><bdi>{}</bdi></th>').format(clean(label)) for label in columns)
    lines = []
    for row, label in enumerate(rows):
        found = [
            HIDDEN if visible is not None and not visible[row, column] else _cell(float(value), largest, digits)
            for column, value in enumerate(values[row])
        ]
        name = clean(label) if label else ""
        lines.append(Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(name, Markup().join(found)))
    top = Markup("<thead><tr><td></td>{}</tr></thead>").format(head) if any(columns) else Markup()
    return Markup('<div class="scroll"><table class="cells">{}<tbody>\n{}\n</tbody></table></div>').format(
        top, Markup("\n").join(lines)
    )


def _cell(value: float, largest: float, digits: int) -> Markup:
    shown = f"{value:.{digits}f}".replace("-", "−")
    strength = value / largest if largest > 0 else 0.0
    # % escapes as ``format`` does, four times as fast: a page of many heads has hundreds of thousands of cells.
    return _CELL % (tint(strength), f"{value:.6g}", shown)
