"""A measurement of tokenizers in a notebook, and as the page that the command line writes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import check_offline

from atento.core.display import save_page
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


def test_a_page_of_several_records_has_every_tokenizer(tmp_path: Path) -> None:
    lines = ["o gato vê o peixe", "o peixe vê o gato"] * 4
    opened = open_trained(train_tokenizer(lines, TokenizerConfig(kind="char", vocab_size=60, min_frequency=1)))
    found = measure([opened], {"text": lines}, MeasureConfig(resamples=10))
    rows = tuple(dataclasses.replace(found.rows[0], name=f"tokenizer {number}") for number in range(230))
    many = dataclasses.replace(found, rows=rows)
    notebook = many._repr_mimebundle_(exclude=["image/png"])[0]
    for text in notebook.values():
        assert "The first 200 of 230 rows." in text
    save_page(tmp_path / "both.html", "both", [many, many])
    read = check_offline((tmp_path / "both.html").read_text(encoding="utf-8"))
    assert "The first" not in read.text
    wanted = report.overall_table(many, ranked(many)).shown
    assert [row for row in read.rows if row in wanted] == wanted * 2
