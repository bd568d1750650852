"""What a tokenizer is to be."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.vocabulary import MASK, SPECIAL_TOKENS

Kind = Literal["word", "char", "bpe", "byte-bpe", "wordpiece", "unigram"]
"""Whole words with UNK; characters; byte-pair encoding of characters or of bytes (Sennrich et al. 2016; Radford et al.
2019); WordPiece's longest match (Schuster and Nakajima 2012); the unigram language model (Kudo 2018)."""

Normalization = Literal["nfc", "none"]
"""``nfc`` composes accents (Unicode's canonical composition), ``none`` leaves every character as it is."""


class TokenizerConfig(Configuration, frozen=True, kw_only=True):
    """A tokenizer to be trained.

    ``vocab_size`` counts everything: special tokens, single bytes, characters and pieces. It is reached exactly, or
    training says what the data can give; for ``char`` it is an upper limit, as an alphabet is as large as it is.
    """

    kind: Kind = "bpe"
    """Whole words; characters; byte-pair encoding of characters or of bytes; WordPiece's longest match; the unigram
    language model."""
    vocab_size: int = 8000
    """Entries of the vocabulary, special tokens included; for ``char`` at most."""
    shared: bool = True
    """One tokenizer for both languages of a translator, or one each."""
    lowercase: bool = False
    """Read capital letters as small ones; what the model writes has none, then."""
    normalization: Normalization | None = None
    """None: ``none`` for byte-bpe, which is exact for any text, and ``nfc`` for the others."""
    byte_fallback: bool = True
    """bpe and unigram spell characters that training never saw as their UTF-8 bytes, at the cost of 256 entries of the
    vocabulary; without it such characters become ``<unk>``."""
    mask: bool = False
    """Have a special token that hides others, as masked language models need it (they set this themselves)."""
    min_frequency: int = 2
    """How often a word (word) or a pair of pieces (bpe, byte-bpe, wordpiece) must occur to get an entry."""

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The special tokens, in the order of their ids."""
        return (*SPECIAL_TOKENS, MASK) if self.mask else SPECIAL_TOKENS
