"""Texts as a model of any family reads them: their tokens with those that the model adds, and vectors of any layer.

Texts are read in batches of similar length and given back in their order. Neither padding nor the texts beside it
change a text's vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import torch

from atento.applications.explanation import pad_rows
from atento.bundle import AnyBundle
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.decoding.batches import in_order, plan_batches
from atento.inspection.vectors import Matrix
from atento.models import reading
from atento.models.reading import Frame, Reading, Rows, Side
from atento.text.spans import Span
from atento.text.tokenizer import Tokenizer
from atento.text.words import assign

LONGEST_TEXT: Final = 100_000
"""Characters of one text, at most."""
_BATCH_TOKENS: Final = 4096
_BATCH_SIZE: Final = 64
_CHUNK: Final = 2048
"""Texts that are sorted by length together."""


@dataclass(frozen=True, kw_only=True)
class TextVectors:
    """A text as the model reads it, with the tokens that it adds, and its vectors in some layers."""

    text: str
    labels: tuple[str, ...]
    spans: tuple[Span | None, ...]
    """Bytes of the text that each token stands for; None for what the model adds."""
    layers: tuple[Matrix, ...]
    """Of each layer asked for, [tokens, size]."""
    finals: tuple[Matrix | None, ...]
    """Of each layer asked for, a recurrent encoder's final states [size]."""

    @property
    def own(self) -> list[int]:
        """Where the text's own tokens stand."""
        return [place for place, span in enumerate(self.spans) if span is not None]

    def words(self, words: Sequence[Span]) -> list[tuple[Span, list[int]]]:
        """Where the tokens of each of these words stand; a word that no token stands for is left out."""
        places: dict[int, list[int]] = {}
        for place, word in enumerate(assign(self.spans, words)):
            if word is not None:
                places.setdefault(word, []).append(place)
        return [(words[word], places[word]) for word in sorted(places)]

    def part(self, span: Span) -> str:
        """What stands there."""
        return self._raw[span[0] : span[1]].decode()

    @cached_property
    def _raw(self) -> bytes:
        return self.text.encode()


class _Framed(NamedTuple):
    """A text's ids with what the model adds."""

    ids: tuple[int, ...]
    spans: tuple[Span | None, ...]


_Found = tuple[list[Matrix | None], list[Matrix | None]]
"""Of each layer asked for: the text's vectors (None: input vectors), and a recurrent encoder's final states."""


