"""The best extensions against sorting everything; drawn ones at the ends of the unit interval."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.decoding.configuration import DecodingConfig
from atento.decoding.selection import BLOCK, best_extensions, drawn_extensions, greatest


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(st.integers(9, 60), st.integers(4 * BLOCK, 13 * BLOCK)),
    rows=st.integers(1, 4),
    count=st.integers(1, 9),
    seed=st.integers(0, 10**6),
    lowest=st.booleans(),
)
def test_greatest_equals_topk(size: int, rows: int, count: int, seed: int, lowest: bool) -> None:
    values = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed))
    if lowest:
        values[:, : size - count] = -torch.inf
    found, places = greatest(values, count)
    assert torch.equal(found, values.topk(count, dim=1).values)
    assert torch.equal(values.gather(1, places), found)
    assert all(len(set(row)) == count for row in places.tolist())


@settings(max_examples=60, deadline=None)
@given(
    sources=st.integers(1, 3),
    rows_each=st.integers(1, 4),
    size=st.integers(2, 20),
    width=st.integers(1, 6),
    seed=st.integers(0, 10**6),
)
def test_best_extensions_equal_sorting_all(sources: int, rows_each: int, size: int, width: int, seed: int) -> None:
    rows_each = width if rows_each > 1 else 1
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(sources * rows_each, size, generator=generator).log_softmax(1)
    totals = -torch.rand(sources, rows_each, generator=generator) * 5
    totals[:, 1::2] = -torch.inf
    found = best_extensions(values, totals, width)
    everything = (values.view(sources, rows_each, size) + totals.unsqueeze(2)).flatten(1)
    expected = everything.sort(dim=1, descending=True).values[:, :width]
    short = width - expected.shape[1]
    assert torch.equal(found.totals, torch.nn.functional.pad(expected, (0, max(short, 0)), value=-torch.inf))
    alive = found.totals > -torch.inf
    places = found.parents * size + found.tokens
    assert torch.equal(everything.gather(1, places)[alive], found.totals[alive])
    again = totals.gather(1, found.parents) + found.log_probabilities
    assert torch.equal(again[alive], found.totals[alive])


def test_impossible_tokens_are_not_drawn_even_at_the_ends_of_the_interval() -> None:
    values = torch.tensor([[-torch.inf, 0.3, -torch.inf, 0.7, -torch.inf]]).log_softmax(1)
    numbers = torch.tensor([[0.0, 1 - 2.0**-52]], dtype=torch.float64)
    found = drawn_extensions(values, torch.zeros(1, 1), numbers, DecodingConfig(sampling=True, samples=2))
    assert found.tokens.tolist() == [[1, 3]]
    assert torch.equal(found.totals, values[:, [1, 3]])
