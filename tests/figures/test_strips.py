"""Numbers as colours: the same in a picture as in a table's cells, and how many strips a sheet takes."""

from __future__ import annotations

import numpy as np
import pytest

from atento.core.markup import tint
from atento.figures.strips import Strip, coloured, fitting, strips


@pytest.mark.parametrize("value", [-2.0, -0.5, 0.0, 0.25, 1.0, 2.0])
def test_pixels_have_the_colours_of_cells(value: float) -> None:
    red, green, blue, opacity = coloured(np.array([[value]]), 2.0)[0, 0]
    assert tint(value / 2.0) == f"rgba({red}, {green}, {blue}, {opacity / 255:.2f})"


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_as_many_strips_fit_as_a_sheet_of_them_is_high(rows: int) -> None:
    drawn = [Strip(title=f"{number}", values=np.ones((rows, 9)), rows=["a"] * rows) for number in range(6)]
    for inches in (6.0, 12.0, 24.0):
        count = fitting(drawn, inches)
        assert count == 1 or strips(drawn[:count]).get_size_inches()[1] <= inches
        assert count == 6 or strips(drawn[: count + 1]).get_size_inches()[1] > inches
    assert fitting([], 6.0) == 0
