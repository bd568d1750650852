"""A tokenizer's file that cuts masks like words: what it was made of comes back, and no mask or letter is lost."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.core.vocabulary import MASK
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.gapped import STANDIN, gapped, without_gaps
from atento.text.gaps import encode_with_gaps
from atento.text.pipeline import JOINER, PREFIXED, TILING
from atento.text.training import train_tokenizer

LINES = ["a vida é bela e breve", "o que é?", "diga lá, meu irmão, onde fica a casa?", "os amigos da casa"] * 3
SIZES: dict[Kind, int] = {"word": 20, "char": 60, "bpe": 300, "byte-bpe": 290, "wordpiece": 60, "unigram": 290}
TOKENIZERS = {
    kind: train_tokenizer(LINES, TokenizerConfig(kind=kind, vocab_size=size, mask=True)) for kind, size in SIZES.items()
}
PARTS = ["[MASK]", " ", "casa", "é", "e\u0301", "\u0301", "\u0338", ".", "(", "￭", "▁", "##", "\n", STANDIN[:2]]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=9).map("".join)


@pytest.mark.parametrize("kind", list(SIZES))
def test_the_file_it_was_made_of_comes_back(kind: Kind) -> None:
    description = json.loads(TOKENIZERS[kind].to_json())
    changed = gapped(description, kind, MASK)
    assert (changed == description) is (kind == "char"), "single characters are cut alike wherever they stand"
    assert without_gaps(changed, kind, MASK) == description
    assert without_gaps(description, kind, MASK) == description, "what was never changed stays"
    steps = description["normalizer"]["normalizers"]
    other = {**description, "normalizer": {**description["normalizer"], "normalizers": [steps[-1], *steps]}}
    assert without_gaps(other, kind, MASK) == other


@pytest.mark.parametrize("kind", [kind for kind in SIZES if kind in TILING])
@given(first=TEXTS, second=TEXTS)
def test_pieces_that_hold_their_spaces_are_cut_part_by_part(kind: Kind, first: str, second: str) -> None:
    tokenizer = TOKENIZERS[kind]
    assert tokenizer.mask is not None
    prepared = f"{' ' if kind in PREFIXED else ''}{first}[MASK]{second}"
    *parts, last = prepared.split("[MASK]")
    held = [part.removesuffix(" ") if kind in PREFIXED else part for part in parts]
    cut = tokenizer.encode_batch([*held, last], continued=True)
    wanted = [number for part in cut[:-1] for number in (*part, tokenizer.mask)] + cut[-1]
    assert list(encode_with_gaps(tokenizer, f"{first}[MASK]{second}").ids) == wanted


@pytest.mark.parametrize("kind", ["word", "wordpiece"])
@given(first=TEXTS.filter(lambda text: JOINER not in text), second=TEXTS.filter(lambda text: JOINER not in text))
def test_words_are_cut_as_around_a_word(kind: Kind, first: str, second: str) -> None:
    """A letter that stands in the gap, apart from letters, digits and combining marks beside it."""
    tokenizer = TOKENIZERS[kind]
    text = f"{first}[MASK]{second}"
    filled = re.sub(r"(?<=[^\W_\u0301\u0338])ж|(?<=[\u0301\u0338])ж", " ж", text.replace("[MASK]", "ж"))
    filled = re.sub(r"ж(?=[^\W_]|[\u0301\u0338])", "ж ", filled)
    raw, tokens = filled.encode(), tokenizer.encode(filled)
    wanted = [
        tokenizer.mask if "ж" in raw[start:stop].decode() else number
        for number, (start, stop) in zip(tokens.ids, tokens.spans, strict=True)
    ]
    found = encode_with_gaps(tokenizer, text)
    assert list(found.ids) == wanted
    assert len(found.gaps) == text.count("[MASK]")


@pytest.mark.parametrize("kind", ["word", "wordpiece"])
def test_a_combining_mark_beside_a_gap_stays(kind: Kind) -> None:
    tokenizer = TOKENIZERS[kind]
    accent, x, a = (list(tokenizer.encode(text).ids) for text in ("\u0301", "casa", "a"))
    assert list(encode_with_gaps(tokenizer, "\u0301[MASK]casa").ids) == [*accent, tokenizer.mask, *x]
    assert list(encode_with_gaps(tokenizer, "a [MASK]\u0301 casa").ids) == [*a, tokenizer.mask, *accent, *x]


@pytest.mark.parametrize("kind", ["bpe", "wordpiece"])
def test_a_text_that_holds_the_standin_is_refused(kind: Kind) -> None:
    with pytest.raises(DataError, match=f"holds {STANDIN}"):
        encode_with_gaps(TOKENIZERS[kind], f"a {STANDIN} [MASK]")
    assert TOKENIZERS[kind].encode(f"a {STANDIN}").ids, "without gaps it is text like any other"
