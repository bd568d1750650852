from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.data.batch_plan import SPECIALS, draw_rows, plan_batches

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=200)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    source, target = np.array(pairs, np.int64).T
    return source, target


@given(LENGTHS, st.integers(48, 400), st.integers(0, 5), st.integers(0, 5), st.sampled_from([1, 4, 8]))
def test_every_index_is_in_one_batch_and_every_batch_within_the_budget(pairs, budget, seed, epoch, round_to):
    source, target = arrays(pairs)
    batches = plan_batches(source, target, budget=budget, seed=seed, epoch=epoch, round_to=round_to)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(pairs)))
    for batch in batches:
        widest = max(source[batch].max(), target[batch].max()) + SPECIALS
        assert len(batch) * (-(-widest // round_to) * round_to) <= budget


@given(LENGTHS, st.integers(1, 4), st.integers(0, 3))
def test_ranks_get_equally_many_batches_and_part_the_pairs(pairs, world_size, epoch):
    source, target = arrays(pairs)
    if len(pairs) < world_size:
        with pytest.raises(DataError, match="too few"):
            plan_batches(source, target, budget=200, seed=0, epoch=epoch, multiple_of=world_size)
        return
    try:
        batches = plan_batches(source, target, budget=200, seed=0, epoch=epoch, multiple_of=world_size)
    except DataError as error:
        assert "cannot be dealt evenly" in str(error)  # noqa: PT017 - it depends on the drawn lengths
        return
    ranks = [batches[rank::world_size] for rank in range(world_size)]
    assert len({len(rank) for rank in ranks}) == 1
    assert all(len(batch) for batch in batches)
    assert sorted(np.concatenate([np.concatenate(rank) for rank in ranks]).tolist()) == list(range(len(pairs)))


def test_the_plan_is_a_pure_function_and_epochs_and_seeds_differ():
    source, target = np.random.default_rng(1).integers(1, 60, (2, 3000))

    def plan(seed: int, epoch: int) -> list[list[int]]:
        return [b.tolist() for b in plan_batches(source, target, budget=1000, seed=seed, epoch=epoch)]

    assert plan(3, 4) == plan(3, 4)
    assert plan(3, 4) != plan(3, 5)
    assert plan(3, 4) != plan(4, 4)
    members = [{frozenset(batch) for batch in plan(3, epoch)} for epoch in (4, 5)]
    assert len(members[0] & members[1]) < len(members[0]) / 2, "not only the order of the batches changes"


def test_batches_come_in_no_order_of_length():
    lengths = np.arange(1, 1001) % 50 + 1
    batches = plan_batches(lengths, lengths, budget=500, seed=0, epoch=0)
    widths = [int(lengths[batch].max()) for batch in batches]
    assert widths != sorted(widths)
    assert widths != sorted(widths, reverse=True)


def test_little_padding_and_fast_on_correlated_lengths():
    generator = np.random.default_rng(0)
    source = np.clip(generator.lognormal(2.8, 0.7, 100_000), 1, 200).astype(np.int64)
    target = np.clip(source * generator.normal(1.05, 0.15, len(source)), 1, 220).astype(np.int64)
    seconds = []
    for epoch in range(3):
        begin = time.perf_counter()
        batches = plan_batches(source, target, budget=4096, seed=0, epoch=epoch)
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.3
    for lengths in (source, target):
        cells = sum(len(batch) * (int(lengths[batch].max()) + SPECIALS) for batch in batches)
        assert 1 - (lengths.sum() + SPECIALS * len(lengths)) / cells < 0.05


def test_a_corpus_smaller_than_a_batch_is_one_batch():
    (batch,) = plan_batches(np.array([3, 1]), np.array([2, 2]), budget=4096, seed=0, epoch=0)
    assert sorted(batch.tolist()) == [0, 1]


def test_no_pairs_and_a_pair_longer_than_the_budget_are_refused():
    nothing = np.zeros(0, np.int64)
    with pytest.raises(DataError, match="too few"):
        plan_batches(nothing, nothing, budget=100, seed=0, epoch=0)
    with pytest.raises(DataError, match="201 tokens does not fit into a batch of 100"):
        plan_batches(np.array([200]), np.array([5]), budget=100, seed=0, epoch=0)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(0, 9), st.data())
def test_whole_weights_repeat_a_corpus_and_fractions_take_turns(sizes, seed, data):
    weights = [data.draw(st.sampled_from([0.25, 0.5, 1.0, 2.0, 1.5])) for _ in sizes]
    counts = np.zeros(sum(sizes), int)
    epochs = 60
    for epoch in range(epochs):
        rows = draw_rows(sizes, weights, seed=seed, epoch=epoch)
        assert rows.tolist() == draw_rows(sizes, weights, seed=seed, epoch=epoch).tolist()
        counts += np.bincount(rows, minlength=len(counts))
    start = 0
    for size, weight in zip(sizes, weights, strict=True):
        mine = counts[start : start + size]
        assert mine.min() >= int(weight) * epochs
        assert mine.max() - mine.min() <= 1, "all pairs of a corpus come equally often"
        a_epoch = mine.sum() / epochs
        assert abs(a_epoch - weight * size) <= 0.5 or a_epoch == 1
        start += size
