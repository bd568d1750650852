"""The properties that every decoder must have, for every kind of position, normalisation and activation."""

import itertools
from collections.abc import Iterator
from typing import cast

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.transformer import TransformerConfig, TransformerDecoder
from atento.models.transformer.layers import Residual
from atento.models.transformer.state import TransformerMemory, TransformerState
from atento.nn.capture import Kind, Role, capture
from atento.nn.protocols import Encoding

VOCABULARY = Vocabulary(source_size=20, target_size=20, shared=True)
CHOICES = [
    *itertools.product(("sinusoidal", "learned", "rotary"), ("pre", "post"), ("relu", "gelu", "swiglu")),
    ("none", "pre", "relu"), ("none", "post", "swiglu"),
    ("sinusoidal", "pre", "relu", "3×5"), ("learned", "post", "gelu", "5×2"), ("rotary", "post", "relu", "6×5"),
    ("rotary", "pre", "relu", "2×2"), ("none", "pre", "gelu", "7×7"),
]  # fmt: skip
FLASH = "aten::_scaled_dot_product_flash_attention_for_cpu"


def configuration(position: str, norm: str, activation: str, sizes: str = "") -> TransformerConfig:
    """With d_k × d_v given there are three heads, which do not divide the model's size."""
    key_size, value_size = map(int, sizes.split("×")) if sizes else (None, None)
    return TransformerConfig(
        model_size=8, num_heads=3 if sizes else 2, key_size=key_size, value_size=value_size,
        feed_forward_size=12, num_encoder_layers=2, num_decoder_layers=2, max_positions=64,
        position=position, layer_norm=norm, activation=activation,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture(params=CHOICES, ids="-".join)
def model(request: pytest.FixtureRequest) -> EncoderDecoder:
    return build_model(configuration(*request.param), VOCABULARY, seed=3).double().eval()


@pytest.fixture(autouse=True)
def poisoned_memory() -> Iterator[None]:
    """Fresh memory holds NaN, so that whoever reads what nobody wrote is found out; no gradients, as in search."""
    torch.use_deterministic_algorithms(True)
    with torch.no_grad():
        yield
    torch.use_deterministic_algorithms(False)


def encode(model: EncoderDecoder) -> Encoding:
    source = torch.tensor([[5, 6, 7, 3], [8, 3, 0, 0], [9, 10, 3, 0]])
    return model.encoder(source, source != 0)


def parts(model: EncoderDecoder) -> tuple[TransformerDecoder, TransformerMemory]:
    decoder = cast("TransformerDecoder", model.decoder_module)
    return decoder, decoder.prepare(encode(model))


def alone(
    decoder: TransformerDecoder, memory: TransformerMemory, source: int, tokens: Tensor
) -> tuple[Tensor, TransformerState]:
    """One source and one row of tokens, read all at once."""
    one = memory.select(torch.tensor([source]))
    hidden, state = decoder(tokens[None], one, decoder.start(one))
    return hidden[0], state


@pytest.mark.parametrize("sizes", [[1] * 6, [1, 4, 1], [4, 2], [2, 2, 2]])
def test_step_by_step_is_all_at_once(model: EncoderDecoder, sizes: list[int]) -> None:
    tokens = torch.randint(4, 20, (3, 6))
    decoder, memory = parts(model)
    whole, end = decoder(tokens, memory, decoder.start(memory))
    state, pieces = decoder.start(memory), []
    for part in tokens.split(sizes, dim=1):
        hidden, state = decoder(part, memory, state)
        pieces.append(hidden)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)
    assert state.lengths.tolist() == end.lengths.tolist() == [6, 6, 6]


def test_many_steps_outgrow_the_buffer(model: EncoderDecoder) -> None:
    tokens = torch.randint(4, 20, (3, 50))
    decoder, memory = parts(model)
    whole, _ = decoder(tokens, memory, decoder.start(memory))
    state, pieces = decoder.start(memory), []
    for part in tokens.split(1, dim=1):
        hidden, state = decoder(part, memory, state)
        pieces.append(hidden)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)


