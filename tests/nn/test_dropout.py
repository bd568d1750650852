"""Dropout: how often, how scaled, and drawn from torch's seed."""

import math

import pytest
import torch

from atento.nn.dropout import add_dropped, dropout, keep_mask

MANY = 200_000


@pytest.mark.parametrize("probability", [1e-7, 1e-3, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_elements_are_zero_with_the_probability_and_scaled_otherwise(probability: float) -> None:
    mask = keep_mask(torch.empty(MANY), probability)
    kept = mask != 0
    torch.testing.assert_close(mask[kept], torch.full_like(mask[kept], 1 / (1 - probability)))
    deviation = math.sqrt(probability * (1 - probability) / MANY)
    assert abs(1 - float(kept.float().mean()) - probability) < 5 * deviation + 1 / 65536


def test_even_a_probability_of_almost_one_stays_finite() -> None:
    assert float((keep_mask(torch.empty(MANY), 1 - 1e-7) != 0).float().mean()) < 1e-3


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (5, 7), (2, 0, 3), (1, 3, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_any_shape_and_type(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    like = torch.ones(shape, dtype=dtype)
    mask = keep_mask(like, 0.5)
    assert mask.shape == like.shape
    assert mask.dtype == dtype
    assert set(mask.flatten().tolist()) <= {0.0, 2.0}


def test_the_four_elements_of_a_draw_are_independent() -> None:
    kept = (keep_mask(torch.empty(MANY), 0.5) != 0).view(-1, 4).double()
    correlation = torch.corrcoef(kept.T)
    assert (correlation - torch.eye(4)).abs().max() < 5 / math.sqrt(MANY / 4)


def test_the_seed_determines_what_is_dropped() -> None:
    def draw(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return keep_mask(torch.empty(64), 0.5)

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    assert not torch.equal(keep_mask(torch.empty(64), 0.5), keep_mask(torch.empty(64), 0.5))


@pytest.mark.parametrize(("probability", "training"), [(0.5, False), (0.0, True)])
def test_without_training_or_probability_nothing_happens_and_nothing_is_drawn(
    probability: float, training: bool
) -> None:
    inputs, state = torch.randn(3, 4), torch.get_rng_state()
    torch.testing.assert_close(dropout(inputs, probability, training), inputs)
    assert torch.equal(torch.get_rng_state(), state)


def test_values_and_gradients_pass_where_the_mask_is() -> None:
    inputs = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
    residual = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
    torch.manual_seed(3)
    mask = keep_mask(inputs, 0.4)
    for function in (
        lambda: dropout(inputs, 0.4, True),
        lambda: add_dropped(residual, inputs, 0.4) - residual,
    ):
        torch.manual_seed(3)
        outputs = function()
        torch.testing.assert_close(outputs, inputs * mask)
        (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
        torch.testing.assert_close(gradient, mask)
    (gradient,) = torch.autograd.grad(add_dropped(residual, inputs, 0.4).sum(), residual)
    torch.testing.assert_close(gradient, torch.ones_like(residual))


def test_a_narrow_sublayer_is_added_to_a_wide_residual() -> None:
    residual, inputs = torch.randn(6), torch.randn(6, dtype=torch.bfloat16)
    outputs = add_dropped(residual, inputs, 0.5)
    assert outputs.dtype == torch.float32
    dropped = outputs - residual
    assert all(min(abs(a), abs(a - 2 * b)) < 1e-5 for a, b in zip(dropped.tolist(), inputs.tolist(), strict=True))
