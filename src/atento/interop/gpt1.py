"""GPT-1 in Hugging Face's format (Radford et al. 2018): GPT-2's layers with the norms after the sub-layers.

It has no norm after the last layer, its feed-forward networks are four times as wide as the model, and what it calls
``gelu`` is the approximation by tanh. OpenAI's own tokenizer has no token that ends a text, which every model here
needs, so that folder is refused; what comes in is what went out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.interop.configurations import differences, fields_of
from atento.interop.gpt2 import layer_rows
from atento.interop.tables import Row, Table
from atento.models.gpt import GPTConfig
from atento.nn.feed_forward import Activation

NAME: Final = "GPT-1"
ARCHITECTURE: Final = "OpenAIGPTLMHeadModel"
_ACTIVATIONS: Final[dict[str, Activation]] = {"gelu": "gelu-tanh", "relu": "relu", "silu": "silu", "swish": "silu"}
_WIDER: Final = 4
"""How many times as wide as the model the feed-forward networks are."""


class _Fields(msgspec.Struct):
    """``config.json`` with Hugging Face's defaults."""

    vocab_size: int = 40478
    n_positions: int = 512
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    afn: str = "gelu"
    resid_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5
    tie_word_embeddings: bool = True


def table(config: GPTConfig) -> Table:
    """The weights' names."""
    return Table(
        rows=tuple(_rows(config)),
        copies={"lm_head.weight": "transformer.tokens_embed.weight"} if config.tied_embeddings else {},
        constants=(r"transformer\.h\.\d+\.attn\.bias", r"transformer\.position_ids"),
    )


def _rows(config: GPTConfig) -> Iterator[Row]:
    ours = "decoder_module"
    yield Row(ours=f"{ours}.embedding.tokens.weight", theirs=("transformer.tokens_embed.weight",))
    yield Row(ours=f"{ours}.embedding.positions.weight", theirs=("transformer.positions_embed.weight",))
    for number in range(config.num_layers):
        yield from layer_rows(number)
    if not config.tied_embeddings:
        yield Row(ours=f"{ours}.output.weight", theirs=("lm_head.weight",))


def config_from(config: Mapping[str, Any], where: str) -> tuple[GPTConfig, int]:
    """Our configuration, and the size of the vocabulary.

    Raises:
        DataError: it asks for something that our GPT does not have.
    """
    fields = fields_of(config, _Fields, where)
    if fields.afn not in _ACTIVATIONS:
        raise DataError(f"{where}: afn = {fields.afn!r} is no activation of GPT-1's; it has {', '.join(_ACTIVATIONS)}")
    ours = GPTConfig(
        model_size=fields.n_embd,
        num_heads=fields.n_head,
        num_layers=fields.n_layer,
        feed_forward_size=_WIDER * fields.n_embd,
        max_positions=fields.n_positions,
        layer_norm="post",
        activation=_ACTIVATIONS[fields.afn],
        norm_epsilon=fields.layer_norm_epsilon,
        dropout=fields.resid_pdrop,
        attention_dropout=fields.attn_pdrop,
        tied_embeddings=fields.tie_word_embeddings,
    )
    return ours, fields.vocab_size


def config_to(config: GPTConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """``config.json`` of one of our models, without what all families have."""
    return {
        "model_type": "openai-gpt",
        "vocab_size": vocabulary.target_size,
        "n_positions": config.max_positions,
        "n_embd": config.model_size,
        "n_layer": config.num_layers,
        "n_head": config.num_heads,
        "afn": next(theirs for theirs, ours in _ACTIVATIONS.items() if ours == config.activation),
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.attention_dropout,
        "layer_norm_epsilon": config.norm_epsilon,
        "tie_word_embeddings": config.tied_embeddings,
    }


def unfit(config: GPTConfig) -> list[str]:
    """What of our configuration GPT-1's format cannot say."""
    return differences(
        config,
        {
            "layer_norm": "post",
            "norm": "layer",
            "position": "learned",
            "activation": tuple(_ACTIVATIONS.values()),
            "feed_forward_size": _WIDER * config.model_size,
            "bias": True,
            "output_bias": False,
            "embedding_scale": False,
            "num_key_value_heads": (None, config.num_heads),
            "key_size": (None, config.model_size // config.num_heads),
            "value_size": (None, config.model_size // config.num_heads),
        },
    )
