"""Rows of tokens in a growing buffer are what concatenating them anew would be."""

from __future__ import annotations

import torch

from atento.decoding.written import Written


def test_it_is_what_concatenation_gives() -> None:
    generator = torch.Generator().manual_seed(1)
    for start in (torch.empty(3, 0, dtype=torch.long), torch.tensor([[-1, 4], [5, 6], [-1, -1]])):
        written, expected = Written(start), start
        assert torch.equal(written.tokens, expected)
        for step in range(40):
            rows = (
                torch.randint(len(expected), (max(1, 3 - step // 15),), generator=generator) if step % 4 == 1 else None
            )
            expected = expected if rows is None else expected[rows]
            tokens = torch.randint(9, (len(expected),), generator=generator)
            written.extend(rows, tokens)
            expected = torch.cat([expected, tokens.unsqueeze(1)], dim=1)
            assert torch.equal(written.tokens, expected)


def test_rows_that_stay_are_seldom_copied() -> None:
    written, places = Written(torch.zeros(2, 1, dtype=torch.long)), set()
    for _ in range(500):
        written.extend(None, torch.ones(2, dtype=torch.long))
        places.add(written.tokens.data_ptr())
    assert len(places) < 12
