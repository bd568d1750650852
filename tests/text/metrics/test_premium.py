"""Premiums between parallel texts."""

from __future__ import annotations

from typing import Any

import pytest

from atento.core.errors import DataError
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import measure


def premiums(tokenizer: Any, texts: dict[str, list[str]], against: str) -> dict[str, Any]:
    [row] = measure([tokenizer], texts, MeasureConfig(resamples=200), against=against).rows
    return {name: found.premium for name, found in row.by_text.items()}


def test_worked_by_hand(fake: Any) -> None:
    texts = {"pt": ["a b", "a"], "es": ["a", "a a b"], "de": ["ab", "b"]}
    found = premiums(fake("f", "ab "), texts, "es")
    # tokens: 3 + 1, 1 + 5, 2 + 1
    assert {name: premium.value for name, premium in found.items()} == pytest.approx(
        {"pt": 4 / 6, "es": 1.0, "de": 3 / 6}
    )
    assert (found["es"].low, found["es"].high) == (1.0, 1.0)


def test_lines_are_paired(fake: Any) -> None:
    """Lines differ much in length, but each costs twice as much: the interval is a point."""
    reference = ["a" * (1 + number % 50) for number in range(300)]
    found = premiums(fake("f", "a"), {"ref": reference, "twice": [2 * line for line in reference]}, "ref")["twice"]
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_blank_lines_keep_their_place(fake: Any) -> None:
    reference = ["a" * (1 + number % 50) for number in range(300)]
    texts = {"ref": ["", *reference, "a", ""], "twice": ["", *(2 * line for line in reference), "", ""]}
    found = premiums(fake("f", "a"), texts, "ref")["twice"]
    assert found.value == pytest.approx(2 * sum(map(len, reference)) / (sum(map(len, reference)) + 1))
    assert found.high - found.low < 0.01


def test_texts_that_are_not_parallel_are_refused(fake: Any) -> None:
    with pytest.raises(DataError, match="pt has 2 lines and es has 1"):
        premiums(fake("f", "a"), {"pt": ["a", "a"], "es": ["a"]}, "es")
