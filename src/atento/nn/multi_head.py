"""Multi-head attention (Vaswani et al. 2017, section 3.2.2), over oneself or over a memory.

Both modules run the fused kernel (``scaled_dot_product_attention``) and, while a listener is attached, the same
equation written out (``nn.attention``), which can report its queries, keys, values, scores, weights and contexts. They
are used through ``bind…``, which gives functions with all parts at hand (see ``nn.linear.Linear``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name)
from jaxtyping import Bool, Float
from torch import Tensor

from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import Observable, Role
from atento.nn.linear import Linear

Heads = Float[Tensor, "batch heads positions head"]
Rotate = Callable[[Heads], Heads]
Project = Callable[[Float[Tensor, "batch positions model"], Rotate | None], tuple[Heads, Heads, Heads]]

Attend = Callable[[Heads, Heads, Heads, Bool[Tensor, "..."] | None, bool], Float[Tensor, "batch positions model"]]
"""From queries [B, H, T, K], keys and values [B, H, S, K] to the contexts of all heads, concatenated, [B, T, D].

The mask is True where a query may look, broadcastable to [B, H, T, S]; None: everywhere. If the last argument is True,
query i looks at keys 0 … i only (and the mask must be None).
"""

LookUp = Callable[
    [Float[Tensor, "sources queries model"], Heads, Heads, Bool[Tensor, "sources 1 1 source"] | None],
    Float[Tensor, "sources queries model"],
]
"""From inputs, a source's keys, values and mask to the contexts of all heads."""


class HeadedAttention(Observable):
    """The attention itself, without projections: what self- and cross-attention share."""

    def __init__(self, model_size: int, num_heads: int, dropout: float, role: Role) -> None:
        super().__init__()
        if model_size % num_heads:
            raise ValueError(f"model_size {model_size} is no multiple of num_heads {num_heads}")
        self.num_heads = num_heads
        self.dropout = dropout
        self.role = role

    def bind_attention(self) -> Attend:
        """The fused kernel with its settings at hand, or the open equation while somebody listens."""
        fused = _in_float32 if torch.is_autocast_enabled("cpu") else F.scaled_dot_product_attention
        dropout = self.dropout if self.training else 0.0

        def attend(queries: Heads, keys: Heads, values: Heads, mask: Tensor | None, causal: bool) -> Tensor:
            if self.listener is None:
                contexts = fused(queries, keys, values, mask, dropout, causal)
            else:
                contexts = self._attend_openly(queries, keys, values, mask, causal)
            if queries.shape[2] == 1:  # as in ``split``
                return contexts.reshape(len(contexts), 1, -1)
            return contexts.transpose(1, 2).flatten(2)  # [B, T, D]

        return attend

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


def _in_float32(
    queries: Heads, keys: Heads, values: Heads, mask: Bool[Tensor, "..."] | None, dropout: float, causal: bool
) -> Heads:
    """The fused kernel in float32 also under a processor's autocast: its bfloat16 backward is three times slower."""
    queries, keys, values = queries.float(), keys.float(), values.float()
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(queries, keys, values, mask, dropout, causal)


def split(vectors: Float[Tensor, "batch positions several"], count: int, num_heads: int) -> Sequence[Heads]:
    """[B, T, count·H·K] → ``count`` times [B, H, T, K], as views."""
    batch, positions, _ = vectors.shape
    if positions == 1:  # fewer operations: a decoding step is made of many small ones
        return vectors.view(batch, count, num_heads, 1, -1).unbind(1)
    return vectors.view(batch, positions, count, num_heads, -1).transpose(1, 3).unbind(2)


class SelfAttention(HeadedAttention):
    """Queries, keys and values of the same tokens: one matrix product makes all three."""

    def __init__(self, model_size: int, num_heads: int, dropout: float, role: Role) -> None:
        super().__init__(model_size, num_heads, dropout, role)
        self.input = Linear(model_size, 3 * model_size)
        self.output = Linear(model_size, model_size)

    def bind_projection(self) -> Project:
        """Queries, keys and values, the first two turned by rotary positions if there are any."""
        product, num_heads = self.input.bind(), self.num_heads

        def project(inputs: Tensor, rotate: Rotate | None) -> tuple[Heads, Heads, Heads]:
            queries, keys, values = split(product(inputs), 3, num_heads)
            return (queries, keys, values) if rotate is None else (rotate(queries), rotate(keys), values)

        return project


@dataclass(frozen=True)
class Absorbed:
    """Keys and values of a source into which the queries' and the outputs' matrices are multiplied, head by head.

    With q = W x + b, a score q·k is x·(Wᵀk) + b·k, and the outputs Σ W_o w v are Σ w (W_o v): so the matrices need not
    be read at each step (DeepSeek-AI 2024, "DeepSeek-V2", section 2.1.2, does this with its compressed keys).
    """

    keys: Float[Tensor, "sources heads source model"]
    values: Float[Tensor, "sources heads source model"]
    """Each with its head's part of the outputs' bias; weights sum to one."""
    offsets: Float[Tensor, "sources heads 1 source"]
    """b·k, scaled; −inf where padding stands."""
    scale: float

    def attend(self, inputs: Float[Tensor, "sources queries model"]) -> Float[Tensor, "sources queries model"]:
        """The whole attention, the last linear layer included."""
        queries = inputs.unsqueeze(1).expand(-1, self.keys.shape[1], -1, -1)
        outputs = F.scaled_dot_product_attention(queries, self.keys, self.values, self.offsets, scale=self.scale)
        return outputs.sum(1)


class CrossAttention(HeadedAttention):
    """Queries of the target over keys and values of the source, which are made once a source."""

    def __init__(self, model_size: int, num_heads: int, dropout: float) -> None:
        super().__init__(model_size, num_heads, dropout, "cross")
        self.query = Linear(model_size, model_size)
        self.key_value = Linear(model_size, 2 * model_size)
        self.output = Linear(model_size, model_size)

    def prepare(self, annotations: Float[Tensor, "batch source model"]) -> tuple[Heads, Heads]:
        """The keys and values of a source."""
        keys, values = split(self.key_value(annotations), 2, self.num_heads)
        return keys, values

    def absorb(self, keys: Heads, values: Heads, mask: Bool[Tensor, "sources 1 1 source"] | None) -> Absorbed | None:
        """The same in one with this layer's matrices: in inference, where it is smaller than they are; else None.

        So for one short sentence, or very few.
        """
        sources, heads, positions, size = keys.shape
        weight, last = self.query.weight, self.output
        if not torch.is_inference_mode_enabled() or self.training or torch.is_autocast_enabled(keys.device.type):
            return None
        if sources * heads * positions > weight.shape[0]:
            return None
        scale = size**-0.5
        offsets = (keys @ self.query.bias.view(heads, size, 1)).mT * scale
        return Absorbed(
            keys=keys @ weight.view(heads, size, -1),
            values=values @ last.weight.view(-1, heads, size).permute(1, 2, 0) + last.bias / heads,
            offsets=offsets if mask is None else offsets.masked_fill(~mask, -torch.inf),
            scale=scale,
        )

    def bind(self) -> LookUp:
        """All but the last linear layer, ``output``.

        All rows of one source are its queries, so that keys and values are never repeated for a beam.
        """
        product, attend, num_heads = self.query.bind(), self.bind_attention(), self.num_heads

        def look_up(inputs: Tensor, keys: Heads, values: Heads, mask: Tensor | None) -> Tensor:
            (queries,) = split(product(inputs), 1, num_heads)
            return attend(queries, keys, values, mask, False)

        return look_up
