"""The vectors of any trained model: of its vocabulary, of words and tokens where they stand, and of whole texts.

    embedder = atento.load_embedder("runs/pt-es")
    embedder.vocabulary()                     # input vectors: rows of the embedding matrix
    embedder.words(["O banco abre às dez."])  # contextual: the last layer's vectors, merged to words
    embedder.sentences(texts, layer=2)

Layers are counted from 0, what enters the first one, to ``num_layers``; -1 is the last; None are the input vectors,
which are the same wherever a token stands. A word's vector is the mean of its tokens'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from atento.bundle import AnyBundle, load_bundle
from atento.core.allocator import keep_freed_memory
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress
from atento.inspection.text_vectors import TextReader, TextVectors
from atento.inspection.vectors import Matrix, Vectors
from atento.models.reading import Side
from atento.text.words import segment, words_of

Pooling = Literal["mean", "first", "last", "final"]
"""How a text becomes one vector: the mean of its own tokens; the first position (``<s>``, BERT's [CLS]); the last one
(of a language model the only state that has read everything); a recurrent encoder's final states, one a direction."""


class Embedder:
    """Gives the vectors of one side of a model.

    Wherever ``sources`` can be given, a translator's target side needs what the texts are translations of.
    """

    def __init__(self, bundle: AnyBundle, side: Side | None = None) -> None:
        self.bundle = bundle
        self.reader = TextReader(bundle, side)

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu", *, side: Side | None = None) -> Embedder:
        """The embedder of a run or bundle of any family; of a translator that of its source side by default.

        Raises:
            BundleError: there is none, or it is damaged.
            ConfigurationError: a side of a model that has none.
        """
        keep_freed_memory()
        return cls(load_bundle(Path(path), device), side)

    @property
    def num_layers(self) -> int:
        """The number of the last layer."""
        return self.reader.num_layers

    @property
    def specials(self) -> frozenset[int]:
        """Entries of the vocabulary that stand for no text."""
        tokenizer = self.reader.tokenizer
        found = (tokenizer.pad, tokenizer.unk, tokenizer.bos, tokenizer.eos, tokenizer.mask)
        return frozenset(number for number in found if number is not None)

    def vocabulary(self) -> Vectors:
        """The embedding matrix, special tokens included; entry n is token n."""
        tokenizer = self.reader.tokenizer
        labels = tuple(tokenizer.label(number) for number in range(tokenizer.size))
        return Vectors(labels=labels, values=self.reader.matrix[: tokenizer.size], level="vocabulary")

    def static(self, words: Sequence[str]) -> Vectors:
        """The input vectors of words: the mean of their tokens' (see ``token_ids``), which ``counts`` counts.

        Raises:
            DataError: no word, or one that the tokenizer does not know.
        """
        if not words:
            raise DataError("there is no word; give at least one")
        ids = [self.token_ids(word) for word in words]
        return Vectors(
            labels=tuple(words),
            values=np.stack([self.reader.matrix[list(its)].mean(axis=0) for its in ids]),
            level="type",
            counts=tuple(len(its) for its in ids),
        )

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The tokens of a word as it stands within a text, after other words.

        Raises:
            DataError: it is empty, or the tokenizer does not know it.
        """
        ids = self.reader.tokenizer.encode(self._within_text(word)).ids if word.strip() else ()
        if not ids:
            raise DataError(f"{word!r} is no word; give one")
        if self.reader.tokenizer.unk in ids:
            raise DataError(f"{word!r} is not in the vocabulary, so it has no vector of its own; give another word")
        return ids

    def _within_text(self, word: str) -> str:
        return self.reader.tokenizer.before_word + word.strip()

    def tokens(
        self,
        texts: Sequence[str],
        *,
        layer: int | None = -1,
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Vectors:
        """A vector of every token where it stands, with those that the model adds.

        Raises:
            DataError, ConfigurationError: as ``TextReader.read``.
        """
        found = list(self.reader.read(texts, [layer], sources=sources, progress=progress))
        return Vectors(
            labels=tuple(label for text in found for label in text.labels),
            values=np.concatenate([text.layers[0] for text in found]),
            level="token",
            layer=self.reader.layer(layer),
            texts=tuple(number for number, text in enumerate(found, 1) for _ in text.labels),
            spans=tuple(span or (0, 0) for text in found for span in text.spans),
        )

    def words(
        self,
        texts: Sequence[str],
        *,
        layer: int | None = -1,
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Vectors:
        """A vector of every word where it stands, the mean of its tokens', which ``counts`` counts.

        Raises:
            DataError: the texts have no words; else as ``TextReader.read``.
        """
        found = [
            (number, text.part(span), span, len(places), text.layers[0][places].mean(axis=0))
            for number, text in enumerate(self.reader.read(texts, [layer], sources=sources, progress=progress), 1)
            for span, places in text.words(segment(text.text))
        ]
        if not found:
            raise DataError("the texts have no words; give others")
        numbers, labels, spans, counts, values = zip(*found, strict=True)
        return Vectors(
            labels=labels,
            values=np.stack(values),
            level="word",
            layer=self.reader.layer(layer),
            texts=numbers,
            spans=spans,
            counts=counts,
        )

    def types(
        self,
        texts: Sequence[str],
        *,
        layer: int | None = -1,
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Vectors:
        """A vector of every distinct word, frequent ones first.

        Of the input vectors it is the word's own (``static``), unless the tokenizer does not know it. Of
        a layer it is the mean over all occurrences, which ``counts`` counts.

        Raises:
            DataError: the texts have no words; else as ``TextReader.read``.
        """
        if layer is None:
            frequent = Counter(word for text in texts for word in words_of(text)).most_common()
            unknown = self.reader.tokenizer.unk
            encoded = self.reader.tokenizer.encode_batch([self._within_text(word) for word, _ in frequent])
            known = [word for (word, _), ids in zip(frequent, encoded, strict=True) if ids and unknown not in ids]
            if not known:
                raise DataError("the texts have no word that the tokenizer knows; give others")
            return self.static(known)
        sums: dict[str, NDArray[np.float64]] = {}
        counts: Counter[str] = Counter()
        for text in self.reader.read(texts, [layer], sources=sources, progress=progress):
            for span, places in text.words(segment(text.text)):
                word, vector = text.part(span), text.layers[0][places].mean(axis=0, dtype=np.float64)
                sums[word] = sums[word] + vector if word in sums else vector
                counts[word] += 1
        if not counts:
            raise DataError("the texts have no words; give others")
        return Vectors(
            labels=tuple(word for word, _ in counts.most_common()),
            values=np.stack([sums[word] / count for word, count in counts.most_common()]).astype(np.float32),
            level="type",
            layer=self.reader.layer(layer),
            counts=tuple(count for _, count in counts.most_common()),
        )

    def sentences(
        self,
        texts: Sequence[str],
        *,
        layer: int | None = -1,
        pooling: Pooling = "mean",
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Vectors:
        """A vector of every text.

        Raises:
            ConfigurationError: a pooling that says nothing in this model or layer; else as ``TextReader.read``.
        """
        self._check(pooling, layer)
        pooled = [
            (_pooled(text, pooling), len(text.own))
            for text in self.reader.read(texts, [layer], sources=sources, progress=progress)
        ]
        return Vectors(
            labels=tuple(texts),
            values=np.stack([vector for vector, _ in pooled]),
            level="sentence",
            layer=self.reader.layer(layer),
            texts=tuple(range(1, len(texts) + 1)),
            counts=tuple(count for _, count in pooled) if pooling == "mean" else None,
        )

    def _check(self, pooling: Pooling, layer: int | None) -> None:
        if layer is None and pooling != "mean":
            raise ConfigurationError(f"input vectors know nothing of their text: pool them by mean, not by {pooling}")
        if pooling == "first" and not self.reader.frame.both_directions:
            raise ConfigurationError(
                "the first position of a model that reads from left to right has read nothing; pool by mean or last"
            )
        if pooling == "final" and not (self.reader.has_finals and self.reader.layer(layer)):
            raise ConfigurationError("only a recurrent encoder's layers have final states; pool by mean or last")


def _pooled(text: TextVectors, pooling: Pooling) -> Matrix:
    [values], [final] = text.layers, text.finals
    pooled: Any
    match pooling:
        case "mean":
            pooled = values[text.own].mean(axis=0)
        case "first":
            pooled = values[0]
        case "last":
            pooled = values[-1]
        case "final":
            pooled = final
    vector: Matrix = np.array(pooled, dtype=np.float32)  # a copy, which keeps no batch in memory
    return vector
