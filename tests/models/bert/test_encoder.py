"""What every BERT must do: see both directions, and let padding leave no trace."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.models.masked_language_model import MaskedLanguageModel
from atento.nn.capture import capture

VOCABULARY = Vocabulary(source_size=20, target_size=20, shared=True, mask=4)
CHOICES = list(itertools.product(("learned", "rotary", "sinusoidal"), ("pre", "post"), ("gelu", "swiglu")))


@pytest.fixture(params=CHOICES, ids=lambda choice: "-".join(map(str, choice)))
def model(request: pytest.FixtureRequest) -> MaskedLanguageModel:
    position, norm, activation = request.param
    config = BertConfig(
        model_size=16, num_heads=4, feed_forward_size=20, num_layers=2, max_positions=12, position=position,
        layer_norm=norm, activation=activation, next_sentence=True,
    )  # fmt: skip
    built = build_model(config, VOCABULARY, seed=3).double().eval().requires_grad_(False)
    for parameter in built.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
    return built


def read(model: MaskedLanguageModel, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    return model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask).annotations


def test_padding_leaves_no_trace(model: MaskedLanguageModel) -> None:
    lengths = torch.tensor([5, 9, 1, 12])
    mask = torch.arange(12) < lengths.unsqueeze(1)
    tokens = torch.randint(5, 20, (4, 12))
    together = read(model, tokens, mask)
    other = read(model, torch.where(mask, tokens, 7), mask)
    assert model.next_sentence is not None
    pairs = model.next_sentence.logits(together)
    for row, length in enumerate(lengths.tolist()):
        alone = read(model, tokens[row : row + 1, :length])
        torch.testing.assert_close(together[row, :length], alone[0])
        torch.testing.assert_close(other[row, :length], alone[0])
        torch.testing.assert_close(model.head.logits(together[row, :length]), model.head.logits(alone[0]))
        torch.testing.assert_close(pairs[row], model.next_sentence.logits(alone)[0])


def test_padded_positions_get_no_attention(model: MaskedLanguageModel) -> None:
    mask = torch.tensor([[True, True, True, False, False]])
    with capture(model) as trace:
        read(model, torch.randint(5, 20, (1, 5)), mask)
    for weights in trace.layers("weights", "encoder"):
        assert float(weights[..., 3:].abs().max()) == 0.0
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


def test_every_token_sees_both_directions(model: MaskedLanguageModel) -> None:
    tokens = torch.randint(5, 20, (1, 6))
    for changed in (0, 5):
        other = tokens.clone()
        other[:, changed] = (tokens[:, changed] - 4) % 15 + 5
        assert (read(model, tokens) - read(model, other)).abs().amax(-1).min() > 1e-9


def test_a_text_that_is_too_long_is_refused() -> None:
    config = BertConfig(model_size=8, num_heads=2, feed_forward_size=8, num_layers=1, max_positions=4)
    model = build_model(config, VOCABULARY, seed=1)
    with pytest.raises(DataError, match="5 tokens is longer than the model's 4 learned positions"):
        read(model, torch.full((1, 5), 6))
