"""Sizes are chosen by the curve on held-out text."""

from __future__ import annotations

import itertools
import random

import pytest

from atento.core.errors import ConfigurationError, DataError
from atento.text import vocabulary_size
from atento.text.configuration import TokenizerConfig
from atento.text.training import VocabularySizeError, train_tokenizer
from atento.text.vocabulary_size import EVERY, Curve, choose_size


def sentences(words: int, count: int) -> list[str]:
    """Sentences of made-up words, frequent and rare."""
    draw = random.Random(3)
    vocabulary = ["".join(draw.choice("bcdfglmnprstv") + draw.choice("aeiou") for _ in range(3)) for _ in range(words)]
    weights = [1 / rank for rank in range(1, words + 1)]
    return [" ".join(draw.choices(vocabulary, weights, k=8)) for _ in range(count)]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return sentences(600, 700)


@pytest.fixture(scope="module")
def curve(texts: list[str]) -> Curve:
    return choose_size(lambda: texts, TokenizerConfig(kind="bpe", min_frequency=1))


def test_each_point_is_a_tokenizer_of_that_size_on_text_it_never_saw(texts: list[str], curve: Curve) -> None:
    held_out = texts[EVERY - 1 :: EVERY]
    trained = [text for number, text in enumerate(texts) if number % EVERY != EVERY - 1]
    assert curve.held_out == len(held_out)
    for point in curve.points[:2]:
        tokenizer = train_tokenizer(trained, TokenizerConfig(kind="bpe", vocab_size=point.size, min_frequency=1))
        tokens = sum(map(len, tokenizer.encode_batch(held_out)))
        assert (point.tokens, point.unknown) == (tokens, 0)
        assert point.bytes_per_token == sum(len(text.encode()) for text in held_out) / tokens


def test_the_rule_is_the_one_that_is_told(curve: Curve) -> None:
    sizes = [point.size for point in curve.points]
    assert all(other == 2 * one for one, other in itertools.pairwise(sizes[:-1]))
    for one, other in itertools.pairwise(curve.points):
        assert other.gain == pytest.approx(other.bytes_per_token / one.bytes_per_token - 1)
    small = [place for place, point in enumerate(curve.points[1:-1]) if point.gain is not None and point.gain < 0.05]
    assert curve.chosen == (small[0] if small else curve.chosen)
    assert curve.size == sizes[curve.chosen]
    assert [row["chosen"] for row in curve.table().data()["rows"]].count(True) == 1


def test_a_greater_gain_asks_for_a_smaller_vocabulary(texts: list[str], curve: Curve) -> None:
    config = TokenizerConfig(kind="bpe", min_frequency=1)
    assert choose_size(lambda: texts, config, gain=0.6).size < curve.size
    assert choose_size(lambda: texts, config, gain=0.001).size >= curve.size


def test_the_search_ends_where_the_text_ends(texts: list[str]) -> None:
    found = choose_size(lambda: texts, TokenizerConfig(kind="bpe", min_frequency=1), gain=0.001)
    trained = [text for number, text in enumerate(texts) if number % EVERY != EVERY - 1]
    with pytest.raises(VocabularySizeError) as error:
        train_tokenizer(trained, TokenizerConfig(kind="bpe", vocab_size=50_000, min_frequency=1))
    assert found.points[-1].size == error.value.bound
    assert f"no more than {error.value.bound:,} entries" in found.limit


def test_the_greatest_size(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary_size, "MOST", 500)
    found = choose_size(lambda: texts, TokenizerConfig(kind="bpe", min_frequency=1), gain=0.001)
    assert [point.size for point in found.points] == [500]
    assert found.size == 500


def test_losing_words_is_no_gain(texts: list[str]) -> None:
    """A vocabulary of words has a token a word at every size; what becomes unknown counts byte by byte."""
    found = choose_size(lambda: texts, TokenizerConfig(kind="word", min_frequency=1), gain=0.01)
    assert found.points[0].tokens == found.points[-1].tokens
    assert found.points[0].unknown > found.points[-1].unknown
    assert found.points[0].bytes_per_token < found.points[-1].bytes_per_token
    point, held_out = found.points[0], texts[EVERY - 1 :: EVERY]
    trained = [text for number, text in enumerate(texts) if number % EVERY != EVERY - 1]
    tokenizer = train_tokenizer(trained, TokenizerConfig(kind="word", vocab_size=point.size, min_frequency=1))
    words = [word for text in held_out for word in text.split()]
    lost = [len(word) for word in words if tokenizer.encode(word).ids == (tokenizer.unk,)]
    assert point.unknown == len(lost)
    total = sum(len(text.encode()) for text in held_out)
    assert point.bytes_per_token == pytest.approx(total / (len(words) - len(lost) + sum(lost)))


def test_what_cannot_be_chosen(texts: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="give a share"):
        choose_size(lambda: texts, TokenizerConfig(), gain=1.0)
    with pytest.raises(ConfigurationError, match="as many as there are"):
        choose_size(lambda: texts, TokenizerConfig(kind="char"))
    with pytest.raises(DataError, match="too few texts"):
        choose_size(lambda: texts[:9], TokenizerConfig())
