import math
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from atento.core.errors import DataError
from atento.figures import canvas, charts, fonts
from atento.figures.charts import Interval
from atento.figures.dots import Panel, dots
from atento.figures.lines import Counts, Scales, Series, lines

LABELS = st.text(alphabet="abcdefg MWij.,$_^\\{}%&<>Áçñжλ", min_size=1, max_size=60)
NUMBERS = st.floats(min_value=-1e4, max_value=1e4, allow_nan=False).map(lambda value: round(value, 3))


def written(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


def check(figure: Figure) -> None:
    """Nothing is cut off, and no text lies over another."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in written(figure)]
    boxes = [(text, box) for text, box in boxes if box.width > 0]
    for text, box in boxes:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, box), (other, second) in combinations(boxes, 2):
        over = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
        assert min(over) < 1.5, (one, other)


def interval(middle: float, spread: float = 1.0) -> Interval:
    return Interval(middle, middle - 2 * spread, middle + 2 * spread, (middle - spread, middle, middle + spread))


@settings(max_examples=12)
@given(st.lists(st.tuples(LABELS, NUMBERS, NUMBERS), min_size=1, max_size=16), st.integers(1, 4))
def test_dot_charts_fit_any_labels(rows: list[tuple[str, float, float]], tests: int) -> None:
    panels = [
        Panel(f"BLEU on test number {n}", tuple(interval(a, abs(b) / 9) for _, a, b in rows)) for n in range(tests)
    ]
    panels.append(Panel("published: BLEU", tuple(Interval(b) for _, _, b in rows), published=True))
    check(dots([label for label, _, _ in rows], panels))


@settings(max_examples=12)
@given(st.lists(st.tuples(LABELS, NUMBERS, NUMBERS), min_size=1, max_size=16), st.booleans())
def test_line_charts_fit_any_labels(rows: list[tuple[str, float, float]], logarithmic: bool) -> None:
    x = (3.0, 8.0, 14.5, 30.0, 49.0)
    series = [
        Series(label, x, tuple(interval(abs(a) + 0.01 + abs(b) * place, abs(a) / 20) for place in range(5)))
        for label, a, b in rows
    ]
    scales = Scales("words of the source", "BLEU", logarithmic, logarithmic, ticks_at_data=logarithmic)
    check(lines(series, scales, Counts("sentences", x, (1200, 30, 5, 77, 1))))


def test_published_figures_have_an_axis_of_their_own() -> None:
    figure = dots(
        ["a", "b"],
        [Panel("BLEU", (interval(20), interval(30))), Panel("published", (Interval(5), None), published=True)],
    )
    measured, published = figure.axes[1:]
    assert not measured.get_shared_x_axes().joined(measured, published)
    assert 5 < measured.get_xlim()[0] < 20
    assert published.get_xlim()[1] < 15
    assert published.lines[0].get_marker() == "D"
    assert {line.get_marker() for line in measured.lines} == {"None", "o"}


def test_a_wide_interval_does_not_dwarf_the_rest_and_is_shown_to_be_cut() -> None:
    figure = dots(["a", "b"], [Panel("BLEU", (Interval(20, -400, 440, (19, 21)), interval(22)))])
    low, high = figure.axes[1].get_xlim()
    assert high - low < 20
    assert {"<", ">"} <= {line.get_marker() for line in figure.axes[1].lines}


def test_each_seed_and_each_mean_is_drawn() -> None:
    figure = dots(["a", "b"], [Panel("BLEU", (Interval(2, 1, 3, (1.5, 2.5)), None))])
    drawn = [list(line.get_xdata()) for line in figure.axes[1].lines]
    assert drawn == [[1, 3], [1.5, 2.5], [2]]
    assert [text.get_text() for text in written(figure) if text.get_text() in ("2", "–")].count("–") == 1


def test_one_seed_has_a_dot_and_no_interval() -> None:
    figure = dots(["a"], [Panel("BLEU", (Interval(2.0),))])
    assert [list(line.get_xdata()) for line in figure.axes[1].lines] == [[2.0]]


def test_names_stand_in_the_order_of_the_lines_ends() -> None:
    series = [
        Series(name, (1, 2), (Interval(0), Interval(end))) for name, end in zip("abcd", (3, 1, 4, 2), strict=True)
    ]
    figure = lines(series, Scales("x", "y"))
    heights = {text.get_text(): text.get_position()[1] for text in written(figure)}
    assert sorted("abcd", key=heights.__getitem__) == ["b", "d", "a", "c"]


def test_sixteen_lines_all_look_different() -> None:
    series = [Series(str(n), (1, 2), (Interval(n), Interval(n + 1))) for n in range(16)]
    looks = {
        (line.get_color(), line.get_linestyle(), line.get_marker())
        for line in lines(series, Scales("x", "y")).axes[1].lines
    }
    assert len(looks) == 16


def test_what_a_logarithmic_axis_cannot_show_is_left_out() -> None:
    series = [
        Series("a", (1, 2, 4), (Interval(0.0), Interval(3, -1, 7, (-1.0, 7.0)), Interval(5, 4, 6))),
        Series("b", (1,), (Interval(-1),)),
    ]
    figure = lines(series, Scales("x", "y", True, True))
    assert [list(line.get_ydata()) for line in figure.axes[1].lines][-1] == [3, 5]
    assert "b" not in [text.get_text() for text in written(figure)]
    figure.draw(FigureCanvasAgg(figure).get_renderer())


def test_numbers_that_are_not_finite_are_left_out() -> None:
    series = [Series("a", (1, 2, 3), (Interval(math.nan), Interval(1.0), Interval(math.inf)))]
    assert list(lines(series, Scales("x", "y")).axes[1].lines[0].get_xdata()) == [2]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(DataError, match="no figure to draw"):
        lines([Series("a", (), ())], Scales("x", "y"))
    with pytest.raises(DataError, match="no figure to draw"):
        dots(["a"], [Panel("BLEU", (None,))])


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 9)), min_size=1, max_size=20))
def test_spread_labels_do_not_overlap_and_keep_their_order(labels: list[tuple[float, float]]) -> None:
    places, heights = [place for place, _ in labels], [height for _, height in labels]
    middles = charts.spread(places, heights)
    order = sorted(range(len(labels)), key=middles.__getitem__)
    for below, above in pairwise(order):
        assert middles[above] - middles[below] >= (heights[above] + heights[below]) / 2 - 1e-6
        assert places[above] >= places[below]


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert charts.spread([5.0, 1.0, 9.0], [1.0, 2.0, 3.0]) == pytest.approx([5.0, 1.0, 9.0])


@given(LABELS, st.floats(0.6, 3))
def test_wrapped_lines_fit_and_lose_nothing_but_the_end(label: str, width: float) -> None:
    style = charts.wrapped(label, width, most_lines=3)
    assert charts.size(style)[0] <= width + 1e-9
    assert style.text.count("\n") <= 2
    if label.strip() and not style.text.endswith("…"):
        assert "".join(style.text.split()) == "".join(label.split())


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"), [(0, 1, False), (-3e5, 9e6, False), (0.04, 70, True), (3, 4, True), (1, 1e9, True)]
)
def test_there_are_a_few_ticks_and_all_lie_within(low: float, high: float, logarithmic: bool) -> None:
    ticks = charts.ticks_within(low, high, logarithmic)
    assert 2 <= len(ticks) <= 12
    assert all(low <= tick <= high for tick in ticks)


def test_a_logarithmic_axis_says_so_and_has_ticks_among_its_points() -> None:
    x, y = (16.0, 128.0, 1024.0), (0.28, 0.35, 1.4)
    line = Series("a", x, tuple(map(Interval, y)))
    names = {text.get_text() for text in written(lines([line], Scales("tokens", "ms", logarithmic_x=True)))}
    assert {"tokens (logarithmic)", "ms"} <= names
    figure = lines([line], Scales("tokens", "ms", logarithmic_y=True))
    assert {"tokens", "ms (logarithmic)"} <= {text.get_text() for text in written(figure)}
    assert sum(0.28 <= tick <= 1.4 for tick in figure.axes[1].get_yticks()) >= 4


def test_letters_of_other_scripts_are_drawn_and_missing_ones_are_named() -> None:
    check(dots(["Внимание", "προσοχή", "انتباه", "קשב"], [Panel("BLEU", tuple(map(interval, range(4))))]))
    with pytest.warns(fonts.FontWarning, match="E000"):
        figure = lines([Series("\ue000", (1,), (Interval(1),))], Scales("x", "y"))
    assert any("U+E000" in text.get_text() for text in written(figure))


@pytest.mark.parametrize("suffix", canvas.FORMATS)
def test_the_same_chart_gives_the_same_file(tmp_path: Path, suffix: str) -> None:
    generator = np.random.default_rng(1)
    y = tuple(interval(float(value)) for value in generator.normal(20, 4, 6))
    contents = []
    for name in ("first", "second"):
        path = tmp_path / f"{name}{suffix}"
        canvas.save(lines([Series("a", tuple(map(float, range(6))), y)], Scales("x", "y")), path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_drawing_needs_neither_pyplot_nor_torch() -> None:
    unwanted = {"matplotlib.pyplot", "torch"}
    code = f"import atento.figures.dots, atento.figures.lines, sys; print({unwanted} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
