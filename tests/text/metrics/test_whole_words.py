"""Words kept whole, and characters lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.text.configuration import TokenizerConfig
from atento.text.metrics.counting import lost_characters
from atento.text.metrics.whole_words import LookedAt, WholeWords
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.training import train_tokenizer
from atento.text.words import How, count, segment

LINES = ["o gato dorme na casa.", "a casa é do gato, e o coração também!", "não há água na ilha; há sol."] * 4
TEXTS = st.text(alphabet="ogatcsaéãçn ,.A\u00a0-\u4e2d\U0001f600", max_size=40)


@pytest.fixture(scope="module", params=["bpe", "byte-bpe", "wordpiece", "unigram", "word", "bpe lowercase"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenTokenizer:
    kind, _, lowercase = request.param.partition(" ")
    sizes = {"bpe": 330, "byte-bpe": 300, "wordpiece": 80, "unigram": 290, "word": 24}
    config = TokenizerConfig(kind=kind, vocab_size=sizes[kind], lowercase=bool(lowercase), min_frequency=1)
    path: Path = tmp_path_factory.mktemp("tokenizers") / f"{kind}.json"
    train_tokenizer(LINES, config).save(path)
    return open_tokenizer(path)


def slow(tokenizer: Any, text: str, how: How) -> int:
    tokens = tokenizer.encode(text)
    known = [span for number, span in zip(tokens.ids, tokens.spans, strict=True) if number != tokenizer.unknown]
    return sum(any(start <= left and right <= stop for start, stop in known) for left, right in segment(text, how))


@given(TEXTS, st.sampled_from(["words", "whitespace", "runs"]))
def test_they_are_those_that_a_span_covers(opened: OpenTokenizer, text: str, how: How) -> None:
    ids = opened.encode_batch([text])[0]
    assert WholeWords(opened).count(LookedAt.of(0, text, how), ids) == slow(opened, text, how)


def test_real_sentences_have_some(opened: OpenTokenizer) -> None:
    whole = WholeWords(opened)
    found = sum(whole.count(LookedAt.of(0, line, "words"), opened.encode_batch([line])[0]) for line in LINES)
    assert 0 < found <= sum(count(line) for line in LINES)


def test_an_unknown_word_is_not_whole(fake: Any) -> None:
    tokenizer = fake("f", ["ab", " "])
    ids = tokenizer.encode_batch(["ab xy ab"])[0]
    assert WholeWords(tokenizer).count(LookedAt.of(0, "ab xy ab", "words"), ids) == 2


def test_spans_are_not_asked_for_where_the_bytes_are_the_texts(fake: Any) -> None:
    tokenizer = fake("f", ["ab", " ab", "a", "ção", " "])
    texts = ["ab ab", "aab ção"]
    ids = tokenizer.encode_batch(texts)
    tokenizer.encode = None
    whole = WholeWords(tokenizer)
    assert [whole.count(LookedAt.of(0, text, "words"), row) for text, row in zip(texts, ids, strict=True)] == [2, 1]


@pytest.mark.parametrize(
    ("text", "decoded", "lost"),
    [
        ("a b", "ab", 0),  # white space is not looked at
        ("ação", "ac\u0327a\u0303o", 0),  # the same letters, taken apart
        ("ação", "acao", 2),
        ("Aa", "aa", 1),
        ("aab", "ba", 1),
        ("中文", "", 2),
        ("a", "a and more", 0),
    ],
)
def test_lost_characters(text: str, decoded: str, lost: int) -> None:
    assert lost_characters(text, decoded) == lost
