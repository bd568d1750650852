"""The one function of all attentions, against loops that read the papers' sums literally."""

import math

import pytest
import torch
from torch import Tensor

from atento.nn.attention import additive_scores, attend, scaled_dot_product_scores


def example(*, double: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    dtype = torch.float64 if double else torch.float32
    return tuple(torch.randn(2, 3, length, 4, dtype=dtype) for length in (5, 6, 6))  # type: ignore[return-value]


def test_scaled_dot_product_scores_are_the_papers_sum() -> None:
    queries, keys, _ = example()
    scores = scaled_dot_product_scores(queries, keys)
    for batch, head, query, key in torch.cartesian_prod(*(torch.arange(n) for n in scores.shape)).tolist():
        pairs = zip(queries[batch, head, query], keys[batch, head, key], strict=True)
        wanted = sum(float(q * k) for q, k in pairs) / math.sqrt(4)
        assert math.isclose(float(scores[batch, head, query, key]), wanted, rel_tol=1e-12, abs_tol=1e-12)


def test_additive_scores_are_the_papers_sum() -> None:
    queries, keys, vector = torch.randn(2, 3, 4).double(), torch.randn(2, 5, 4).double(), torch.randn(4).double()
    scores = additive_scores(queries, keys, vector)
    assert scores.shape == (2, 3, 5)
    for batch, query, key in torch.cartesian_prod(*(torch.arange(n) for n in scores.shape)).tolist():
        triples = zip(vector, queries[batch, query], keys[batch, key], strict=True)
        wanted = sum(float(v) * math.tanh(float(q + k)) for v, q, k in triples)
        assert math.isclose(float(scores[batch, query, key]), wanted, rel_tol=1e-12, abs_tol=1e-12)


def test_a_context_is_the_weighted_sum_over_the_keys_one_may_look_at() -> None:
    queries, keys, values = example()
    mask = torch.rand(2, 1, 5, 6) < 0.6
    mask[0, 0, 2] = False
    contexts, weights = attend(scaled_dot_product_scores(queries, keys), values, mask)
    for batch, head, query in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(5)).tolist():
        seen = [key for key in range(6) if bool(mask[batch, 0, query, key])]
        raw = {key: math.exp(float(queries[batch, head, query] @ keys[batch, head, key]) / 2) for key in seen}
        for key in range(6):
            wanted = raw.get(key, 0.0) / sum(raw.values()) if raw else 0.0
            assert math.isclose(float(weights[batch, head, query, key]), wanted, rel_tol=1e-9, abs_tol=1e-15)
        parts = [weights[batch, head, query, key] * values[batch, head, key] for key in seen]
        torch.testing.assert_close(contexts[batch, head, query], sum(parts, torch.zeros(4).double()))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_each_row_of_weights_sums_to_one_and_masked_weights_are_exactly_zero(masked: bool, dtype: torch.dtype) -> None:
    scores = (torch.randn(4, 7, 9) * 30).to(dtype)
    mask = torch.rand(4, 7, 9) < 0.5
    mask[..., 0] = True
    _, weights = attend(scores, torch.randn(4, 9, 2).to(dtype), mask if masked else None)
    tolerance = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 7, dtype=dtype), atol=tolerance, rtol=0)
    if masked:
        assert weights[~mask].count_nonzero() == 0


def test_a_query_without_a_key_gets_the_zero_context_and_finite_gradients() -> None:
    scores = torch.randn(2, 3, requires_grad=True)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    contexts, weights = attend(scores, torch.randn(3, 4), mask)
    assert weights[1].tolist() == [0, 0, 0]
    assert contexts[1].tolist() == [0, 0, 0, 0]
    contexts.sum().backward()
    assert scores.grad is not None
    assert scores.grad[1].tolist() == [0, 0, 0]
    assert bool(scores.grad.isfinite().all())


def test_it_equals_the_fused_kernel() -> None:
    queries, keys, values = example(double=False)
    mask = torch.rand(2, 1, 5, 6) < 0.7
    mask[..., 0] = True
    for chosen in (None, mask):
        contexts, _ = attend(scaled_dot_product_scores(queries, keys), values, chosen)
        fused = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=chosen)
        torch.testing.assert_close(contexts, fused, atol=1e-6, rtol=0)
