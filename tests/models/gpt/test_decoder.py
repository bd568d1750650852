"""The properties that every decoder must have, of GPT's; and that packed documents read as if each stood alone."""

import itertools
from typing import cast

import pytest
import torch
from torch import Tensor

from atento.core.configuration import convert
from atento.core.errors import ConfigurationError, DataError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model, count_parameters
from atento.models.gpt import GPTConfig, GPTDecoder, nothing_to_read
from atento.models.language_model import LanguageModel
from atento.models.weights import weights
from atento.nn.capture import capture

VOCABULARY = Vocabulary(source_size=20, target_size=20, shared=True)
CHOICES = [
    *itertools.product(("learned", "rotary"), ("pre", "post"), ("gelu-tanh", "swiglu"), (None, 1)),
    ("none", "pre", "silu", 2), ("sinusoidal", "post", "relu", None),
]  # fmt: skip


def configuration(position: str, norm: str, activation: str, fewer: int | None) -> GPTConfig:
    return GPTConfig(
        model_size=16, num_heads=4, num_key_value_heads=fewer, feed_forward_size=20, num_layers=2, max_positions=64,
        position=position, layer_norm=norm, activation=activation, norm="layer" if fewer is None else "rms",  # type: ignore[arg-type]
        bias=fewer is None, tied_embeddings=fewer is None,
    )  # fmt: skip


def model_of(config: GPTConfig) -> LanguageModel:
    model = build_model(config, VOCABULARY, seed=3).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


@pytest.fixture(params=CHOICES, ids=lambda choice: "-".join(map(str, choice)))
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return model_of(configuration(*request.param))


def read(model: LanguageModel, tokens: Tensor, **options: Tensor) -> Tensor:
    decoder = model.decoder
    with torch.no_grad():
        memory = decoder.prepare(nothing_to_read(len(tokens)))
        return decoder(tokens, memory, decoder.start(memory), **options)[0]


def test_step_by_step_is_all_at_once(model: LanguageModel) -> None:
    tokens = torch.randint(4, 20, (3, 40))
    whole = read(model, tokens)
    decoder = model.decoder
    for sizes in ([1] * 40, [4, 1, 35], [39, 1]):
        with torch.no_grad():
            memory = decoder.prepare(nothing_to_read(3))
            state, pieces = decoder.start(memory), []
            for part in tokens.split(sizes, dim=1):
                hidden, state = decoder(part, memory, state)
                pieces.append(hidden)
        torch.testing.assert_close(torch.cat(pieces, dim=1), whole)
        assert state.lengths.tolist() == [40] * 3


def test_a_later_token_changes_nothing_before_it(model: LanguageModel) -> None:
    tokens = torch.randint(4, 20, (3, 6))
    other = tokens.clone()
    other[:, 4] = (tokens[:, 4] - 3) % 16 + 4
    first, second = read(model, tokens), read(model, other)
    assert torch.equal(first[:, :4], second[:, :4])
    assert (first[:, 4:] - second[:, 4:]).abs().amax(-1).min() > 1e-9


def test_prefixes_of_unequal_length_and_reordered_rows_are_each_row_alone(model: LanguageModel) -> None:
    decoder = model.decoder
    lengths = torch.tensor([3, 1, 4, 2, 4, 3])
    tokens, more = torch.randint(4, 20, (6, 4)), torch.randint(4, 20, (6, 2))
    order = torch.tensor([1, 1, 2, 3, 5, 4])
    with torch.no_grad():
        memory = decoder.prepare(nothing_to_read(3))
        state = decoder.start(memory).reorder(torch.zeros(3, 2, dtype=torch.long))
        first, state = decoder(tokens, memory, state, valid=torch.arange(4) < lengths.unsqueeze(1))
        state = state.reorder(order.view(3, 2) % 2)
        one, state = decoder(more[:, :1], memory, state)
        two, state = decoder(more[:, 1:], memory, state)
    assert state.lengths.tolist() == (lengths[order] + 2).tolist()
    for row in range(6):
        before = int(order[row])
        history = torch.cat([tokens[before, : lengths[before]], more[row]])
        alone = read(model, history.unsqueeze(0))[0]
        torch.testing.assert_close(one[row, 0], alone[-2])
        torch.testing.assert_close(two[row, 0], alone[-1])
        torch.testing.assert_close(first[row, : lengths[row]], read(model, tokens[row : row + 1, : lengths[row]])[0])


