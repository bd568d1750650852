"""Luong et al.'s windows and scores by themselves; the whole model is read in ``tests/models/recurrent``."""

from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import Tensor

from atento.nn.attention import additive_scores
from atento.nn.luong import LuongReader, Window, concat_scores, gaussian, look

LENGTHS = torch.tensor([6, 3])


def reader_of(window: Window, half_width: int = 1) -> tuple[LuongReader, Tensor]:
    """A dot-product reader of two sources of 6 and 3 tokens, and four states for each."""
    values = torch.randn(2, 6, 4, dtype=torch.double, requires_grad=True)
    mask = torch.arange(6) < LENGTHS.unsqueeze(1)
    reader = LuongReader(
        score="dot", window=window, half_width=half_width, values=values, keys=values, mask=mask,
        positions=torch.arange(6).expand(2, 6) * mask, lengths=LENGTHS,
        weight_centre=torch.randn(3, 4).double(), vector_centre=torch.randn(3).double(),
    )  # fmt: skip
    return reader, torch.randn(2, 4, 4, dtype=torch.double, requires_grad=True)


def test_a_monotonic_window_moves_with_the_step_and_may_leave_the_source() -> None:
    reader, states = reader_of("local-m")
    times = torch.tensor([[0, 2, 5, 9], [0, 1, 3, 4]])
    seen = look(reader, states, times)
    wanted = [
        [[0, 1], [1, 2, 3], [4, 5], []],
        [[0, 1], [0, 1, 2], [2], []],
    ]
    assert [[row.nonzero().flatten().tolist() for row in source] for source in seen.weights] == wanted
    sums = seen.weights.sum(-1)
    torch.testing.assert_close(sums[:, :3], torch.ones_like(sums[:, :3]))
    assert seen.contexts[:, 3].abs().max() == 0
    grads = torch.autograd.grad(seen.contexts.pow(2).sum(), [reader.values, states])
    assert all(bool(gradient.isfinite().all()) for gradient in grads)
    assert grads[1][:, 3].abs().max() == 0, "an empty window teaches nothing"


def test_a_predicted_window_weighs_by_distance_without_making_up_for_it() -> None:
    reader, states = reader_of("local-p", half_width=2)
    times = torch.zeros(2, 4, dtype=torch.long)
    seen = look(reader, states, times)
    assert reader.weight_centre is not None
    assert reader.vector_centre is not None
    share = torch.sigmoid(torch.tanh(states @ reader.weight_centre.T) @ reader.vector_centre)
    centre = share * LENGTHS.unsqueeze(1)  # S is each row's own
    places = torch.arange(6)
    away = (places - centre.unsqueeze(-1)).abs()
    assert (seen.weights[away > 2] == 0).all()
    sums = seen.weights.sum(-1)
    assert ((sums > 0) & (sums < 1)).all()
    factor = gaussian(away, 2)
    restored = seen.weights / factor
    torch.testing.assert_close(restored.sum(-1), torch.ones_like(sums))
    torch.testing.assert_close(gaussian(torch.tensor([0.0, 1.0, 2.0]), 2), torch.exp(-torch.tensor([0.0, 0.5, 2.0])))


@pytest.mark.parametrize("window", get_args(Window))
def test_a_source_without_tokens_gives_the_zero_context(window: Window) -> None:
    reader, states = reader_of(window)
    empty = torch.zeros(2, 6, dtype=torch.bool)
    reader = replace(reader, mask=empty, positions=torch.zeros(2, 6).long(), lengths=torch.zeros(2).long())
    seen = look(reader, states, torch.zeros(2, 4, dtype=torch.long))
    assert seen.contexts.abs().max() == 0
    (gradient,) = torch.autograd.grad(seen.contexts.sum(), [states], allow_unused=True)
    assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("kept", [1, 45, 1000])
def test_concat_in_pieces_is_concat_at_once(kept: int) -> None:
    tensors = [torch.randn(*shape, dtype=torch.double, requires_grad=True) for shape in ((2, 7, 3), (2, 5, 3), (3,))]
    queries, keys, vector = tensors
    found, wanted = concat_scores(queries, keys, vector, kept), additive_scores(queries, keys, vector)
    torch.testing.assert_close(found, wanted)
    weights = torch.randn_like(wanted)
    torch.testing.assert_close(
        torch.autograd.grad(found, tensors, weights), torch.autograd.grad(wanted, tensors, weights)
    )
