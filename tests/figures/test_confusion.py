"""The drawing of a confusion matrix: every count is there and nothing overlaps."""

from __future__ import annotations

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from atento.core.errors import DataError
from atento.figures.confusion import confusion_figure


@pytest.mark.parametrize("names", [["a", "b", "c"], ["python-docs", "bible", "a class with a very long name indeed"]])
def test_every_count_is_drawn_and_nothing_overlaps(names: list[str]) -> None:
    counts = ((1200, 30, 1), (5, 17, 0), (0, 0, 0))
    figure = confusion_figure(counts, names)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert [f"{count:,}" for row in counts for count in row] == [
        text for text in texts if text.replace(",", "").isdigit()
    ]
    assert "97 %" in texts
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert not [(a, b) for a, b in itertools.combinations(range(len(boxes)), 2) if boxes[a].overlaps(boxes[b])]
    whole = figure.bbox
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1 for box in boxes)


def test_too_many_classes_are_refused() -> None:
    with pytest.raises(DataError, match="do not fit one sheet"):
        confusion_figure([[0] * 1500] * 1500, [str(number) for number in range(1500)])
