"""The properties that every decoder must have, and what a recurrent one reports."""

import itertools

import msgspec
import pytest
import torch
from torch import Tensor

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.recurrent import (
    AdditiveAttentionConfig,
    LuongAttentionConfig,
    NoAttention,
    RecurrentConfig,
    RecurrentDecoder,
)
from atento.models.recurrent.state import RecurrentMemory, RecurrentState
from atento.nn.capture import Kind, capture
from atento.nn.protocols import Encoding

VOCABULARY = Vocabulary(source_size=20, target_size=20, shared=True)
TINY = RecurrentConfig(embedding_size=6, hidden_size=8, attention=AdditiveAttentionConfig(size=5), dropout=0)
PLAIN = msgspec.structs.replace(TINY, attention=NoAttention(), cell="gru")
DEEP = msgspec.structs.replace(TINY, cell="rnn", num_decoder_layers=3, output="maxout", output_reads="previous")
SCORES, WINDOWS = ["location", "dot", "general", "concat"], ["global", "local-m", "local-p"]
# annotations as large as states, so that every score applies; two directions or the paper's reversed one
LUONG_STACKS = [
    msgspec.structs.replace(TINY, encoder_hidden_size=4, num_decoder_layers=2),
    msgspec.structs.replace(TINY, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False,
                            reverse_source=True, bridge="copy"),
    msgspec.structs.replace(TINY, cell="gru", encoder_hidden_size=4, reverse_source=True),
]  # fmt: skip
LUONG = {
    f"luong-{score}-{window}-{'fed' if feeding else 'unfed'}": msgspec.structs.replace(
        LUONG_STACKS[number % len(LUONG_STACKS)],
        attention=LuongAttentionConfig(
            score=score, window=window, input_feeding=feeding, half_width=1, size=5, max_source_length=6  # type: ignore[arg-type]
        ),
    )
    for number, (score, window, feeding) in enumerate(itertools.product(SCORES, WINDOWS, [True, False]))
}  # fmt: skip
MODELS = {"attention": TINY, "plain": PLAIN, "deep": DEEP, **LUONG}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> EncoderDecoder:
    return build_model(MODELS[request.param], VOCABULARY, seed=3).double().eval()


def encode(model: EncoderDecoder) -> Encoding:
    source = torch.tensor([[5, 6, 7, 3], [8, 3, 0, 0], [9, 10, 3, 0]])
    return model.encoder(source, source != 0)


def parts(model: EncoderDecoder) -> tuple[RecurrentDecoder, RecurrentMemory, RecurrentState]:
    decoder = model.decoder_module
    assert isinstance(decoder, RecurrentDecoder)
    memory = decoder.prepare(encode(model))
    return decoder, memory, decoder.start(memory)


def same_state(one: RecurrentState, other: RecurrentState) -> None:
    torch.testing.assert_close(one.lengths, other.lengths)
    torch.testing.assert_close(one.attentional, other.attentional)
    for first, second in zip(one.layers, other.layers, strict=True):
        torch.testing.assert_close(first.hidden, second.hidden)
        torch.testing.assert_close(first.cell, second.cell)


def test_step_by_step_is_all_at_once(model: EncoderDecoder) -> None:
    tokens = torch.randint(4, 20, (3, 5))
    decoder, memory, start = parts(model)
    whole, end = decoder(tokens, memory, start)
    state, pieces = start, []
    for part in tokens.split([1, 3, 1], dim=1):
        hidden, state = decoder(part, memory, state)
        pieces.append(hidden)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)
    same_state(state, end)


def test_a_later_token_changes_nothing_before_it(model: EncoderDecoder) -> None:
    tokens = torch.randint(4, 20, (3, 6))
    other = tokens.clone()
    other[:, 4] = (tokens[:, 4] - 3) % 16 + 4
    decoder, memory, _ = parts(model)
    first, second = (decoder(chosen, memory, decoder.start(memory))[0] for chosen in (tokens, other))
    torch.testing.assert_close(first[:, :4], second[:, :4])
    assert (first[:, 4:] - second[:, 4:]).abs().amax(-1).min() > 1e-9


