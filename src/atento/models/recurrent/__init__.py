"""Recurrent encoder–decoders (Sutskever et al. 2014; Cho et al. 2014; Bahdanau et al. 2015)."""

from torch import nn

from atento.core.vocabulary import Vocabulary
from atento.models.recurrent.configuration import (
    AdditiveAttentionConfig,
    AttentionConfig,
    NoAttention,
    RecurrentConfig,
)
from atento.models.recurrent.decoder import RecurrentDecoder
from atento.models.recurrent.encoder import RecurrentEncoder

__all__ = [
    "AdditiveAttentionConfig",
    "AttentionConfig",
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
    return RecurrentEncoder(config, source, vocabulary.eos), RecurrentDecoder(config, target)


def _embedding(size: int, config: RecurrentConfig) -> nn.Embedding:
    """Padding needs no zero vector: it is never read."""
    embedding = nn.Embedding(size, config.embedding_size)
    nn.init.normal_(embedding.weight, std=config.embedding_size**-0.5)
    return embedding
