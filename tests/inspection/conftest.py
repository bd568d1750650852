"""Tiny models of random weights of every family, with tokenizers that were trained on a few words."""

from __future__ import annotations

import random
import sys
from types import ModuleType

import pytest
import torch

from atento.bundle import AnyBundle, Bundle, vocabulary_of
from atento.inspection.embeddings import Embedder
from atento.models.bert import BertConfig
from atento.models.build import ModelConfig, build_model
from atento.models.gpt import GPTConfig
from atento.models.recurrent import AdditiveAttentionConfig, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

WORDS = "o banco abre às dez eu fui ao sentei-me no da praça cão gato peixe come vê grande água é bom"
SIZES = {"model_size": 16, "num_heads": 2, "feed_forward_size": 24}
CONFIGS: dict[str, ModelConfig] = {
    "transformer": TransformerConfig(**SIZES, num_encoder_layers=2, num_decoder_layers=3, tied_embeddings="none"),
    "gpt": GPTConfig(**SIZES, num_layers=2, max_positions=40),
    "bert": BertConfig(**SIZES, num_layers=2, max_positions=40),
    "recurrent": RecurrentConfig(
        embedding_size=8, hidden_size=6, num_encoder_layers=2, num_decoder_layers=2, cell="gru",
        attention=AdditiveAttentionConfig(size=4), tied_embeddings="none",
    ),
}  # fmt: skip


def tokenizer(kind: Kind, size: int, *, mask: bool = False) -> Tokenizer:
    draw = random.Random(4)
    lines = [" ".join(draw.choices(WORDS.split(), k=6)) + " banco" for _ in range(120)]
    settings = TokenizerConfig(kind=kind, vocab_size=size, byte_fallback=False, min_frequency=1, mask=mask)
    return train_tokenizer(lines, settings)


def bundle_of(family: str, kind: Kind = "bpe") -> AnyBundle:
    own = tokenizer(kind, 20 if kind == "word" else 80, mask=family == "bert")
    model = build_model(CONFIGS[family], vocabulary_of(own, own), seed=3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    return Bundle(model=model, model_config=CONFIGS[family], source_tokenizer=own, target_tokenizer=own)


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def embedders() -> dict[str, Embedder]:
    return {family: Embedder(bundle_of(family)) for family in CONFIGS}
