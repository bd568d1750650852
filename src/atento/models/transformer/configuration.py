"""What makes one stack of Transformer layers differ from another."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.core.sizes import MOST_LAYERS, check_sizes
from atento.nn.feed_forward import Activation
from atento.nn.positions import Layout


class StackConfig(Configuration, frozen=True, kw_only=True):
    """What the Transformer, GPT and BERT have in common; each has its own defaults.

    Raises:
        ConfigurationError: sizes that do not go together, or a value out of its range.
    """

    model_size: int = 256
    """Numbers of an embedding and of a hidden state."""
    num_heads: int = 4
    """Attention heads of a layer."""
    key_size: int | None = None
    """d_k, the size of a head's queries and keys (Vaswani's Table 3, rows A and B); none: model_size / num_heads."""
    value_size: int | None = None
    """d_v, the size of a head's values; none: model_size / num_heads. Sizes that differ from ``key_size`` compute
    attention without the fused kernel on CPU."""
    feed_forward_size: int = 1024
    """Units inside the feed-forward networks."""
    layer_norm: Literal["pre", "post"] = "pre"
    """Normalise a sub-layer's input (Xiong et al. 2020) or the sum after it (Vaswani et al. 2017)."""
    norm: Literal["layer", "rms"] = "layer"
    """Layer normalisation (Ba et al. 2016), or by the root mean square alone (Zhang and Sennrich 2019)."""
    norm_epsilon: float = 1e-5
    """Added to the variance, or the mean square, that normalisation divides by the root of."""
    position: Literal["sinusoidal", "learned", "rotary", "none"] = "sinusoidal"
    """How it knows where a token stands: by sines and cosines (Vaswani et al. 2017), embeddings, or turned queries and
    keys (Su et al. 2021). With ``none`` an encoder sees a bag of words; a decoder's mask still tells it how far it is.
    """
    position_layout: Layout = "interleaved"
    """Of sinusoidal positions: sine and cosine of a frequency side by side, or all sines first (Marian)."""
    max_positions: int = 1024
    """Longest input of learned positions; the others have no limit."""
    activation: Activation = "relu"
    """Of the feed-forward networks; ``gelu-tanh`` is GPT-2's, ``silu`` is Marian's swish, ``swiglu`` (Shazeer 2020) has
    a third matrix."""
    dropout: float = 0.1
    """Of embeddings and of every sub-layer's output."""
    attention_dropout: float = 0.0
    """Of attention weights. Above 0 it disables the fused attention kernel on CPU."""
    activation_dropout: float = 0.0
    """Inside the feed-forward network."""
    embedding_scale: bool = True
    """Multiply embeddings by √model_size."""
    output_bias: bool = False
    """The output layer adds a number for each entry of the vocabulary."""
    bias: bool = True
    """Linear layers and layer normalisation add a vector (but for the output layer, which has ``output_bias``)."""

    @property
    def head_key_size(self) -> int:
        """d_k, as it is."""
        return self.model_size // self.num_heads if self.key_size is None else self.key_size

    def __post_init__(self) -> None:
        layers = [name for name in self.__struct_fields__ if name.endswith("_layers")]
        counts = [name for name in self.__struct_fields__ if name.startswith("num_") and name not in layers]
        sizes = ("model_size", "key_size", "value_size", "feed_forward_size", "max_positions", *counts)
        check_sizes({f"model.{name}": getattr(self, name) for name in sizes})
        check_sizes({f"model.{name}": getattr(self, name) for name in layers}, most=MOST_LAYERS)
        if self.model_size % self.num_heads and (self.key_size is None or self.value_size is None):
            raise ConfigurationError(
                f"model.model_size = {self.model_size} is no multiple of model.num_heads = {self.num_heads}; "
                "change either, or give both model.key_size and model.value_size"
            )
        if self.head_key_size % 2 and self.position == "rotary":
            name = "model_size / num_heads" if self.key_size is None else "key_size"
            raise ConfigurationError(
                f"model.position = 'rotary' turns pairs: {name} = {self.head_key_size} must be even"
            )
        if self.model_size % 2 and self.position == "sinusoidal":
            raise ConfigurationError(f"model.model_size = {self.model_size}: sinusoidal positions need an even size")
        for name in ("dropout", "attention_dropout", "activation_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigurationError(f"model.{name} = {getattr(self, name)}: it must be at least 0 and below 1")
        if not 0 < self.norm_epsilon < 1:
            raise ConfigurationError(f"model.norm_epsilon = {self.norm_epsilon}: it must be above 0 and below 1")


class TransformerConfig(StackConfig, frozen=True, kw_only=True, tag_field="kind", tag="transformer"):
    """An encoder–decoder Transformer. The defaults are a small one that trains on two cores.

    Vaswani et al. 2017's base model: ``model_size = 512``, ``num_heads = 8``, ``feed_forward_size = 2048``, 6 + 6
    layers, ``layer_norm = "post"``.
    """

    num_encoder_layers: int = 3
    """Layers of the encoder."""
    num_decoder_layers: int = 3
    """Layers of the decoder."""
    tied_embeddings: Literal["all", "decoder", "none"] = "all"
    """Which share one matrix: source, target and output embeddings; target and output; none. "all" needs a shared
    vocabulary and falls back to "decoder" without one."""
