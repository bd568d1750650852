import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.figures import terminal
from atento.figures.attention import Attention

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def record(source: list[str], target: list[str], weights: np.ndarray) -> Attention:
    return Attention(
        source=tuple(source),
        target=tuple(target),
        source_text="",
        target_text="",
        source_spans=(None,) * len(source),
        target_spans=(None,) * len(target),
        weights={"cross": weights.astype(np.float32)[None, None]},
    )


def test_a_small_map_looks_like_this() -> None:
    attention = record(["E", "a", "vida"], ["Y", "la"], np.array([[1.0, 0.0, 0.0], [0.1, 0.7, 0.2]]))
    assert attention.text().splitlines() == [
        "   ┌ E",
        "   │ ┌ a",
        "   │ │ ┌ vida",
        " Y ██",
        "la ··▓▓░░",
    ]


def test_wide_labels_keep_cells_in_line() -> None:
    attention = record(["a"], ["日本", "e\u0301", "x"], np.ones((3, 1)))
    assert [terminal.columns_of(line) for line in attention.text().splitlines()[1:]] == [7, 7, 7]


@settings(max_examples=50, deadline=None)
@given(
    source=st.lists(st.text(max_size=40), min_size=1, max_size=30),
    target=st.lists(st.text(max_size=40), min_size=1, max_size=5),
)
def test_lines_keep_to_the_width(source: list[str], target: list[str]) -> None:
    attention = record(source, target, np.full((len(target), len(source)), 1 / len(source)))
    lines = attention.text(width=60).split("\n")
    assert all(terminal.columns_of(line) <= 60 for line in lines)
    blocks = lines.count("") + 1
    assert len(lines) == len(source) + blocks * len(target) + blocks - 1


def test_colour_changes_only_how_cells_look() -> None:
    attention = record(["a", "b"], ["c", "d"], np.array([[0.9, 0.1], [0.0, 1.0]]))
    plain, coloured = attention.text(), attention.text(colour=True)
    assert "\x1b" not in plain
    assert coloured.count("\x1b[0m") == 4
    assert ESCAPE.sub("", coloured).splitlines()[0] == plain.splitlines()[0]
    assert "48;5;255" in coloured
    assert "48;5;232" in coloured


def test_the_legend_names_every_shade() -> None:
    assert all(shade in terminal.legend() for shade in terminal.SHADES[1:])
    assert "\x1b" in terminal.legend(colour=True)


def test_where_a_row_cannot_look_is_told_from_a_weight_of_zero() -> None:
    attention = Attention(
        source=(), source_text="", source_spans=(), target=("E", "a", "vida"), target_text="", target_spans=(None,) * 3,
        weights={"decoder": np.array([[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.7, 0.0, 0.3]]]], dtype=np.float32)},
    )  # fmt: skip
    assert attention.text().splitlines() == [
        "     ┌ <s>",
        "     │ ┌ E",
        "     │ │ ┌ a",
        "   E ██╱╱╱╱",
        "   a   ██╱╱",
        "vida ▓▓  ░░",
    ]
    assert "╱╱ cannot look" in terminal.legend(hidden=True)
    assert "╱╱" not in terminal.legend()
    assert attention.text(colour=True).count("╱╱") == 3
