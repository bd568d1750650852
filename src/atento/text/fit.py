"""How well a tokenizer fits a text: what it does not know, and into how many tokens it has to cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from atento.core.configuration import Configuration
from atento.text.tokenizer import Tokenizer
from atento.text.words import count as count_words

_MOST_UNKNOWN, _MOST_BYTES = 0.01, 0.05
_LEAST_LENGTH = 0.75
"""Of the tokens of another text: below it a text is cut much finer than that one."""
_LONGEST_WORD = 15
"""Characters of a mean word; text above it does not set its words apart (Thai, say)."""


class Fit(Configuration, frozen=True, kw_only=True):
    """Counted over some texts."""

    unknown: float
    """The share of tokens that are ``<unk>``."""
    single_bytes: float
    """The share of tokens that are parts of a character, for want of an entry for it."""
    bytes_per_token: float
    tokens_per_word: float | None = None
    """Signs and ideographs count as words. None where it says nothing: of tokens that are characters, and of text that
    does not set words apart."""
    vocab_size: int = 0

    def complaints(self, before: Fit | None = None) -> list[str]:
        """What is bad about it, in words; empty if nothing is.

        Args:
            before: how the tokenizer fits the text that it was made for; None where nobody knows.
        """
        found = []
        if self.unknown > _MOST_UNKNOWN:
            found.append(f"{self.unknown:.1%} of the tokens are unknown")
        if self.single_bytes > _MOST_BYTES:
            found.append(f"{self.single_bytes:.1%} are parts of characters")
        return found + (self._finer_than_any() if before is None else self._finer_than(before))

    def _finer_than(self, before: Fit) -> list[str]:
        if self.bytes_per_token >= _LEAST_LENGTH * before.bytes_per_token:
            return []
        return [f"a token holds {self.bytes_per_token:.2f} bytes, and {before.bytes_per_token:.2f} of the text before"]

    def _finer_than_any(self) -> list[str]:
        most = most_tokens_per_word(self.vocab_size)
        if self.tokens_per_word is None or self.tokens_per_word <= most:
            return []
        return [
            f"a word is cut into {self.tokens_per_word:.2f} tokens, and a vocabulary of {self.vocab_size:,} that fits "
            f"makes at most {most:.2f} of it"
        ]


def most_tokens_per_word(vocab_size: int) -> float:
    """Above so many tokens a word, a sub-word tokenizer of this size was hardly made for the text's language.

    1 + 36 / V^0.39, and never below 1.5. Tokens beyond one a word fall with a power of the vocabulary's size. We
    counted them for our byte-BPE and WordPiece (V = 500 … 16,000) of Portuguese, Spanish, Aymara and Shakespeare's
    English, and for the vocabularies of GPT-2, BERT and BERTimbau, on text of their languages, mostly of other domains:
    at most 1 + 27 / V^0.39, mostly 1 + 20 / V^0.39. The bound leaves a third for other languages. In tokens a word:

        V                  own language   bound   other languages
        500                2.2 – 3.4      4.2     2.6 – 4.8
        2,000              1.5 – 2.1      2.9     2.0 – 4.0
        8,000              1.2 – 1.7      2.1     1.6 – 3.8
        29,794 BERTimbau   1.2 – 1.3      1.65    1.6 Spanish, 1.8 English, 2.7 Aymara
        30,522 BERT        1.1 – 1.2      1.64    1.6 – 1.7 Spanish, 1.7 – 1.8 Portuguese, 2.4 Aymara
        50,257 GPT-2       1.1 – 1.2      1.53    1.8 Spanish, 1.8 – 1.9 Portuguese, 2.7 Aymara

    So it tells strange languages where the vocabulary is large, and little of sister languages or small vocabularies.
    The floor leaves room for vocabularies of many languages.
    """
    return max(1.5, 1 + 36 / float(max(1, vocab_size) ** 0.39))


@dataclass
class _Count:
    tokens: int = 0
    unknown: int = 0
    parts: int = 0
    size: int = 0
    words: int = 0
    letters: int = 0


def fit_of(tokenizer: Tokenizer, texts: Iterable[str]) -> Fit:
    """Count over texts; of no text at all every share is 0."""
    parts = np.array([number != tokenizer.unk and "⟨" in tokenizer.label(number) for number in range(tokenizer.size)])
    count = _Count()
    for text in texts:
        ids = np.array(tokenizer.encode_batch([text])[0], np.int64)
        count.tokens += len(ids)
        count.unknown += int((ids == tokenizer.unk).sum())
        count.parts += int(parts[ids].sum())
        count.size += len(text.encode())
        count.words += count_words(text)
        count.letters += sum(not character.isspace() for character in text)
    whole = max(1, count.tokens)
    apart = tokenizer.kind != "char" and 0 < count.letters <= _LONGEST_WORD * count.words
    return Fit(
        unknown=count.unknown / whole,
        single_bytes=count.parts / whole,
        bytes_per_token=count.size / whole,
        tokens_per_word=count.tokens / count.words if apart else None,
        vocab_size=tokenizer.size,
    )
