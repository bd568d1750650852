"""Which entries of a vocabulary are parts of words: what whole-word masking and reading by words must know."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from atento.text.pipeline import CONTINUATION, TILING
from atento.text.tokenizer import Tokenizer

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class WordParts:
    """For every id: a token goes on with a word if it may and the one right before it lets it."""

    begins_inside: Bools = field(repr=False)
    """Tokens that go on with a word that stands right before them: ``##sa`` of WordPiece, letters without a space."""
    ends_inside: Bools = field(repr=False)
    """Tokens after which a word may go on."""


def word_parts(tokenizer: Tokenizer) -> WordParts:
    """Look through a vocabulary.

    In kinds whose pieces hold the spaces (char, bpe, byte-bpe, unigram) a word is a run of letters, marks and digits;
    single bytes, which are parts of letters mostly, belong to it.
    """
    special = {tokenizer.pad, tokenizer.unk, tokenizer.bos, tokenizer.eos, tokenizer.mask}
    begins, ends = np.zeros(tokenizer.size, bool), np.zeros(tokenizer.size, bool)
    for number in range(tokenizer.size):
        if number in special:
            continue
        if tokenizer.kind in TILING:
            label = tokenizer.label(number)
            begins[number], ends[number] = _inside(label[:1], "⟨"), _inside(label[-1:], "⟩")
        else:
            begins[number], ends[number] = tokenizer.piece(number).startswith(CONTINUATION), True
    return WordParts(begins_inside=begins, ends_inside=ends)


def _inside(character: str, byte: str) -> bool:
    return character == byte or character.isalnum() or (character != "" and unicodedata.category(character)[0] == "M")
