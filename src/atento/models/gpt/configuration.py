"""What makes one GPT differ from another."""

from __future__ import annotations

from typing import Literal

from atento.core.errors import ConfigurationError
from atento.models.transformer.configuration import StackConfig
from atento.nn.feed_forward import Activation


class GPTConfig(StackConfig, frozen=True, kw_only=True, tag_field="kind", tag="gpt"):
    """A decoder-only Transformer. The defaults are GPT-2's architecture (Radford et al. 2019), small.

    GPT-1 (Radford et al. 2018): ``layer_norm = "post"``. LLaMA's choices (Touvron et al. 2023): ``norm = "rms"``,
    ``position = "rotary"``, ``activation = "swiglu"``, ``bias = false``, ``tied_embeddings = false``, and, from its
    second version on, fewer ``num_key_value_heads``.
    """

    num_layers: int = 4
    """Layers, each of attention and a feed-forward network."""
    num_key_value_heads: int | None = None
    """Heads of keys and values, each shared by as many heads of queries (Ainslie et al. 2023); none: num_heads."""
    position: Literal["sinusoidal", "learned", "rotary", "none"] = "learned"
    max_positions: int = 256
    """The context: the longest text that it reads, and the rows that it is trained on. Where positions are not learned
    there is no longest text, and rows have 256 tokens at most, unless ``data.context`` says otherwise."""
    activation: Activation = "gelu-tanh"
    embedding_scale: bool = False
    tied_embeddings: bool = True
    """The output layer is the embedding matrix."""

    def __post_init__(self) -> None:
        super().__post_init__()
        fewer = self.num_key_value_heads
        if fewer is not None and self.num_heads % fewer:
            raise ConfigurationError(
                f"model.num_heads = {self.num_heads} is no multiple of model.num_key_value_heads = {fewer}; "
                "change either"
            )