def test_a_packed_document_reads_as_if_it_stood_alone(model: LanguageModel) -> None:
    tokens = torch.randint(4, 20, (2, 9))
    segments = torch.tensor([[0, 0, 0, 1, 1, 1, 1, 2, -1], [5, 5, 6, 6, 6, 6, 6, 6, 6]])
    packed = read(model, tokens, segments=segments)
    for row, number in ((0, 0), (0, 1), (0, 2), (1, 5), (1, 6)):
        mine = segments[row] == number
        torch.testing.assert_close(packed[row, mine], read(model, tokens[row : row + 1, mine])[0])
    assert packed.isfinite().all()


def test_segments_are_for_rows_that_are_read_at_once() -> None:
    model = model_of(configuration("learned", "pre", "relu", None))
    tokens = torch.randint(4, 20, (2, 3))
    memory = model.decoder.prepare(nothing_to_read(2))
    _, state = model.decoder(tokens, memory, model.decoder.start(memory))
    with pytest.raises(ValueError, match="all at once"):
        model.decoder(tokens, memory, state, segments=torch.zeros_like(tokens))


def test_listening_changes_nothing(model: LanguageModel) -> None:
    tokens = torch.randint(4, 20, (2, 7))
    quiet = read(model, tokens)
    with capture(model) as trace:
        heard = read(model, tokens)
    torch.testing.assert_close(heard, quiet)
    layers = trace.layers("weights", "decoder")
    assert [layer.shape for layer in layers] == [(2, 4, 7, 7)] * 2
    for layer in layers:
        torch.testing.assert_close(layer.sum(-1), torch.ones_like(layer[..., 0]))
        assert layer.triu(1).count_nonzero() == 0


def test_shared_keys_and_values_are_repeated_ones() -> None:
    """Grouped queries equal as many heads of which several have the same keys and values."""
    grouped = model_of(configuration("rotary", "pre", "silu", 2))
    config = configuration("rotary", "pre", "silu", 4)
    full = build_model(config, VOCABULARY).double().eval()
    values = dict(weights(grouped))
    for name in list(values):
        if name.endswith("self_attention.input.weight"):
            queries, keys, rest = values[name].split([16, 8, 8])
            repeated = [part.view(2, 4, 16).repeat_interleave(2, 0).reshape(16, 16) for part in (keys, rest)]
            values[name] = torch.cat([queries, *repeated])
    with torch.no_grad():
        for name, parameter in weights(full).items():
            parameter.copy_(values[name])
    tokens = torch.randint(4, 20, (2, 7))
    torch.testing.assert_close(read(grouped, tokens), read(full, tokens))
    fewer, more = (count_parameters(configuration("rotary", "pre", "silu", n), VOCABULARY) for n in (1, 4))
    assert more - fewer == 2 * 2 * 3 * 4 * 16


def test_learned_positions_are_its_context() -> None:
    model = model_of(configuration("learned", "pre", "relu", None))
    assert model.max_length == 64
    read(model, torch.full((1, 64), 5))
    with pytest.raises(DataError, match="65 tokens"):
        read(model, torch.full((1, 65), 5))
    assert build_model(configuration("rotary", "pre", "relu", 1), VOCABULARY).max_length is None


def test_new_weights_are_gpt_2s() -> None:
    model = build_model(GPTConfig(model_size=256, num_layers=8), Vocabulary(source_size=99, target_size=99), seed=1)
    decoder = cast("GPTDecoder", model.decoder_module)
    layer = decoder.layers[3]
    for tensor, deviation in (
        (decoder.embedding.tokens.weight, 0.02),
        (layer.self_attention.input.weight, 0.02),
        (layer.self_attention.output.weight, 0.005),
        (layer.feed_forward.output.weight, 0.005),
    ):
        assert float(tensor.detach().std()) == pytest.approx(deviation, rel=0.05)
    assert layer.self_attention.input.bias.count_nonzero() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_heads": 4, "num_key_value_heads": 3}, ["num_heads = 4", "num_key_value_heads = 3"]),
        ({"num_layers": 0}, ["num_layers = 0"]),
        ({"norm_epsilon": 0.0}, ["norm_epsilon"]),
        ({"num_key_value_heads": 0}, ["num_key_value_heads = 0"]),
    ],
)
def test_an_impossible_one_is_refused_in_one_line(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        convert(options, GPTConfig, where="it")
    assert all(word in str(caught.value) for word in words), caught.value
