"""Neighbours and analogies of words, among a tokenizer's entries or among the words of the user's own texts.

A word of several tokens has the mean of their input vectors. The entries of the words asked about are never among the
answers, nor are special tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.progress import Progress
from atento.inspection.embeddings import Embedder
from atento.inspection.neighbours import Metric, Neighbour, Space
from atento.inspection.vectors import Matrix


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word asked about."""

    text: str
    pieces: tuple[str, ...]
    """Its tokens' labels; of several the vector is the mean. Empty: its vector is the mean over its occurrences."""


@dataclass(frozen=True, kw_only=True)
class Answer(Displayed):
    """The neighbours of a word, or of a sum of words."""

    words: tuple[Word, ...]
    """One, or three: a − b + c."""
    neighbours: tuple[Neighbour, ...]
    """Nearest first."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.inspection.answer_view import view

        return view(self)


@dataclass(frozen=True)
class _Query:
    word: Word
    vector: Matrix
    entries: frozenset[int]
    """What it must not find."""


class WordSpace:
    """Looks words up in one space."""

    def __init__(self, embedder: Embedder, space: Space, *, own: bool, layer: int | None = None) -> None:
        self.space = space
        self._embedder = embedder
        self._own = own
        self._layer = layer
        self._places = {label: place for place, label in enumerate(space.vectors.labels)} if own else {}

    @classmethod
    def of_vocabulary(cls, embedder: Embedder, metric: Metric = "cosine") -> WordSpace:
        """Among the tokenizer's entries."""
        return cls(embedder, Space(embedder.vocabulary(), metric, embedder.specials), own=False)

    @classmethod
    def of_texts(
        cls,
        embedder: Embedder,
        texts: Sequence[str],
        *,
        layer: int | None = None,
        metric: Metric = "cosine",
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> WordSpace:
        """Among the distinct words of texts, by their input vectors or by the means of a layer's.

        Raises:
            DataError, ConfigurationError: as ``Embedder.types``.
        """
        vectors = embedder.types(texts, layer=layer, sources=sources, progress=progress)
        return cls(embedder, Space(vectors, metric), own=True, layer=layer)

    def neighbours(self, words: Sequence[str], number: int = 10) -> list[Answer]:
        """The nearest entries of each word.

        Raises:
            DataError: a word that has no vector in this space.
        """
        if not words:
            raise DataError("there is no word; give at least one")
        queries = [self._query(word) for word in words]
        vectors = np.stack([query.vector for query in queries])
        found = self.space.nearest(vectors, number, [query.entries for query in queries])
        return [Answer(words=(query.word,), neighbours=tuple(its)) for query, its in zip(queries, found, strict=True)]

    def analogy(self, a: str, b: str, c: str, number: int = 10) -> Answer:
        """What is nearest to a − b + c: what is to c as a is to b.

        Raises:
            DataError: a word that has no vector in this space.
        """
        first, second, third = (self._query(word) for word in (a, b, c))
        left_out = first.entries | second.entries | third.entries
        found = self.space.analogy(first.vector, second.vector, third.vector, number, left_out)
        return Answer(words=(first.word, second.word, third.word), neighbours=tuple(found))

    def _query(self, word: str) -> _Query:
        if self._layer is not None:
            place = self._places.get(word)
            if place is None:
                raise DataError(f"{word!r} is not among the words of the texts, so it has no vector in a layer")
            return _Query(Word(text=word, pieces=()), self.space.vectors.values[place], frozenset([place]))
        ids = self._embedder.token_ids(word)
        pieces = tuple(self._embedder.reader.tokenizer.label(number) for number in ids)
        vector = self._embedder.reader.matrix[list(ids)].mean(axis=0)
        entries = ids if not self._own else [self._places[word]] if word in self._places else []
        return _Query(Word(text=word, pieces=pieces), vector, frozenset(entries))
