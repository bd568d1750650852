"""Multi-head attention (Vaswani et al. 2017, section 3.2.2), over oneself or over a memory.

Both modules run the fused kernel (``scaled_dot_product_attention``) and, while a listener is attached, the same
equation written out (``nn.attention``), which can report its queries, keys, values, scores, weights and contexts. They
are used through ``bind…``, which gives functions with all parts at hand (see ``nn.linear.Linear``). Their inputs and
outputs are the vectors of all positions in a row, a source's together: matrix products want no more dimensions.

A head's queries and keys have d_k components, its values d_v, both D / H by default. Where d_k = d_v, keys and values
of self-attention are *stacked* [B, 2, H, T, K] as views of one product; else they stand *side by side*
[B, 1, H, T, d_k + d_v], so that a cache of either is one buffer. With grouped queries (Ainslie et al. 2023) several
heads' queries share keys and values, of which there are fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import methodcaller

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name)
from jaxtyping import Bool, Float
from torch import Tensor

from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import Observable, Role
from atento.nn.linear import Linear

Heads = Float[Tensor, "batch heads positions head"]
Rotate = Callable[[Heads], Heads]
KeysValues = Float[Tensor, "batch stacked heads positions size"]
"""Keys and values in one: stacked (2 tensors of size K) or side by side (1 of size d_k + d_v)."""

Part = Callable[[KeysValues], Sequence[Heads]]
"""From both in one to keys and values, as views."""

Vectors = Float[Tensor, "batch_positions model"]
Project = Callable[[Vectors, int, Rotate | None], tuple[Heads, KeysValues]]
"""From inputs, the size of the batch and the turn of queries and keys to queries, and keys with values."""

Attend = Callable[[Heads, Heads, Heads, Bool[Tensor, "..."] | None, bool], Vectors]
"""From queries [B, H, T, d_k], keys and values [B, H, S, …] to the contexts of all heads, concatenated, [B·T, H·d_v].

Keys and values may have fewer heads than queries, of which then as many in a row share one.

The mask is True where a query may look, broadcastable to [B, H, T, S]; None: everywhere. If the last argument is True,
query i looks at keys 0 … i only (and the mask must be None).
"""

LookUp = Callable[[Vectors, Heads, Heads, Bool[Tensor, "sources 1 1 source"] | None], Vectors]
"""From inputs, the sources' keys, values and mask to the contexts of all heads."""


class HeadedAttention(Observable):
    """The attention itself, without projections: what self- and cross-attention share."""

    def __init__(
        self, model_size: int, num_heads: int, dropout: float, role: Role, key_size: int | None, value_size: int | None
    ) -> None:
        super().__init__()
        if model_size % num_heads and (key_size is None or value_size is None):
            raise ValueError(f"model_size {model_size} is no multiple of num_heads {num_heads}; give both sizes")
        self.num_heads = num_heads
        self.key_size = model_size // num_heads if key_size is None else key_size
        """d_k, a head's."""
        self.value_size = model_size // num_heads if value_size is None else value_size
        self.dropout = dropout
        self.role = role

    def bind_attention(self) -> Attend:
        """The fused kernel with its settings at hand, or the open equation while somebody listens."""
        fused = _in_float32 if torch.is_autocast_enabled("cpu") else F.scaled_dot_product_attention
        dropout = self.dropout if self.training else 0.0

        def attend(queries: Heads, keys: Heads, values: Heads, mask: Tensor | None, causal: bool) -> Tensor:
            if keys.shape[1] != queries.shape[1]:
                repeats = queries.shape[1] // keys.shape[1]
                keys, values = (part.repeat_interleave(repeats, dim=1) for part in (keys, values))
            if self.listener is None:
                contexts = fused(queries, keys, values, mask, dropout, causal)
            else:
                contexts = self._attend_openly(queries, keys, values, mask, causal)
            batch, _, positions, _ = queries.shape
            if positions == 1:  # as in ``split``
                return contexts.reshape(batch, -1)
            return contexts.transpose(1, 2).reshape(batch * positions, -1)

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


