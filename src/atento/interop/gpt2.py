"""GPT-2 in Hugging Face's format (Radford et al. 2019), and what shares it: DistilGPT-2, GPT-2 of other languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from atento.core.vocabulary import Vocabulary
from atento.interop.configurations import activation_named, activation_of, differences, fields_of, require
from atento.interop.tables import Row, Table, paired
from atento.models.gpt import GPTConfig

NAME, ARCHITECTURE, BODY = "GPT-2", "GPT2LMHeadModel", "transformer."
_LAYER = {
    "self_residual.norm": "ln_1",
    "self_attention.input": "attn.c_attn",
    "self_attention.output": "attn.c_proj",
    "feed_forward_residual.norm": "ln_2",
    "feed_forward.input": "mlp.c_fc",
    "feed_forward.output": "mlp.c_proj",
}
"""Our layers' parts and theirs; ``Conv1D`` is all but the norms."""


class _Fields(msgspec.Struct):
    """``config.json`` with Hugging Face's defaults."""

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int | None = None
    activation_function: str = "gelu_new"
    resid_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5
    tie_word_embeddings: bool = True


def table(config: GPTConfig) -> Table:
    """The weights' names."""
    return Table(
        rows=tuple(_rows(config)),
        copies={"lm_head.weight": "transformer.wte.weight"} if config.tied_embeddings else {},
        constants=(r"transformer\.h\.\d+\.attn\.(bias|masked_bias)",),
    )


def _rows(config: GPTConfig) -> Iterator[Row]:
    ours = "decoder_module"
    yield Row(ours=f"{ours}.embedding.tokens.weight", theirs=("transformer.wte.weight",))
    yield Row(ours=f"{ours}.embedding.positions.weight", theirs=("transformer.wpe.weight",))
    for number in range(config.num_layers):
        yield from layer_rows(number)
    yield from paired(f"{ours}.norm", "transformer.ln_f")
    if not config.tied_embeddings:
        yield Row(ours=f"{ours}.output.weight", theirs=("lm_head.weight",))


def layer_rows(number: int) -> Iterator[Row]:
    """A layer's names, which are GPT-1's as well."""
    for part, name in _LAYER.items():
        ours, theirs = f"decoder_module.layers.{number}.{part}", f"{BODY}h.{number}.{name}"
        yield from _convolution(ours, theirs) if name.startswith(("attn", "mlp")) else paired(ours, theirs)


def _convolution(ours: str, theirs: str) -> Iterator[Row]:
    yield Row(ours=f"{ours}.weight", theirs=(f"{theirs}.weight",), transposed=True)
    yield Row(ours=f"{ours}.bias", theirs=(f"{theirs}.bias",))


def config_from(config: Mapping[str, Any], where: str) -> tuple[GPTConfig, int]:
    """Our configuration, and the size of the vocabulary.

    Raises:
        DataError: it asks for something that our GPT does not have.
    """
    only = {
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    }
    require(config, only, where)
    fields = fields_of(config, _Fields, where)
    ours = GPTConfig(
        model_size=fields.n_embd,
        num_heads=fields.n_head,
        num_layers=fields.n_layer,
        feed_forward_size=4 * fields.n_embd if fields.n_inner is None else fields.n_inner,
        max_positions=fields.n_positions,
        activation=activation_of(fields.activation_function, "activation_function", where),
        norm_epsilon=fields.layer_norm_epsilon,
        dropout=fields.resid_pdrop,
        attention_dropout=fields.attn_pdrop,
        tied_embeddings=fields.tie_word_embeddings,
    )
    return ours, fields.vocab_size


def config_to(config: GPTConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """``config.json`` of one of our models, without what all families have."""
    return {
        "model_type": "gpt2",
        "vocab_size": vocabulary.target_size,
        "n_positions": config.max_positions,
        "n_embd": config.model_size,
        "n_layer": config.num_layers,
        "n_head": config.num_heads,
        "n_inner": config.feed_forward_size,
        "activation_function": activation_named(config.activation),
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.attention_dropout,
        "layer_norm_epsilon": config.norm_epsilon,
        "tie_word_embeddings": config.tied_embeddings,
    }


def unfit(config: GPTConfig) -> list[str]:
    """What of our configuration GPT-2's format cannot say."""
    return differences(
        config,
        {
            "layer_norm": "pre",
            "norm": "layer",
            "position": "learned",
            "activation": ("gelu-tanh", "gelu", "relu", "silu"),
            "bias": True,
            "output_bias": False,
            "embedding_scale": False,
            "num_key_value_heads": (None, config.num_heads),
            "key_size": (None, config.model_size // config.num_heads),
            "value_size": (None, config.model_size // config.num_heads),
        },
    )
