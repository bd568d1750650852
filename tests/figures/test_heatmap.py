import math
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text

from atento.core.errors import DataError, OutputError
from atento.figures import canvas, fonts, heatmap
from atento.figures.attention import Attention
from atento.figures.link_marks import LinkMarks

WORD = st.text(alphabet="abcgjpqyÁçñ.,¿?MW$_^\\%{}", min_size=1, max_size=18)


def record(source: list[str], target: list[str], layers: int = 1, heads: int = 1) -> Attention:
    generator = np.random.default_rng(len(source))
    weights = generator.dirichlet(np.ones(len(source)), size=(layers, heads, len(target))).astype(np.float32)
    return Attention(
        source=tuple(source),
        target=tuple(target),
        source_text="",
        target_text="",
        source_spans=(None,) * len(source),
        target_spans=(None,) * len(target),
        weights={"cross": weights},
    )


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text()]


def boxes(figure: Figure) -> list[tuple[Text, np.ndarray]]:
    """Each text's four corners in inches, turned as it is."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    result = []
    for text in texts(figure):
        angle = math.radians(text.get_rotation())
        width, height, descent = renderer.get_text_width_height_descent(
            text.get_text(), text.get_fontproperties(), False
        )
        x, y = text.get_transform().transform(text.get_unitless_position())
        x -= {"left": 0.0, "center": 0.5, "right": 1.0}[text.get_ha()] * width
        y -= {"baseline": descent, "top": height, "bottom": 0.0, "center": height / 2}[text.get_va()]
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
        if text.get_rotation_mode() == "anchor" and angle:  # turned about the left end of its line
            x, y = text.get_transform().transform(text.get_unitless_position())
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            corners = (corners - (0, descent)) @ turn.T
        elif angle:  # a layer's name, upright in the middle of its place
            x, y = x + (width - height) / 2, y + (height - width) / 2
            corners = corners[:, ::-1]
        result.append((text, (corners + np.array([x, y])) / figure.dpi))
    return result


def overlap(first: np.ndarray, second: np.ndarray, slack: float) -> bool:
    """Whether two convex shapes share more than ``slack`` inches (separating axes)."""
    for shape in (first, second):
        for a, b in pairwise([*shape, shape[0]]):
            axis = np.array([b[1] - a[1], a[0] - b[0]])
            if not np.any(axis):
                continue
            axis = axis / np.linalg.norm(axis)
            ones, others = first @ axis, second @ axis
            if ones.max() <= others.min() + slack or others.max() <= ones.min() + slack:
                return False
    return True


def check(figure: Figure) -> None:
    """Nothing is cut, no label lies on another one or on the cells."""
    width, height = figure.get_size_inches()
    found = boxes(figure)
    for text, corners in found:
        assert corners.min() >= 0, text.get_text()
        assert corners[:, 0].max() <= width, text.get_text()
        assert corners[:, 1].max() <= height, text.get_text()
    for (one, first), (other, second) in combinations(found, 2):
        assert not overlap(first, second, slack=0.02), (one.get_text(), other.get_text())
    for axes in figure.axes:
        x, y, wide, high = axes.get_position().bounds
        cells = np.array([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]) * (width, height)
        for text, corners in found:
            assert not overlap(corners, cells, slack=0.03), text.get_text()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(WORD, min_size=1, max_size=9), st.lists(WORD, min_size=1, max_size=9)),
        min_size=1,
        max_size=4,
    )
)
def test_nothing_overlaps_and_nothing_is_cut(pairs: list[tuple[list[str], list[str]]]) -> None:
    check(heatmap.sheet([record(*pair) for pair in pairs]))


@pytest.mark.parametrize("count", [1, 3, 20, 60])
def test_long_sentences_fit_too(count: int) -> None:
    figure = record([f"palavra{n}" for n in range(count)], [f"gypsy{n}" for n in range(max(count - 2, 1))]).figure()
    assert max(figure.get_size_inches()) < 16
    check(figure)


def test_the_grid_shows_every_head() -> None:
    figure = heatmap.grid(record(["E", "a", "vida"], ["la", "vida"], layers=3, heads=2))
    assert len(figure.axes) == 6 + 1, "and the scale that they share"
    shown = [text.get_text() for text in texts(figure)]
    assert {"layer 0", "layer 2", "head 0", "head 1"} <= set(shown)
    check(figure)


def test_cells_are_the_weights_with_the_first_row_above() -> None:
    attention = record(["a", "b", "c"], ["d", "e"])
    axes = attention.figure().axes[0]
    np.testing.assert_allclose(axes.collections[0].get_array().reshape(2, 3), attention.matrix(), rtol=1e-6)
    assert axes.get_ylim() == (2, 0)
    white = axes.collections[0].get_cmap()(1.0)[:3]
    assert white == (1.0, 1.0, 1.0)
    assert heatmap.sheet([attention], zero="white").axes[0].collections[0].get_cmap()(0.0)[:3] == (1.0, 1.0, 1.0)


def test_labels_stand_at_their_cells() -> None:
    axes = record(["um", "dois", "três"], ["uno", "dos"]).figure().axes[0]
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["um"][0] < places["dois"][0] < places["três"][0]
    assert 0 < places["uno"][1] < 1 < places["dos"][1] < 2


@pytest.mark.parametrize("suffix", canvas.FORMATS)
def test_files_are_whole_and_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    contents = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}{suffix}"
        canvas.save(record(["a", "$b$"], ["c"]).figure(), path)
        contents.append(path.read_bytes())
    assert contents[0].startswith(starts[suffix])
    assert contents[0] == contents[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]


def test_unusable_places_are_refused(tmp_path: Path) -> None:
    figure = record(["a"], ["b"]).figure()
    with pytest.raises(OutputError, match=r"did you mean '\.png'"):
        canvas.save(figure, tmp_path / "a.pgn")
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="folder"):
        canvas.save(figure, tmp_path / "a.png")


def test_settings_and_backend_of_the_user_stay(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    canvas.save(record(["a"], ["b"]).figure(), tmp_path / "a.svg")
    assert dict(matplotlib.rcParams) == before
    code = "import atento.figures.heatmap, sys; print({'matplotlib.pyplot', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


def test_impossible_sheets_are_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        heatmap.sheet([])
    with pytest.raises(DataError, match="no encoder attention"):
        heatmap.sheet([record(["a"], ["b"])], role="encoder")
    with pytest.raises(ValueError, match="2 titles"):
        heatmap.sheet([record(["a"], ["b"])], titles=["x", "y"])
    with pytest.raises(DataError, match="do not fit"):
        heatmap.sheet([record(["a"] * 60, ["b"] * 60)] * 90, columns=1)


def test_what_no_font_draws_is_said_once_and_shown() -> None:
    with pytest.warns(fonts.FontWarning, match=r"U\+E123") as caught:
        figure = record(["a\ue123", "\ue123"], ["\ue124"]).figure()
    assert len(caught) == 1
    shown = [text.get_text() for text in texts(figure)]
    assert "a□" in shown
    assert "□: no installed font draws U+E123, U+E124" in shown
    check(figure)


def test_sheets_letter_their_sentences() -> None:
    figure = heatmap.sheet([record(["a"], ["b"])] * 28)
    shown = [text.get_text() for text in texts(figure)]
    assert {"(a)", "(z)", "(aa)", "(ab)"} <= set(shown)


def test_links_are_drawn_where_they_are_and_explained() -> None:
    attention = record(["a", "b", "c"], ["d", "e"])
    marks = LinkMarks(sure=frozenset({(0, 0)}), possible=frozenset({(2, 1)}), predicted=frozenset({(0, 0), (1, 1)}))
    figure = heatmap.sheet([attention], zero="white", marks=[marks])
    axes, *legend = figure.axes
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    middles = {tuple(np.add(frame.get_xy(), 0.4).round(6)): frame.get_linestyle() for frame in frames}
    assert set(middles) == {(0.5, 0.5), (2.5, 1.5)}
    assert middles[0.5, 0.5] == "-" != middles[2.5, 1.5]
    points = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])): line.get_marker() for line in axes.lines}
    assert points == {(0.5, 0.5): "o", (1.5, 1.5): "X"}
    assert len(legend) == 4
    assert {"gold: sure", "gold: possible", "predicted, in gold"} <= {text.get_text() for text in texts(figure)}
    check(figure)


def test_a_legend_has_only_the_signs_of_its_sheet() -> None:
    marks = LinkMarks(sure=frozenset({(0, 0)}), possible=frozenset({(0, 0)}))
    figure = heatmap.sheet([record(["a"], ["b"])] * 2, marks=[marks] * 2)
    assert "gold: possible" not in {text.get_text() for text in texts(figure)}
    check(figure)
    with pytest.raises(ValueError, match="zip"):
        heatmap.sheet([record(["a"], ["b"])], marks=[marks] * 2)


def written(tokens: list[str], layers: int = 1, heads: int = 1) -> Attention:
    """A language model's record: its last weight of every row but the first is zero, though it may look there."""
    size = len(tokens)
    weights = np.tril(np.random.default_rng(1).random((layers, heads, size, size))).astype(np.float32)
    return Attention(
        source=(), source_text="", source_spans=(), target=tuple(tokens), target_text="", target_spans=(None,) * size,
        weights={"decoder": weights},
    )  # fmt: skip


