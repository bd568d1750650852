"""Layers and whole stacks against torch.nn's own Transformer, with one table of weights."""

import itertools
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from atento.core.vocabulary import Vocabulary
from atento.models.transformer import TransformerConfig, TransformerDecoder, TransformerEncoder, build_transformer

VOCABULARY = Vocabulary(source_size=13, target_size=13, shared=True)
ENCODER = {
    "self_attention.input": "self_attn.in_proj_",
    "self_attention.output": "self_attn.out_proj.",
    "feed_forward.input": "linear1.",
    "feed_forward.output": "linear2.",
    "self_residual.norm": "norm1.",
    "feed_forward_residual.norm": "norm2.",
}
DECODER = {
    **ENCODER,
    "cross_attention.output": "multihead_attn.out_proj.",
    "cross_residual.norm": "norm2.",
    "feed_forward_residual.norm": "norm3.",
}
Norm = Literal["pre", "post"]
Activation = Literal["relu", "gelu"]
CASES: list[tuple[Norm, Activation]] = list(itertools.product(("pre", "post"), ("relu", "gelu")))  # type: ignore[arg-type]


def copy(ours: nn.Module, theirs: nn.Module, table: dict[str, str]) -> None:
    """Random weights, no two alike, in both."""
    state = theirs.state_dict()
    for tensor in state.values():
        nn.init.normal_(tensor, std=0.4)
    theirs.load_state_dict(state)
    values = {f"{mine}.{kind}": state[their + kind] for mine, their in table.items() for kind in ("weight", "bias")}
    if "cross_attention.output" in table:
        for kind in ("weight", "bias"):
            query, key_value = state[f"multihead_attn.in_proj_{kind}"].split([8, 16])
            values[f"cross_attention.query.{kind}"] = query
            values[f"cross_attention.key_value.{kind}"] = key_value
    ours.load_state_dict(values)


def pair(norm: Norm, activation: Activation) -> tuple[TransformerEncoder, TransformerDecoder, nn.Transformer]:
    config = TransformerConfig(
        model_size=8, num_heads=2, feed_forward_size=12, num_encoder_layers=2, num_decoder_layers=2,
        layer_norm=norm, activation=activation,
    )  # fmt: skip
    encoder, decoder = build_transformer(config, VOCABULARY)
    shapes = {
        "d_model": 8, "nhead": 2, "dim_feedforward": 12, "batch_first": True, "norm_first": norm == "pre",
        "activation": activation,
    }  # fmt: skip
    theirs = nn.Transformer(
        8, 2, batch_first=True,
        custom_encoder=nn.TransformerEncoder(nn.TransformerEncoderLayer(**shapes), 2, enable_nested_tensor=False),  # type: ignore[arg-type]
        custom_decoder=nn.TransformerDecoder(nn.TransformerDecoderLayer(**shapes), 2),  # type: ignore[arg-type]
    )  # fmt: skip
    for ours, other, table in ((encoder, theirs.encoder, ENCODER), (decoder, theirs.decoder, DECODER)):
        for mine, layer in zip(ours.layers, other.layers, strict=True):
            copy(mine, layer, table)
        if norm == "pre":
            other.norm = nn.LayerNorm(8)
            nn.init.normal_(other.norm.weight)
            assert ours.norm is not None
            ours.norm.load_state_dict(other.norm.state_dict())
    return encoder.eval(), decoder.eval(), theirs.eval()


def batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    source_mask = torch.arange(6) < torch.tensor([[6], [4], [1]])
    target_mask = torch.arange(5) < torch.tensor([[2], [5], [4]])
    tokens = torch.randint(4, 13, (3, 11))
    return tokens[:, :6] * source_mask, source_mask, tokens[:, 6:] * target_mask, target_mask


@pytest.mark.parametrize(("norm", "activation"), CASES)
def test_encoder_layers(norm: Norm, activation: Activation) -> None:
    encoder, _, theirs = pair(norm, activation)
    _, mask, _, _ = batch()
    inputs = torch.randn(3, 6, 8)
    for mine, layer in zip(encoder.layers, theirs.encoder.layers, strict=True):
        found = mine(inputs, mask[:, None, None, :], None)
        wanted = layer(inputs, src_key_padding_mask=~mask)
        torch.testing.assert_close(found[mask], wanted[mask], atol=1e-5, rtol=0)
        torch.testing.assert_close(mine(inputs, None, None), layer(inputs), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("norm", "activation"), CASES)
def test_the_whole_transformer(norm: Norm, activation: Activation) -> None:
    encoder, decoder, theirs = pair(norm, activation)
    source, source_mask, target, target_mask = batch()
    causal = nn.Transformer.generate_square_subsequent_mask(5)
    wanted = theirs(
        encoder.embedding(source, 0, None), decoder.embedding(target, 0, None),
        tgt_mask=causal == -torch.inf, tgt_is_causal=True,
        src_key_padding_mask=~source_mask, memory_key_padding_mask=~source_mask,
    )  # fmt: skip
    memory = decoder.prepare(encoder(source, source_mask))
    found, _ = decoder(target, memory, decoder.start(memory), valid=target_mask)
    torch.testing.assert_close(found[target_mask], wanted[target_mask], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("norm", "activation"), CASES)
def test_gradients_of_the_encoder(norm: Norm, activation: Activation) -> None:
    encoder, _, whole = pair(norm, activation)
    _, mask, _, _ = batch()
    vectors = torch.randn(3, 6, 8, requires_grad=True)
    mine, theirs = vectors, vectors
    for layer, other in zip(encoder.layers, whole.encoder.layers, strict=True):
        mine, theirs = layer(mine, mask[:, None, None, :], None), other(theirs, src_key_padding_mask=~mask)
    direction = torch.randn(3, 6, 8) * mask.unsqueeze(-1)
    (found,) = torch.autograd.grad((mine * direction).sum(), vectors)
    (wanted,) = torch.autograd.grad((theirs * direction).sum(), vectors)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_the_table_names_every_weight_of_a_layer() -> None:
    encoder, decoder, _ = pair("pre", "relu")
    for layer, table, more in ((encoder.layers[0], ENCODER, 0), (decoder.layers[0], DECODER, 4)):
        assert len(list(layer.parameters())) == 2 * len(table) + more
