"""Maps and tables of similarity: nothing is cut off and no label lies over another, whatever the labels and points."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from atento.core.errors import DataError
from atento.figures import canvas
from atento.figures.scatter import Cloud, scatter
from atento.figures.similarity import Panel, similarity_by_layer, similarity_tables

LABELS = st.text(alphabet="abcdefg MWij.,$_^\\{}%&<>▁Áçñжλ", min_size=1, max_size=40)
NOTE = "t-SNE, perplexity 30, seed 1. A picture only: read distances in the 256 original dimensions."


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


def check(figure: Figure) -> None:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts(figure)]
    for text, box in boxes:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, box), (other, second) in combinations(boxes, 2):
        over = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
        assert min(over) < 3.5, (one, other, over)


def dots(figure: Figure) -> np.ndarray:
    return np.concatenate([each.get_offsets() for each in figure.findobj(PathCollection)])


@settings(max_examples=12)
@given(st.lists(LABELS, min_size=1, max_size=40), st.integers(0, 99), st.booleans())
def test_maps_fit_any_labels(labels: list[str], seed: int, grouped: bool) -> None:
    points = np.random.default_rng(seed).normal(size=(len(labels), 2)) * [3, 1]
    groups = tuple(f"group {number % 5} {labels[0]}" for number in range(len(labels))) if grouped else None
    figure = scatter(Cloud(points, tuple(labels), groups, first=(0,), axes=("PC 1 (9.0 %)", "PC 2"), note=NOTE))
    check(figure)
    assert len(dots(figure)) == len(labels)


def test_a_few_points_all_have_their_labels_and_of_many_the_first() -> None:
    draw = np.random.default_rng(4)
    few = [f"word{number}" for number in range(40)]
    shown = {text.get_text() for text in texts(scatter(Cloud(draw.normal(size=(40, 2)), tuple(few))))}
    assert shown == set(few)
    many = [f"word{number}" for number in range(2000)]
    figure = scatter(Cloud(draw.normal(size=(2000, 2)), tuple(many), first=(1999,), note=NOTE))
    check(figure)
    shown = {text.get_text() for text in texts(figure)}
    assert {"word0", "word1999"} <= shown
    assert 30 < len(shown) < 300
    assert len(dots(figure)) == 2000


def test_both_axes_have_one_scale_and_the_points_keep_their_places() -> None:
    points = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 0.5]])
    found = dots(scatter(Cloud(points, ("a", "b", "c", "d"))))
    unit = (found[1] - found[0])[0] / 4
    np.testing.assert_allclose(found - found[0], points * unit, atol=1e-9)


def test_points_in_one_place_or_line_can_be_drawn() -> None:
    for points in (np.zeros((3, 2)), np.array([[0.0, 1], [0, 2], [0, 9]]), np.array([[0.0, 1], [5, 1], [9, 1]])):
        check(scatter(Cloud(points, ("one", "two", "three"), note=NOTE)))


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DataError, match="no map"):
        scatter(Cloud(np.empty((0, 2)), ()))
    with pytest.raises(DataError, match="no numbers"):
        scatter(Cloud(np.array([[0.0, np.nan]]), ("a",)))
    with pytest.raises(DataError, match="do not fit"):
        similarity_tables([Panel("layer 0", np.ones((2, 2)))], ["a"])
    with pytest.raises(DataError, match="do not fit"):
        similarity_tables([], [])
    with pytest.raises(DataError, match="no figure"):
        similarity_by_layer("banco", [], [], [])


def panels(count: int, layers: int = 5) -> list[Panel]:
    draw, found = np.random.default_rng(3), []
    for number in range(layers):
        vectors = draw.normal(size=(count, 6)) + 2
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        found.append(Panel(f"layer {number}", vectors @ vectors.T))
    return found


@settings(max_examples=6)
@given(st.lists(LABELS, min_size=2, max_size=11))
def test_tables_fit_any_sentences(sentences: list[str]) -> None:
    figure = similarity_tables(panels(len(sentences), 3), [sentence * 4 for sentence in sentences])
    check(figure)
    assert len(figure.findobj(Rectangle)) >= 3 * len(sentences) ** 2


def test_cells_show_their_cosines_and_brighter_is_more_alike() -> None:
    table = np.array([[1.0, 0.25, -0.5], [0.25, 1.0, 0.0], [-0.5, 0.0, 1.0]])
    figure = similarity_tables([Panel("layer 1", table)], ["a", "b", "c"])
    shown = [text.get_text() for text in texts(figure)]
    assert shown.count("1.00") == 3
    assert shown.count("0.25") == shown.count("−0.50") == shown.count("0.00") == 2
    assert "mean of the pairs −0.08" in shown
    cells = [each for each in figure.findobj(Rectangle) if each.get_width() == pytest.approx(0.4)]
    light = [float(np.dot(each.get_facecolor()[:3], (0.3, 0.6, 0.1))) for each in cells]
    assert np.argsort(light[:3]).tolist() == [2, 1, 0]


def test_the_curve_has_a_line_for_each_kind_of_pair(tmp_path: Path) -> None:
    layers = panels(4)
    figure = similarity_by_layer("banco", layers, [0.5, 0.4, None, 0.3, 0.2], [1.0] * 6)
    check(figure)
    shown = {text.get_text() for text in texts(figure)}
    assert {"input vectors", "banco in its sentences", "different words"} <= shown
    lone = similarity_by_layer("banco", layers, [None] * 5, [1.0] * 6)
    assert "different words" not in {text.get_text() for text in texts(lone)}
    canvas.save(figure, tmp_path / "curve.svg")
    canvas.save(similarity_by_layer("banco", panels(30), [None] * 5, [1.0] * 435), tmp_path / "many.png")
