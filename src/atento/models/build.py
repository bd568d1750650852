"""From a configuration to a model: the one place that tells the families apart."""

from __future__ import annotations

import torch
from torch import nn

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.recurrent import LuongAttentionConfig, NoAttention, RecurrentConfig, build_recurrent
from atento.models.transformer import TransformerConfig, build_transformer

ModelConfig = RecurrentConfig | TransformerConfig


def build_model(config: ModelConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> EncoderDecoder:
    """A model with random weights, drawn from ``seed`` alone if one is given (the global generator stays as it was).

    Raises:
        ConfigurationError: the configuration asks for something impossible.
    """
    with torch.random.fork_rng(enabled=seed is not None, devices=[]):
        if seed is not None:
            torch.default_generator.manual_seed(seed)  # the processor's alone; torch.manual_seed seeds every device's
        encoder, decoder = _parts(config, vocabulary)
    return EncoderDecoder(
        encoder, decoder, vocabulary, max_length=_max_length(config), max_source_length=_max_source_length(config)
    )


def attends(config: ModelConfig) -> bool:
    """Whether a model of this configuration has attention over the source."""
    match config:
        case RecurrentConfig(attention=NoAttention()):
            return False
        case _:
            return True


def count_parameters(config: ModelConfig, vocabulary: Vocabulary) -> int:
    """Parameters of a model of this configuration, which takes no memory: nothing is drawn.

    Raises:
        ConfigurationError: the configuration asks for something impossible.
    """
    try:
        with torch.device("meta"):
            return EncoderDecoder(*_parts(config, vocabulary), vocabulary).num_parameters
    except RuntimeError as error:
        raise ConfigurationError(f"the model cannot be built ({error}); ask for a smaller one") from error


def _max_length(config: ModelConfig) -> int | None:
    match config:
        case TransformerConfig(position="learned", max_positions=longest):
            return longest
        case _:
            return None


def _max_source_length(config: ModelConfig) -> int | None:
    match config:
        case RecurrentConfig(attention=LuongAttentionConfig(score="location", max_source_length=longest)):
            return longest
        case _:
            return None


def _parts(config: ModelConfig, vocabulary: Vocabulary) -> tuple[nn.Module, nn.Module]:
    match config:
        case TransformerConfig():
            return build_transformer(config, vocabulary)
        case RecurrentConfig():
            return build_recurrent(config, vocabulary)
