"""A tokenizer that makes everything unknown does not win."""

from __future__ import annotations

from typing import Any

import pytest

from atento.core.errors import ConfigurationError
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import measure
from atento.text.metrics.ranking import ORDERS, flags_of, ranked

CHINESE = ["春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少"] * 5


def names(tokenizers: list[Any], lines: list[str], order: str = "rank") -> list[str]:
    return [found.row.name for found in ranked(measure(tokenizers, {"t": lines}, MeasureConfig(resamples=100)), order)]


def test_a_collapse_into_unknown_tokens_does_not_come_first(fake: Any) -> None:
    collapsed = fake("t5", "abc ")  # one unknown token a line, as T5 makes of Chinese: 15 bytes a token
    signs = fake("signs", sorted(set("".join(CHINESE))))
    small = fake("small", sorted(set("".join(CHINESE)) - {"春"}))
    assert names([collapsed, signs, small], CHINESE) == ["signs", "small", "t5"]
    assert names([collapsed, small], CHINESE) == ["small", "t5"], "of those that lose text, that which loses least"
    assert names([collapsed, signs], CHINESE, "bytes_per_token") == ["t5", "signs"], "only where it is asked for"


def test_reasons_are_given(fake: Any) -> None:
    rows = measure([fake("t5", "abc "), fake("signs", sorted(set("".join(CHINESE))))], {"t": CHINESE}).rows
    assert flags_of(rows[0]) == (
        "100.0 % of tokens are unknown",
        "loses 100.0 % of characters",
        "0.0 % of texts come back exactly",
    )
    assert flags_of(rows[1]) == ()


def test_what_changes_letters_or_spaces_is_flagged(fake: Any) -> None:
    lower = fake("lower", "ab ", str.lower)
    [row] = measure([lower], {"t": ["Ab b", "ab"] * 10}).rows
    assert flags_of(row) == ("loses 20.0 % of characters", "50.0 % of texts come back exactly")
    tight = fake("tight", ["ab", " "], lambda text: text.replace("  ", " a"))
    tight.decode = lambda ids: " ".join(tight.pieces[number] for number in ids)
    [row] = measure([tight], {"t": ["ab ab", "ab"] * 10}).rows
    assert flags_of(row) == ("50.0 % of texts come back exactly",)


def test_honest_ones_stand_by_bytes_per_token(fake: Any) -> None:
    letters, pairs = fake("letters", "ab "), fake("pairs", ["ab", "a", "b", " "])
    assert names([letters, pairs], ["ab ab", "ba"]) == ["pairs", "letters"]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_sorts_best_first(fake: Any, order: str) -> None:
    tokenizers = [fake("letters", "ab "), fake("pairs", ["ab", "a", "b", " "]), fake("none", "x")]
    found = ranked(measure(tokenizers, {"t": ["ab ab", "ba"]}, MeasureConfig(resamples=100)), order)
    assert {each.row.name for each in found} == {"letters", "pairs", "none"}
    assert sorted(each.rank for each in found) == [1, 2, 3]
    first = {"entries": "none", "whole_words": "pairs", "name": "letters", "tokens_per_word": "none"}.get(order)
    assert first is None or found[0].row.name == first
    if order in ("lost", "unknown_rate", "exact", "rank"):
        assert found[-1].row.name == "none"


def test_an_unknown_order_names_the_nearest(fake: Any) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'bytes_per_token'"):
        names([fake("f", "a")], ["a"], "bytes_per_tokens")
