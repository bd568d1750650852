"""Batches hold every input once, within the budget, and results come back in order."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from atento.decoding.batches import in_order, plan_batches


@given(
    lengths=st.lists(st.integers(0, 60), max_size=80),
    batch_tokens=st.integers(1, 200),
    batch_size=st.integers(1, 20),
)
def test_plan_keeps_the_budget_and_order_comes_back(lengths: list[int], batch_tokens: int, batch_size: int) -> None:
    batches = plan_batches(lengths, batch_tokens=batch_tokens, batch_size=batch_size)
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[number] for number in batch)
        assert len(batch) <= batch_size
        assert len(batch) == 1 or len(batch) * longest <= batch_tokens
    planned = [lengths[number] for batch in batches for number in batch]
    assert planned == sorted(lengths, reverse=True)
    assert in_order(batches, [[lengths[number] for number in batch] for batch in batches]) == lengths


@given(lengths=st.lists(st.integers(1, 30), max_size=60), batch_tokens=st.integers(30, 300))
def test_no_two_neighbouring_batches_could_be_one(lengths: list[int], batch_tokens: int) -> None:
    batches = plan_batches(lengths, batch_tokens=batch_tokens, batch_size=100)
    for left, right in itertools.pairwise(batches):
        assert (len(left) + 1) * lengths[left[0]] > batch_tokens
        assert lengths[left[-1]] >= lengths[right[0]]
