"""One word in several sentences: the same input vector, and other vectors in every layer.

The mean cosine of a word's vectors in different contexts is its self-similarity (Ethayarajh 2019, "How contextual are
contextualized word representations?", section 3.2): 1 where context changes nothing. As all vectors of a layer may lie
in a narrow cone, it is to be held against the mean cosine of different words of different sentences (section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.inspection.embeddings import Embedder
from atento.inspection.neighbours import cosines
from atento.inspection.text_vectors import TextVectors
from atento.inspection.vectors import Matrix
from atento.text.spans import Span
from atento.text.words import segment, words_of

Table = NDArray[np.float64]
"""[occurrences, occurrences], cosines."""


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """Where the word stands."""

    sentence: int
    """The sentence's number, from 1."""
    span: Span
    """Its bytes in the sentence's UTF-8 form."""
    pieces: tuple[str, ...]
    """Its tokens, of whose vectors it has the mean."""


@dataclass(frozen=True, kw_only=True)
class LayerSimilarity:
    """How alike a word's vectors are in one layer."""

    layer: int | None
    """None: the input vectors."""
    table: Table
    self_similarity: float
    """The mean over all pairs of occurrences."""
    others: float | None
    """The mean over all pairs of different words of different sentences; None where there are none."""


@dataclass(frozen=True, kw_only=True)
class Contexts(Displayed):
    """A word's vectors, compared in every layer."""

    word: str
    sentences: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]
    input: LayerSimilarity
    """Of the input vectors: 1 everywhere if the word is cut into the same tokens everywhere."""
    layers: tuple[LayerSimilarity, ...]
    """From layer 0, what enters the first one, to the last."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.inspection.contexts_view import view

        return view(self)


def compare_contexts(
    embedder: Embedder, word: str, sentences: Sequence[str], *, sources: Sequence[str] | None = None
) -> Contexts:
    """Compare a word's vectors in some sentences.

    Args:
        embedder: of any model.
        word: one or several words, found in any capitals.
        sentences: each has the word at least once; together at least twice.
        sources: what the sentences are translations of, for a translator's target side.

    Raises:
        DataError: the word is missing from a sentence or stands there only once in all; else as ``TextReader.read``.
    """
    numbers = list(range(embedder.num_layers + 1))
    read = list(embedder.reader.read(sentences, [None, *numbers], sources=sources))
    places: list[tuple[int, Span, list[int]]] = []
    for number, text in enumerate(read):
        found = _occurrences(text, word)
        if not found:
            raise DataError(f"sentence {number + 1} does not have the word {word!r}; leave it out or give another word")
        places += [(number, span, tokens) for span, tokens in found]
    if len(places) < 2:
        raise DataError(f"{word!r} stands there only once; give more sentences to compare it in")
    every = [(number, text.part(span).casefold(), tokens) for number, text in enumerate(read)
             for span, tokens in text.words(segment(text.text))]  # fmt: skip

    def similarity(index: int, layer: int | None) -> LayerSimilarity:
        table = cosines(_vectors(read, index, [(number, tokens) for number, _, tokens in places]))
        others = _vectors(read, index, [(number, tokens) for number, _, tokens in every])
        return LayerSimilarity(
            layer=layer,
            table=table,
            self_similarity=float(table[np.triu_indices(len(table), 1)].mean()),
            others=_mean_of_others(others, [(number, word) for number, word, _ in every]),
        )

    return Contexts(
        word=word,
        sentences=tuple(sentences),
        occurrences=tuple(
            Occurrence(sentence=number + 1, span=span, pieces=tuple(read[number].labels[place] for place in tokens))
            for number, span, tokens in places
        ),
        input=similarity(0, None),
        layers=tuple(similarity(layer + 1, layer) for layer in numbers),
    )


def has_word(text: str, word: str) -> bool:
    """Whether a text has the word, or the words one after another, in any capitals."""
    wanted, words = ([each.casefold() for each in words_of(part)] for part in (word, text))
    return bool(wanted) and any(
        words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1)
    )


def _occurrences(text: TextVectors, word: str) -> list[tuple[Span, list[int]]]:
    """Where the word stands, as bytes and as tokens; one of several words has the tokens of all of them."""
    wanted = [part.casefold() for part in words_of(word)]
    words = text.words(segment(text.text))
    shown = [text.part(span).casefold() for span, _ in words]
    return [
        (
            (words[start][0][0], words[start + len(wanted) - 1][0][1]),
            [place for _, tokens in words[start : start + len(wanted)] for place in tokens],
        )
        for start in range(len(words) - len(wanted) + 1)
        if wanted and shown[start : start + len(wanted)] == wanted
    ]


def _vectors(read: Sequence[TextVectors], index: int, places: Sequence[tuple[int, list[int]]]) -> Matrix:
    return np.stack([read[number].layers[index][tokens].mean(axis=0) for number, tokens in places])


def _mean_of_others(vectors: Matrix, words: Sequence[tuple[int, str]]) -> float | None:
    """The mean cosine of all pairs of different words in different sentences; None where there is no such pair.

    By sums, so that the work grows with the words and not with their pairs: of all pairs those of one sentence and
    those of one word are taken away, and those of one word in one sentence, which both have, are put back.
    """
    units = vectors.astype(np.float64)
    norms = np.linalg.norm(units, axis=1, keepdims=True)
    units = np.divide(units, norms, out=np.zeros_like(units), where=norms > 0)
    total, count = 0.0, 0
    for sign, groups in (
        (1, [0] * len(words)),
        (-1, [number for number, _ in words]),
        (-1, [word for _, word in words]),
        (1, list(words)),
    ):
        place = {group: index for index, group in enumerate(dict.fromkeys(groups))}
        owners = np.array([place[group] for group in groups])
        sums = np.zeros((len(place), units.shape[1]))
        np.add.at(sums, owners, units)
        total += sign * float((sums**2).sum())
        count += sign * int((np.bincount(owners) ** 2).sum())
    return total / count if count else None
