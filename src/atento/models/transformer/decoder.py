"""The Transformer's decoder: masked self-attention, attention over the source, feed-forward network.

Vaswani et al. 2017, section 3.1. Implements ``nn.protocols.Decoder``: the same call trains on all target positions,
reads a prefix, and makes one step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.transformer.configuration import TransformerConfig
from atento.models.transformer.layers import Embedding, Residual, initialise, rotary
from atento.models.transformer.state import Cache, TransformerMemory, TransformerState
from atento.nn.feed_forward import FeedForward
from atento.nn.multi_head import CrossAttention, Heads, Rotate, SelfAttention
from atento.nn.protocols import Encoding


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What all layers need of one call."""

    length: int
    places: Int[Tensor, "rows steps"] | None
    mask: Bool[Tensor, ...] | None
    causal: bool
    rotate: Rotate | None


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention, feed-forward network, each inside a residual connection."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        size = config.model_size
        self.self_attention = SelfAttention(size, config.num_heads, config.attention_dropout, "decoder")
        self.cross_attention = CrossAttention(size, config.num_heads, config.attention_dropout)
        self.feed_forward = FeedForward(size, config.feed_forward_size, config.activation, config.activation_dropout)
        self.self_residual = Residual(config)
        self.cross_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        inputs: Float[Tensor, "rows steps model"],
        source: tuple[Heads, Heads, Bool[Tensor, "sources 1 1 source"] | None],
        cache: Cache,
        step: _Step,
    ) -> Float[Tensor, "rows steps model"]:
        """Decode all given positions at once; the cache gets their keys and values."""
        attention = self.self_attention

        def look_back(vectors: Tensor) -> Tensor:
            queries, keys, values = attention.project(vectors, step.rotate)
            keys, values = cache.append(keys, values, step.length, step.places)
            return attention.output(attention.attend(queries, keys, values, step.mask, step.causal))  # type: ignore[no-any-return]

        def look_at_source(vectors: Tensor) -> Tensor:
            return self.cross_attention(vectors, *source)  # type: ignore[no-any-return]

        hidden = self.self_residual(inputs, look_back)
        hidden = self.cross_residual(hidden, look_at_source)
        return self.feed_forward_residual(hidden, self.feed_forward)  # type: ignore[no-any-return]


class TransformerDecoder(nn.Module):
    """Implements ``nn.protocols.Decoder``."""

    def __init__(self, config: TransformerConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config, tokens)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.norm = nn.LayerNorm(config.model_size) if config.layer_norm == "pre" else None
        initialise(self)
        self.output = nn.Linear(config.model_size, tokens.num_embeddings, bias=config.output_bias)
        if config.tied_embeddings == "none":
            nn.init.normal_(self.output.weight, std=config.model_size**-0.5)
        else:
            self.output.weight = tokens.weight
        if self.output.bias is not None:
            nn.init.zeros_(self.output.bias)

    def prepare(self, encoding: Encoding) -> TransformerMemory:
        """Project every layer's keys and values of the sources."""
        prepared = [layer.cross_attention.prepare(encoding.annotations) for layer in self._layers()]
        mask = None if bool(encoding.mask.all()) else encoding.mask[:, None, None, :]
        return TransformerMemory(
            keys=tuple(keys for keys, _ in prepared), values=tuple(values for _, values in prepared), mask=mask
        )

    def start(self, memory: TransformerMemory) -> TransformerState:
        """Empty caches, one row a source."""
        device = memory.keys[0].device
        return TransformerState([Cache() for _ in self.layers], memory.sources, 0, None, device)

    def forward(
        self,
        tokens: Int[Tensor, "rows steps"],
        memory: TransformerMemory,
        state: TransformerState,
        *,
        valid: Bool[Tensor, "rows steps"] | None = None,
        segments: Int[Tensor, "rows steps"] | None = None,
    ) -> tuple[Float[Tensor, "rows steps model"], TransformerState]:
        """Read tokens; see ``nn.protocols.Decoder``.

        Raises:
            ValueError: ``segments`` are given; a translation's target is one document.
        """
        if segments is not None:
            raise ValueError("segments are for language models: a translator's rows hold one target each")
        steps = tokens.shape[1]
        places = None
        if state.ragged is not None:
            places = state.ragged.unsqueeze(1) + torch.arange(steps, device=tokens.device)
        step = self._step(state, steps, places, tokens.device)
        hidden = self.embedding(tokens, state.length, places)
        for index, layer in enumerate(self._layers()):
            hidden = layer(hidden, (memory.keys[index], memory.values[index], memory.mask), state.caches[index], step)
        if self.norm is not None:
            hidden = self.norm(hidden)
        return hidden, state.advance(steps, valid)

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return F.linear(hidden, self.output.weight, self.output.bias)

    def _step(self, state: TransformerState, steps: int, places: Tensor | None, device: torch.device) -> _Step:
        """The self-attention's mask: none for one step of equally long rows, the kernel's own for a fresh start."""
        causal = state.length == 0 and steps > 1
        mask = None
        if state.length > 0 and (steps > 1 or places is not None):
            if places is None:
                places_or_all = torch.arange(state.length, state.length + steps, device=device).unsqueeze(0)
            else:
                places_or_all = places
            keys = torch.arange(state.length + steps, device=device)
            mask = (keys <= places_or_all.unsqueeze(-1)).unsqueeze(1)  # [R or 1, 1, T, S]
        rotate = rotary(self.config, steps, state.length, places, device)
        return _Step(length=state.length, places=places, mask=mask, causal=causal, rotate=rotate)

    def _layers(self) -> list[DecoderLayer]:
        return list(self.layers)  # type: ignore[arg-type]
