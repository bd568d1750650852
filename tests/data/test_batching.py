from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atento.core.vocabulary import Vocabulary
from atento.data.batching import Batch, Batches, Position, collate
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import ParallelDataset, open_dataset

VOCABULARY = Vocabulary(source_size=1000, target_size=1000, decoder_start=7)


def make_dataset(folder: Path, encoder, sizes: list[tuple[int, int]], weight: float = 1.0) -> ParallelDataset:
    for side, name in enumerate(("pt", "es")):
        lines = [" ".join(f"{name}{i}.{k}" for k in range(size[side])) for i, size in enumerate(sizes)]
        (folder / f"train.{name}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = CorpusFiles(source=str(folder / "train.pt"), target=str(folder / "train.es"), weight=weight)
    return open_dataset([files], encoder, encoder, cache=folder / "cache")


SIZES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=40)


@given(SIZES, st.sampled_from([1, 8]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_collated_rows_are_the_pairs_with_their_special_tokens(tmp_path, encoder, sizes, round_to):
    dataset = make_dataset(tmp_path, encoder, sizes)
    indices = np.random.default_rng(len(sizes)).permutation(len(dataset))
    batch = collate(dataset, indices, VOCABULARY, round_to=round_to)
    assert batch.indices.tolist() == indices.tolist()
    assert len(batch) == len(sizes)
    assert batch.source.shape[1] % round_to == batch.labels.shape[1] % round_to == 0
    assert batch.source.shape[1] - round_to < max(source for source, _ in sizes) + 1 <= batch.source.shape[1]
    for row, index in enumerate(indices):
        source, target = (side.tolist() for side in dataset.pair(int(index)))
        assert batch.source[row][batch.source_mask[row]].tolist() == [*source, VOCABULARY.eos]
        assert batch.labels[row][batch.target_mask[row]].tolist() == [*target, VOCABULARY.eos]
        assert batch.decoder_input[row][batch.target_mask[row]].tolist() == [VOCABULARY.decoder_start, *target]
    assert (batch.source[~batch.source_mask] == VOCABULARY.pad).all()
    assert (batch.labels[~batch.target_mask] == VOCABULARY.pad).all()
    assert (batch.decoder_input[~batch.target_mask] == VOCABULARY.pad).all()
    assert batch.source_tokens == batch.source_mask.sum()
    assert batch.target_tokens == batch.target_mask.sum()
    assert batch.source.dtype == batch.labels.dtype == torch.int64
    moved = batch.to("cpu")
    assert isinstance(moved, Batch)
    assert torch.equal(moved.labels, batch.labels)


def batches_of(dataset: ParallelDataset, rank: int = 0, world_size: int = 1) -> Batches:
    return Batches(dataset, VOCABULARY, budget=40, seed=5, rank=rank, world_size=world_size)


@pytest.fixture
def dataset(tmp_path, encoder) -> ParallelDataset:
    generator = np.random.default_rng(3)
    return make_dataset(tmp_path, encoder, [tuple(pair) for pair in generator.integers(1, 12, (60, 2)).tolist()])


def test_an_epoch_holds_every_pair_once(dataset):
    seen = torch.cat([batch.indices for batch in batches_of(dataset).epoch(2)])
    assert sorted(seen.tolist()) == list(range(60))


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_a_stream_goes_on_exactly_where_it_was_left(dataset, world_size):
    for rank in range(world_size):
        batches = batches_of(dataset, rank, world_size)
        whole = list(islice(batches.stream(), 40))
        assert whole[-1][1].epoch >= 1, "the walk passes an epoch's end"
        for stop in (1, 5, 17, 25):
            position = whole[stop - 1][1]
            resumed = list(islice(batches_of(dataset, rank, world_size).stream(position), 40 - stop))
            assert [b.indices.tolist() for b, _ in resumed] == [b.indices.tolist() for b, _ in whole[stop:]]
            assert [p for _, p in resumed] == [p for _, p in whole[stop:]]


def test_ranks_part_an_epoch_and_stand_at_the_same_position(dataset):
    streams = [list(islice(batches_of(dataset, rank, 2).stream(), 30)) for rank in range(2)]
    assert [p for _, p in streams[0]] == [p for _, p in streams[1]]
    first = [[b.indices for b, p in stream if p <= Position(epoch=1)] for stream in streams]
    assert sorted(torch.cat([torch.cat(rank) for rank in first]).tolist()) == list(range(60))


def test_a_corpus_of_weight_two_comes_twice_an_epoch(tmp_path, encoder):
    dataset = make_dataset(tmp_path, encoder, [(3, 3)] * 7, weight=2.0)
    seen = torch.cat([batch.indices for batch in batches_of(dataset).epoch()])
    assert sorted(seen.tolist()) == sorted([*range(7), *range(7)])
