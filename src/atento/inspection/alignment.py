"""Links between words, read off a model's attention.

The attention of each target word over the source is a soft alignment (Bahdanau et al. 2015, section 5.2.1); these
are the ways to make it a hard one. All work on words, whatever pieces the model reads: ``Attention.merged`` sums and
averages the weights of a word's tokens. Links are (source word, target word), counted from 0 over
``atento.text.words.segment``. ``corpus`` does this for whole corpora.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from atento.bundle import AligningHead
from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.data.pharaoh import Links
from atento.figures.attention import Attention, Rows, Span
from atento.text.words import How, segment


class AlignmentConfig(Configuration, frozen=True, kw_only=True):
    """How links are read off an attention record.

    Raises:
        ConfigurationError: the threshold is no share.
    """

    method: Literal["argmax", "threshold", "intersection"] = "argmax"
    """``argmax``: each target word's best source word. ``threshold``: every pair that reaches it. ``intersection``: the
    pairs in which each word is the other's best."""
    threshold: float = 0.3
    """The least weight of a link, for ``threshold``: a share of the target word's attention."""
    layer: int | Literal["penultimate", "mean"] = "penultimate"
    """``penultimate`` is the last but one (Garg et al. 2019), or the only one; negative numbers count from the last."""
    head: int | Literal["mean"] = "mean"
    rows: Rows = "predicted"
    """A word's row is that of the step that predicts it, or of the next step, which reads it as ``input`` and so knows
    which word it is (Chen et al., "Accurate word alignment induction from neural machine translation", EMNLP 2020)."""
    null: bool = True
    """A word whose best partner is ``</s>`` stays unlinked; else rows are made to sum to one without ``</s>``."""
    words: How = "words"
    """``whitespace`` for text whose gold links count tokens between spaces."""

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise ConfigurationError(f"threshold = {self.threshold}: it must be above 0 and at most 1")

    def at(self, head: AligningHead) -> AlignmentConfig:
        """With the layer, head and rows of a model that was trained to align, or of the usual ones."""
        return msgspec.structs.replace(self, layer=head.layer, head=head.head, rows=head.rows)


class Head(NamedTuple):
    """One matrix of a model: a head at the step that predicts a word or at the one that reads it."""

    rows: Rows
    layer: int
    head: int | Literal["mean"]
    """``mean``: of the layer's heads."""


def links(attention: Attention, config: AlignmentConfig = AlignmentConfig()) -> Links:  # noqa: B008 (it is frozen)
    """The links of one sentence pair.

    Raises:
        DataError: there is no cross attention or no such layer or head.
    """
    return _read(word_attention(attention, config), 0, 0, config)


def word_attention(
    attention: Attention,
    config: AlignmentConfig = AlignmentConfig(),  # noqa: B008 (it is frozen)
) -> Attention:
    """What links are read off: one matrix between words (and ``</s>``), of the layer, head and rows asked for.

    Raises:
        DataError: there is no cross attention or no such layer or head.
    """
    matrix = attention.matrix("cross", _layer(attention, config), None if config.head == "mean" else config.head)
    return _merged(attention, matrix[None, None], config.rows, config.words)


def links_of_heads(
    attention: Attention,
    config: AlignmentConfig = AlignmentConfig(),  # noqa: B008 (it is frozen)
) -> dict[Head, Links]:
    """The links of one sentence pair by every head, every layer's mean, and both kinds of rows.

    The configuration's own layer, head and rows do not count.

    Raises:
        DataError: there is no cross attention.
    """
    array = attention.array("cross")
    found: dict[Head, Links] = {}
    several = array.shape[1] > 1
    matrices = np.concatenate([array, array.mean(axis=1, keepdims=True)], axis=1) if several else array
    for rows in get_args(Rows):
        words = _merged(attention, matrices, rows, config.words)
        for layer in range(matrices.shape[0]):
            for head in range(matrices.shape[1]):
                name: int | Literal["mean"] = "mean" if several and head == array.shape[1] else head
                found[Head(rows, layer, name)] = _read(words, layer, head, config)
    return found


def _merged(attention: Attention, matrices: NDArray[np.float32], rows: Rows, words: How) -> Attention:
    source, target = segment(attention.source_text, words), segment(attention.target_text, words)
    return replace(attention, weights={"cross": matrices}).with_rows(rows).merged(source, target)


def _read(words: Attention, layer: int, head: int, config: AlignmentConfig) -> Links:
    table = _Table.of(words, layer, head, config)
    match config.method:
        case "argmax":
            return table.best_sources()
        case "threshold":
            return table.at_least(config.threshold)
        case "intersection":
            return table.best_sources() & table.best_targets()


class _Table:
    """Weights between words and special tokens, and which word each row and column is (None: a special token)."""

    def __init__(self, weights: NDArray[np.float32], rows: list[int | None], columns: list[int | None]) -> None:
        self.weights = weights
        self.rows = rows
        self.columns = columns

    @classmethod
    def of(cls, words: Attention, layer: int, head: int, config: AlignmentConfig) -> _Table:
        source, target = segment(words.source_text, config.words), segment(words.target_text, config.words)
        rows, columns = _numbers(words.target_spans, target), _numbers(words.source_spans, source)
        table = cls(words.array()[layer, head], rows, columns)
        return table if config.null else table.without_specials()

    def without_specials(self) -> _Table:
        rows = [index for index, word in enumerate(self.rows) if word is not None]
        columns = [index for index, word in enumerate(self.columns) if word is not None]
        weights = self.weights[np.ix_(rows, columns)]
        totals = weights.sum(axis=1, keepdims=True)
        return _Table(
            (weights / np.where(totals > 0, totals, 1.0)).astype(np.float32),
            [self.rows[index] for index in rows],
            [self.columns[index] for index in columns],
        )

    def best_sources(self) -> Links:
        """Each target word with the source word that it attends to most, the first of equals."""
        return self._best(self.weights, self.rows, self.columns)

    def best_targets(self) -> Links:
        """Each source word with the target word that attends to it most."""
        return frozenset((i, j) for j, i in self._best(self.weights.T, self.columns, self.rows))

    def at_least(self, threshold: float) -> Links:
        return frozenset(
            (i, j)
            for row, j in enumerate(self.rows)
            for column, i in enumerate(self.columns)
            if i is not None and j is not None and self.weights[row, column] >= threshold
        )

    @staticmethod
    def _best(weights: NDArray[np.float32], rows: list[int | None], columns: list[int | None]) -> Links:
        """(column's word, row's word) of each row's largest weight; rows without any weight have none."""
        if not weights.size:
            return frozenset()
        best = weights.argmax(axis=1)
        return frozenset(
            (i, j)
            for row, j in enumerate(rows)
            if j is not None and weights[row, best[row]] > 0 and (i := columns[best[row]]) is not None
        )


def _layer(attention: Attention, config: AlignmentConfig) -> int | None:
    match config.layer:
        case "mean":
            return None
        case "penultimate":
            return attention.aligning_layer()
        case number:
            return number


def _numbers(spans: Sequence[Span | None], words: Sequence[Span]) -> list[int | None]:
    places = {span: number for number, span in enumerate(words)}
    return [None if span is None else places[span] for span in spans]
