import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Silent
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.training import train_tokenizer

WORDS = [
    "casa",
    "casas",
    "caso",
    "vida",
    "vidas",
    "viver",
    "vive",
    "não",
    "nunca",
    "sempre",
    "água",
    "gato",
    "gatos",
    "pão",
    "mão",
    "ação",
]
TEXTS = [f"{a} {b}, {b}-{a} e {a}? ¿{b.capitalize()}! {a} {b}." for a in WORDS for b in WORDS]
SIZES = {"word": 20, "char": 60, "bpe": 340, "byte-bpe": 320, "wordpiece": 110, "unigram": 312}

SCRIPT = """
import sys
from atento.text.training import train_tokenizer
from atento.text.configuration import TokenizerConfig
words = sys.argv[3].split()
texts = [f"{a} {b}, {b}-{a} e {a}? ¿{b.capitalize()}! {a} {b}." for a in words for b in words]
print(train_tokenizer(iter(texts), TokenizerConfig(kind=sys.argv[1], vocab_size=int(sys.argv[2]))).checksum)
"""


@pytest.mark.parametrize("kind", SIZES)
def test_the_same_texts_give_the_same_file(kind: Kind) -> None:
    config = TokenizerConfig(kind=kind, vocab_size=SIZES[kind])
    first = train_tokenizer(iter(TEXTS), config).checksum
    assert all(train_tokenizer(iter(TEXTS), config).checksum == first for _ in range(3))
    assert train_tokenizer(reversed(TEXTS), config).checksum == first


@pytest.mark.parametrize("kind", ["wordpiece", "unigram"])
def test_other_processes_hashes_and_threads_change_nothing(kind: Kind) -> None:
    expected = train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=SIZES[kind])).checksum
    for settings in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "TOKENIZERS_PARALLELISM": "false"}):
        command = [sys.executable, "-c", SCRIPT, kind, str(SIZES[kind]), " ".join(WORDS)]
        output = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, check=True, text=True)
        assert output.stdout.strip() == expected


@pytest.mark.parametrize("kind", SIZES)
def test_the_size_is_as_asked(kind: Kind) -> None:
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=SIZES[kind]))
    assert tokenizer.kind == kind
    if kind == "char":
        assert tokenizer.size == 4 + len(set("".join(TEXTS)))
    else:
        assert tokenizer.size == SIZES[kind]


@pytest.mark.parametrize("kind", sorted(set(SIZES) - {"char"}))
def test_a_vocabulary_larger_than_the_data_names_what_is_reachable(kind: Kind) -> None:
    with pytest.raises(ConfigurationError, match=r"of 9000 was asked for, the data gives at most \d+") as caught:
        train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=9000))
    reachable = int(str(caught.value).split("tokenizer.vocab_size to ")[1].split()[0])
    assert train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=reachable)).size == reachable
    with pytest.raises(ConfigurationError, match=f"at most {reachable}"):
        train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=reachable + 1))


@pytest.mark.parametrize("kind", ["bpe", "byte-bpe", "wordpiece", "unigram"])
@pytest.mark.parametrize("size", [5, 40])
def test_a_vocabulary_too_small_for_the_characters_names_what_is_needed(kind: Kind, size: int) -> None:
    with pytest.raises(ConfigurationError, match="characters of the data alone need") as caught:
        train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=size))
    needed = int(str(caught.value).split("tokenizer.vocab_size to ")[1].split()[0])
    assert train_tokenizer(TEXTS, TokenizerConfig(kind=kind, vocab_size=needed)).size == needed


@pytest.mark.parametrize("size", [-1, 0, 4])
def test_a_vocabulary_of_nothing_is_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match="no room"):
        train_tokenizer(TEXTS, TokenizerConfig(vocab_size=size))


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("texts", [[], ["", "  ", "\n"]])
def test_an_empty_corpus_is_refused(kind: Kind, texts: list[str]) -> None:
    with pytest.raises(DataError, match="no text"):
        train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=SIZES[kind]))


def test_what_reading_raises_comes_through() -> None:
    def texts() -> Iterator[str]:
        yield "a b c"
        raise DataError("corpus.pt, line 2: not UTF-8")

    for kind in SIZES:
        with pytest.raises(DataError, match="line 2"):
            train_tokenizer(texts(), TokenizerConfig(kind=kind, vocab_size=300))


def test_texts_are_streamed_and_counted() -> None:
    class Count(Silent):
        seen = 0.0
        ended = False

        def advance(self, amount: float = 1, *, note: str = "") -> None:
            self.seen += amount

        def finish(self) -> None:
            self.ended = True

    progress = Count()
    train_tokenizer(iter(TEXTS), TokenizerConfig(kind="bpe", vocab_size=320), progress)
    assert progress.seen == len(TEXTS)
    assert progress.ended


def test_rare_words_are_left_out() -> None:
    texts = ["um dois dois três três três"]
    tokenizer = train_tokenizer(texts, TokenizerConfig(kind="word", vocab_size=6, min_frequency=2))
    assert tokenizer.decode(tokenizer.encode("um dois três").ids) == "<unk> dois três"


def test_frequent_words_are_whole_pieces() -> None:
    """The library's own unigram trainer would never make a piece of a word that always ends its chunk."""
    texts = [f"{a} é {b}, e {b} não é {a}. {b} não vê {a} nunca {b}" for a in WORDS for b in WORDS]
    for kind in ("bpe", "byte-bpe", "unigram"):
        with pytest.raises(ConfigurationError) as caught:
            train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=9000))
        reachable = int(str(caught.value).split("tokenizer.vocab_size to ")[1].split()[0])
        tokenizer = train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=reachable))
        assert tokenizer.label(tokenizer.encode("vida não é").ids[1]) == "▁não", kind
