"""Whether a tokenizer suits a text is told by what it was made for, where that is known, and else by its size."""

from __future__ import annotations

from pathlib import Path

import pytest

from atento.data.builtin.corpus import handwritten_pairs
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.fit import Fit, fit_of, most_tokens_per_word
from atento.text.loading import load_tokenizer
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

SIDES = {
    "pt": [pair.source for pair in handwritten_pairs()],
    "es": [pair.target for pair in handwritten_pairs()],
    "de": [
        "Die Nachbarin wohnte schon seit dreißig Jahren in demselben Haus am Ende der Straße.",
        "Morgens hörte man das Klappern der Fensterläden, und der Bäcker schob seinen Wagen vorbei.",
        "Niemand wusste, weshalb der Briefträger plötzlich stehen blieb und lächelte.",
        "Wahrscheinlich hatte er zwischen den Rechnungen eine Ansichtskarte gefunden.",
    ],
}


def trained(language: str, kind: Kind, size: int) -> Tokenizer:
    return train_tokenizer(SIDES[language][::2], TokenizerConfig(kind=kind, vocab_size=size))


@pytest.mark.parametrize("language", ["pt", "es"])
@pytest.mark.parametrize(("kind", "size"), [("byte-bpe", 400), ("byte-bpe", 2500), ("wordpiece", 1000), ("bpe", 2000)])
def test_a_tokenizer_of_the_texts_language_suits(language: str, kind: Kind, size: int) -> None:
    tokenizer = trained(language, kind, size)
    own = fit_of(tokenizer, SIDES[language][1::2])
    assert own.complaints() == []
    assert own.vocab_size == size
    assert own.tokens_per_word is not None
    assert own.tokens_per_word < 1 + 0.75 * (most_tokens_per_word(size) - 1)


@pytest.mark.parametrize("kind", ["byte-bpe", "bpe"])
def test_a_strange_language_does_not(kind: Kind) -> None:
    tokenizer = trained("pt", kind, 2500)
    found = fit_of(tokenizer, SIDES["de"])
    assert any("a word is cut into" in complaint for complaint in found.complaints())
    own = fit_of(tokenizer, SIDES["pt"][1::2])
    [*_, complaint] = found.complaints(own)
    assert complaint == (
        f"a token holds {found.bytes_per_token:.2f} bytes, and {own.bytes_per_token:.2f} of the text before"
    )
    assert own.complaints(own) == []


def test_characters_and_words_that_are_not_set_apart_say_nothing() -> None:
    characters = fit_of(trained("pt", "char", 200), SIDES["pt"])
    assert characters.tokens_per_word is None
    assert characters.complaints() == []
    joined = fit_of(trained("pt", "byte-bpe", 400), ["".join(text.split()).strip(".?!") for text in SIDES["pt"][:50]])
    assert joined.tokens_per_word is None
    assert fit_of(trained("pt", "byte-bpe", 400), []).complaints() == []


def test_ideographs_are_words() -> None:
    text = "我们昨天在河边看见了一只白色的鸟"
    tokenizer = train_tokenizer([text] * 3, TokenizerConfig(kind="wordpiece", vocab_size=36, min_frequency=9))
    found = fit_of(tokenizer, [text])
    assert found.tokens_per_word is not None
    assert found.tokens_per_word <= 1


def test_the_bound_falls_with_the_size_to_its_floor() -> None:
    bounds = [most_tokens_per_word(size) for size in (1, 300, 3000, 30_000, 300_000)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] == 1.5


@pytest.mark.parametrize(
    ("folder", "file", "suits"),
    [
        ("gpt2", "pt-es/ntrex/ntrex.test.en", True),
        ("gpt2", "lm/tinyshakespeare/input.txt", True),
        ("gpt2", "pt-es/ntrex/ntrex.test.pt", False),
        ("gpt2", "americasnlp/aym-es/globalvoices.test.aym", False),
        ("bertimbau-base-cased", "pt-es/tatoeba/tatoeba.test.pt", True),
        ("bertimbau-base-cased", "lm/machado-pt/dom_casmurro.txt", True),
        ("bertimbau-base-cased", "pt-es/ntrex/ntrex.test.en", False),
        ("bert-base-uncased", "pt-es/ntrex/ntrex.test.en", True),
        ("bert-base-uncased", "pt-es/ntrex/ntrex.test.pt", False),
    ],
)
def test_known_vocabularies_on_real_text(corpora: Path, folder: str, file: str, suits: bool) -> None:
    lines = (corpora / file).read_text(encoding="utf-8").splitlines()[:400]
    found: Fit = fit_of(load_tokenizer(corpora / "tokenizers" / folder), lines)
    assert (found.complaints() == []) is suits
