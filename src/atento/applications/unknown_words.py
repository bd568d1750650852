"""Source words in the place of unknown target words.

A vocabulary of words cannot write a rare name: it writes ``<unk>``. Where the model looked when it did so tells which
word of the source it meant; that word is looked up in a dictionary and, if it has no entry, copied, as names want it
(Luong et al. 2015, "Addressing the rare word problem in neural machine translation", section 3.3, with an aligner's
links; Jean et al. 2015, section 4.2, and Luong, Pham and Manning 2015, section 4.1, with those of attention).

The links are read where those of ``atento.inspection.alignment`` are: off the head that guided alignment trained, else
off the last layer but one, its heads averaged; the tokens of a source word are summed. ``</s>`` cannot be copied, so
the best *word* counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atento.bundle import TranslationBundle
from atento.core.errors import ConfigurationError
from atento.figures.attention import Attention
from atento.nn.capture import roles
from atento.text.dictionary import Dictionary
from atento.text.words import assign, segment

_OF_WORDS = ("word", "wordpiece")
"""Kinds of tokenizers whose ``<unk>`` is a whole word."""


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """What was put in the place of one ``<unk>``."""

    position: int
    """Of the token, among the candidate's."""
    source: str
    """The aligned source word, as the user wrote it."""
    text: str
    """What stands in the translation: the dictionary's entry, or the same."""


def require_words_and_attention(bundle: TranslationBundle) -> None:
    """Refuse a model that cannot tell which source word an unknown target word stands for.

    Raises:
        ConfigurationError: its target vocabulary is not of words, or it has no attention over the source.
    """
    kind = bundle.target_tokenizer.kind
    if kind not in _OF_WORDS:
        raise ConfigurationError(
            f"decoding.replace_unknown = true: <unk> stands for a word only with a vocabulary of words, and this "
            f"model's target tokenizer is of kind {kind!r}; set it to false"
        )
    if "cross" not in roles(bundle.model):
        raise ConfigurationError(
            "decoding.replace_unknown = true: this model has no attention that could say which source word an <unk> "
            "stands for; set it to false, or train a model with attention"
        )


def with_source_words(
    bundle: TranslationBundle, ids: Sequence[int], attention: Attention, dictionary: Dictionary | None = None
) -> tuple[str, tuple[Replacement, ...]]:
    """The text of a hypothesis with each ``<unk>`` replaced, and by what.

    An ``<unk>`` that looked at no word at all (outside a window of local attention, say) stays.

    Args:
        bundle: the model's tokenizers.
        ids: the hypothesis's tokens, one for each row of the attention.
        attention: what the model looked at when it predicted each of them.
        dictionary: translations of words; what it does not have is copied.
    """
    surface = bundle.target_tokenizer.surface(ids)
    raw, source = surface.text.encode(), attention.source_text
    parts: list[str] = []
    replacements: list[Replacement] = []
    done = 0
    close = False  # what was put in last touches what follows
    for position, word in _aligned(bundle, ids, attention):
        span = surface.spans[position]
        assert span is not None
        before = raw[done : span[0]].decode()
        written = source.encode()[slice(*word)].decode()
        text = (dictionary.find(written) if dictionary is not None else None) or written
        touches = _touches(source, word)
        parts += [_trimmed(before, left=close, right=touches[0]), text]
        replacements.append(Replacement(position=position, source=written, text=text))
        done, close = span[1], touches[1]
    parts.append(_trimmed(raw[done:].decode(), left=close, right=False))
    return "".join(parts), tuple(replacements)


def _aligned(bundle: TranslationBundle, ids: Sequence[int], attention: Attention) -> list[tuple[int, tuple[int, int]]]:
    """The positions of unknown words and, in the source text, the byte spans of the words they looked at most."""
    words = segment(attention.source_text, "runs")
    place = bundle.aligning_head
    layer = attention.aligning_layer() if place.layer == "penultimate" else place.layer
    weights = attention.matrix("cross", layer, None if place.head == "mean" else place.head)
    if place.rows == "input":  # the step after the one that predicts a word reads it; the last word has none
        weights = np.concatenate([weights[1:], weights[-1:]])
    sums = np.zeros((len(weights), len(words)), dtype=np.float32)
    for column, word in enumerate(assign(attention.source_spans, words)):
        if word is not None:
            sums[:, word] += weights[:, column]
    unknown = [position for position, token in enumerate(ids) if token == bundle.target_tokenizer.unk]
    return [(position, words[int(sums[position].argmax())]) for position in unknown if sums[position].any()]


def _touches(source: str, word: tuple[int, int]) -> tuple[bool, bool]:
    """Whether a sign of the source (no word) stands close to what is before it, and to what is after it."""
    raw = source.encode()
    before, sign, after = raw[: word[0]].decode(), raw[slice(*word)].decode(), raw[word[1] :].decode()
    if any(character.isalnum() for character in sign):
        return False, False
    return bool(before) and not before[-1].isspace(), bool(after) and not after[0].isspace()


def _trimmed(text: str, *, left: bool, right: bool) -> str:
    """The text between two unknown words, without the one space on a side where a sign has to touch it."""
    text = text.removeprefix(" ") if left else text
    return text.removesuffix(" ") if right else text
