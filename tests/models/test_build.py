"""Building models: reproducible by seed, without touching the global generator."""

import pytest
import torch

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.build import ModelConfig, build_any, build_model, weight_shapes
from atento.models.recurrent import LuongAttentionConfig, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import weights

VOCABULARY = Vocabulary(source_size=9, target_size=9, shared=True)
CONFIGS = [
    TransformerConfig(model_size=4, num_heads=2, feed_forward_size=5),
    RecurrentConfig(embedding_size=4, hidden_size=4),
    RecurrentConfig(embedding_size=4, hidden_size=4, attention=LuongAttentionConfig(window="local-p", size=3)),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_seed_gives_the_same_weights_and_leaves_the_global_generator_alone(config: ModelConfig) -> None:
    before = torch.get_rng_state()
    first, again, other = (weights(build_model(config, VOCABULARY, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("config", CONFIGS)
def test_without_a_seed_the_global_generator_decides(config: ModelConfig) -> None:
    torch.manual_seed(5)
    first = weights(build_model(config, VOCABULARY))
    second = weights(build_model(config, VOCABULARY))
    torch.manual_seed(5)
    again = weights(build_model(config, VOCABULARY))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_learned_positions_limit_the_length_and_attention_by_location_the_sources() -> None:
    models = [build_model(config, VOCABULARY) for config in CONFIGS]
    assert {(model.max_length, model.max_source_length) for model in models} == {(None, None)}
    learned = TransformerConfig(model_size=4, num_heads=2, position="learned", max_positions=7)
    model = build_model(learned, VOCABULARY)
    assert (model.max_length, model.max_source_length) == (7, 7)
    location = LuongAttentionConfig(score="location", max_source_length=5)
    model = build_model(RecurrentConfig(embedding_size=4, hidden_size=4, attention=location), VOCABULARY)
    assert (model.max_length, model.max_source_length) == (None, 5)


def test_what_does_not_learn_is_not_counted() -> None:
    model = build_model(CONFIGS[0], VOCABULARY)
    whole = model.num_parameters
    embedding = model.decoder.output.weight
    embedding.requires_grad_(False)
    assert model.num_parameters == whole - embedding.numel()


@pytest.mark.parametrize("config", CONFIGS)
def test_shapes_are_those_of_the_model(config: ModelConfig) -> None:
    built = weights(build_model(config, VOCABULARY))
    assert weight_shapes(config, VOCABULARY) == {name: tensor.shape for name, tensor in built.items()}


def test_what_no_memory_holds_cannot_be_built() -> None:
    large = TransformerConfig(model_size=2**24, num_heads=1)
    many = Vocabulary(source_size=2**24, target_size=2**24, shared=True)
    with pytest.raises(ConfigurationError, match="the model is too large for the memory there is; ask for a smaller"):
        build_model(large, many)
    assert max(shape.numel() for shape in weight_shapes(large, many).values()) == 3 * 2**48


def test_a_translator_is_no_classifier() -> None:
    with pytest.raises(ConfigurationError, match="cannot be a classifier"):
        build_any(CONFIGS[0], VOCABULARY, 2)


@pytest.mark.parametrize("size", [0, 10**12])
def test_a_vocabulary_of_an_absurd_size_is_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match=f"vocabulary.target_size = {size}: it must be at"):
        Vocabulary(source_size=9, target_size=size)
