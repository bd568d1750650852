"""Recurrent encoder–decoders (Sutskever et al. 2014; Cho et al. 2014; Bahdanau et al. 2015; Luong et al. 2015)."""

from torch import nn

from atento.core.vocabulary import Vocabulary
from atento.models.recurrent.configuration import (
    AdditiveAttentionConfig,
    AttentionConfig,
    LuongAttentionConfig,
    NoAttention,
    RecurrentConfig,
)
from atento.models.recurrent.context_decoder import ContextDecoder
from atento.models.recurrent.decoder import RecurrentDecoder
from atento.models.recurrent.encoder import RecurrentEncoder
from atento.models.recurrent.luong_decoder import LuongDecoder

__all__ = [
    "AdditiveAttentionConfig",
    "AttentionConfig",
    "LuongAttentionConfig",
    "NoAttention",
    "RecurrentConfig",
    "RecurrentDecoder",
    "RecurrentEncoder",
    "build_recurrent",
]


def build_recurrent(config: RecurrentConfig, vocabulary: Vocabulary) -> tuple[RecurrentEncoder, RecurrentDecoder]:
    """The encoder and the decoder, sharing embeddings as the configuration and the vocabularies say."""
    source = _embedding(vocabulary.source_size, config)
    share = config.tied_embeddings == "all" and vocabulary.shared
    target = source if share else _embedding(vocabulary.target_size, config)
    return RecurrentEncoder(config, source, vocabulary.eos), _decoder(config, target)


def _decoder(config: RecurrentConfig, tokens: nn.Embedding) -> RecurrentDecoder:
    match config.attention:
        case LuongAttentionConfig() as attention:
            return LuongDecoder(config, attention, tokens)
        case _:
            return ContextDecoder(config, tokens)


def _embedding(size: int, config: RecurrentConfig) -> nn.Embedding:
    """Padding needs no zero vector: it is never read."""
    embedding = nn.Embedding(size, config.embedding_size)
    nn.init.normal_(embedding.weight, std=config.embedding_size**-0.5)
    return embedding