def hatched(axes: Axes) -> set[tuple[int, int]]:
    """The cells (row, column) whose middles lie in the hatched region."""
    [region] = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    rows, columns = round(axes.get_ylim()[0]), round(axes.get_xlim()[1])
    path = region.get_path()
    return {(r, c) for r in range(rows) for c in range(columns) if path.contains_point((c + 0.5, r + 0.5))}


def test_where_a_row_cannot_look_is_hatched_and_nowhere_else() -> None:
    attention = written(["a", "vida", "é", "bela"])
    attention.array()[..., 2, 0] = 0.0  # it looks there with no weight, which is drawn as zero
    for figure in (attention.figure(), heatmap.grid(attention)):
        assert hatched(figure.axes[0]) == {(r, c) for r in range(4) for c in range(4) if c > r}
        assert "cannot look: comes later" in {text.get_text() for text in texts(figure)}
        check(figure)
    words = attention.with_rows("input").figure()
    assert hatched(words.axes[0]) == hatched(attention.figure().axes[0])


def test_what_sees_everything_is_not_hatched() -> None:
    attention = record(["a", "b"], ["c"])
    attention = Attention(**{**vars(attention), "weights": {"encoder": np.full((1, 1, 2, 2), 0.5, np.float32)}})
    for figure in (attention.figure(), heatmap.grid(attention)):
        assert not [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, Polygon)]
        assert "cannot look: comes later" not in {text.get_text() for text in texts(figure)}
        check(figure)


@settings(max_examples=6, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=12), st.integers(1, 3), st.integers(1, 4))
def test_no_label_of_a_grid_is_too_small_to_read(tokens: list[str], layers: int, heads: int) -> None:
    figure = heatmap.grid(written(tokens, layers, heads))
    assert len(figure.axes) == layers * heads + 1 + (len(tokens) > 1)
    assert min(text.get_fontsize() for text in texts(figure)) > 6
    check(figure)


def test_a_grid_has_one_scale_for_all_heads() -> None:
    attention = written(["a", "b", "c"], 2, 3)
    *heads, scale, _ = heatmap.grid(attention).axes
    for axes, weights in zip(heads, attention.array().reshape(6, 3, 3), strict=True):
        [image] = axes.images
        np.testing.assert_array_equal(image.get_array(), weights)
        assert image.get_clim() == scale.images[0].get_clim() == (0.0, 1.0)
