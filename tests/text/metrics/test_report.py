"""Tables of a measurement: nothing is left out, and everything says what it is."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from atento.text.metrics import report
from atento.text.metrics.bootstrap import Estimate
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import Measurement, measure
from atento.text.metrics.ranking import ranked


@pytest.fixture
def measured(fake: Any) -> Measurement:
    tokenizers = [fake("letters", "ab "), fake("none", "x")]
    texts = {"pt": ["ab ab", "ba"], "es": ["ab", "b b"]}
    return measure(tokenizers, texts, MeasureConfig(alpha=3.0, resamples=100), against="es")


def test_the_full_table_has_every_figure_of_every_text(measured: Measurement) -> None:
    table = report.full_table(measured, ranked(measured))
    keys = [column.key for column in table.columns]
    assert len(set(keys)) == len(keys)
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    assert [(row["tokenizer"], row["text"]) for row in rows] == [
        (name, text) for name in ("letters", "none") for text in (report.ALL, "pt", "es")
    ]
    letters = measured.rows[0]
    assert float(rows[1]["bytes_per_token"]) == letters.by_text["pt"].figures["bytes_per_token"].ratio.value == 1.0
    assert float(rows[1]["premium"]) == letters.by_text["pt"].premium.value == 7 / 5
    assert rows[0]["premium"] == ""
    assert (rows[0]["lost_count"], rows[3]["lost_count"]) == ("0", "10")
    assert float(rows[3]["unknown_rate"]) == 1.0
    assert rows[3]["flags"].startswith("100.0 % of tokens are unknown")


def test_a_single_text_is_not_said_twice(fake: Any) -> None:
    measured = measure([fake("letters", "ab ")], {"pt": ["ab"]}, MeasureConfig(resamples=100))
    assert [row[0] for row in report.full_table(measured, ranked(measured)).rows] == ["pt"]


def test_people_are_told_units_settings_and_rules(measured: Measurement) -> None:
    text = report.overall_table(measured, ranked(measured)).markdown()
    for words in ("α = 3", "|V| all entries", "seed 1", "100 resamples", "10⁶ bytes", "Flagged, and after all others"):
        assert words in text
    assert "'words'" in text
    assert "tokens / es" in report.text_table(measured, ranked(measured)).markdown()
    assert "| none | unknown | 100.00 % |" in report.interval_table(ranked(measured)).markdown()


def test_intervals_are_read_in_the_figures_unit() -> None:
    assert report.interval(Estimate(0.5, 0.25, 0.75), 1, percent=True) == "25.0–75.0 %"
    assert report.interval(Estimate(2.0, 1.5, 2.5), 2) == "1.50–2.50"
    assert report.interval(Estimate(2.0), 2) == ""
