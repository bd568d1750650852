"""LLaMA in Hugging Face's format (Touvron et al. 2023): the modern GPT, with RMSNorm, rotary positions and SwiGLU.

Rotary positions turn the same pairs (i, i + K/2) in both libraries. LLaMA has no dropout; ours is written under a key
of its own, which ``transformers`` keeps and does not use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.interop.configurations import differences, fields_of, require
from atento.interop.tables import Row, Table, paired
from atento.models.gpt import GPTConfig

NAME: Final = "LLaMA"
ARCHITECTURE: Final = "LlamaForCausalLM"
_BASE: Final = 10000.0
"""Of the angles by which rotary positions turn."""


class _Fields(msgspec.Struct):
    """``config.json`` with Hugging Face's defaults."""

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    attention_dropout: float = 0.0
    atento_dropout: float = 0.0
    tie_word_embeddings: bool = False
    rope_theta: float = _BASE
    rope_scaling: dict[str, Any] | None = None
    rope_parameters: dict[str, Any] | None = None


def table(config: GPTConfig) -> Table:
    """The weights' names."""
    return Table(
        rows=tuple(_rows(config)),
        copies={"lm_head.weight": "model.embed_tokens.weight"} if config.tied_embeddings else {},
        constants=(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq",),
    )


def _rows(config: GPTConfig) -> Iterator[Row]:
    ours, few = "decoder_module", config.num_key_value_heads or config.num_heads
    sizes = (config.num_heads * config.head_key_size, few * config.head_key_size, few * config.head_key_size)
    yield Row(ours=f"{ours}.embedding.tokens.weight", theirs=("model.embed_tokens.weight",))
    for number in range(config.num_layers):
        layer, its = f"{ours}.layers.{number}", f"model.layers.{number}"
        projections = tuple(f"{its}.self_attn.{name}_proj.weight" for name in ("q", "k", "v"))
        yield Row(ours=f"{layer}.self_attention.input.weight", theirs=projections, sizes=sizes)
        yield from paired(f"{layer}.self_attention.output", f"{its}.self_attn.o_proj", bias=False)
        yield from paired(f"{layer}.feed_forward.input", [f"{its}.mlp.gate_proj", f"{its}.mlp.up_proj"], bias=False)
        yield from paired(f"{layer}.feed_forward.output", f"{its}.mlp.down_proj", bias=False)
        yield from paired(f"{layer}.self_residual.norm", f"{its}.input_layernorm", bias=False)
        yield from paired(f"{layer}.feed_forward_residual.norm", f"{its}.post_attention_layernorm", bias=False)
    yield from paired(f"{ours}.norm", "model.norm", bias=False)
    if not config.tied_embeddings:
        yield Row(ours=f"{ours}.output.weight", theirs=("lm_head.weight",))


def config_from(config: Mapping[str, Any], where: str) -> tuple[GPTConfig, int]:
    """Our configuration, and the size of the vocabulary.

    Raises:
        DataError: it asks for something that our GPT does not have.
    """
    require(config, {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}, where)
    fields = fields_of(config, _Fields, where)
    rope = {"rope_theta": fields.rope_theta, **(fields.rope_scaling or {}), **(fields.rope_parameters or {})}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if rope["rope_theta"] != _BASE or kind != "default":
        raise DataError(
            f"{where}: rotary positions of type {kind!r} with rope_theta = {rope['rope_theta']}: Atento's turn by the "
            f"angles of {_BASE}, not scaled"
        )
    heads = fields.num_attention_heads
    own = fields.head_dim if fields.head_dim not in (None, fields.hidden_size // heads) else None
    ours = GPTConfig(
        model_size=fields.hidden_size,
        num_heads=heads,
        num_key_value_heads=None if fields.num_key_value_heads == heads else fields.num_key_value_heads,
        key_size=own,
        value_size=own,
        num_layers=fields.num_hidden_layers,
        feed_forward_size=fields.intermediate_size,
        max_positions=fields.max_position_embeddings,
        norm="rms",
        norm_epsilon=fields.rms_norm_eps,
        position="rotary",
        activation="swiglu",
        bias=False,
        dropout=fields.atento_dropout,
        attention_dropout=fields.attention_dropout,
        tied_embeddings=fields.tie_word_embeddings,
    )
    return ours, fields.vocab_size


def config_to(config: GPTConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """``config.json`` of one of our models, without what all families have."""
    return {
        "model_type": "llama",
        "vocab_size": vocabulary.target_size,
        "hidden_size": config.model_size,
        "intermediate_size": config.feed_forward_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_key_value_heads or config.num_heads,
        "head_dim": config.head_key_size,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_positions,
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": _BASE,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": config.attention_dropout,
        "atento_dropout": config.dropout,
        "tie_word_embeddings": config.tied_embeddings,
    }


def unfit(config: GPTConfig) -> list[str]:
    """What of our configuration LLaMA's format cannot say."""
    whole = config.model_size // config.num_heads
    return differences(
        config,
        {
            "layer_norm": "pre",
            "norm": "rms",
            "position": "rotary",
            "activation": "swiglu",
            "bias": False,
            "output_bias": False,
            "embedding_scale": False,
            "value_size": (config.head_key_size, *((None,) if config.head_key_size == whole else ())),
        },
    )
