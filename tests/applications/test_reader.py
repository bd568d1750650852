"""What a masked language model reads: its candidates are the softmax's, whatever is read beside them."""

from __future__ import annotations

import math
from types import ModuleType

import pytest
import torch

from atento.applications.reader import Reader, pseudo_log_probabilities
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.training import train_tokenizer

LINES = ["a vida é bela", "o que é a vida", "diga lá, meu irmão", "onde fica a casa?"]
TEXTS = ["a [MASK] é bela", "[MASK]", "diga [MASK], meu [MASK]", "onde fica a casa [MASK]"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    tokenizer = train_tokenizer(LINES * 3, TokenizerConfig(kind="wordpiece", vocab_size=60, mask=True))
    config = BertConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, max_positions=24)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=2)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 12.0
    model = model.eval().requires_grad_(False)
    return Reader(Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer))


def probabilities(reader: Reader, ids: list[int], place: int) -> torch.Tensor:
    tokens = torch.tensor([[2, *ids, 3]])
    annotations = reader.bundle.model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool)).annotations
    return reader.bundle.model.head.logits(annotations)[0, place + 1].softmax(-1)


def test_candidates_are_the_softmax_sorted(reader: Reader) -> None:
    filling = reader.fill("a [MASK] é bela", top=7)
    tokenizer = reader.bundle.tokenizer
    ids = tokenizer.encode_batch(["a vida é bela"])[0]
    place = tokenizer.encode_batch(["a"])[0].__len__()
    after = tokenizer.encode_batch(["é bela"])[0]
    row = [*ids[:place], 4, *after]
    expected = probabilities(reader, row, place).topk(7)
    (gap,) = filling.gaps
    assert [each.id for each in gap.candidates] == expected.indices.tolist()
    assert [each.probability for each in gap.candidates] == pytest.approx(expected.values.tolist(), rel=1e-4)
    assert filling.text == gap.candidates[0].text
    assert gap.candidates[1].text == tokenizer.decode([*row[:place], gap.candidates[1].id, *after])


def test_results_do_not_depend_on_neighbours(reader: Reader) -> None:
    together = reader.fill(TEXTS * 3)
    for text, found in zip(TEXTS * 3, together, strict=True):
        alone = reader.fill(text)
        assert alone.text == found.text
        assert len(found.gaps) == text.count("[MASK]")
        for first, second in zip(alone.gaps, found.gaps, strict=True):
            assert [each.id for each in first.candidates] == [each.id for each in second.candidates]
            values = [each.probability for each in second.candidates]
            assert [each.probability for each in first.candidates] == pytest.approx(values, rel=1e-4)


@pytest.mark.parametrize("kind", ["wordpiece", "byte-bpe", "char"])
def test_where_it_looks_while_it_fills(tiny: ModuleType, kind: Kind) -> None:
    config = BertConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2)
    reader = Reader(tiny.reader_of(config, kind))
    filling = reader.fill("a vida é [MASK]!", attention=True)
    assert filling.attention is not None
    record = filling.attention
    assert record.source.count("<mask>") == 1
    assert record.weights["encoder"].shape == (2, 2, len(record.source), len(record.source))
    assert record.weights["encoder"].sum(-1) == pytest.approx(1.0, abs=1e-5)
    [plain] = reader.explain(["a vida é bela."])
    assert plain.source_text == "a vida é bela."
    assert reader.fill("a vida é [MASK].").attention is None


@pytest.mark.parametrize("batch_tokens", [1, 60, 4096])
def test_the_pseudo_likelihood_masks_one_token_after_the_other(reader: Reader, batch_tokens: int) -> None:
    texts = [reader.bundle.tokenizer.encode_batch([line])[0] for line in LINES] + [[]]
    found = pseudo_log_probabilities(reader.bundle, texts, batch_tokens)
    for ids, values in zip(texts, found, strict=True):
        expected = [
            float(probabilities(reader, [*ids[:place], 4, *ids[place + 1 :]], place)[token].log())
            for place, token in enumerate(ids)
        ]
        assert values == pytest.approx(expected, abs=1e-4)


def test_a_score_is_a_pseudo_perplexity(reader: Reader) -> None:
    judged = reader.score("a vida é bela")
    assert judged.perplexity == pytest.approx(math.exp(-judged.total / len(judged.tokens)))
    assert len(judged.tokens) == len(judged.log_probabilities)
    assert math.isnan(reader.score("").perplexity)


def test_many_texts_are_judged_as_each_alone(reader: Reader) -> None:
    texts = [*LINES, ""] * 30
    judged = reader.score(texts)
    for text, each in zip(texts[: len(LINES) + 1], judged, strict=False):
        alone = reader.score(text)
        assert (each.text, each.tokens) == (alone.text, alone.tokens)
        assert each.log_probabilities == pytest.approx(alone.log_probabilities, abs=1e-5)
    period = len(LINES) + 1
    for one, other in zip(judged, judged[period:], strict=False):
        assert one.tokens == other.tokens
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
    with pytest.raises(DataError, match=r"text 2 .*has \d+ tokens with its two ends"):
        reader.score(["a vida", "vida " * 23])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a vida", "text 1: there is no gap"),
        ("[MASK]" * 23, r"has 25 tokens with its two ends.*at most 24"),
        ("a" * 1_000_001, "has 1,000,001 characters"),
    ],
)
def test_texts_that_cannot_be_filled_are_refused(reader: Reader, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        reader.fill(text)
    with pytest.raises(ConfigurationError, match="top = 0"):
        reader.fill("[MASK]", top=0)