def split(
    vectors: Float[Tensor, "batch_positions several"], batch: int, count: int, num_heads: int
) -> Float[Tensor, "batch count heads positions head"]:
    """[B·T, count·H·K] → [B, count, H, T, K], as a view."""
    if vectors.shape[0] == batch:  # fewer operations: a decoding step is made of many small ones
        return vectors.view(batch, count, num_heads, 1, -1)
    size = vectors.shape[1] // (count * num_heads)
    return vectors.view(batch, -1, count, num_heads, size).permute(0, 2, 3, 1, 4)


class SelfAttention(HeadedAttention):
    """Queries, keys and values of the same tokens: one matrix product makes all three."""

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        dropout: float,
        role: Role,
        key_size: int | None = None,
        value_size: int | None = None,
        *,
        num_key_value_heads: int | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__(model_size, num_heads, dropout, role, key_size, value_size)
        self.num_key_value_heads = num_heads if num_key_value_heads is None else num_key_value_heads
        if num_heads % self.num_key_value_heads:
            raise ValueError(f"num_heads {num_heads} is no multiple of num_key_value_heads {num_key_value_heads}")
        self._widths = [
            num_heads * self.key_size,
            self.num_key_value_heads * self.key_size,
            self.num_key_value_heads * self.value_size,
        ]
        self.input = Linear(model_size, sum(self._widths), bias)
        self.output = Linear(num_heads * self.value_size, model_size, bias)

    def bind_projection(self) -> Project:
        """Queries, keys and values, the first two turned by rotary positions if there are any."""
        if self.key_size != self.value_size:
            return self._bind_uneven_projection()
        if self.num_key_value_heads != self.num_heads:
            return self._bind_grouped_projection()
        product, num_heads = self.input.bind(), self.num_heads

        def project(inputs: Tensor, batch: int, rotate: Rotate | None) -> tuple[Heads, KeysValues]:
            parts = split(product(inputs), batch, 3, num_heads)
            if rotate is None:
                return parts.select(1, 0), parts.narrow(1, 1, 2)
            queries, keys, values = parts.unbind(1)
            return rotate(queries), torch.stack([rotate(keys), values], dim=1)

        return project

    def _bind_grouped_projection(self) -> Project:
        product, num_heads, fewer = self.input.bind(), self.num_heads, self.num_key_value_heads
        widths = [self._widths[0], self._widths[1] + self._widths[2]]

        def project(inputs: Tensor, batch: int, rotate: Rotate | None) -> tuple[Heads, KeysValues]:
            first, rest = torch.split_with_sizes(product(inputs), widths, dim=1)
            queries, both = split(first, batch, 1, num_heads).select(1, 0), split(rest, batch, 2, fewer)
            if rotate is None:
                return queries, both
            keys, values = both.unbind(1)
            return rotate(queries), torch.stack([rotate(keys), values], dim=1)

        return project

    def _bind_uneven_projection(self) -> Project:
        product, widths = self.input.bind(), self._widths
        heads = (self.num_heads, self.num_key_value_heads, self.num_key_value_heads)

        def project(inputs: Tensor, batch: int, rotate: Rotate | None) -> tuple[Heads, KeysValues]:
            parts = torch.split_with_sizes(product(inputs), widths, dim=1)
            queries, keys, values = (
                split(part, batch, 1, count).select(1, 0) for part, count in zip(parts, heads, strict=True)
            )
            if rotate is not None:
                queries, keys = rotate(queries), rotate(keys)
            return queries, torch.cat([keys, values], dim=-1).unsqueeze(1)

        return project

    def bind_parting(self) -> Part:
        """How keys and values that ``bind_projection`` made are told apart."""
        if self.key_size == self.value_size:
            return _unstack
        sizes = [self.key_size, self.value_size]
        return lambda both: torch.split_with_sizes(both.squeeze(1), sizes, dim=-1)


_unstack: Part = methodcaller("unbind", 1)


