"""The chart of vocabulary sizes: every tokenizer is named, no label lies over another, lossy ones are hollow."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from atento.core.errors import DataError
from atento.figures.canvas import svg, svg_element
from atento.figures.vocabulary_sizes import Point, vocabulary_sizes

POINTS = st.builds(
    Point,
    label=st.text(alphabet="abcdefg MWij.,$_^\\{}%&<>▁Áç", min_size=1, max_size=40),
    entries=st.integers(1, 300_000),
    bytes_per_token=st.floats(0.5, 9),
    lossy=st.booleans(),
)


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


@settings(max_examples=8)
@given(st.lists(POINTS, min_size=1, max_size=15))
def test_labels_fit_and_do_not_touch(points: list[Point]) -> None:
    figure = vocabulary_sizes(points)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts(figure)]
    for text, box in boxes:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, box), (other, second) in combinations(boxes, 2):
        over = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
        assert min(over) < 3.5, (one, other, over)


def test_a_dozen_tokenizers_all_have_their_names() -> None:
    points = [Point(f"tokenizer {number}", 8000, 3 + number / 100, number % 2 == 0) for number in range(12)]
    shown = {text.get_text() for text in texts(vocabulary_sizes(points))}
    assert {point.label for point in points} <= shown


def test_lossy_ones_are_hollow_and_said_to_be() -> None:
    both = vocabulary_sizes([Point("a", 1000, 2.0, False), Point("b", 9000, 4.0, True)])
    fills = [tuple(each.get_facecolor()[0]) for each in both.findobj(PathCollection)]
    assert fills.count((1.0, 1.0, 1.0, 1.0)) == 2  # the point and the legend's
    assert "loses or changes text" in {text.get_text() for text in texts(both)}
    honest = vocabulary_sizes([Point("a", 1000, 2.0, False)])
    assert "loses or changes text" not in {text.get_text() for text in texts(honest)}


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(DataError, match="no tokenizer"):
        vocabulary_sizes([Point("a", 1000, float("nan"), False)])


def test_a_drawing_becomes_an_element_of_a_page() -> None:
    figure = vocabulary_sizes([Point("a<b", 1000, 2.0, False)])
    element = svg_element(svg(figure), "figure-1", "sizes & bytes")
    assert element.startswith('<svg role="img" aria-label="sizes &amp; bytes" viewBox="0 0 ')
    assert "http" not in element
    assert 'id="figure-1-' in element
    assert element == svg_element(svg(figure), "figure-1", "sizes & bytes")
