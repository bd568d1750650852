"""The Transformer's encoder: every source token looks at every other (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.transformer.configuration import StackConfig, TransformerConfig
from atento.models.transformer.layers import (
    Embedding,
    Residual,
    feed_forward,
    initialise,
    new_norm,
    rotary,
    self_attention,
)
from atento.nn.capture import Stack
from atento.nn.multi_head import Rotate
from atento.nn.protocols import Encoding


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each inside a residual connection."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.self_attention = self_attention(config, "encoder")
        self.feed_forward = feed_forward(config)
        self.self_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        inputs: Float[Tensor, "batch source model"],
        mask: Bool[Tensor, "batch 1 1 source"] | None,
        rotate: Rotate | None,
    ) -> Float[Tensor, "batch source model"]:
        """Encode all positions at once."""
        flat = inputs.flatten(0, 1)
        project, attend = self.self_attention.bind_projection(), self.self_attention.bind_attention()
        enter, leave = self.self_residual.bind(self.self_attention.output)
        queries, keys_values = project(enter(flat), len(inputs), rotate)
        keys, values = self.self_attention.bind_parting()(keys_values)
        hidden = leave(flat, attend(queries, keys, values, mask, False))
        transform = self.feed_forward.bind()
        enter, leave = self.feed_forward_residual.bind(self.feed_forward.output)
        return leave(hidden, transform(enter(hidden))).view_as(inputs)


class TransformerEncoder(Stack):
    """Implements ``nn.protocols.Encoder``."""

    def __init__(self, config: TransformerConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config, tokens)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_encoder_layers))
        self.norm = new_norm(config) if config.layer_norm == "pre" else None
        initialise(self)

    def forward(self, tokens: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Encoding:
        """Encode; where no row is padded, no mask is made."""
        visible = None if bool(mask.all()) else mask[:, None, None, :]
        vectors = self.embedding(tokens, 0, None)
        rotate = rotary(self.config, tokens.shape[1], 0, None, tokens.device)
        for layer in self.layers:
            self.report_hidden(vectors)
            vectors = layer(vectors, visible, rotate)
        if self.norm is not None:
            vectors = self.norm(vectors)
        self.report_hidden(vectors)
        return Encoding(annotations=vectors, mask=mask)
