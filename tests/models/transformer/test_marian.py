"""The whole forward pass, and decoding, against a Marian model of random weights from ``transformers``."""

from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from transformers import MarianConfig, MarianMTModel

from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.decoding.search import search
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.transformer import TransformerConfig
from atento.models.weights import load_weights, weights

LAYER = {
    "self_attention.input": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention.output": ("self_attn.out_proj",),
    "self_residual.norm": ("self_attn_layer_norm",),
    "cross_attention.query": ("encoder_attn.q_proj",),
    "cross_attention.key_value": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "cross_attention.output": ("encoder_attn.out_proj",),
    "cross_residual.norm": ("encoder_attn_layer_norm",),
    "feed_forward.input": ("fc1",),
    "feed_forward.output": ("fc2",),
    "feed_forward_residual.norm": ("final_layer_norm",),
}
WHOLE = {
    "encoder_module.embedding.tokens.weight": "model.shared.weight",
    "decoder_module.output.bias": "final_logits_bias",
}


def from_marian(name: str, state: dict[str, Tensor]) -> Tensor:
    """The value of one of our parameters."""
    if name in WHOLE:
        return state[WHOLE[name]].squeeze(0)
    side, _, number, part, inner, kind = name.replace("_module", "").split(".")
    return torch.cat([state[f"model.{side}.layers.{number}.{their}.{kind}"] for their in LAYER[f"{part}.{inner}"]])


def pair(
    size: int, start: int, activation: Literal["relu", "gelu"] = "relu", seed: int = 0
) -> tuple[EncoderDecoder, Any]:
    torch.manual_seed(seed)
    theirs = MarianMTModel(
        MarianConfig(
            vocab_size=size, d_model=8, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=12, decoder_ffn_dim=12, activation_function=activation,
            scale_embedding=True, max_position_embeddings=64, dropout=0.1, pad_token_id=0, eos_token_id=3,
            bos_token_id=2, decoder_start_token_id=start, forced_eos_token_id=None,
        )
    ).eval()  # fmt: skip
    for name, parameter in theirs.named_parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, mean=float(name.endswith("norm.weight")), std=0.4)
    theirs.final_logits_bias.normal_()
    config = TransformerConfig(
        model_size=8, num_heads=2, feed_forward_size=12, num_encoder_layers=2, num_decoder_layers=2,
        layer_norm="post", position_layout="halves", activation=activation, output_bias=True,
    )  # fmt: skip
    vocabulary = Vocabulary(source_size=size, target_size=size, shared=True, decoder_start=start)
    ours = build_model(config, vocabulary).eval()
    state = theirs.state_dict()
    load_weights(ours, {name: from_marian(name, state) for name in weights(ours)})
    assert ours.num_parameters == theirs.num_parameters(only_trainable=True) + size  # theirs keeps the bias as a buffer
    return ours, theirs


def sources(size: int) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([7, 3, 5, 1])
    mask = torch.arange(7) < lengths.unsqueeze(1)
    tokens = torch.randint(4, size, (4, 7)).scatter(1, (lengths - 1).unsqueeze(1), 3) * mask
    return tokens, mask


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_whole_forward_pass(start: int, activation: Literal["relu", "gelu"]) -> None:
    ours, theirs = pair(20, start, activation)
    tokens, mask = sources(20)
    inputs = torch.randint(4, 20, (4, 6))
    inputs[:, 0] = start
    memory = ours.decoder.prepare(ours.encoder(tokens, mask))
    hidden, _ = ours.decoder(inputs, memory, ours.decoder.start(memory))
    wanted = theirs(input_ids=tokens, attention_mask=mask.long(), decoder_input_ids=inputs)
    annotations = ours.encoder(tokens, mask).annotations
    torch.testing.assert_close(annotations[mask], wanted.encoder_last_hidden_state[mask], atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.decoder.logits(hidden), wanted.logits, atol=1e-4, rtol=0)


def generate(theirs: Any, tokens: Tensor, mask: Tensor, **options: Any) -> Any:
    return theirs.generate(
        input_ids=tokens, attention_mask=mask.long(), do_sample=False, bad_words_ids=[[0], [2]],
        return_dict_in_generate=True, output_scores=True, **options,
    )  # fmt: skip


def written(row: list[int]) -> tuple[int, ...]:
    """What Marian wrote after its first token, up to the end token."""
    body = row[1:]
    return tuple(body[: body.index(3) + 1] if 3 in body else body)


@pytest.mark.parametrize("seed", range(4))
def test_greedy_search_writes_what_marian_writes(seed: int) -> None:
    ours, theirs = pair(20, 0, seed=seed)
    tokens, mask = sources(20)
    outputs = generate(theirs, tokens, mask, num_beams=1, max_new_tokens=12, no_repeat_ngram_size=2)
    wanted = [written(row) for row in outputs.sequences.tolist()]
    assert len(set(wanted)) > 1, "what is written depends on the source"
    config = DecodingConfig(beam_size=1, max_length=12, max_length_ratio=None, no_repeat_ngram_size=2)
    found = search(ours.decoder, ours.encoder(tokens, mask), config, ours.vocabulary)
    assert [best.tokens for (best,) in found] == wanted


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_beam_as_wide_as_the_space_finds_what_marians_finds(alpha: float) -> None:
    """Shrinking beams too, then; narrow ones: tests/interop/test_marian.py."""
    size, length = 7, 4
    width = 4**length
    ours, theirs = pair(size, 0)
    theirs.final_logits_bias[0, 3] += 2  # so that the best hypothesis ends
    load_weights(ours, {**weights(ours), "decoder_module.output.bias": theirs.final_logits_bias[0].clone()})
    tokens, mask = sources(size)
    options = {"num_beams": width, "max_new_tokens": length, "length_penalty": alpha, "early_stopping": "never"}
    wanted = generate(theirs, tokens, mask, **options)
    config = DecodingConfig(beam_size=width, max_length=length, length_penalty=alpha, max_length_ratio=None)
    found = search(ours.decoder, ours.encoder(tokens, mask), config, ours.vocabulary)
    assert [best.tokens for (best,) in found] == [written(row) for row in wanted.sequences.tolist()]
    scores = torch.tensor([best.score for (best,) in found])
    torch.testing.assert_close(scores, wanted.sequences_scores, atol=1e-4, rtol=0)