def test_a_later_token_changes_nothing_before_it(model: EncoderDecoder) -> None:
    decoder, memory = parts(model)
    tokens = torch.randint(4, 20, (3, 6))
    other = tokens.clone()
    other[:, 4] = (tokens[:, 4] - 3) % 16 + 4
    first, second = (decoder(chosen, memory, decoder.start(memory))[0] for chosen in (tokens, other))
    torch.testing.assert_close(first[:, :4], second[:, :4])
    assert (first[:, 4:] - second[:, 4:]).abs().amax(-1).min() > 1e-6


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("lengths", [[2, 4, 0, 1, 3, 4], [1, 1, 1, 1, 1, 1], [0] * 6, [60, 1, 2, 60, 3, 0]])
def test_ragged_prefixes_are_each_row_alone(model: EncoderDecoder, group: int, lengths: list[int]) -> None:
    """Also where the rows go on together, are read again, or are padded more than they need."""
    decoder, memory = parts(model)
    rows, wide = 3 * group, max(lengths) + 1
    long = wide > 20 and model.max_length is not None
    if long:
        lengths = [min(length, 50) for length in lengths]
    own = torch.tensor(lengths[:rows])
    state = decoder.start(memory).reorder(torch.zeros(3, group, dtype=torch.long))
    prefix = torch.randint(4, 20, (rows, wide))
    hidden, state = decoder(prefix, memory, state, valid=torch.arange(wide) < own.unsqueeze(1))
    assert state.lengths.tolist() == own.tolist()
    block, steps = torch.randint(4, 20, (rows, 3)), torch.randint(4, 20, (rows, 2))
    some = torch.tensor([3, 1, 0, 2, 3, 1])[:rows]
    middle, state = decoder(block, memory, state, valid=torch.arange(3) < some.unsqueeze(1))
    ends = []
    for step in steps.split(1, dim=1):
        end, state = decoder(step, memory, state)
        ends.append(end)
    assert state.lengths.tolist() == (own + some + 2).tolist()
    for row in range(rows):
        mine, more = int(own[row]), int(some[row])
        tokens = torch.cat([prefix[row, :mine], block[row, :more], steps[row]])
        wanted, _ = alone(decoder, memory, row // group, tokens)
        found = torch.cat([hidden[row, :mine], middle[row, :more], torch.cat(ends, 1)[row]])
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("ragged", [False, True])
def test_reordering_is_recomputing_also_with_several_rows_a_source(model: EncoderDecoder, ragged: bool) -> None:
    decoder, memory = parts(model)
    state = decoder.start(memory).reorder(torch.zeros(3, 2, dtype=torch.long))
    lengths = torch.tensor([3, 1, 2, 3, 1, 2]) if ragged else torch.full((6,), 3)
    tokens, more = torch.randint(4, 20, (6, 3)), torch.randint(4, 20, (6, 2))
    _, state = decoder(tokens, memory, state, valid=torch.arange(3) < lengths.unsqueeze(1))
    order = torch.tensor([1, 1, 2, 3, 5, 4])
    state = state.reorder(order.view(3, 2) % 2)
    assert state.lengths.tolist() == lengths[order].tolist()
    first, state = decoder(more[:, :1], memory, state)
    again = torch.tensor([0, 1, 3, 2, 5, 5])
    state = state.reorder(again.view(3, 2) % 2)
    second, _ = decoder(more[:, 1:], memory, state)
    for row in range(6):
        before = again[row]
        history = torch.cat([tokens[order[before], : lengths[order[before]]], more[before, :1], more[row, 1:]])
        wanted, _ = alone(decoder, memory, row // 2, history)
        torch.testing.assert_close(first[before, 0], wanted[-2])
        torch.testing.assert_close(second[row, 0], wanted[-1])


def test_the_rows_of_a_beam_equal_repeated_sources(model: EncoderDecoder) -> None:
    decoder, memory = parts(model)
    tokens = torch.randint(4, 20, (6, 4))
    grouped = decoder.start(memory).reorder(torch.zeros(3, 2, dtype=torch.long))
    repeated = memory.select(torch.arange(3).repeat_interleave(2))
    other = decoder.start(repeated)
    for part in tokens.split([3, 1], dim=1):
        found, grouped = decoder(part, memory, grouped)
        wanted, other = decoder(part, repeated, other)
        torch.testing.assert_close(found, wanted)


def test_a_selected_memory_is_that_of_the_sources_alone(model: EncoderDecoder) -> None:
    decoder, memory = parts(model)
    chosen = memory.select(torch.tensor([2, 0]))
    assert (memory.sources, chosen.sources) == (3, 2)
    tokens = torch.randint(4, 20, (3, 4))
    whole, _ = decoder(tokens, memory, decoder.start(memory))
    found, _ = decoder(tokens[[2, 0]], chosen, decoder.start(chosen))
    torch.testing.assert_close(found, whole[[2, 0]])


@pytest.mark.parametrize("sizes", ["", "3×5"])
def test_without_positions_the_encoder_sees_a_bag_and_the_decoder_an_order(sizes: str) -> None:
    model = build_model(configuration("none", "pre", "relu", sizes), VOCABULARY, seed=3).double().eval()
    source, order = torch.tensor([[5, 6, 7, 3]]), torch.tensor([2, 0, 3, 1])
    annotations, moved = (model.encoder(each, each != 0).annotations for each in (source, source[:, order]))
    torch.testing.assert_close(moved, annotations[:, order])
    memory = model.decoder.prepare(model.encoder(source, source != 0))
    last = [
        model.decoder(torch.tensor([row]), memory, model.decoder.start(memory))[0][0, -1]
        for row in ([2, 5, 6, 7], [2, 6, 5, 7])
    ]
    assert (last[0] - last[1]).abs().max() > 1e-4


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
        single = predict(torch.tensor([row]), tokens[index : index + 1])[0]
        torch.testing.assert_close(single, together[index], atol=2e-6, rtol=0)
    full = torch.where(batch == 0, 11, batch)  # what stands in padding is never read
    memory = model.decoder.prepare(model.encoder(full, batch != 0))
    found = model.decoder(tokens, memory, model.decoder.start(memory))[0]
    torch.testing.assert_close(found, together, atol=0, rtol=0)


@pytest.mark.parametrize("ragged", [False, True])
def test_listening_changes_nothing_and_weights_sum_to_one(model: EncoderDecoder, ragged: bool) -> None:
    model = model.float()
    tokens = torch.randint(4, 20, (3, 5))
    valid = torch.arange(5) < torch.tensor([[2], [5], [3]]) if ragged else torch.ones(3, 5, dtype=torch.bool)

    def run() -> tuple[Tensor, Tensor]:
        decoder, memory = parts(model)
        first, state = decoder(tokens, memory, decoder.start(memory), valid=valid)
        return first[valid], decoder(tokens[:, :1], memory, state)[0]

    quiet = run()
    with capture(model) as trace:
        heard = run()
    torch.testing.assert_close(heard, quiet, atol=1e-5, rtol=0)
    roles: tuple[Role, ...] = ("encoder", "decoder", "cross")
    assert [len(trace.names("weights", role)) for role in roles] == [2, 2, 2]
    real = torch.tensor([4, 2, 3])
    for role in roles:
        for name in trace.names("weights", role):
            for weights in trace.all(name, "weights"):
                torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
                if role != "decoder":
                    hidden = weights.masked_select((torch.arange(4) >= real[:, None])[:, None, None, :])
                    assert hidden.count_nonzero() == 0, "padding is never looked at"
    first, step = trace.all("decoder_module.layers.1.self_attention", "weights")
    assert first.triu(1).count_nonzero() == 0
    assert (step > 0)[:, 0, 0].sum(-1).tolist() == (valid.sum(1) + 1).tolist()


def test_residual_connections_can_be_heard_also_where_a_source_is_absorbed(model: EncoderDecoder) -> None:
    model = model.float().eval()
    source, tokens = torch.tensor([[5, 3]]), torch.tensor([[2, 7, 9]])

    def run() -> Tensor:
        memory = model.decoder.prepare(model.encoder(source, source != 0))
        return model.decoder(tokens, memory, model.decoder.start(memory))[0]

    kinds: tuple[Kind, ...] = ("inputs", "normalised", "outputs", "sums", "hidden")
    with torch.inference_mode():
        quiet = run()
        with capture(model, kinds) as trace:
            heard = run()
        assert torch.equal(run(), quiet)
    torch.testing.assert_close(heard, quiet, atol=1e-5, rtol=0)
    pre = cast("TransformerDecoder", model.decoder_module).config.layer_norm == "pre"
    for number in range(2):
        x = trace.all("decoder_module", "hidden")[number][0]
        for part in ("self", "cross", "feed_forward"):
            name = f"decoder_module.layers.{number}.{part}_residual"
            inputs, normalised, outputs, sums = (trace.last(name, kind) for kind in kinds[:4])
            assert torch.equal(inputs, x)
            assert torch.equal(sums, inputs + outputs)
            norm = cast("Residual", model.get_submodule(name)).norm
            torch.testing.assert_close(normalised, norm(inputs if pre else sums))
            x = sums if pre else normalised
    end = model.get_submodule("decoder_module.norm")(x) if pre else x
    torch.testing.assert_close(end, heard[0])


def test_segments_are_refused(model: EncoderDecoder) -> None:
    decoder, memory = parts(model)
    tokens = torch.full((3, 2), 5)
    with pytest.raises(ValueError, match="language models"):
        decoder(tokens, memory, decoder.start(memory), segments=tokens)


@pytest.mark.parametrize("position", ["sinusoidal", "learned", "rotary", "none"])
def test_long_inputs(position: str) -> None:
    model = build_model(configuration(position, "pre", "relu"), VOCABULARY, seed=3).eval()
    for length in (64, 65, 1025, 1026):
        source = torch.full((1, length), 5)
        if position == "learned" and length > 64:
            with pytest.raises(DataError, match=f"{length} tokens is longer than the model's 64"):
                model.encoder(source, source != 0)
            continue
        annotations = model.encoder(source, source != 0).annotations
        assert bool(annotations.isfinite().all())
        memory = model.decoder.prepare(model.encoder(source[:, :3], source[:, :3] != 0))
        whole, _ = model.decoder(source, memory, model.decoder.start(memory))
        _, state = model.decoder(source[:, :-1], memory, model.decoder.start(memory))
        last, _ = model.decoder(source[:, -1:], memory, state)
        torch.testing.assert_close(last, whole[:, -1:], atol=1e-5, rtol=0)


class Counter(TorchDispatchMode):
    """Counts the operations that run."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __torch_dispatch__(self, function, types, arguments=(), options=None):  # type: ignore[no-untyped-def]
        self.calls.append(function.name())
        return function(*arguments, **(options or {}))


@pytest.mark.parametrize("attention_dropout", [0.0, 0.1])
def test_all_attentions_of_a_training_step_run_fused_by_default(attention_dropout: float) -> None:
    config = TransformerConfig(model_size=16, feed_forward_size=16, attention_dropout=attention_dropout)
    model = build_model(config, VOCABULARY).train()
    source = torch.tensor([[5, 6, 7, 3], [8, 3, 0, 0]])
    target = torch.tensor([[2, 6, 7], [2, 3, 0]])
    with torch.enable_grad(), Counter() as counter:
        memory = model.decoder.prepare(model.encoder(source, source != 0))
        hidden, _ = model.decoder(target, memory, model.decoder.start(memory), valid=target != 0)
        model.decoder.logits(hidden[target != 0]).logsumexp(-1).sum().backward()
    expected = 9 if TransformerConfig().attention_dropout == attention_dropout else 0
    assert counter.calls.count(FLASH) == counter.calls.count(f"{FLASH}_backward") == expected


def test_masks_cost_nothing_where_nothing_is_padded() -> None:
    model = build_model(configuration("sinusoidal", "pre", "relu"), VOCABULARY).eval()
    source = torch.full((2, 3), 5)
    decoder = cast("TransformerDecoder", model.decoder_module)
    memory = decoder.prepare(model.encoder(source, source != 0))
    assert memory.views[0].mask is None
    _, state = decoder(source, memory, decoder.start(memory), valid=torch.ones(2, 3, dtype=torch.bool))
    assert state.ragged is None
