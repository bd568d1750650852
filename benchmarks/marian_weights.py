"""A Hugging Face Marian model's weights as an Atento Transformer, by one table.

Marian is Vaswani's post-norm Transformer with all sines of a position before all cosines. A row of the table names one
of our matrices and the Marian tensors that it holds, one below the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from atento.bundle import Bundle, vocabulary_of
from atento.models.build import build_model
from atento.models.transformer import TransformerConfig
from atento.models.weights import load_weights
from atento.text.tokenizer import Tokenizer

ENCODER_LAYER = {
    "self_attention.input": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention.output": ("self_attn.out_proj",),
    "self_residual.norm": ("self_attn_layer_norm",),
    "feed_forward.input": ("fc1",),
    "feed_forward.output": ("fc2",),
    "feed_forward_residual.norm": ("final_layer_norm",),
}
DECODER_LAYER = {
    **ENCODER_LAYER,
    "cross_attention.query": ("encoder_attn.q_proj",),
    "cross_attention.key_value": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "cross_attention.output": ("encoder_attn.out_proj",),
    "cross_residual.norm": ("encoder_attn_layer_norm",),
}


def names(num_encoder_layers: int, num_decoder_layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Our tensors' names, each with the Marian tensors that it holds."""
    yield "encoder_module.embedding.tokens.weight", ("model.shared.weight",)
    for side, layers, count in (
        ("encoder", ENCODER_LAYER, num_encoder_layers),
        ("decoder", DECODER_LAYER, num_decoder_layers),
    ):
        for number in range(count):
            for ours, theirs in layers.items():
                for kind in ("weight", "bias"):
                    parts = tuple(f"model.{side}.layers.{number}.{name}.{kind}" for name in theirs)
                    yield f"{side}_module.layers.{number}.{ours}.{kind}", parts
    yield "decoder_module.output.bias", ("final_logits_bias",)


def bundle_of(model: Any, tokenizer: Tokenizer) -> Bundle:
    """The same translator as an Atento bundle, in memory.

    Raises:
        ValueError: the model is of another kind.
    """
    marian = model.config
    config = TransformerConfig(
        model_size=marian.d_model,
        num_heads=marian.encoder_attention_heads,
        feed_forward_size=marian.encoder_ffn_dim,
        num_encoder_layers=marian.encoder_layers,
        num_decoder_layers=marian.decoder_layers,
        layer_norm="post",
        position="sinusoidal",
        position_layout="halves",
        activation=marian.activation_function,
        embedding_scale=marian.scale_embedding,
        tied_embeddings="all",
        output_bias=True,
    )
    vocabulary = vocabulary_of(tokenizer, tokenizer)
    found = (vocabulary.source_size, vocabulary.pad, vocabulary.eos, vocabulary.decoder_start)
    wanted = (marian.vocab_size, marian.pad_token_id, marian.eos_token_id, marian.decoder_start_token_id)
    if found != wanted:
        raise ValueError(f"size and special ids of the tokenizer are {found}, the model's {wanted}")
    ours = build_model(config, vocabulary, seed=0).eval().requires_grad_(False)
    theirs = model.state_dict()
    load_weights(
        ours,
        {
            name: torch.cat([_rows(theirs[part]) for part in parts])
            for name, parts in names(marian.encoder_layers, marian.decoder_layers)
        },
    )
    return Bundle(model=ours, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)


def _rows(tensor: Tensor) -> Tensor:
    """As a weight [rows, columns] or a bias [rows]; Marian's last bias is [1, rows]."""
    return tensor.squeeze(0) if tensor.shape[0] == 1 else tensor