def test_reordering_is_recomputing_also_with_several_rows_a_source(model: EncoderDecoder) -> None:
    decoder, memory, start = parts(model)
    wide = start.reorder(torch.zeros(3, 2, dtype=torch.long))
    tokens = torch.randint(4, 20, (6, 3))
    _, state = decoder(tokens, memory, wide)
    order = torch.tensor([1, 1, 2, 3, 5, 4])
    more = torch.randint(4, 20, (6, 2))
    found, _ = decoder(more, memory, state.reorder(order.view(3, 2) % 2))
    for row in range(6):
        alone = memory.select(torch.tensor([row // 2]))
        wanted, _ = decoder(torch.cat([tokens[order[row]], more[row]])[None], alone, decoder.start(alone))
        torch.testing.assert_close(found[row], wanted[0, 3:])


@pytest.mark.parametrize("group", [1, 2])
def test_padding_of_a_ragged_prefix_leaves_no_trace(model: EncoderDecoder, group: int) -> None:
    decoder, memory, start = parts(model)
    rows = 3 * group
    start = start.reorder(torch.zeros(3, group, dtype=torch.long))
    lengths = torch.tensor([2, 4, 0, 1, 3, 4])[:rows]
    tokens = torch.randint(4, 20, (rows, 5))
    valid = torch.arange(5) < lengths.unsqueeze(1)
    hidden, state = decoder(tokens, memory, start, valid=valid)
    torch.testing.assert_close(state.lengths, lengths)
    again, after = decoder(torch.randint(4, 20, (rows, 5)), memory, start, valid=torch.zeros_like(valid))
    same_state(after, start)
    assert again.shape == hidden.shape
    for row, length in enumerate(lengths.tolist()):
        alone = memory.select(torch.tensor([row // group]))
        wanted, end = decoder(tokens[row : row + 1, :length], alone, decoder.start(alone))
        torch.testing.assert_close(hidden[row, :length], wanted[0])
        place = torch.full((3, 1), row % group)
        same_state(state.reorder(place).select(torch.tensor([row // group])), end)


def test_rows_of_unequal_lengths_go_on_raggedly(model: EncoderDecoder) -> None:
    decoder, memory, start = parts(model)
    first, second = torch.tensor([3, 1, 2]), torch.tensor([1, 3, 2])
    tokens = torch.randint(4, 20, (2, 3, 3))
    _, state = decoder(tokens[0], memory, start, valid=torch.arange(3) < first.unsqueeze(1))
    found, _ = decoder(tokens[1], memory, state, valid=torch.arange(3) < second.unsqueeze(1))
    for row in range(3):
        alone = memory.select(torch.tensor([row]))
        whole = torch.cat([tokens[0, row, : first[row]], tokens[1, row, : second[row]]])
        wanted, _ = decoder(whole[None], alone, decoder.start(alone))
        torch.testing.assert_close(found[row, : second[row]], wanted[0, first[row] :])


def test_neighbours_and_padding_change_nothing(model: EncoderDecoder) -> None:
    model = model.float()
    rows = [[5, 6, 7, 3], [8, 3], [9, 10, 3]]
    tokens = torch.randint(4, 20, (3, 4))

    def predict(source: Tensor, targets: Tensor) -> Tensor:
        memory = model.decoder.prepare(model.encoder(source, source != 0))
        return model.decoder(targets, memory, model.decoder.start(memory))[0]

    batch = torch.zeros(3, 7, dtype=torch.long)
    for index, row in enumerate(rows):
        batch[index, : len(row)] = torch.tensor(row)
    together = predict(batch, tokens)
    for index, row in enumerate(rows):
        torch.testing.assert_close(
            predict(torch.tensor([row]), tokens[index : index + 1])[0], together[index], atol=1e-6, rtol=0
        )


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_listening_changes_nothing_and_weights_sum_to_one(name: str, ragged: bool) -> None:
    model = build_model(MODELS[name], VOCABULARY, seed=3)
    tokens = torch.randint(4, 20, (3, 5))
    valid = torch.arange(5) < torch.tensor([[2], [5], [3]]) if ragged else torch.ones(3, 5, dtype=torch.bool)
    decoder, memory, start = parts(model)
    quiet, _ = decoder(tokens, memory, start, valid=valid)
    kinds: tuple[Kind, ...] = ("weights", "scores", "contexts", "hidden", "gates", "cells", "queries", "keys", "values")
    with capture(model, kinds) as trace:
        decoder, memory, start = parts(model)
        heard, _ = decoder(tokens, memory, start, valid=valid)
    torch.testing.assert_close(heard[valid], quiet[valid], atol=1e-5, rtol=0)
    config = MODELS[name]
    layers = trace.layers("hidden", "decoder")
    assert [tuple(layer.shape) for layer in layers] == [(3, 5, 8)] * config.num_decoder_layers
    directions = 2 if config.bidirectional else 1
    assert len(trace.layers("gates", "encoder")) == directions * config.num_encoder_layers
    if config.cell == "lstm":
        for each in trace.names("cells"):
            if each != "decoder_module.bridge":
                output = trace.last(each, "gates").chunk(4, dim=-1)[3]
                torch.testing.assert_close(trace.last(each, "hidden"), output * trace.last(each, "cells").tanh())
    else:
        assert trace.names("cells") == []
    if config.attention == NoAttention():
        assert trace.names("weights") == []
        return
    (weights,) = trace.layers("weights", "cross")
    assert weights.shape == (3, 1, 5, 4)
    if isinstance(config.attention, LuongAttentionConfig) and config.attention.window != "global":
        assert 0 < weights.sum(-1)[:, 0][valid].max() < 1 + 1e-5, "local weights may sum to less than one"
    else:
        torch.testing.assert_close(weights.sum(-1)[:, 0][valid], torch.ones(int(valid.sum())))
    assert weights[1, :, :, 2:].max() == 0, "padding is never looked at"
    (contexts,) = trace.layers("contexts", "cross")
    torch.testing.assert_close(weights[:, 0] @ encode(model).annotations, contexts[:, 0])
    (scores,) = trace.layers("scores", "cross")
    assert scores.shape == weights.shape
    torch.testing.assert_close(trace.layers("values", "cross")[0][:, 0], encode(model).annotations)
    (queries,) = trace.layers("queries", "cross")
    if isinstance(config.attention, LuongAttentionConfig) and config.attention.score != "concat":
        torch.testing.assert_close(queries[:, 0], layers[-1])
    if isinstance(config.attention, LuongAttentionConfig) and config.attention.score in ("dot", "general"):
        real = scores[:, 0][valid]
        torch.testing.assert_close(real, (queries @ trace.layers("keys", "cross")[0].mT)[:, 0][valid])


def test_a_reversed_reader_reports_in_the_users_order() -> None:
    config = msgspec.structs.replace(TINY, reverse_source=True, bidirectional=False)
    model = build_model(config, VOCABULARY, seed=3)
    source = torch.tensor([[5, 6, 7, 3], [8, 9, 3, 0]])
    with capture(model, ["hidden"]) as trace:
        encoding = model.encoder(source, source != 0)
    torch.testing.assert_close(trace.layers("hidden", "encoder")[0], encoding.annotations)
    assert encoding.final is not None
    torch.testing.assert_close(encoding.final.hidden[0, 0, 0], encoding.annotations[0, 3])  # </s> is read last …
    changed = torch.tensor([[5, 6, 11, 3], [8, 9, 3, 0]])  # … and the last word first: all others know of it
    after = model.encoder(changed, changed != 0).annotations
    assert (after[0] - encoding.annotations[0]).abs().amax(dim=-1).min() > 0
    changed = torch.tensor([[12, 6, 7, 3], [8, 9, 3, 0]])  # the first word is read after all others
    after = model.encoder(changed, changed != 0).annotations
    torch.testing.assert_close(after[0, 1:3], encoding.annotations[0, 1:3])


def combinations() -> list[dict[str, object]]:
    keys: dict[str, list[object]] = {
        "cell": ["rnn", "lstm", "gru"],
        "attention": [NoAttention(), AdditiveAttentionConfig(size=3)],
        "bidirectional": [False, True],
        "layers": [(1, 1), (2, 2), (3, 2), (1, 3)],
        "context": [(False, False), (True, False), (False, True), (True, True)],
        "bridge": ["copy", "final", "backward", "summary"],
        "output": [("linear", "current"), ("tanh", "previous"), ("maxout", "current")],
    }
    every = [dict(zip(keys, values, strict=True)) for values in itertools.product(*keys.values())]
    return every[::7]  # 7 divides no number of choices, so every pair of them still occurs


@pytest.mark.parametrize("chunk", range(8))
def test_every_possible_configuration_trains_one_step(chunk: int) -> None:
    torch.manual_seed(chunk)
    built = 0
    for number, choice in enumerate(combinations()[chunk::8]):
        settings = dict(choice)
        encoder, decoder = settings.pop("layers")  # type: ignore[misc]
        in_state, in_output = settings.pop("context")  # type: ignore[misc]
        output, reads = settings.pop("output")  # type: ignore[misc]
        try:
            config = RecurrentConfig(
                embedding_size=4, hidden_size=4, num_encoder_layers=encoder, num_decoder_layers=decoder,
                context_in_state=in_state, context_in_output=in_output, output=output, output_reads=reads,
                tied_embeddings="none" if output == "linear" and in_output else "all",
                reverse_source=number % 2 == 0, dropout=0.1, **settings,  # type: ignore[arg-type]
            )  # fmt: skip
        except ConfigurationError:
            continue
        model = build_model(config, VOCABULARY)
        decode, memory, state = parts(model)
        tokens = torch.tensor([[2, 5, 6], [2, 7, 0], [2, 0, 0]])
        hidden, _ = decode(tokens, memory, state, valid=tokens != 0)
        decode.logits(hidden[tokens != 0]).logsumexp(-1).sum().backward()
        unused = [name for name, parameter in model.named_parameters() if parameter.grad is None]
        assert not unused, (config, unused)
        assert all(
            bool(parameter.grad.isfinite().all()) for parameter in model.parameters() if parameter.grad is not None
        )
        built += 1
    assert built


@pytest.mark.parametrize("name", MODELS)
def test_bfloat16_autocast_trains_and_decodes(name: str) -> None:
    model = build_model(MODELS[name], VOCABULARY, seed=3)
    tokens = torch.randint(4, 20, (3, 5))
    valid = torch.arange(5) < torch.tensor([[2], [5], [3]])
    decoder, memory, start = parts(model)
    exact, _ = decoder(tokens, memory, start, valid=valid)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        decoder, memory, start = parts(model)
        hidden, state = decoder(tokens, memory, start, valid=valid)
        decoder.logits(hidden[valid]).float().logsumexp(-1).sum().backward()
        decoder(tokens[:, :1], memory, state)
    assert {layer.hidden.dtype for layer in state.layers} == {torch.float32}
    torch.testing.assert_close(hidden[valid].float(), exact[valid], atol=0.05, rtol=0)
