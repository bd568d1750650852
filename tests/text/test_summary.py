import pytest

from atento.text.configuration import TokenizerConfig
from atento.text.show import show, summarize
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["a casa, a vida"] * 3, TokenizerConfig(kind="word", vocab_size=8))


def test_a_text_that_comes_back(tokenizer: Tokenizer) -> None:
    shown = show(tokenizer, "a casa, a vida")
    assert shown.exact
    assert shown.difference == ""
    assert shown.labels == ("a", "casa", "￭,", "a", "vida")
    assert [shown.text[start:stop] for start, stop in shown.spans] == ["a", "casa", ",", "a", "vida"]
    assert shown.tokens_per_word == 1.0


def test_a_text_that_does_not(tokenizer: Tokenizer) -> None:
    shown = show(tokenizer, "a cama, a vida")
    assert not shown.exact
    assert shown.unknown == ("cama",)
    assert shown.difference == "from character 3 on: 'cama, a vida' → '<unk>, a vid'"
    assert show(tokenizer, "").exact
    assert show(tokenizer, "").tokens_per_word == 0.0


def test_a_summary_counts_a_stream(tokenizer: Tokenizer) -> None:
    summary = summarize(tokenizer, iter(["a casa", "a cama", ""]))
    assert (summary.texts, summary.words, summary.tokens, summary.size, summary.unknown, summary.exact) == (
        3,
        4,
        4,
        12,
        1,
        2,
    )
    assert summary.bytes_per_token == 3.0
    assert summarize(tokenizer, []).tokens_per_word == 0.0
