"""A measurement of tokenizers in a notebook, and as the page that the command line writes."""

from __future__ import annotations

from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import check_offline

from atento.text.configuration import TokenizerConfig
from atento.text.metrics import report
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import measure
from atento.text.metrics.ranking import ranked
from atento.text.opened.opening import open_trained
from atento.text.training import train_tokenizer


def test_the_leaderboard_shows_itself() -> None:
    lines = ["o gato vê o peixe", "o peixe vê o gato"] * 4
    tokenizers = [open_trained(train_tokenizer(lines, TokenizerConfig(kind="char", vocab_size=60, min_frequency=1)))]
    found = measure(tokenizers, {"a<b": lines}, MeasureConfig(resamples=100))
    data, _ = DisplayFormatter().format(found)
    assert set(data) == {"text/plain", "text/markdown", "text/html", "image/png"}
    table = report.overall_table(found, ranked(found))
    assert table.shown[0] in check_offline(data["text/html"]).rows
    page = check_offline(found.to_html(), scripts=1)
    assert table.shown[0] in page.rows
    assert "a<b" in page.text
