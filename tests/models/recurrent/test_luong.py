"""Luong et al. 2015: every score and window learns, and positions are those of the reading."""

import itertools

import msgspec
import pytest
import torch

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.recurrent import LuongAttentionConfig, RecurrentConfig, RecurrentEncoder

VOCABULARY = Vocabulary(source_size=12, target_size=12, shared=True)
STACK = RecurrentConfig(
    embedding_size=16, hidden_size=16, encoder_hidden_size=8, num_decoder_layers=2, dropout=0.1, reverse_source=True,
)  # fmt: skip
COMBINATIONS = [
    LuongAttentionConfig(score=score, window=window, input_feeding=feeding, half_width=2, max_source_length=9)
    for score, window, feeding in itertools.product(
        ["location", "dot", "general", "concat"], ["global", "local-m", "local-p"], [True, False]
    )
]


def named(attention: LuongAttentionConfig) -> str:
    return f"{attention.score}-{attention.window}-{'fed' if attention.input_feeding else 'unfed'}"


def loss_of_copying(model: EncoderDecoder) -> torch.Tensor:
    """Of a batch of sources of unequal lengths that are to be written as they are."""
    lengths = torch.randint(1, 6, (24, 1))
    source = torch.randint(4, 12, (24, 6))
    place = torch.arange(6)
    source = torch.where(place < lengths, source, torch.where(place == lengths, 3, 0))
    inputs = torch.cat([torch.full((24, 1), 2), source[:, :-1]], dim=1)
    memory = model.decoder.prepare(model.encoder(source, source != 0))
    hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory), valid=source != 0)
    real = source != 0
    return torch.nn.functional.cross_entropy(model.decoder.logits(hidden[real]), source[real])


@pytest.mark.parametrize("attention", COMBINATIONS, ids=named)
def test_every_score_and_window_learns_with_all_of_its_parameters(attention: LuongAttentionConfig) -> None:
    torch.manual_seed(1)
    model = build_model(msgspec.structs.replace(STACK, attention=attention), VOCABULARY, seed=1).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for step in range(25):
        optimiser.zero_grad()
        loss = loss_of_copying(model)
        loss.backward()
        if step == 0:
            silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
            assert not silent
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) / 5 < 0.85 * losses[0]


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_encoder_says_in_which_order_it_read(bidirectional: bool) -> None:
    config = msgspec.structs.replace(STACK, bidirectional=bidirectional)
    encoder = build_model(config, VOCABULARY, seed=1).encoder_module
    assert isinstance(encoder, RecurrentEncoder)
    source = torch.tensor([[5, 3, 0, 0, 0], [5, 6, 7, 8, 3], [5, 6, 7, 0, 0], [3, 0, 0, 0, 0]])
    positions = encoder(source, source != 0).positions
    assert positions is not None
    real = [row[: int(length)].tolist() for row, length in zip(positions, (source != 0).sum(1), strict=True)]
    assert real == [[0, 1], [3, 2, 1, 0, 4], [2, 1, 0], [0]]  # the third has no </s> that stays last
    forwards = build_model(msgspec.structs.replace(config, reverse_source=False), VOCABULARY, seed=1)
    assert forwards.encoder(source, source != 0).positions is None


@pytest.mark.parametrize("reverse", [True, False])
def test_a_local_window_follows_the_reading(reverse: bool) -> None:
    """Step t sees the token that is read t-th and its neighbours: what it predicts depends on no other annotation."""
    attention = LuongAttentionConfig(window="local-m", half_width=1, input_feeding=False)
    config = msgspec.structs.replace(STACK, attention=attention, reverse_source=reverse)
    model = build_model(config, VOCABULARY, seed=1).eval()
    source = torch.tensor([[5, 6, 7, 8, 9, 3]])
    encoding = model.encoder(source, source != 0)
    encoding.annotations.requires_grad_()
    memory = model.decoder.prepare(encoding)
    hidden, _ = model.decoder(torch.tensor([[2, 5, 6, 7, 8, 9, 10]]), memory, model.decoder.start(memory))
    order = [4, 3, 2, 1, 0, 5] if reverse else [0, 1, 2, 3, 4, 5]
    for step in range(7):
        (gradient,) = torch.autograd.grad(hidden[0, step].sum(), encoding.annotations, retain_graph=True)
        seen = {place for place in range(6) if gradient[0, place].abs().max() > 0}
        assert seen == {order[s] for s in range(6) if abs(s - step) <= 1}


def test_attention_by_location_refuses_a_source_that_it_has_no_row_for() -> None:
    attention = LuongAttentionConfig(score="location", max_source_length=4)
    model = build_model(msgspec.structs.replace(STACK, attention=attention), VOCABULARY, seed=1)
    padded = torch.tensor([[5, 6, 7, 3, 0, 0, 0]])  # only real tokens count
    model.decoder.prepare(model.encoder(padded, padded != 0))
    longer = torch.tensor([[5, 6, 3, 0, 0], [5, 6, 7, 8, 3]])
    with pytest.raises(DataError, match="a source of 5 tokens is longer than the 4") as caught:
        model.decoder.prepare(model.encoder(longer, longer != 0))
    assert "max_source_length" in str(caught.value)


def test_dropout_is_drawn_anew_in_training_and_never_in_evaluation() -> None:
    config = msgspec.structs.replace(STACK, attention=LuongAttentionConfig(), dropout=0.5)
    model = build_model(config, VOCABULARY, seed=1)
    source, target = torch.tensor([[5, 6, 3]]), torch.tensor([[2, 5, 6]])

    def predict(wanted: bool) -> torch.Tensor:
        encoding = model.eval().encoder(source, source != 0)
        model.train(wanted)
        memory = model.decoder.prepare(encoding)
        return model.decoder(target, memory, model.decoder.start(memory))[0]

    assert torch.equal(predict(False), predict(False))
    dropped = predict(True)
    assert not torch.equal(dropped, predict(True))
    assert 0.2 < (dropped == 0).float().mean() < 0.8, "what predicts the word is dropped"
