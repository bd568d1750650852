import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from atento.figures.head_table import head_table

ONE, TWO = np.array([[0.5, 0.25], [0.75, 1.0]]), np.array([[0.9, 0.9], [0.125, 0.9]])


def shown(figure: Figure) -> list[list[str]]:
    return [[text.get_text() for text in axes.findobj(Text) if text.get_text()] for axes in figure.axes]


def test_every_figure_is_written_and_the_best_is_framed() -> None:
    figure = head_table({"one": ONE, "two": TWO}, ["head 0", "mean"], best=("two", 1, 0))
    first, second = shown(figure)
    assert {"50.0", "25.0", "75.0", "100.0", "layer 1", "head 0", "mean", "one"} <= set(first)
    assert {"12.5", "two"} <= set(second)
    frames = [[patch for patch in axes.patches if not patch.get_fill()] for axes in figure.axes]
    assert frames[0] == []
    assert [frame.get_xy() for frame in frames[1]] == [(0, 1)]
    bold = [text.get_text() for text in figure.findobj(Text) if text.get_weight() == "bold"]
    assert bold == ["12.5"]


def test_lower_is_brighter_and_writing_stands_out() -> None:
    (axes,) = head_table({"one": ONE}, ["a", "b"], best=("one", 0, 1)).axes
    light = {patch.get_xy(): sum(patch.get_facecolor()[:3]) for patch in axes.patches if patch.get_fill()}
    assert light[1, 0] > light[0, 0] > light[0, 1] > light[1, 1]
    inks = {text.get_text(): text.get_color() for text in axes.texts}
    assert inks["25.0"] == "black"
    assert inks["100.0"] == "white"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_cell_alone(value: float) -> None:
    (texts,) = shown(head_table({"AER": np.array([[value]])}, ["head 0"], best=("AER", 0, 0)))
    assert f"{100 * value:.1f}" in texts
