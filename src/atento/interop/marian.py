"""Encoder–decoders in Hugging Face's format: Marian (OPUS-MT), and Pegasus, which is the same with norms before.

Both have sinusoidal positions with all sines first, as tensor2tensor has them (Vaswani et al. 2017's order differs);
Marian normalises after each sub-layer, Pegasus before, and once more at the end of each stack. A model of ours whose
sines and cosines alternate becomes one of theirs by another order of its components: ``halved``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.interop.configurations import activation_named, activation_of, differences, fields_of, require
from atento.interop.tables import Row, Table, paired
from atento.models.transformer import TransformerConfig

AUTO_CLASS: Final = "AutoModelForSeq2SeqLM"
_ENCODER: Final = {
    "self_attention.input": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention.output": ("self_attn.out_proj",),
    "self_residual.norm": ("self_attn_layer_norm",),
    "feed_forward.input": ("fc1",),
    "feed_forward.output": ("fc2",),
    "feed_forward_residual.norm": ("final_layer_norm",),
}
_DECODER: Final = {
    **_ENCODER,
    "cross_attention.query": ("encoder_attn.q_proj",),
    "cross_attention.key_value": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "cross_attention.output": ("encoder_attn.out_proj",),
    "cross_residual.norm": ("encoder_attn_layer_norm",),
}
_ONLY: Final = {
    "static_position_embeddings": True,
    "normalize_embedding": False,
    "add_bias_logits": False,
    "force_bos_token_to_be_generated": False,
}
"""Choices of the first configurations, with what the classes compute in any case."""


class _Fields(msgspec.Struct):
    """``config.json`` with Hugging Face's defaults."""

    vocab_size: int = 58101
    decoder_vocab_size: int | None = None
    max_position_embeddings: int = 1024
    encoder_layers: int = 12
    encoder_ffn_dim: int = 4096
    encoder_attention_heads: int = 16
    decoder_layers: int = 12
    decoder_ffn_dim: int = 4096
    decoder_attention_heads: int = 16
    activation_function: str = "gelu"
    d_model: int = 1024
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation_dropout: float = 0.0
    scale_embedding: bool = False
    share_encoder_decoder_embeddings: bool = True
    tie_word_embeddings: bool = True
    decoder_start_token_id: int | None = None


def table(config: TransformerConfig) -> Table:
    """The weights' names."""
    shared, source, target = (
        "model.shared.weight",
        "model.encoder.embed_tokens.weight",
        "model.decoder.embed_tokens.weight",
    )
    copies: dict[str, str] = {}
    if config.tied_embeddings == "all":
        copies |= {source: shared, target: shared, "lm_head.weight": shared}
    elif config.tied_embeddings == "decoder":
        copies["lm_head.weight"] = target
    return Table(
        rows=tuple(_rows(config)),
        copies=copies,
        constants=(r"model\.(encoder|decoder)\.embed_positions\.weight",),
    )


def _rows(config: TransformerConfig) -> Iterator[Row]:
    ours = "encoder_module.embedding.tokens.weight"
    if config.tied_embeddings == "all":
        yield Row(ours=ours, theirs=("model.shared.weight",))
    else:
        yield Row(ours=ours, theirs=("model.encoder.embed_tokens.weight",))
        target = "decoder_module.embedding.tokens.weight"
        yield Row(ours=target, theirs=("model.decoder.embed_tokens.weight",))
    if config.tied_embeddings == "none":
        yield Row(ours="decoder_module.output.weight", theirs=("lm_head.weight",))
    for side, layer, count in (
        ("encoder", _ENCODER, config.num_encoder_layers),
        ("decoder", _DECODER, config.num_decoder_layers),
    ):
        for number in range(count):
            for part, names in layer.items():
                theirs = [f"model.{side}.layers.{number}.{name}" for name in names]
                yield from paired(f"{side}_module.layers.{number}.{part}", theirs)
        if config.layer_norm == "pre":
            yield from paired(f"{side}_module.norm", f"model.{side}.layer_norm")
    if config.output_bias:
        yield Row(ours="decoder_module.output.bias", theirs=("final_logits_bias",), nested=True)