class TextReader:
    """Reads texts with one side of a model.

    Raises:
        ConfigurationError: a side of a model that has none.
    """

    def __init__(self, bundle: AnyBundle, side: Side | None = None) -> None:
        has_sides = bool(reading.sides(bundle.model))
        if side is not None and not has_sides:
            raise ConfigurationError(f"only a translator has a {side} side; leave the side out")
        self.bundle = bundle
        self.side: Side = side or "source"
        self.needs_sources = has_sides and self.side == "target"
        """Whether its layers read each text as the translation of a source."""
        self.tokenizer: Tokenizer = bundle.source_tokenizer if self.side == "source" else bundle.target_tokenizer
        self.frame: Frame = reading.frame(bundle.model, self.side)
        self._device = next(bundle.model.parameters()).device

    @property
    def num_layers(self) -> int:
        """The number of the last layer."""
        return reading.num_layers(self.bundle.model, self.side)

    @property
    def has_finals(self) -> bool:
        """Whether there are a recurrent encoder's final states."""
        return reading.has_finals(self.bundle.model, self.side)

    @cached_property
    def matrix(self) -> Matrix:
        """The input vectors, [entries, size]."""
        return _array(reading.input_embedding(self.bundle.model, self.side).weight)

    def layer(self, number: int | None) -> int | None:
        """A layer counted from 0, negative numbers from the last; None stays what it is: the input vectors.

        Raises:
            ConfigurationError: there is none.
        """
        if number is None:
            return None
        last = self.num_layers
        if not -last - 1 <= number <= last:
            raise ConfigurationError(
                f"there is no layer {number}: give 0 (what enters the first) to {last}, or -1, the last"
            )
        return number % (last + 1)

    def read(
        self,
        texts: Sequence[str],
        layers: Sequence[int | None],
        *,
        sources: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[TextVectors]:
        """The vectors of every token of every text in these layers, in the texts' order.

        Memory holds a chunk of texts; every text is checked before the first is read.

        Args:
            texts: raw text.
            layers: counted from 0, what enters the first layer; -1 is the last; None: the input vectors.
            sources: what the texts are translations of, for a translator's target side.
            progress: told about every batch.

        Raises:
            DataError: no text, or one that is empty or that the model cannot read (it is numbered).
            ConfigurationError: there is no such layer, or sources are missing or too many.
        """
        if not texts:
            raise DataError("there is no text; give at least one")
        asked = [self.layer(layer) for layer in layers]
        framed = [self._framed(text, number) for number, text in enumerate(texts, 1)]
        sourced = self._sources(texts, sources, needed=any(layer is not None for layer in asked))
        bar = progress or Silent()
        bar.start("reading", len(texts))
        try:
            for start in range(0, len(texts), _CHUNK):
                chunk = slice(start, start + _CHUNK)
                found = self._read(framed[chunk], asked, None if sourced is None else sourced[chunk], bar)
                for text, each, (values, finals) in zip(texts[chunk], framed[chunk], found, strict=True):
                    yield TextVectors(
                        text=text,
                        labels=tuple(self.tokenizer.label(number) for number in each.ids),
                        spans=each.spans,
                        layers=tuple(self.matrix[list(each.ids)] if its is None else its for its in values),
                        finals=tuple(finals),
                    )
        finally:
            bar.finish()

    def _read(
        self, framed: list[_Framed], layers: list[int | None], sources: list[_Framed] | None, bar: Progress
    ) -> list[_Found]:
        """Read in batches of similar length."""
        if all(layer is None for layer in layers):
            bar.advance(len(framed))
            nothing: list[Matrix | None] = [None] * len(layers)
            return [(nothing, nothing)] * len(framed)
        beside = [0] * len(framed) if sources is None else [len(source.ids) for source in sources]
        lengths = [max(len(each.ids), other) for each, other in zip(framed, beside, strict=True)]
        batches = plan_batches(lengths, batch_tokens=_BATCH_TOKENS, batch_size=_BATCH_SIZE)
        results = []
        for batch in batches:
            rows = self._rows(framed, batch)
            its_sources = None if sources is None else self._rows(sources, batch)
            found = reading.read(self.bundle.model, self.side, rows, its_sources)
            results.append([_of_row(found, row, len(framed[number].ids), layers) for row, number in enumerate(batch)])
            bar.advance(len(batch))
        return in_order(batches, results)

    def _rows(self, framed: list[_Framed], batch: list[int]) -> Rows:
        tokens, mask = pad_rows([framed[number].ids for number in batch], self.bundle.vocabulary.pad)
        return Rows(tokens.to(self._device), mask.to(self._device))

    def _sources(self, texts: Sequence[str], sources: Sequence[str] | None, *, needed: bool) -> list[_Framed] | None:
        if sources is None:
            if self.needs_sources and needed:
                raise ConfigurationError(
                    "the layers of a translator's target side read a translation of a source: give the sources too, "
                    "or ask for input vectors"
                )
            return None
        if not self.needs_sources:
            raise ConfigurationError("only a translator's target side reads a text beside its source; give no sources")
        if len(sources) != len(texts):
            raise DataError(f"{len(sources)} sources and {len(texts)} texts: give equally many")
        reader = TextReader(self.bundle, "source")
        return [reader._framed(text, number, "source") for number, text in enumerate(sources, 1)]

    def _framed(self, text: str, number: int, name: str = "text") -> _Framed:
        """A text's tokens inside what the model puts around them.

        Raises:
            DataError: it has none, or more than the model can read.
        """
        if len(text) > LONGEST_TEXT:
            raise DataError(f"{name} {number} has {len(text):,} characters; give at most {LONGEST_TEXT:,} at once")
        tokens, frame = self.tokenizer.encode(text), self.frame
        if not text.strip() or not tokens.ids:
            raise DataError(f"{name} {number} is empty; leave it out")
        ids = (*frame.before, *tokens.ids, *frame.after)
        if frame.longest is not None and len(ids) > frame.longest:
            raise DataError(
                f"{name} {number} has {len(ids)} tokens with those that the model adds, and it reads at most "
                f"{frame.longest}: shorten it"
            )
        return _Framed(ids, (*[None] * len(frame.before), *tokens.spans, *[None] * len(frame.after)))


def _of_row(found: Reading, row: int, length: int, layers: list[int | None]) -> _Found:
    values = [None if layer is None else _array(found.layers[layer][row, :length]) for layer in layers]
    finals = [_array(found.finals[layer - 1][row]) if layer and found.finals else None for layer in layers]
    return values, finals


def _array(tensor: torch.Tensor) -> Matrix:
    array: Matrix = tensor.detach().float().cpu().numpy()
    return array
