"""Filters against slow, obvious implementations."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.decoding.filters import (
    HEAD,
    apply_temperature,
    ban_repeated_ngrams,
    forbidden_tokens,
    keep_top_k,
    keep_top_p,
)


def slowly_banned(tokens: list[int], size: int) -> set[int]:
    grams = {tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)}
    end = tuple(tokens[len(tokens) - size + 1 :])
    return {token for token in range(5) if (*end, token) in grams and len(end) == size - 1}


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 4), max_size=12), min_size=1, max_size=4),
    size=st.integers(1, 4),
)
def test_repeated_ngrams_are_banned_and_nothing_else(rows: list[list[int]], size: int) -> None:
    longest = max(map(len, rows))
    history = torch.tensor([[-1] * (longest - len(row)) + row for row in rows], dtype=torch.long).view(len(rows), -1)
    values = torch.zeros(len(rows), 5)
    ban_repeated_ngrams(values, history, size)
    for row, found in zip(rows, values.tolist(), strict=True):
        assert {token for token, value in enumerate(found) if value == -math.inf} == slowly_banned(row, size)


def kept(values: torch.Tensor) -> list[set[int]]:
    return [set(row.nonzero().flatten().tolist()) for row in values > -torch.inf]


@pytest.mark.parametrize("count", [0, 1, 3, 50, 99])
def test_top_k_keeps_the_greatest(count: int) -> None:
    logits = torch.randn(6, 50, generator=torch.Generator().manual_seed(0))
    found = keep_top_k(logits, count)
    expected = [set(row.argsort(descending=True)[: count or 50].tolist()) for row in logits]
    assert kept(found) == expected
    assert torch.equal(found[found > -torch.inf], logits[found > -torch.inf])


@pytest.mark.parametrize("vocabulary_size", [7, HEAD, 3 * HEAD])
@pytest.mark.parametrize("mass", [0.05, 0.5, 0.9, 0.999])
def test_top_p_keeps_the_fewest_that_reach_the_mass(mass: float, vocabulary_size: int) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(5, vocabulary_size, generator=generator) * torch.tensor([[0.1], [1], [2], [4], [8]])
    for found, row in zip(kept(keep_top_p(logits, mass)), logits.double().softmax(1).tolist(), strict=True):
        reached, expected = 0.0, set()
        for token in sorted(range(vocabulary_size), key=lambda token: -row[token]):
            if reached >= mass:
                break
            expected.add(token)
            reached += row[token]
        assert found == expected


def test_top_p_of_a_row_does_not_depend_on_its_neighbours() -> None:
    """A flat neighbour makes the whole vocabulary be sorted, a peaked row alone only its head."""
    generator = torch.Generator().manual_seed(2)
    peaked = torch.randn(1, 2 * HEAD, generator=generator) * 5
    together = keep_top_p(torch.cat([peaked, torch.zeros_like(peaked)]), 0.8)
    assert torch.equal(together[:1], keep_top_p(peaked, 0.8))
    assert torch.equal(together[1:], torch.zeros_like(peaked)), "equally probable tokens are kept together"


def test_off_is_off() -> None:
    logits = torch.randn(2, 9)
    assert apply_temperature(logits, 1.0) is keep_top_k(logits, 0) is keep_top_p(logits, 1.0) is logits


def test_forbidden_tokens_follow_the_vocabulary() -> None:
    ours = Vocabulary(source_size=9, target_size=9)
    assert forbidden_tokens(DecodingConfig(), ours) == [0, 2]
    assert forbidden_tokens(DecodingConfig(forbid_unknown=True), ours) == [0, 1, 2]
    marian = Vocabulary(source_size=9, target_size=9, pad=8, unk=1, bos=0, eos=0, decoder_start=8)
    assert forbidden_tokens(DecodingConfig(), marian) == [8]
