"""Texts with gaps: cut as they would be with words in the gaps."""

from __future__ import annotations

import pytest

from atento.core.errors import DataError
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.gaps import encode_with_gaps
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

LINES = ["a vida é bela e breve", "o que é?", "diga lá, meu irmão, onde fica a casa?", "os amigos da casa"] * 3
SIZES: dict[Kind, int] = {"word": 20, "char": 60, "bpe": 300, "byte-bpe": 290, "wordpiece": 60, "unigram": 290}


def tokenizer_of(kind: Kind) -> Tokenizer:
    return train_tokenizer(LINES, TokenizerConfig(kind=kind, vocab_size=SIZES[kind], mask=True))


def in_words(tokenizer: Tokenizer, text: str, word: str) -> list[int]:
    """The text with a word in its gaps, and the word's tokens made one mask."""
    filled = text.replace("[MASK]", word)
    start = text.index("[MASK]")
    held = 1 if start and tokenizer.kind in ("bpe", "byte-bpe", "unigram") else 0
    begin = len(filled[: start - held].encode())
    end = len(filled[: start + len(word)].encode())
    tokens = tokenizer.encode(filled)
    ids = [(span, token) for token, span in zip(tokens.ids, tokens.spans, strict=True)]
    before = [token for (_, stop), token in ids if stop <= begin]
    after = [token for (first, _), token in ids if first >= end]
    assert tokenizer.mask is not None
    return [*before, tokenizer.mask, *after]


@pytest.mark.parametrize("kind", list(SIZES))
@pytest.mark.parametrize(
    "text",
    ["a vida é [MASK].", "a [MASK] é bela", "diga lá, [MASK] irmão", "onde fica a [MASK]?", "os amigos da [MASK]"],
)
def test_what_is_around_a_gap_is_cut_as_ever(kind: Kind, text: str) -> None:
    tokenizer = tokenizer_of(kind)
    word = "casa" if kind != "char" else "a"
    found = encode_with_gaps(tokenizer, text)
    assert list(found.ids) == in_words(tokenizer, text, word)
    assert [found.ids[place] for place in found.gaps] == [tokenizer.mask]


@pytest.mark.parametrize("kind", list(SIZES))
def test_several_gaps_and_every_mark(kind: Kind) -> None:
    tokenizer = tokenizer_of(kind)
    found = encode_with_gaps(tokenizer, "[MASK] vida é <mask>[MASK], [MASK]")
    assert len(found.gaps) == 4
    assert found.gaps[0] == 0
    assert found.gaps[2] == found.gaps[1] + 1
    assert encode_with_gaps(tokenizer, "<mask>").ids == (tokenizer.mask,)


@pytest.mark.parametrize("kind", ["word", "wordpiece"])
def test_letters_that_touch_a_gap_stay(kind: Kind) -> None:
    tokenizer = tokenizer_of(kind)
    casa, da = (tokenizer.encode(word).ids for word in ("casa", "da"))
    gap = (tokenizer.mask,)
    assert encode_with_gaps(tokenizer, "casa[MASK]").ids == casa + gap
    assert encode_with_gaps(tokenizer, "[MASK]casa").ids == gap + casa
    assert encode_with_gaps(tokenizer, "casa[MASK][MASK]da").ids == casa + gap + gap + da


def test_no_gap_and_no_mask_are_told_apart() -> None:
    with pytest.raises(DataError, match="there is no gap in 'a vida'"):
        encode_with_gaps(tokenizer_of("bpe"), "a vida")
    bare = train_tokenizer(LINES, TokenizerConfig(kind="char"))
    with pytest.raises(DataError, match="has no mask token"):
        encode_with_gaps(bare, "a [MASK]")
