"""What is left out is said, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atento.core.shortening import brief, first_of, shortened


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_a_label_keeps_its_beginning_and_its_bounds(label: str, most: int) -> None:
    found = shortened(label, most)
    assert len(found) <= most
    assert found == label or (label.startswith(found[:-1]) and found.endswith("…") and len(label) > most)


@given(st.text(), st.integers(min_value=0, max_value=20))
def test_a_text_says_how_long_it_is_where_it_is_cut(text: str, most: int) -> None:
    assert brief(text, None) == brief(text, len(text)) == text
    if len(text) > most:
        assert brief(text, most) == f"{text[:most]}… ({len(text)} characters)"


def test_numbers_are_grouped_and_a_whole_list_says_nothing() -> None:
    assert first_of(1500, 20_000, "rows") == "The first 1,500 of 20,000 rows."
    assert first_of(3, 3, "rows") == ""
    assert brief("a" * 1500, 1) == "a… (1,500 characters)"
