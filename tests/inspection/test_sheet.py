"""Gold and predicted links are drawn over the cells of their own words, target down, source across."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from atento.applications.translator import Translator
from atento.data.pharaoh import Alignment
from atento.figures.attention import Rows
from atento.inspection.alignment import AlignmentConfig, word_attention
from atento.inspection.sheet import alignment_sheet
from atento.text.words import words_of

# more source words than target words, and no link whose mirror image is a link
PAIR = ("eu fui ao banco da praça", "cão come peixe")
SHORT = ("água", "grande é bom")
FOUND = frozenset({(0, 1), (3, 2), (5, 0)})
GOLD = Alignment(sure=frozenset({(0, 1), (4, 2)}), possible=frozenset({(3, 2), (1, 0)}))


@pytest.fixture(scope="module")
def translator(tiny: ModuleType) -> Translator:
    return Translator(tiny.bundle_of("transformer"))


def drawn(axes: Axes) -> dict[str, set[tuple[int, int]]]:
    """The cells (column, row) of each sign."""
    found: dict[str, set[tuple[int, int]]] = {"sure": set(), "possible": set(), "right": set(), "wrong": set()}
    for patch in axes.patches:
        if isinstance(patch, Rectangle):
            column, row = (int(np.floor(place)) for place in patch.get_xy())
            found["sure" if patch.get_linestyle() == "-" else "possible"].add((column, row))
    for line in axes.lines:
        column, row = (int(np.floor(float(np.asarray(data)[0]))) for data in (line.get_xdata(), line.get_ydata()))
        found["right" if line.get_marker() == "o" else "wrong"].add((column, row))
    return found


def named(axes: Axes) -> tuple[dict[int, str], dict[int, str]]:
    """The labels of the columns and of the rows, by place, with ``</s>``."""
    columns, rows = {}, {}
    for text in axes.texts:
        x, y = text.get_position()
        (columns if y < 0 else rows)[int(np.floor(x if y < 0 else y))] = text.get_text()
    return columns, rows


def cells(axes: Axes) -> NDArray[np.float32]:
    """The weights under the signs, [rows, columns]."""
    [mesh] = [each for each in axes.collections if isinstance(each, QuadMesh)]
    return np.asarray(mesh.get_array())


def words_drawn(axes: Axes) -> dict[str, set[tuple[str, str]]]:
    """The (source word, target word) of each sign."""
    columns, rows = named(axes)
    return {sign: {(columns[column], rows[row]) for column, row in cells} for sign, cells in drawn(axes).items()}


def expected() -> dict[str, set[tuple[str, str]]]:
    source, target = map(words_of, PAIR)
    links = {"sure": GOLD.sure, "possible": GOLD.possible - GOLD.sure}
    links |= {"right": FOUND & GOLD.possible, "wrong": FOUND - GOLD.possible}
    return {sign: {(source[i], target[j]) for i, j in each} for sign, each in links.items()}


def sheet(translator: Translator | None = None, **config: Rows) -> Figure:
    gold = [GOLD, Alignment.of({(0, 2)})]
    return alignment_sheet(
        [PAIR, SHORT],
        [FOUND, frozenset({(0, 0)})],
        gold,
        ["first", "second"],
        translator=translator,
        config=AlignmentConfig(**config),
    )


def test_without_a_model_links_stand_at_their_words() -> None:
    first, second, *_ = sheet().axes
    assert drawn(first) == {"sure": {(0, 1), (4, 2)}, "possible": {(3, 2), (1, 0)}, "right": {(0, 1), (3, 2)},
                            "wrong": {(5, 0)}}  # fmt: skip
    assert words_drawn(first) == expected()
    assert named(first) == (dict(enumerate(words_of(PAIR[0]))), dict(enumerate(words_of(PAIR[1]))))
    assert drawn(second) == {"sure": {(0, 2)}, "possible": set(), "right": set(), "wrong": {(0, 0)}}


@pytest.mark.parametrize("rows", ["predicted", "input"])
def test_over_a_models_attention_links_stand_at_their_words_whatever_else_is_there(
    translator: Translator, rows: Rows
) -> None:
    """The model's cells have a column for ``</s>``, and a row more than there are target words, at either end."""
    first, second, *_ = sheet(translator, rows=rows).axes
    columns, lines = named(first)
    assert columns == dict(enumerate([*words_of(PAIR[0]), "</s>"]))
    target = words_of(PAIR[1])
    assert lines == dict(enumerate(["<s>", *target] if rows == "input" else [*target, "</s>"]))
    assert words_drawn(first) == expected()
    assert words_drawn(second)["sure"] == {("água", "bom")}
    assert words_drawn(second)["wrong"] == {("água", "grande")}
    assert not any("s>" in word for cells in words_drawn(first).values() for pair in cells for word in pair)


@pytest.mark.parametrize("rows", ["predicted", "input"])
def test_the_cells_are_the_models_attention(translator: Translator, rows: Rows) -> None:
    first = sheet(translator, rows=rows).axes[0]
    record = word_attention(translator.explain([PAIR[0]], [PAIR[1]], roles=("cross",))[0], AlignmentConfig(rows=rows))
    np.testing.assert_allclose(cells(first), record.array()[0, 0], atol=1e-6)
    assert len(np.unique(cells(first))) > 8
    assert not cells(sheet().axes[0]).any()


def test_a_word_between_spaces_may_be_several_tokens() -> None:
    source, target = "o gato, pois.", "el gato"
    gold = Alignment.of({(1, 1)})
    how = AlignmentConfig(words="whitespace")
    axes = alignment_sheet([(source, target)], [frozenset({(2, 0)})], [gold], ["x"], config=how).axes[0]
    assert words_drawn(axes) == {
        "sure": {("gato,", "gato")},
        "possible": set(),
        "right": set(),
        "wrong": {("pois.", "el")},
    }
