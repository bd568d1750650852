"""The Transformer's decoder: masked self-attention, attention over the source, feed-forward network.

Vaswani et al. 2017, section 3.1. Implements ``nn.protocols.Decoder``: the same call trains on all target positions,
reads a prefix, and makes one step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.transformer.configuration import TransformerConfig
from atento.models.transformer.layers import Embedding, Residual, initialise, rotary
from atento.models.transformer.state import Cache, TransformerMemory, TransformerState
from atento.nn.feed_forward import FeedForward
from atento.nn.linear import linear
from atento.nn.multi_head import CrossAttention, Heads, Rotate, SelfAttention
from atento.nn.protocols import Encoding


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What all layers need of one call."""

    used: int
    """Filled slots of the caches."""
    width: int
    """Rows a source."""
    mask: Bool[Tensor, "sources 1 queries keys"] | None
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
        inputs: Float[Tensor, "sources queries model"],
        source: tuple[Heads, Heads, Bool[Tensor, "sources 1 1 source"] | None],
        cache: Cache,
        step: _Step,
    ) -> Float[Tensor, "sources queries model"]:
        """Decode all given positions at once; the cache gets their keys and values."""
        attention = self.self_attention
        queries, keys, values = attention.project(self.self_residual.enter(inputs), step.rotate)
        keys, values = cache.append(keys, values, step.used, step.width)
        contexts = attention.attend(queries, keys, values, step.mask, step.causal)
        hidden = self.self_residual.leave(inputs, contexts, attention.output)
        cross, residual = self.cross_attention, self.cross_residual
        hidden = residual.leave(hidden, cross.contexts(residual.enter(hidden), *source), cross.output)
        network, residual = self.feed_forward, self.feed_forward_residual
        return residual.leave(hidden, network.hidden(residual.enter(hidden)), network.output)


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
        return TransformerState([Cache() for _ in self.layers], memory.sources, memory.keys[0].device)

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
        rows, steps = tokens.shape
        positions = _positions(state, steps, tokens.device)
        step = _Step(
            used=state.used,
            width=state.width,
            mask=state.mask(steps),
            causal=state.used == 0 and state.width == 1 and steps > 1,
            rotate=rotary(
                self.config,
                steps,
                state.used,
                None if positions is None else positions.view(state.sources, -1),
                tokens.device,
            ),
        )
        hidden = self.embedding(tokens, state.used, positions).view(state.sources, -1, self.config.model_size)
        for index, layer in enumerate(self._layers()):
            hidden = layer(hidden, (memory.keys[index], memory.values[index], memory.mask), state.caches[index], step)
        if self.norm is not None:
            hidden = self.norm(hidden)
        return hidden.view(rows, steps, -1), state.advance(steps, valid)

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return linear(hidden, self.output.weight, self.output.bias)

    def _layers(self) -> list[DecoderLayer]:
        return list(self.layers)  # type: ignore[arg-type]


def _positions(state: TransformerState, steps: int, device: torch.device) -> Int[Tensor, "rows steps"] | None:
    """Where the next tokens stand; None: behind the filled slots, the same for all queries of a source."""
    if state.ragged is None and (state.width == 1 or steps == 1):
        return None
    return state.lengths.unsqueeze(1) + torch.arange(steps, device=device)
