"""The Transformer's decoder: masked self-attention, attention over the source, feed-forward network.

Vaswani et al. 2017, section 3.1. Implements ``nn.protocols.Decoder``: the same call trains on all target positions,
reads a prefix, and makes one step.
"""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.transformer.configuration import TransformerConfig
from atento.models.transformer.layers import (
    Embedding,
    Residual,
    feed_forward,
    initialise,
    new_norm,
    rotary,
    self_attention,
)
from atento.models.transformer.state import (
    BoundLayer,
    Cache,
    Source,
    Step,
    TransformerMemory,
    TransformerState,
    positions_of,
)
from atento.nn.capture import Stack
from atento.nn.linear import linear
from atento.nn.multi_head import CrossAttention
from atento.nn.protocols import Encoding


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention, feed-forward network, each inside a residual connection."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self_attention = self_attention(config, "decoder")
        self.cross_attention = CrossAttention(
            config.model_size,
            config.num_heads,
            config.attention_dropout,
            config.key_size,
            config.value_size,
            bias=config.bias,
        )
        self.feed_forward = feed_forward(config)
        self.self_residual = Residual(config)
        self.cross_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def bind(self) -> BoundLayer:
        """The layer with all its parts at hand (see ``nn.linear.Linear``).

        It decodes all given positions at once; the cache gets their keys and values.
        """
        cross_attention = self.cross_attention
        project, attend = self.self_attention.bind_projection(), self.self_attention.bind_attention()
        part = self.self_attention.bind_parting()
        look_up, transform = cross_attention.bind(), self.feed_forward.bind()
        enter_self, leave_self = self.self_residual.bind(self.self_attention.output)
        enter_cross, leave_cross = self.cross_residual.bind(cross_attention.output)
        _, normalise = self.cross_residual.bind_norms()
        enter_network, leave_network = self.feed_forward_residual.bind(self.feed_forward.output)
        heard = self.cross_residual.listener is not None

        def layer(inputs: Tensor, source: Source, cache: Cache, step: Step) -> Tensor:
            queries, new = project(enter_self(inputs), step.sources, step.rotate)
            keys, values = part(cache.append(new, step.used, step.width))
            hidden = leave_self(inputs, attend(queries, keys, values, step.mask, step.causal))
            if source.absorbed is None or heard or cross_attention.listener is not None:
                contexts = look_up(enter_cross(hidden), source.keys, source.values, source.mask)
                hidden = leave_cross(hidden, contexts)
            else:
                hidden = normalise(source.absorbed.add_to(hidden, enter_cross(hidden)))
            return leave_network(hidden, transform(enter_network(hidden)))

        return layer


class TransformerDecoder(Stack):
    """Implements ``nn.protocols.Decoder``."""

    def __init__(self, config: TransformerConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config, tokens)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.norm = new_norm(config) if config.layer_norm == "pre" else None
        initialise(self)
        self.output = nn.Linear(config.model_size, tokens.num_embeddings, bias=config.output_bias)
        if config.tied_embeddings == "none":
            nn.init.normal_(self.output.weight, std=config.model_size**-0.5)
        else:
            self.output.weight = tokens.weight
        if self.output.bias is not None:
            nn.init.zeros_(self.output.bias)

    def prepare(self, encoding: Encoding) -> TransformerMemory:
        """Project every layer's keys and values of the sources, and bind the layers."""
        mask = None if bool(encoding.mask.all()) else encoding.mask[:, None, None, :]

        def view(attention: CrossAttention) -> Source:
            keys, values = attention.prepare(encoding.annotations)
            return Source(keys, values, mask, attention.absorb(keys, values) if mask is None else None)

        return TransformerMemory(
            layers=tuple(layer.bind() for layer in self._layers()),
            views=tuple(view(layer.cross_attention) for layer in self._layers()),
        )

    def start(self, memory: TransformerMemory) -> TransformerState:
        """Empty caches, one row a source."""
        return TransformerState([Cache() for _ in self.layers], memory.sources, memory.views[0].keys.device)

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
        positions = positions_of(state, steps, tokens.device)
        mask = state.mask(steps)
        step = Step(
            sources=state.sources,
            used=state.used,
            width=state.width,
            mask=mask,
            causal=mask is None and steps > 1,
            rotate=rotary(
                self.config,
                steps,
                state.used,
                None if positions is None else positions.view(state.sources, -1),
                tokens.device,
            ),
        )
        hidden = self.embedding(tokens, state.used, positions).view(-1, self.config.model_size)
        for layer, view, cache in zip(memory.layers, memory.views, state.caches, strict=True):
            if self.listener is not None:
                self.report_hidden(hidden.view(rows, steps, -1))
            hidden = layer(hidden, view, cache, step)
        if self.norm is not None:
            hidden = self.norm(hidden)
        hidden = hidden.view(rows, steps, -1)
        self.report_hidden(hidden)
        return hidden, state.advance(steps, valid)

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return linear(hidden, self.output.weight, self.output.bias)

    def _layers(self) -> list[DecoderLayer]:
        return list(self.layers)  # type: ignore[arg-type]
