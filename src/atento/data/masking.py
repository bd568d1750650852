"""Hiding tokens for a masked language model to find again (Devlin et al. 2019, section 3.1 and appendix A.1).

Of every row a fixed share of tokens is chosen; of the chosen ones most become the mask token, some another token at
random, and the rest stay as they are. With whole words, the tokens of a word are chosen together (the authors' release
of May 2019). Masks are drawn anew each time a text is read (Liu et al. 2019, section 4.1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.data.batch_plan import Int64s

Bools = npt.NDArray[np.bool_]


class MaskingConfig(Configuration, frozen=True, kw_only=True):
    """How many tokens are chosen, and what becomes of them.

    Raises:
        ConfigurationError: a value out of its range.
    """

    rate: float = 0.15
    """The share of a row's tokens that are chosen; at least one is."""
    mask: float = 0.8
    """The share of the chosen that become the mask token."""
    random: float = 0.1
    """The share of the chosen that become any token of the vocabulary; the rest stay."""
    whole_words: bool = False
    """Choose all tokens of a word, or none."""

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ConfigurationError(f"training.masking.rate = {self.rate}: give a number between 0 and 1")
        if self.mask < 0 or self.random < 0 or self.mask + self.random > 1:
            raise ConfigurationError(
                f"training.masking: mask = {self.mask} and random = {self.random} are shares of one; "
                "give two that are not negative and not over 1 together"
            )


def choose(candidates: Bools, words: Int64s | None, rate: float, generator: np.random.Generator) -> Bools:
    """The tokens of each row to be predicted.

    As many as ``rate`` of the candidates, rounded, at least one; of whole words no more than that, but one word.

    Args:
        candidates: [rows, length], tokens that may be chosen; every row has one.
        words: [rows, length], the number of the word that each token belongs to, below ``length``; None: each is one.
        rate: the share.
        generator: draws.
    """
    rows, length = candidates.shape
    keys = generator.random((rows, length))
    if words is not None:
        keys = np.take_along_axis(keys, words, axis=1)
    keys = np.where(candidates, keys, 2.0)
    order = np.argsort(keys, axis=1, kind="stable")  # words in random order, each one's tokens together
    keys = np.take_along_axis(keys, order, axis=1)
    word_ends = np.ones((rows, length), bool)
    word_ends[:, :-1] = keys[:, :-1] != keys[:, 1:]
    with_word = np.where(word_ends, np.arange(1, length + 1), length + 1)
    with_word = np.minimum.accumulate(with_word[:, ::-1], axis=1)[:, ::-1]  # tokens up to the end of each one's word
    wanted = np.maximum(np.round(rate * candidates.sum(axis=1, keepdims=True)), with_word[:, :1])
    chosen = np.zeros((rows, length), bool)
    np.put_along_axis(chosen, order, (with_word <= wanted) & (keys < 2.0), axis=1)
    return chosen


def hide(
    tokens: Int64s,
    chosen: Bools,
    vocabulary: Vocabulary,
    config: MaskingConfig,
    generator: np.random.Generator,
    *,
    ordinary: Int64s | None = None,
) -> Int64s:
    """The rows as the model reads them: chosen tokens masked, replaced by any of the ``ordinary`` ones, or left.

    ``ordinary`` are those that stand for text, which who hides often finds once.
    """
    assert vocabulary.mask is not None
    ordinary = ordinary_tokens(vocabulary) if ordinary is None else ordinary
    draw = generator.random(tokens.shape)
    others = ordinary[generator.integers(len(ordinary), size=tokens.shape)]
    hidden = np.where(chosen & (draw < config.mask), vocabulary.mask, tokens)
    return np.where(chosen & (draw >= config.mask) & (draw < config.mask + config.random), others, hidden)


def ordinary_tokens(vocabulary: Vocabulary) -> Int64s:
    """The ids that stand for text."""
    special = [vocabulary.pad, vocabulary.unk, vocabulary.bos, vocabulary.eos, vocabulary.mask]
    return np.setdiff1d(np.arange(vocabulary.target_size), [number for number in special if number is not None])


def words_of_rows(tokens: Int64s, begins_inside: Bools, ends_inside: Bools) -> Int64s:
    """[rows, length], the number of each token's word in its row.

    Args:
        tokens: [rows, length].
        begins_inside: [vocab], tokens that go on with a word if one stands right before them.
        ends_inside: [vocab], tokens that a word may go on after.
    """
    joined = np.zeros(tokens.shape, bool)
    joined[:, 1:] = begins_inside[tokens[:, 1:]] & ends_inside[tokens[:, :-1]]
    return np.cumsum(~joined, axis=1) - 1
