"""Alignments drawn: a model's attention in grey, with gold and predicted links over it, several sentences a sheet.

As Bahdanau et al. 2015, Fig. 3, and with the links of an aligner against hand-made ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from atento.applications.translator import Translator
from atento.data.pharaoh import Alignment, Links
from atento.figures import heatmap
from atento.figures.attention import Attention, Span
from atento.figures.link_marks import LinkMarks
from atento.inspection.alignment import AlignmentConfig, word_attention
from atento.text.words import How, segment, words_of


def alignment_sheet(
    pairs: Sequence[tuple[str, str]],
    found: Sequence[Links],
    gold: Sequence[Alignment],
    titles: Sequence[str],
    *,
    translator: Translator | None = None,
    config: AlignmentConfig = AlignmentConfig(),  # noqa: B008 (it is frozen)
) -> Figure:
    """A sheet of sentence pairs.

    Args:
        pairs: sources and their translations, with a word on either side.
        found: predicted links of each pair.
        gold: the right links of each pair.
        titles: one over each pair.
        translator: whose attention is shown; None: the cells are blank.
        config: which attention is shown, and what counts as a word.

    Raises:
        DataError: a pair that the translator cannot read.
    """
    records = _records(pairs, translator, config)
    marks = [_marks(*each, config.words) for each in zip(records, found, gold, strict=True)]
    return heatmap.sheet(records, titles=list(titles), zero="white", marks=marks)


def _records(
    pairs: Sequence[tuple[str, str]], translator: Translator | None, config: AlignmentConfig
) -> list[Attention]:
    """What the cells show: a model's attention between words, or nothing."""
    if translator is None:
        return [_blank(source, target, config.words) for source, target in pairs]
    explained = translator.explain([source for source, _ in pairs], [target for _, target in pairs], roles=("cross",))
    return [word_attention(each, config) for each in explained]


def _blank(source: str, target: str, how: How) -> Attention:
    columns, rows = segment(source, how), segment(target, how)
    return Attention(
        source=tuple(words_of(source, how)),
        target=tuple(words_of(target, how)),
        source_text=source,
        target_text=target,
        source_spans=tuple(columns),
        target_spans=tuple(rows),
        weights={"cross": np.zeros((1, 1, len(rows), len(columns)), dtype=np.float32)},
    )


def _marks(record: Attention, found: Links, gold: Alignment, how: How) -> LinkMarks:
    """Links between words as cells of the record; words that no token stands for have none."""
    columns = _places(record.source_spans, segment(record.source_text, how))
    rows = _places(record.target_spans, segment(record.target_text, how))

    def cells(links: Links) -> frozenset[tuple[int, int]]:
        return frozenset((columns[i], rows[j]) for i, j in links if i in columns and j in rows)

    return LinkMarks(sure=cells(gold.sure), possible=cells(gold.possible), predicted=cells(found))


def _places(spans: Sequence[Span | None], words: Sequence[Span]) -> dict[int, int]:
    """Where each word stands among a record's rows or columns."""
    numbers = {word: number for number, word in enumerate(words)}
    return {numbers[span]: place for place, span in enumerate(spans) if span is not None}
