"""From a configuration to a model: the one place that tells the families apart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeVar, overload

import torch

from atento.core.errors import ConfigurationError, is_out_of_memory
from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertConfig, BertEncoder, MaskedHead, NextSentenceHead
from atento.models.classifier import BertBody, Classifier, GPTBody
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.gpt import GPTConfig, GPTDecoder
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.models.model import Model
from atento.models.recurrent import LuongAttentionConfig, NoAttention, RecurrentConfig, build_recurrent
from atento.models.transformer import StackConfig, TransformerConfig, build_transformer
from atento.models.weights import shapes_of, weights

TranslatorConfig = RecurrentConfig | TransformerConfig
ModelConfig = RecurrentConfig | TransformerConfig | GPTConfig | BertConfig
ReaderConfig = GPTConfig | BertConfig
"""Models that read texts, and can learn to classify them."""
AnyModel = EncoderDecoder | LanguageModel | MaskedLanguageModel | Classifier
ModelType = TypeVar("ModelType", bound=Model)


@overload
def build_model(config: TranslatorConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> EncoderDecoder: ...


@overload
def build_model(config: GPTConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> LanguageModel: ...


@overload
def build_model(config: BertConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> MaskedLanguageModel: ...


@overload
def build_model(config: ModelConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> AnyModel: ...


def build_model(config: ModelConfig, vocabulary: Vocabulary, *, seed: int | None = None) -> AnyModel:
    """A model with random weights, drawn from ``seed`` alone if one is given (the global generator stays as it was).

    Raises:
        ConfigurationError: the configuration asks for something impossible, or for more than memory holds.
    """
    with _refused_without_memory(), _drawing(seed):
        return _built(config, vocabulary)


def build_classifier(
    config: ReaderConfig, vocabulary: Vocabulary, num_classes: int, *, seed: int | None = None
) -> Classifier:
    """A classifier with random weights; see ``build_model``.

    Raises:
        ConfigurationError: the configuration asks for something impossible, or for more than memory holds.
    """
    with _refused_without_memory(), _drawing(seed):
        body = (
            BertBody(config, vocabulary.target_size)
            if isinstance(config, BertConfig)
            else GPTBody(config, vocabulary.target_size)
        )
        longest = _max_length(config)
        return Classifier(body, config.model_size, num_classes, config.dropout, vocabulary, max_length=longest)


def build_any(
    config: ModelConfig, vocabulary: Vocabulary, num_classes: int = 0, *, seed: int | None = None
) -> AnyModel:
    """A classifier if there are classes, else the model itself; see ``build_model``.

    Raises:
        ConfigurationError: the configuration asks for something impossible.
    """
    if not num_classes:
        return build_model(config, vocabulary, seed=seed)
    if not isinstance(config, ReaderConfig):
        raise ConfigurationError("a translator cannot be a classifier; leave the classes out")
    return build_classifier(config, vocabulary, num_classes, seed=seed)


def moved(model: ModelType, device: torch.device) -> ModelType:
    """A model on this device.

    Raises:
        ConfigurationError: it is too large for it.
    """
    with _refused_without_memory():
        return model.to(device)


@contextlib.contextmanager
def _refused_without_memory() -> Iterator[None]:
    """Say that a model is too large, where it is; torch cannot even count some sizes."""
    try:
        yield
    except (MemoryError, RuntimeError, OverflowError, TypeError) as error:
        if is_out_of_memory(error) or isinstance(error, OverflowError) or "overflow" in str(error).lower():
            raise ConfigurationError(
                "the model is too large for the memory there is; ask for a smaller one, or end what else takes memory"
            ) from error
        raise


@contextlib.contextmanager
def _drawing(seed: int | None) -> Iterator[None]:
    """Random numbers from ``seed``, if there is one, the global generator staying as it was."""
    with torch.random.fork_rng(enabled=seed is not None, devices=[]):
        if seed is not None:
            torch.default_generator.manual_seed(seed)  # the processor's alone; torch.manual_seed seeds every device's
        yield


def attends(config: TranslatorConfig) -> bool:
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
    with _weightless():
        return _built(config, vocabulary).num_parameters


def count_classifier_parameters(config: ReaderConfig, vocabulary: Vocabulary, num_classes: int) -> int:
    """Parameters of a classifier; see ``count_parameters``.

    Raises:
        ConfigurationError: the configuration asks for something impossible.
    """
    with _weightless():
        return build_classifier(config, vocabulary, num_classes).num_parameters


def weight_shapes(config: ModelConfig, vocabulary: Vocabulary, num_classes: int = 0) -> dict[str, torch.Size]:
    """The shapes of a model's weights by name, of a classifier's if there are classes; it takes no memory.

    Raises:
        ConfigurationError: the configuration asks for something impossible.
    """
    with _weightless():
        return shapes_of(weights(build_any(config, vocabulary, num_classes)))


@contextlib.contextmanager
def _weightless() -> Iterator[None]:
    """Models are made that take no memory."""
    with _refused_without_memory(), torch.device("meta"):
        yield


def _max_length(config: ModelConfig) -> int | None:
    match config:
        case StackConfig(position="learned", max_positions=longest):
            return longest
        case _:
            return None


def _max_source_length(config: ModelConfig) -> int | None:
    match config:
        case RecurrentConfig(attention=LuongAttentionConfig(score="location", max_source_length=longest)):
            return longest
        case _:
            return None


def _built(config: ModelConfig, vocabulary: Vocabulary) -> AnyModel:
    longest = _max_length(config)
    match config:
        case TransformerConfig():
            return EncoderDecoder(*build_transformer(config, vocabulary), vocabulary, max_length=longest)
        case RecurrentConfig():
            source = _max_source_length(config)
            return EncoderDecoder(*build_recurrent(config, vocabulary), vocabulary, max_source_length=source)
        case GPTConfig():
            return LanguageModel(GPTDecoder(config, vocabulary.target_size), vocabulary, max_length=longest)
        case BertConfig():
            encoder = BertEncoder(config, vocabulary.target_size)
            heads = (
                MaskedHead(config, encoder.embedding.tokens) if config.masked_head else None,
                NextSentenceHead(config) if config.next_sentence else None,
            )
            return MaskedLanguageModel(encoder, *heads, vocabulary, max_length=longest)
