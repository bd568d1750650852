"""Classifiers: padding leaves no trace, pairs are told apart, and a pre-trained body is taken over whole."""

from __future__ import annotations

import pytest
import torch

from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertConfig
from atento.models.build import ReaderConfig, build_classifier, build_model
from atento.models.weights import load_weights, weights

VOCABULARY = Vocabulary(source_size=30, target_size=30, shared=True, mask=4)
SIZES = {"model_size": 16, "num_heads": 2, "feed_forward_size": 24, "num_layers": 2}


def configs() -> dict[str, ReaderConfig]:
    from atento.models.gpt import GPTConfig

    return {
        "bert": BertConfig(**SIZES, next_sentence=True),  # type: ignore[arg-type]
        "gpt": GPTConfig(**SIZES),  # type: ignore[arg-type]
        "untied": GPTConfig(**SIZES, tied_embeddings=False, position="rotary", norm="rms"),  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("family", sorted(configs()))
def test_padding_leaves_no_trace(family: str) -> None:
    model = build_classifier(configs()[family], VOCABULARY, 3, seed=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 4
    lengths = [3, 7, 5]
    tokens = torch.randint(5, 30, (3, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.arange(9) < torch.tensor(lengths).unsqueeze(1)
    together = model.logits(tokens, mask)
    changed = model.logits(torch.where(mask, tokens, 11), mask)
    for number, length in enumerate(lengths):
        alone = model.logits(tokens[number : number + 1, :length], torch.ones(1, length, dtype=torch.bool))
        assert torch.allclose(together[number], alone[0], atol=1e-5)
    assert torch.allclose(together, changed, atol=1e-6)


@pytest.mark.parametrize("family", sorted(configs()))
def test_a_pretrained_body_is_taken_over_whole(family: str) -> None:
    config = configs()[family]
    pretrained = build_model(config, VOCABULARY, seed=5)
    model = build_classifier(config, VOCABULARY, 3, seed=1)
    own = {name: value.clone() for name, value in weights(model).items()}
    load_weights(model, model.with_pretrained(weights(pretrained)))
    taken = {name for name, value in weights(model).items() if not torch.equal(value, own[name])}
    constant = {name for name, value in own.items() if bool((value == value.flatten()[0]).all())}
    assert {name for name in own if name.startswith("body.")} - constant <= taken
    assert {"output.weight"}.isdisjoint(taken)
    body = {name.removeprefix("body."): value for name, value in weights(model).items() if name.startswith("body.")}
    for name, value in weights(pretrained).items():
        kept = body.get(name.replace("next_sentence.pooler", "pooler"))
        assert kept is None or torch.equal(kept, value)
    if family == "untied":
        assert not model.body.decoder_module.output.weight.requires_grad


def test_bert_sees_which_text_a_token_belongs_to() -> None:
    model = build_classifier(configs()["bert"], VOCABULARY, 2, seed=1).eval()
    tokens, mask = torch.tensor([[2, 7, 3, 8, 3]]), torch.ones(1, 5, dtype=torch.bool)
    first, second = torch.zeros(1, 5, dtype=torch.long), torch.tensor([[0, 0, 0, 1, 1]])
    assert torch.equal(model.logits(tokens, mask), model.logits(tokens, mask, first))
    assert not torch.allclose(model.logits(tokens, mask, first), model.logits(tokens, mask, second))
