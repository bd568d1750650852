"""The record of what a model expected, its bars and its table: nothing lost, nothing cut, what stands there marked."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from atento.core.errors import DataError
from atento.figures import canvas, next_tokens
from atento.figures.charts import COLOURS
from atento.figures.predictions import Alternative, PredictedToken, Predictions, percent
from atento.figures.terminal import columns_of

TOKEN = st.text(alphabet="abgjÁçñ.,▁\n\t$_^\\{}", min_size=1, max_size=25)
WIDE = st.text(alphabet="ab日 \n", min_size=1, max_size=25)


def step(
    token: str, others: dict[str, float], *, rank: int, value: float, span: tuple[int, int] | None
) -> PredictedToken:
    alternatives = tuple(
        Alternative(id=0 if name == token else number, token=name, probability=share)
        for number, (name, share) in enumerate(others.items(), 1)
    )
    return PredictedToken(id=0, token=token, span=span, log_probability=value, rank=rank, alternatives=alternatives)


def record() -> Predictions:
    """``A vida`` was given, ``é bela`` and the end were written."""
    return Predictions(
        text="A vida é bela",
        first=3,
        steps=(
            step("▁é", {"▁é": 0.75, "▁,": 0.125}, rank=1, value=-0.2876820724517809, span=(6, 9)),
            step("▁bela", {"▁a": 0.5, "▁o": 0.25}, rank=1234, value=-9.0, span=(9, 14)),
            step("</s>", {".": 0.5, "</s>": 0.5}, rank=2, value=-0.6931471805599453, span=None),
        ),
    )


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip()]


def check(figure: Figure) -> None:
    """Nothing is cut off, no text lies over another."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    width, height = figure.get_size_inches() * figure.dpi
    boxes = []
    for text in texts(figure):
        box = text.get_window_extent(renderer)
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text.get_text()
        if text.get_va() == "baseline":  # letters lie in a part of their line's box
            line, em = text.get_transform().transform(text.get_position())[1], text.get_fontsize() * figure.dpi / 72
            box = Bbox([[box.x0, line - 0.25 * em], [box.x1, line + 0.9 * em]])
        boxes.append((text.get_text(), box))
    for (one, box), (other, second) in combinations(boxes, 2):
        over = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
        assert min(over) < 1, (one, other)


def test_json_gives_the_same_record() -> None:
    again = Predictions.from_json(record().to_json())
    assert again == record()
    fields = json.loads(record().to_json())
    assert (fields["format"], fields["version"]) == ("atento.predictions", 1)
    assert fields["steps"][0]["alternatives"][0] == {"id": 0, "token": "▁é", "probability": 0.75}


def test_unusable_json_is_refused() -> None:
    good = json.loads(record().to_json())
    cases = {
        "{": "not JSON",
        "{}": "no predictions",
        json.dumps({**good, "version": 2}): "version 2",
        json.dumps({**good, "format": "other"}): "'other'",
        json.dumps({**good, "steps": [{}]}): "no predictions",
    }
    for text, message in cases.items():
        with pytest.raises(DataError, match=message) as caught:
            Predictions.from_json(text, where="a.json")
        assert str(caught.value).startswith("a.json")


def test_the_text_before_a_step_is_found_by_bytes() -> None:
    assert [record().before(number) for number in range(3)] == ["A vida", "A vida é", "A vida é bela"]


def test_probabilities_for_a_reader() -> None:
    assert [percent(share) for share in (1.0, 0.123456, 0.0005, 0.0004)] == ["100.0%", "12.3%", "0.1%", "<0.1%"]


def test_a_table_looks_like_this() -> None:
    assert record().table().splitlines() == [
        "#  token      p   rank  most probable",
        "3  ▁é     75.0%      1  ▸▁é 75.0%  ▁, 12.5%",
        "4  ▁bela  <0.1%  1,234  ▁a 50.0%  ▁o 25.0%",
        "5  </s>   50.0%      2  . 50.0%  ▸</s> 50.0%",
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(WIDE, min_size=1, max_size=9, unique=True), min_size=1, max_size=4), st.integers(90, 120))
def test_tables_keep_to_the_width_and_lose_nothing(rows: list[list[str]], width: int) -> None:
    steps = tuple(step(row[0], dict.fromkeys(row, 0.1), rank=1, value=-2.0, span=None) for row in rows)
    lines = Predictions(text="", steps=steps).table(width=width).split("\n")
    assert all(columns_of(line) <= width for line in lines)
    assert sum(line.count("10.0%") for line in lines) == sum(map(len, rows))
    assert sum(line.count("▸") for line in lines) == len(rows)


def bars(figure: Figure) -> list[tuple[float, str]]:
    """The coloured bars' lengths in percent and colours, in the order of drawing; without the key's."""
    found = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    tracks, coloured = found[:-1:2], found[1:-1:2]
    names = {to_rgba(colour): name for colour, name in zip(COLOURS, ("other", "own"), strict=False)}
    return [
        (round(100 * bar.get_width() / track.get_width(), 1), names[bar.get_facecolor()])
        for track, bar in zip(tracks, coloured, strict=True)
    ]


def test_bars_are_as_long_as_probable_and_what_stands_there_is_marked() -> None:
    figure = record().figure()
    assert bars(figure)[:4] == [(75.0, "own"), (12.5, "other"), (50.0, "other"), (25.0, "other")]
    assert [kind for _, kind in bars(figure)[4:]] == ["own", "other", "own"], "bela has a bar of its own"
    shown = [text.get_text() for text in texts(figure)]
    assert {"A vida", "A vida é", "A vida é bela", "<0.1% (rank 1,234)", "3", "5"} <= set(shown)
    assert sum(line.get_marker() == ">" for line in figure.axes[0].lines) == 3 + 1
    check(figure)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(TOKEN, min_size=1, max_size=6, unique=True), min_size=1, max_size=6), st.integers(1, 5))
def test_nothing_overlaps_and_nothing_is_cut(rows: list[list[str]], columns: int) -> None:
    text = "".join(row[0] for row in rows)
    ends = [len("".join(row[0] for row in rows[:number]).encode()) for number in range(len(rows) + 1)]
    steps = tuple(
        step(row[0], dict.fromkeys(row[number % 2 :] or row, 0.1), rank=10**number, value=-2.0, span=(start, stop))
        for number, (row, start, stop) in enumerate(zip(rows, ends, ends[1:], strict=False))
    )
    predictions = Predictions(text=text, steps=steps)
    check(next_tokens.sheet([predictions], columns=columns))
    check(next_tokens.sheet([predictions, predictions]))


@pytest.mark.parametrize("suffix", canvas.FORMATS)
def test_files_are_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        canvas.save(record().figure(), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_impossible_sheets_are_refused() -> None:
    with pytest.raises(DataError, match="no step to draw"):
        next_tokens.sheet([Predictions(text="a", steps=())])
    with pytest.raises(DataError, match="no step to draw"):
        next_tokens.sheet([])
    with pytest.raises(DataError, match="do not fit one sheet"):
        next_tokens.sheet([Predictions(text="a", steps=record().steps * 700)], columns=1)
    with pytest.raises(ValueError, match="0 columns"):
        next_tokens.sheet([record()], columns=0)
