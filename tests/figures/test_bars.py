from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from atento.figures import canvas
from atento.figures.bars import Bars, bars

ROWS = [
    ("Latin", 40.0, "40"),
    ("a script of a very long name that has to be cut short", 10.0, "10"),
    ("none", 0.0, "0"),
]


def test_bars_have_their_values_lengths_and_none_runs_into_another() -> None:
    figure = bars(
        "A $vocabulary$",
        [Bars(title="by script", rows=ROWS), Bars(title="empty", rows=[]), Bars(title="by length", rows=ROWS)],
    )
    [sheet] = figure.axes
    widths = [patch.get_width() for patch in sheet.patches]
    assert len(widths) == 6
    assert widths[:3] == pytest.approx([widths[0], widths[0] / 4, 0])
    texts = [text.get_text() for text in sheet.texts]
    assert "A $vocabulary$" in texts
    assert "empty" not in texts
    assert any(text.endswith("…") for text in texts)
    canvas_width = figure.get_size_inches()[0]
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in sheet.texts]
    assert all(box.x0 >= 0 and box.x1 <= canvas_width * figure.dpi for box in boxes)
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bars{suffix}"
    canvas.save(bars("zeros", [Bars(title="all", rows=[("a", 0.0, "0")])]), path)
    assert path.stat().st_size > 1000