def config_from(config: Mapping[str, Any], where: str) -> tuple[TransformerConfig, tuple[int, int], int | None]:
    """Our configuration, the sizes of both vocabularies, and what the decoder reads first, if it is said.

    Raises:
        DataError: it asks for something that our Transformer does not have.
    """
    before = config.get("model_type") == "pegasus"
    require(config, {**_ONLY, "normalize_before": before, "add_final_layer_norm": before}, where)
    fields = fields_of(config, _Fields, where)
    for name in ("attention_heads", "ffn_dim"):
        encoder, decoder = getattr(fields, f"encoder_{name}"), getattr(fields, f"decoder_{name}")
        if encoder != decoder:
            raise DataError(
                f"{where}: encoder_{name} = {encoder} and decoder_{name} = {decoder}: in Atento both are the same"
            )
    shares = fields.share_encoder_decoder_embeddings or before
    if shares and not fields.tie_word_embeddings:
        raise DataError(
            f"{where}: tie_word_embeddings = False with embeddings that encoder and decoder share: in Atento the "
            "output layer then shares them, too"
        )
    ours = TransformerConfig(
        model_size=fields.d_model,
        num_heads=fields.encoder_attention_heads,
        feed_forward_size=fields.encoder_ffn_dim,
        num_encoder_layers=fields.encoder_layers,
        num_decoder_layers=fields.decoder_layers,
        layer_norm="pre" if before else "post",
        position="sinusoidal",
        position_layout="halves",
        max_positions=fields.max_position_embeddings,
        activation=activation_of(fields.activation_function, "activation_function", where),
        dropout=fields.dropout,
        attention_dropout=fields.attention_dropout,
        activation_dropout=fields.activation_dropout,
        embedding_scale=fields.scale_embedding,
        tied_embeddings="all" if shares else "decoder" if fields.tie_word_embeddings else "none",
        output_bias=True,
    )
    target = fields.vocab_size if fields.decoder_vocab_size is None else fields.decoder_vocab_size
    return ours, (fields.vocab_size, target), fields.decoder_start_token_id


def config_to(config: TransformerConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """``config.json`` of one of our models, without what all families have."""
    table = {
        "model_type": "marian" if config.layer_norm == "post" else "pegasus",
        "is_encoder_decoder": True,
        "vocab_size": vocabulary.source_size,
        "decoder_start_token_id": vocabulary.decoder_start,
        "forced_eos_token_id": None,
        "max_position_embeddings": config.max_positions,
        "d_model": config.model_size,
        "encoder_layers": config.num_encoder_layers,
        "decoder_layers": config.num_decoder_layers,
        "activation_function": activation_named(config.activation),
        "dropout": config.dropout,
        "attention_dropout": config.attention_dropout,
        "activation_dropout": config.activation_dropout,
        "scale_embedding": config.embedding_scale,
        "tie_word_embeddings": config.tied_embeddings != "none",
    }
    for side in ("encoder", "decoder"):
        table |= {f"{side}_attention_heads": config.num_heads, f"{side}_ffn_dim": config.feed_forward_size}
    if config.layer_norm == "post":
        table |= {
            "decoder_vocab_size": vocabulary.target_size,
            "share_encoder_decoder_embeddings": config.tied_embeddings == "all",
        }
    return table


def unfit(config: TransformerConfig) -> list[str]:
    """What of our configuration their formats cannot say."""
    return differences(
        config,
        {
            "norm": "layer",
            "norm_epsilon": 1e-5,
            "position": "sinusoidal",
            "activation": ("relu", "gelu", "gelu-tanh", "silu"),
            "bias": True,
            "key_size": (None, config.model_size // config.num_heads),
            "value_size": (None, config.model_size // config.num_heads),
            "tied_embeddings": ("all", "decoder", "none") if config.layer_norm == "post" else "all",
        },
    )


def architecture(config: TransformerConfig) -> str:
    """The class that computes what ours does."""
    return "MarianMTModel" if config.layer_norm == "post" else "PegasusForConditionalGeneration"


def halved(weights: Mapping[str, Tensor], size: int) -> dict[str, Tensor]:
    """The same model with another order of its components: those of the sines first, then those of the cosines.

    A model computes the same in any order of the components of its hidden vectors, provided that whatever makes or
    reads them keeps it: rows of what makes them, columns of what reads them, norms and embeddings.
    """
    order = torch.cat([torch.arange(0, size, 2), torch.arange(1, size, 2)])
    result = {}
    for name, tensor in weights.items():
        part, _, kind = name.rpartition(".")
        makes = part.endswith(("norm", "attention.output", "feed_forward.output"))
        if makes:
            result[name] = tensor[order]
        elif kind == "weight":
            result[name] = tensor[:, order]
        else:
            result[name] = tensor
    return result
