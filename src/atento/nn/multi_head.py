"""Multi-head attention (Vaswani et al. 2017, section 3.2.2), over oneself or over a memory.

Both modules run the fused kernel (``scaled_dot_product_attention``) and, while a listener is attached, the same
equation written out (``nn.attention``), which can report its queries, keys, values, scores, weights and contexts.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name)
from jaxtyping import Bool, Float
from torch import Tensor

from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import Observable, Role
from atento.nn.linear import Linear

Heads = Float[Tensor, "batch heads positions head"]
Rotate = Callable[[Heads], Heads]


class HeadedAttention(Observable):
    """The attention itself, without projections: what self- and cross-attention share."""

    def __init__(self, model_size: int, num_heads: int, dropout: float, role: Role) -> None:
        super().__init__()
        if model_size % num_heads:
            raise ValueError(f"model_size {model_size} is no multiple of num_heads {num_heads}")
        self.num_heads = num_heads
        self.dropout = dropout
        self.role = role

    def split(self, vectors: Float[Tensor, "batch positions model"]) -> Heads:
        """[B, T, D] → [B, H, T, K], as a view."""
        batch, positions, _ = vectors.shape
        if positions == 1:  # as everywhere below: a decoding step is many small operations, so each counts
            return vectors.view(batch, self.num_heads, 1, -1)
        return vectors.view(batch, positions, self.num_heads, -1).transpose(1, 2)

    def split_each(self, vectors: Float[Tensor, "batch positions several"], count: int) -> list[Heads]:
        """[B, T, count·D] → ``count`` times [B, H, T, K], as views."""
        batch, positions, _ = vectors.shape
        if positions == 1:
            return list(vectors.view(batch, count, self.num_heads, 1, -1).unbind(1))
        return list(vectors.view(batch, positions, count, self.num_heads, -1).transpose(1, 3).unbind(2))

    def attend(
        self, queries: Heads, keys: Heads, values: Heads, mask: Bool[Tensor, ...] | None, causal: bool
    ) -> Float[Tensor, "batch positions model"]:
        """Contexts of all heads, concatenated.

        Args:
            queries: [B, H, T, K].
            keys: [B, H, S, K].
            values: [B, H, S, K].
            mask: True where a query may look, broadcastable to [B, H, T, S]; None: everywhere.
            causal: query i looks at keys 0 … i only (mask must be None).
        """
        dropout = self.dropout if self.training else 0.0
        if self.listener is None:
            contexts = _fused(queries, keys, values, mask, dropout, causal)
        else:
            contexts = self._attend_openly(queries, keys, values, mask, causal)
        if queries.shape[2] == 1:
            return contexts.reshape(len(contexts), 1, -1)
        return contexts.transpose(1, 2).flatten(2)  # [B, T, D]

    def _attend_openly(
        self, queries: Heads, keys: Heads, values: Heads, mask: Bool[Tensor, ...] | None, causal: bool
    ) -> Heads:
        assert self.listener is not None
        scores = scaled_dot_product_scores(queries, keys)
        if causal:
            mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        contexts, weights = attend(scores, values, mask)
        if self.training and self.dropout:
            contexts = F.dropout(weights, self.dropout) @ values
        self.listener.report("queries", queries)
        self.listener.report("keys", keys)
        self.listener.report("values", values)
        self.listener.report("scores", scores)
        self.listener.report("weights", weights)
        self.listener.report("contexts", contexts)
        return contexts


def _fused(
    queries: Heads, keys: Heads, values: Heads, mask: Bool[Tensor, "..."] | None, dropout: float, causal: bool
) -> Heads:
    """The fused kernel, in float32 on CPU also under autocast: its bfloat16 backward is three times slower there."""
    if queries.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return _fused(queries.float(), keys.float(), values.float(), mask, dropout, causal)
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, dropout_p=dropout, is_causal=causal)


class SelfAttention(HeadedAttention):
    """Queries, keys and values of the same tokens: one matrix product makes all three."""

    def __init__(self, model_size: int, num_heads: int, dropout: float, role: Role) -> None:
        super().__init__(model_size, num_heads, dropout, role)
        self.input = Linear(model_size, 3 * model_size)
        self.output = Linear(model_size, model_size)

    def project(
        self, inputs: Float[Tensor, "batch positions model"], rotate: Rotate | None
    ) -> tuple[Heads, Heads, Heads]:
        """Queries, keys and values, turned by rotary positions if there are any."""
        queries, keys, values = self.split_each(self.input(inputs), 3)
        return (queries, keys, values) if rotate is None else (rotate(queries), rotate(keys), values)


class CrossAttention(HeadedAttention):
    """Queries of the target over keys and values of the source, which are made once a source."""

    def __init__(self, model_size: int, num_heads: int, dropout: float) -> None:
        super().__init__(model_size, num_heads, dropout, "cross")
        self.query = Linear(model_size, model_size)
        self.key_value = Linear(model_size, 2 * model_size)
        self.output = Linear(model_size, model_size)

    def prepare(self, annotations: Float[Tensor, "batch source model"]) -> tuple[Heads, Heads]:
        """The keys and values of a source."""
        keys, values = self.split_each(self.key_value(annotations), 2)
        return keys, values

    def contexts(
        self,
        inputs: Float[Tensor, "sources queries model"],
        keys: Float[Tensor, "sources heads source head"],
        values: Float[Tensor, "sources heads source head"],
        mask: Bool[Tensor, "sources 1 1 source"] | None,
    ) -> Float[Tensor, "sources queries model"]:
        """Attend, all but the last linear layer, ``output``.

        All rows of one source are its queries, so that keys and values are never repeated for a beam.
        """
        return self.attend(self.split(self.query(inputs)), keys, values, mask, causal=False)
