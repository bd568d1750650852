from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from atento.study.scoring import merged_bounds


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1), st.integers(1, 20))
def test_merged_buckets_are_large_enough_and_hold_every_sentence(lengths: list[int], smallest: int) -> None:
    bounds = merged_bounds(lengths, (1, 6, 11, 21, 41), smallest)
    assert bounds[0] == 1
    assert set(bounds) <= {1, 6, 11, 21, 41}
    ends = [*bounds[1:], 10**9]
    counts = [sum(low <= length < high for length in lengths) for low, high in zip(bounds, ends, strict=True)]
    assert sum(counts) == len(lengths)
    assert len(counts) == 1 or min(counts) >= smallest


def test_large_buckets_stay_as_they_are() -> None:
    lengths = [3] * 50 + [8] * 50 + [30] * 50
    assert merged_bounds(lengths, (1, 6, 11), 50) == (1, 6, 11)


def test_a_small_bucket_takes_in_the_next_and_a_small_last_one_is_taken_in() -> None:
    lengths = [3] * 10 + [8] * 60 + [30] * 10
    assert merged_bounds(lengths, (1, 6, 11), 50) == (1,)
    assert merged_bounds([3] * 60 + [8] * 60 + [30] * 10, (1, 6, 11), 50) == (1, 6)