@dataclass(frozen=True)
class Absorbed:
    """Keys and values of one source into which the queries' and the outputs' matrices are multiplied, head by head.

    With q = W x + b, a score q·k is x·(Wᵀk) + b·k, and the outputs Σ W_o w v are Σ w (W_o v): so the matrices need not
    be read at each step (DeepSeek-AI 2024, "DeepSeek-V2", section 2.1.2, does this with its compressed keys).
    """

    keys: Float[Tensor, "model heads_source"]
    """Scaled, like the offsets."""
    offsets: Float[Tensor, " heads_source"]
    """b·k."""
    values: Float[Tensor, "heads_source model"]
    """Each with its head's part of the outputs' bias; weights sum to one."""
    positions: int
    """Of the source."""

    def add_to(self, hidden: Vectors, inputs: Vectors) -> Vectors:
        """Hidden vectors plus the whole attention of these inputs, the last linear layer included."""
        scores = torch.addmm(self.offsets, inputs, self.keys)  # [Q, H·S]
        weights = scores.view(-1, self.positions).softmax(-1).view_as(scores)
        return torch.addmm(hidden, weights, self.values)


class CrossAttention(HeadedAttention):
    """Queries of the target over keys and values of the source, which are made once a source."""

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        dropout: float,
        key_size: int | None = None,
        value_size: int | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(model_size, num_heads, dropout, "cross", key_size, value_size)
        self.has_bias = bias
        self.query = Linear(model_size, num_heads * self.key_size, bias)
        self.key_value = Linear(model_size, num_heads * (self.key_size + self.value_size), bias)
        self.output = Linear(num_heads * self.value_size, model_size, bias)

    def prepare(self, annotations: Float[Tensor, "batch source model"]) -> tuple[Heads, Heads]:
        """The keys and values of the sources."""
        both, batch = self.key_value(annotations.flatten(0, 1)), len(annotations)
        if self.key_size == self.value_size:
            parts = split(both, batch, 2, self.num_heads)
            return parts.select(1, 0), parts.select(1, 1)
        widths = [self.num_heads * self.key_size, self.num_heads * self.value_size]
        keys, values = (
            split(part, batch, 1, self.num_heads).select(1, 0) for part in torch.split_with_sizes(both, widths, dim=1)
        )
        return keys, values

    def absorb(self, keys: Heads, values: Heads) -> Absorbed | None:
        """The same in one with this layer's matrices: for one source, in inference, where it is smaller; else None."""
        sources, heads, positions, size = keys.shape
        value_size = values.shape[-1]
        weight, last = self.query.weight, self.output
        if not torch.is_inference_mode_enabled() or self.training or torch.is_autocast_enabled(keys.device.type):
            return None
        if sources != 1 or 2 * positions > size + value_size:
            return None
        scale = size**-0.5
        absorbed_keys = keys[0] @ weight.view(heads, size, -1)  # [H, S, D]
        absorbed_values = values[0] @ last.weight.view(-1, heads, value_size).permute(1, 2, 0)
        offsets = keys.new_zeros(heads * positions)
        if self.has_bias:
            absorbed_values = absorbed_values + last.bias / heads
            offsets = (keys[0] @ self.query.bias.view(heads, size, 1)).flatten() * scale
        return Absorbed(
            keys=absorbed_keys.flatten(0, 1).t() * scale,
            offsets=offsets,
            values=absorbed_values.flatten(0, 1),
            positions=positions,
        )

    def bind(self) -> LookUp:
        """All but the last linear layer, ``output``.

        All rows of one source are its queries, so that keys and values are never repeated for a beam.
        """
        product, attend, num_heads = self.query.bind(), self.bind_attention(), self.num_heads

        def look_up(inputs: Tensor, keys: Heads, values: Heads, mask: Tensor | None) -> Tensor:
            queries = split(product(inputs), keys.shape[0], 1, num_heads).select(1, 0)
            return attend(queries, keys, values, mask, False)

        return look_up
