"""What makes one BERT differ from another."""

from __future__ import annotations

from typing import Literal

from atento.core.errors import ConfigurationError
from atento.models.transformer.configuration import StackConfig
from atento.nn.feed_forward import Activation


class BertConfig(StackConfig, frozen=True, kw_only=True, tag_field="kind", tag="bert"):
    """An encoder-only Transformer. The defaults are BERT's architecture (Devlin et al. 2019), small.

    BERT base: ``model_size = 768``, ``num_heads = 12``, ``feed_forward_size = 3072``, 12 layers, ``max_positions =
    512``. RoBERTa (Liu et al. 2019) has one type of text and no next-sentence head.
    """

    num_layers: int = 4
    """Layers, each of attention and a feed-forward network."""
    num_text_types: int = 2
    """Types of text that an embedding tells apart: the first and the second of a pair."""
    masked_head: bool = True
    """Whether there is a head that predicts masked tokens; encoders that come from elsewhere may lack it."""
    next_sentence: bool = False
    """Whether there is a head that tells if the second text follows the first."""
    layer_norm: Literal["pre", "post"] = "post"
    norm_epsilon: float = 1e-12
    position: Literal["sinusoidal", "learned", "rotary", "none"] = "learned"
    max_positions: int = 256
    """The longest text, or pair of texts, that it reads."""
    activation: Activation = "gelu"
    embedding_scale: bool = False
    tied_embeddings: bool = True
    """The output layer is the embedding matrix."""
    output_bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.next_sentence and self.num_text_types < 2:
            raise ConfigurationError(
                f"model.next_sentence tells two texts apart: model.num_text_types = {self.num_text_types} must be 2"
            )
