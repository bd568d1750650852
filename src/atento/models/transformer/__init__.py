"""The Transformer (Vaswani et al. 2017): configuration, encoder, decoder."""

from atento.core.vocabulary import Vocabulary
from atento.models.transformer.configuration import StackConfig, TransformerConfig
from atento.models.transformer.decoder import TransformerDecoder
from atento.models.transformer.encoder import TransformerEncoder
from atento.models.transformer.layers import new_embedding

__all__ = ["StackConfig", "TransformerConfig", "TransformerDecoder", "TransformerEncoder", "build_transformer"]


def build_transformer(
    config: TransformerConfig, vocabulary: Vocabulary
) -> tuple[TransformerEncoder, TransformerDecoder]:
    """The encoder and the decoder, sharing embeddings as the configuration and the vocabularies say."""
    source = new_embedding(vocabulary.source_size, config, vocabulary.pad)
    share = config.tied_embeddings == "all" and vocabulary.shared
    target = source if share else new_embedding(vocabulary.target_size, config, vocabulary.pad)
    return TransformerEncoder(config, source), TransformerDecoder(config, target)
