"""Tiny models of random weights of every variant, and a check that every number of a walk is computed directly."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

from atento.applications.reader import Reader
from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.bundle import Bundle, vocabulary_of
from atento.decoding.configuration import DecodingConfig
from atento.inspection.walks import Walk
from atento.inspection.walks.equations import EQUATIONS
from atento.inspection.walks.record import Frame, Part
from atento.models.bert import BertConfig
from atento.models.build import ModelConfig, build_model
from atento.models.gpt import GPTConfig
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

WORDS = "a vida é bela o que nosso irmão diga lá onde fica hoje não sei quando ele vem"
TEXT = "diga lá nosso irmão"
TARGET = "a vida é bela hoje"

SMALL = RecurrentConfig(
    embedding_size=5, hidden_size=6, attention=AdditiveAttentionConfig(size=4), tied_embeddings="none"
)
LUONG = msgspec.structs.replace(
    SMALL, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False, reverse_source=True, bridge="copy"
)
RECURRENT: dict[str, RecurrentConfig] = {
    "lstm": SMALL,
    "rnn": msgspec.structs.replace(
        SMALL, cell="rnn", num_encoder_layers=2, num_decoder_layers=2, reverse_source=True, output="maxout",
        output_reads="previous", output_size=3,
    ),
    "bahdanau": msgspec.structs.replace(SMALL, cell="gru", bridge="backward", output="maxout", output_size=3),
    "gru-linear": msgspec.structs.replace(SMALL, cell="gru", output="linear", encoder_hidden_size=4),
    "lstm-state-alone": msgspec.structs.replace(SMALL, output="linear", context_in_output=False),
    "sutskever": msgspec.structs.replace(
        SMALL, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False, reverse_source=True,
        attention=NoAttention(), context_in_state=False, context_in_output=False, bridge="copy", output="linear",
    ),
    "cho": msgspec.structs.replace(
        SMALL, cell="gru", bidirectional=False, attention=NoAttention(), bridge="summary", output="maxout",
        output_size=3,
    ),
    "three-to-one": msgspec.structs.replace(SMALL, attention=NoAttention(), num_encoder_layers=3, output="tanh"),
    "one-to-two": msgspec.structs.replace(
        SMALL, attention=NoAttention(), bidirectional=False, bridge="summary", num_decoder_layers=2
    ),
}  # fmt: skip
LUONG_STACKS = [
    LUONG,
    msgspec.structs.replace(SMALL, encoder_hidden_size=3, output_size=5),
    msgspec.structs.replace(LUONG, cell="gru", reverse_source=False),
    msgspec.structs.replace(
        SMALL, cell="rnn", encoder_hidden_size=3, num_encoder_layers=2, num_decoder_layers=2, reverse_source=True
    ),
]
for number, (score, window, feeding) in enumerate(
    itertools.product(["location", "dot", "general", "concat"], ["global", "local-m", "local-p"], [True, False])
):
    looking = LuongAttentionConfig(
        score=score, window=window, input_feeding=feeding, half_width=1 + number % 2, size=3, max_source_length=30
    )
    RECURRENT[f"luong-{score}-{window}-{'fed' if feeding else 'unfed'}"] = msgspec.structs.replace(
        LUONG_STACKS[number % len(LUONG_STACKS)], attention=looking
    )

SIZES = {"model_size": 8, "num_heads": 2, "feed_forward_size": 12}
STACKED = TransformerConfig(**SIZES, num_encoder_layers=2, num_decoder_layers=2, tied_embeddings="none")
TRANSFORMERS: dict[str, TransformerConfig] = {
    "pre": STACKED,
    "post": msgspec.structs.replace(STACKED, layer_norm="post", activation="gelu", output_bias=True),
    "learned": msgspec.structs.replace(STACKED, position="learned", max_positions=40, embedding_scale=False),
    "rotary": msgspec.structs.replace(STACKED, position="rotary", norm="rms", activation="swiglu", bias=False),
    "halves": msgspec.structs.replace(STACKED, position_layout="halves", activation="silu", layer_norm="post"),
    "bag": msgspec.structs.replace(STACKED, position="none", key_size=3, value_size=5, activation="gelu-tanh"),
    "rotary-uneven": msgspec.structs.replace(STACKED, position="rotary", key_size=4, value_size=3),
}
GPTS: dict[str, GPTConfig] = {
    "gpt-2": GPTConfig(**SIZES, num_layers=2, max_positions=60),
    "prompt-first": GPTConfig(**SIZES, num_layers=2, max_positions=60),
    "llama": GPTConfig(
        model_size=8, num_heads=4, feed_forward_size=12, num_layers=2, num_key_value_heads=2, norm="rms",
        position="rotary", activation="swiglu", bias=False,
    ),
}  # fmt: skip
BERTS: dict[str, BertConfig] = {
    "bert": BertConfig(**SIZES, num_layers=2, max_positions=60),
    "pre-bert": BertConfig(**SIZES, num_layers=2, max_positions=60, layer_norm="pre", position="sinusoidal"),
}
CONFIGS: dict[str, ModelConfig] = {**RECURRENT, **TRANSFORMERS, **GPTS, **BERTS}


@cache
def tokenizer(mask: bool) -> Tokenizer:
    draw = random.Random(4)
    lines = [" ".join(draw.choices(WORDS.split(), k=6)) for _ in range(80)]
    settings = TokenizerConfig(kind="bpe", vocab_size=60, byte_fallback=False, min_frequency=1, mask=mask)
    return train_tokenizer(lines, settings)


@cache
def subject(name: str) -> Translator | Writer | Reader:
    """A model of random weights that are sharp enough for no two numbers to be alike by chance."""
    config = CONFIGS[name]
    own = tokenizer(isinstance(config, BertConfig))
    vocabulary = msgspec.structs.replace(vocabulary_of(own, own), prompt_first=name == "prompt-first")
    model = build_model(config, vocabulary, seed=3).eval()
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.4 * torch.randn(parameter.shape, generator=draw)
    if isinstance(config, GPTConfig):  # as their recipes do
        settings = DecodingConfig(sampling=True, temperature=0.8, top_p=0.95, max_length=12, no_repeat_ngram_size=1)
    else:
        settings = DecodingConfig(beam_size=3, max_length=12, no_repeat_ngram_size=1)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=own, target_tokenizer=own, decoding=settings)
    match config:
        case GPTConfig():
            return Writer(bundle)
        case BertConfig():
            return Reader(bundle)
        case _:
            return Translator(bundle)


def parameters(name: str) -> dict[str, Tensor]:
    """The weights in double precision, for direct computations."""
    return {key: value.double() for key, value in weights(subject(name).bundle.model).items()}


Direct = Callable[[Frame], Mapping[str, Tensor]]


def check(walk: Walk, direct: Direct, tolerance: float = 2e-5) -> None:
    """Every value of every frame is what ``direct`` computes, every array is shown whole, and all is named."""
    shown: dict[str, set[tuple[int, ...]]] = {}
    assert walk.frames
    for number, frame in enumerate(walk.frames):
        wanted = direct(frame)
        assert frame.values.keys() == wanted.keys(), f"frame {number}, {frame.name}"
        for name, value in frame.values.items():
            found = walk.numbers(frame, name)
            message = f"{name!r} of frame {number}, {frame.name} {frame.focus}"
            np.testing.assert_allclose(
                found, wanted[name].detach().numpy(), atol=tolerance, rtol=tolerance, err_msg=message
            )
            assert found.shape == tuple(wanted[name].shape), message
            if isinstance(value, Part):
                shown.setdefault(value.array, set()).add(value.at)
        assert set(frame.equations) <= EQUATIONS.keys()
    assert shown.keys() == walk.arrays.keys(), "an array that no frame shows"
    for name, places in shown.items():
        depth = min(map(len, places))
        every = itertools.product(*(range(size) for size in walk.arrays[name].shape[:depth]))
        assert set(every) <= places, f"only parts of {name} are shown"


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]
