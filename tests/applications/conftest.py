"""Tiny translators of random weights, sharp enough that no two words are equally likely, and sentences for them."""

from __future__ import annotations

import random
import sys
from types import ModuleType

import pytest
import torch

from atento.applications.translator import Translator
from atento.bundle import Bundle, vocabulary_of
from atento.decoding.configuration import DecodingConfig
from atento.models.bert import BertConfig
from atento.models.build import ModelConfig, build_model
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

TEXT = "a vida é bela o que nosso irmão diga lá onde fica estação hoje não sei quando ele vem ¿qué hermano? la casa"
RECURRENT = RecurrentConfig(
    embedding_size=8, hidden_size=8, attention=AdditiveAttentionConfig(size=6), tied_embeddings="none"
)
CONFIGS: dict[str, ModelConfig] = {
    "transformer": TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=2, num_decoder_layers=2, output_bias=True,
        tied_embeddings="none",
    ),
    "recurrent": RECURRENT,
    "learned": TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=1, num_decoder_layers=1, output_bias=True,
        position="learned", max_positions=40, tied_embeddings="none",
    ),
    "plain": RecurrentConfig(
        embedding_size=8, hidden_size=8, attention=NoAttention(), cell="gru", tied_embeddings="none"
    ),
    "luong": RecurrentConfig(
        embedding_size=8, hidden_size=8, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False, bridge="copy",
        reverse_source=True, attention=LuongAttentionConfig(window="local-p", half_width=2), tied_embeddings="none",
    ),
    "location": RecurrentConfig(
        embedding_size=8, hidden_size=8, tied_embeddings="none",
        attention=LuongAttentionConfig(score="location", input_feeding=False, max_source_length=40),
    ),
}  # fmt: skip
ENDING = 1.0
SHORT = DecodingConfig(beam_size=1, max_length=14, no_repeat_ngram_size=1)


def sentences(count: int, longest: int = 9) -> list[str]:
    generator, words = random.Random(5), TEXT.split()
    return [" ".join(generator.choices(words, k=generator.randint(1, longest))) for _ in range(count)]


def tokenizer(kind: Kind = "bpe", size: int = 70) -> Tokenizer:
    config = TokenizerConfig(kind=kind, vocab_size=size, byte_fallback=False, min_frequency=1)
    return train_tokenizer(sentences(200), config)


def bundle_of(config: ModelConfig, source: Tokenizer, target: Tokenizer, seed: int = 2) -> Bundle:
    model = build_model(config, vocabulary_of(source, target), seed=seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 2.0
        if model.decoder.output.bias is not None:
            model.decoder.output.bias[3] += ENDING  # so that some hypotheses end
    return Bundle(model=model, model_config=config, source_tokenizer=source, target_tokenizer=target, decoding=SHORT)


def translator_of(family: str, kind: Kind = "bpe") -> Translator:
    shared = tokenizer(kind)
    return Translator(bundle_of(CONFIGS[family], shared, shared))


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def translators() -> dict[str, Translator]:
    return {family: translator_of(family) for family in CONFIGS}


def reader_of(config: ModelConfig, kind: Kind = "byte-bpe", sharpness: float = 12.0) -> Bundle:
    """A language model (masked if the configuration is BERT's) of random weights over a tokenizer of its own."""
    size = {"byte-bpe": 290, "char": 60}.get(kind, 90)
    mask = isinstance(config, BertConfig)
    own = train_tokenizer(sentences(60), TokenizerConfig(kind=kind, vocab_size=size, min_frequency=1, mask=mask))
    model = build_model(config, vocabulary_of(own, own), seed=2).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= sharpness
    return Bundle(model=model, model_config=config, source_tokenizer=own, target_tokenizer=own)
