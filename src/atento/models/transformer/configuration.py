"""What makes one Transformer differ from another."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.nn.feed_forward import Activation
from atento.nn.positions import Layout


class TransformerConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="transformer"):
    """An encoder–decoder Transformer. The defaults are a small one that trains on two cores.

    Vaswani et al. 2017's base model: ``model_size = 512``, ``num_heads = 8``, ``feed_forward_size = 2048``, 6 + 6
    layers, ``layer_norm = "post"``.
    """

    model_size: int = 256
    num_heads: int = 4
    feed_forward_size: int = 1024
    num_encoder_layers: int = 3
    num_decoder_layers: int = 3
    layer_norm: Literal["pre", "post"] = "pre"
    """Normalise a sub-layer's input (Xiong et al. 2020) or the sum after it (Vaswani et al. 2017)."""
    position: Literal["sinusoidal", "learned", "rotary"] = "sinusoidal"
    position_layout: Layout = "interleaved"
    max_positions: int = 1024
    """Longest input of learned positions; the others have no limit."""
    activation: Activation = "relu"
    dropout: float = 0.1
    """Of embeddings and of every sub-layer's output."""
    attention_dropout: float = 0.0
    """Of attention weights. Above 0 it disables the fused attention kernel on CPU."""
    activation_dropout: float = 0.0
    """Inside the feed-forward network."""
    embedding_scale: bool = True
    """Multiply embeddings by √model_size."""
    tied_embeddings: Literal["all", "decoder", "none"] = "all"
    """Which share one matrix: source, target and output embeddings; target and output; none. "all" needs a shared
    vocabulary and falls back to "decoder" without one."""
    output_bias: bool = False

    def __post_init__(self) -> None:
        counts = ("num_heads", "feed_forward_size", "num_encoder_layers", "num_decoder_layers", "max_positions")
        for name in ("model_size", *counts):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"model.{name} = {getattr(self, name)}: it must be at least 1")
        if self.model_size % self.num_heads:
            raise ConfigurationError(
                f"model.model_size = {self.model_size} is no multiple of model.num_heads = {self.num_heads}; "
                "change either"
            )
        if self.model_size // self.num_heads % 2 and self.position == "rotary":
            raise ConfigurationError(
                f"model.position = 'rotary' turns pairs: model_size / num_heads = {self.model_size // self.num_heads} "
                "must be even"
            )
        if self.model_size % 2 and self.position == "sinusoidal":
            raise ConfigurationError(f"model.model_size = {self.model_size}: sinusoidal positions need an even size")
        for name in ("dropout", "attention_dropout", "activation_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigurationError(f"model.{name} = {getattr(self, name)}: it must be at least 0 and below 1")
