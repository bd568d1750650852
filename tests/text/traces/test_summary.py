import pytest
import tokenizers

from atento.text.configuration import TokenizerConfig
from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.traces.summary import summarize
from atento.text.training import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> OpenTokenizer:
    trained = train_tokenizer(["a casa, a vida"] * 3, TokenizerConfig(kind="word", vocab_size=8))
    return HuggingFaceTokenizer(tokenizers.Tokenizer.from_str(trained.to_json()), "words")


def test_a_summary_counts_a_stream(tokenizer: OpenTokenizer) -> None:
    summary = summarize(tokenizer, iter(["a casa", "a cama", ""]))
    counts = (summary.texts, summary.words, summary.tokens, summary.size, summary.unknown, summary.exact)
    assert counts == (3, 4, 4, 12, 1, 2)
    assert summary.bytes_per_token == 3.0
    assert summarize(tokenizer, []).tokens_per_word == 0.0
