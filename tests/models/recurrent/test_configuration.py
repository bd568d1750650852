from pathlib import Path

import pytest

from atento.core.configuration import convert, to_builtins
from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.recurrent import (
    AdditiveAttentionConfig,
    AttentionConfig,
    LuongAttentionConfig,
    NoAttention,
    RecurrentConfig,
)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": 10**12}, "hidden_size = 1000000000000: it must be at most 16,777,216"),
        ({"num_decoder_layers": 1001}, "num_decoder_layers = 1001: it must be at most 1,000"),
        ({"dropout": 1.0}, "dropout"),
        ({"attention": {"kind": "additive", "size": 0}}, "attention.size"),
        ({"context_in_state": False}, "context_in_state"),
        ({"bridge": "copy"}, "bridge"),
        ({"bridge": "backward", "bidirectional": False}, "bridge"),
        ({"bridge": "copy", "bidirectional": False, "num_encoder_layers": 2}, "bridge"),
        ({"bridge": "summary"}, "bridge"),
        ({"output": "linear", "tied_embeddings": "none", "output_reads": "previous"}, "output_reads"),
        ({"output": "linear", "tied_embeddings": "none", "output_size": 4}, "output_size"),
        ({"output": "linear"}, "tied_embeddings"),
        ({"output_size": 100}, "tied_embeddings"),
        ({"hiden_size": 8}, "hidden_size"),
        ({"attention": {"kind": "luong", "size": 0}}, "attention.size"),
        ({"attention": {"kind": "luong", "half_width": 0}}, "attention.half_width"),
        ({"attention": {"kind": "luong", "max_source_length": 0}}, "attention.max_source_length"),
        ({"attention": {"kind": "luong", "score": "bilinear"}}, "attention.score"),
        ({"attention": {"kind": "luong"}, "output": "maxout"}, "leave out model.output or set it to 'tanh'"),
        (
            {"attention": {"kind": "luong"}, "output": "linear", "context_in_state": False, "context_in_output": False},
            "leave out model.context_in_state or set it to true and model.context_in_output .* model.output",
        ),
        ({"attention": {"kind": "luong"}, "output_reads": "previous"}, "set it to 'current'"),
        ({"attention": {"kind": "luong"}, "hidden_size": 512, "output_size": 512}, "tied_embeddings"),
        ({"attention": {"kind": "luong", "score": "dot"}}, "set model.encoder_hidden_size to 256"),
        ({"attention": {"kind": "luong", "score": "dot"}, "hidden_size": 5}, "even number"),
        (
            {"attention": {"kind": "luong", "score": "dot"}, "bidirectional": False, "encoder_hidden_size": 9},
            "set model.encoder_hidden_size to 512",
        ),
        ({"attention": {"kind": "aditive"}}, "additive"),
    ],
)
def test_impossible_combinations_name_the_key(table: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        convert(table, RecurrentConfig, where="recipe.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("window", ["global", "local-m", "local-p"])
@pytest.mark.parametrize("score", ["location", "general", "concat"])
def test_the_defaults_go_with_every_kind_of_attention(score: str, window: str) -> None:
    for table in ({"kind": "luong", "score": score, "window": window}, {"kind": "additive"}, {"kind": "none"}):
        convert({"attention": table}, RecurrentConfig, where="recipe.toml")
    table = {"attention": {"kind": "luong", "score": "dot", "window": window}, "encoder_hidden_size": 256}
    assert convert(table, RecurrentConfig, where="recipe.toml").predicting_size == 256


@pytest.mark.parametrize("attention", [NoAttention(), LuongAttentionConfig(score="concat", window="local-m", size=3)])
def test_a_configuration_survives_its_table(attention: AttentionConfig) -> None:
    config = RecurrentConfig(cell="gru", attention=attention, bridge="backward")
    assert convert(to_builtins(config), RecurrentConfig, where=str(Path("x"))) == config


@pytest.mark.parametrize(("tied", "matrices"), [("all", 1), ("decoder", 2), ("none", 3)])
@pytest.mark.parametrize("shared", [True, False])
def test_tied_embeddings_share_matrices(tied: str, matrices: int, shared: bool) -> None:
    config = convert(
        {"tied_embeddings": tied, "embedding_size": 4, "hidden_size": 3, "attention": {"kind": "additive"}},
        RecurrentConfig,
        where="x",
    )
    assert config.attention == AdditiveAttentionConfig()
    model = build_model(config, Vocabulary(source_size=9, target_size=9, shared=shared))
    wanted = max(matrices, 1 if shared else 2)
    assert sum(parameter.shape == (9, 4) for parameter in model.parameters()) == wanted
