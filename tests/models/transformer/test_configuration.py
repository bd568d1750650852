"""What a Transformer may be, and what is said of one that may not."""

import itertools

import pytest
import torch

from atento.core.configuration import convert, to_builtins
from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.transformer import TransformerConfig
from atento.models.transformer.layers import Embedding, Residual
from atento.models.weights import weights
from atento.nn.linear import Linear


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_size": 10, "num_heads": 4}, ["model_size = 10", "num_heads = 4"]),
        ({"model_size": 10, "num_heads": 4, "key_size": 4}, ["give both model.key_size and model.value_size"]),
        ({"key_size": 0}, ["key_size = 0"]),
        ({"value_size": -1}, ["value_size = -1"]),
        ({"position": "rotary", "key_size": 5}, ["rotary", "key_size = 5"]),
        ({"model_size": 0}, ["model_size = 0"]),
        ({"num_heads": 0}, ["num_heads = 0"]),
        ({"num_decoder_layers": 0}, ["num_decoder_layers = 0"]),
        ({"max_positions": 0}, ["max_positions = 0"]),
        ({"num_encoder_layers": 10**12}, ["num_encoder_layers = 1000000000000", "at most 1,000"]),
        ({"model_size": 10**12}, ["model_size = 1000000000000", "at most 16,777,216"]),
        ({"max_positions": 10**12}, ["max_positions = 1000000000000", "at most 16,777,216"]),
        ({"model_size": 12, "num_heads": 4, "position": "rotary"}, ["rotary", "3"]),
        ({"model_size": 9, "num_heads": 3}, ["model_size = 9", "sinusoidal"]),
        ({"dropout": 1.0}, ["dropout = 1.0"]),
        ({"attention_dropout": -0.1}, ["attention_dropout = -0.1"]),
        ({"activation_dropout": float("nan")}, ["activation_dropout = nan"]),
    ],
)
def test_an_impossible_one_is_refused_in_one_line(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        convert(options, TransformerConfig, where="it")
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_heads_that_do_not_divide_the_size_bring_their_own() -> None:
    config = TransformerConfig(model_size=10, num_heads=4, key_size=6, value_size=3, position="rotary")
    model = build_model(config, Vocabulary(source_size=9, target_size=9, shared=True))
    layer = model.decoder_module.layers[0]
    assert layer.self_attention.input.weight.shape == (4 * (6 + 6 + 3), 10)
    assert layer.cross_attention.query.weight.shape == (4 * 6, 10)
    assert layer.cross_attention.key_value.weight.shape == (4 * (6 + 3), 10)
    assert layer.cross_attention.output.weight.shape == (10, 4 * 3)


def test_sizes_that_are_written_out_change_nothing() -> None:
    vocabulary = Vocabulary(source_size=9, target_size=9, shared=True)
    models = [
        build_model(TransformerConfig(model_size=8, num_heads=2, **sizes), vocabulary, seed=1)
        for sizes in ({}, {"key_size": 4, "value_size": 4})
    ]
    first, second = (weights(model) for model in models)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_tables_and_back() -> None:
    config = TransformerConfig(model_size=8, num_heads=2, position="rotary", layer_norm="post", output_bias=True)
    assert convert(to_builtins(config), TransformerConfig, where="it") == config
    assert to_builtins(config)["kind"] == "transformer"


def every_choice() -> list[TransformerConfig]:
    choices = {
        "layer_norm": ["pre", "post"], "position": ["sinusoidal", "learned", "rotary", "none"],
        "key_size": [None, 6], "value_size": [None, 3],
        "position_layout": ["interleaved", "halves"], "activation": ["relu", "gelu", "swiglu"],
        "embedding_scale": [True, False], "tied_embeddings": ["all", "decoder", "none"],
        "output_bias": [False, True], "attention_dropout": [0.0, 0.2], "activation_dropout": [0.0, 0.2],
    }  # fmt: skip
    sizes = {"model_size": 4, "num_heads": 2, "feed_forward_size": 5, "num_encoder_layers": 1, "num_decoder_layers": 1}
    combinations = list(itertools.product(*choices.values()))
    return [
        TransformerConfig(**sizes, **dict(zip(choices, values, strict=True)))  # type: ignore[arg-type]
        for values in combinations[::53]  # 53 divides no number of choices, so that every pair of them occurs
    ]


@pytest.mark.parametrize("shared", [True, False])
def test_every_choice_builds_trains_and_steps(shared: bool) -> None:
    vocabulary = Vocabulary(source_size=9 if shared else 12, target_size=9, shared=shared)
    source, target = torch.tensor([[5, 6, 3], [7, 3, 0]]), torch.tensor([[2, 5, 6], [2, 7, 0]])
    for config in every_choice():
        model = build_model(config, vocabulary)
        decoder = model.decoder
        memory = decoder.prepare(model.encoder(source, source != 0))
        hidden, _ = decoder(target, memory, decoder.start(memory), valid=target != 0)
        logits = decoder.logits(hidden[target != 0])
        assert logits.shape == (5, 9)
        logits.logsumexp(-1).sum().backward()
        wrong = [
            name
            for name, parameter in model.named_parameters()
            if parameter.grad is None or not bool(parameter.grad.isfinite().all())
        ]
        assert not wrong, (config, wrong)
        with torch.no_grad():
            _, state = decoder(target[:, :1], memory, decoder.start(memory))
            assert decoder(target[:, 1:2], memory, state)[0].shape == (2, 1, 4)


@pytest.mark.parametrize(
    ("tied", "shared", "matrices"),
    [("all", True, 1), ("all", False, 2), ("decoder", True, 2), ("decoder", False, 2), ("none", True, 3)],
)
def test_the_embeddings_are_shared_as_configured(tied: str, shared: bool, matrices: int) -> None:
    config = TransformerConfig(model_size=4, num_heads=2, tied_embeddings=tied)  # type: ignore[arg-type]
    vocabulary = Vocabulary(source_size=19 if shared else 23, target_size=19, shared=shared)
    model = build_model(config, vocabulary)
    found = [tensor for tensor in weights(model).values() if tensor.shape[0] in (19, 23)]
    assert len(found) == matrices
    assert (model.decoder.output.weight is model.decoder_module.embedding.tokens.weight) is (tied != "none")
    assert model.num_parameters == sum(tensor.numel() for tensor in weights(model).values())
    source = model.encoder_module.embedding.tokens
    assert (source is model.decoder_module.embedding.tokens) is (tied == "all" and shared)


def test_embeddings_begin_at_the_order_of_one_and_padding_at_zero() -> None:
    model = build_model(TransformerConfig(), Vocabulary(source_size=500, target_size=500, shared=True), seed=1)
    embedding = model.encoder_module.embedding
    assert embedding.tokens.weight[0].count_nonzero() == 0
    assert 0.9 < float(embedding.tokens.weight[1:].std().detach()) * embedding.scale < 1.1


def test_dropout_acts_on_embeddings_and_on_what_sublayers_add() -> None:
    config = TransformerConfig(model_size=4, num_heads=2, position="rotary", dropout=0.5)
    embedding = Embedding(config, torch.nn.Embedding(9, 4))
    tokens = torch.randint(9, (50, 20))
    whole, dropped = embedding.eval()(tokens, 0, None), embedding.train()(tokens, 0, None)
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
    torch.testing.assert_close(dropped[dropped != 0], 2 * whole[dropped != 0])
    residual = Residual(config).train()
    inputs = torch.randn(50, 20, 4)
    last, ones = Linear(4, 4, bias=False), torch.ones_like(inputs)
    torch.nn.init.eye_(last.weight)
    _, leave = residual.bind(last)
    added = leave(inputs, ones) - inputs
    assert 0.4 < float((added.abs() < 1e-6).float().mean()) < 0.6
    _, leave = residual.eval().bind(last)
    torch.testing.assert_close(leave(inputs, ones), inputs + 1)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_residual_is_its_formula(norm: str) -> None:
    residual = Residual(TransformerConfig(model_size=4, num_heads=2, layer_norm=norm)).eval()  # type: ignore[arg-type]
    inputs, last = torch.randn(2, 3, 4), Linear(4, 4)
    enter, leave = residual.bind(last)
    found = leave(inputs, enter(inputs).sin())
    before = residual.norm(inputs) if norm == "pre" else inputs
    sums = inputs + last(before.sin())
    wanted = sums if norm == "pre" else residual.norm(sums)
    torch.testing.assert_close(found, wanted)
