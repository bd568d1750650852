"""The word alignments of whole corpora, by a model or by every head of a model.

Each pair is read once (``Translator.explain``), in chunks, so that memory does not grow with the corpus. A pair with an
empty side has no links. Two directions are combined by ``data.symmetrisation``, error rates are
``evaluation.alignment``'s::

    there = align_corpus(translator, sources, targets)
    back = [inverted(links) for links in align_corpus(other_direction, targets, sources)]
    found = symmetrise_corpus(there, back, "grow-diag-final-and")
    print(score_alignments(found, gold).aer)
    print(score_variants(align_heads(translator, sources, targets), gold))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atento.applications.translator import Translator
from atento.core.errors import DataError
from atento.core.progress import Progress, Silent
from atento.data.pharaoh import Links
from atento.figures.attention import Attention
from atento.inspection import alignment
from atento.inspection.alignment import AlignmentConfig, Head

_CHUNK = 512


def align_corpus(
    translator: Translator,
    sources: Sequence[str],
    targets: Sequence[str],
    config: AlignmentConfig | None = None,
    *,
    progress: Progress | None = None,
) -> list[Links]:
    """The links of every pair.

    Args:
        translator: a model with attention.
        sources: raw text, a sentence each.
        targets: a translation of each.
        config: how links are read off attention; None: where guided alignment trained it, else the usual way.
        progress: told about every chunk.

    Raises:
        DataError: unequally many sentences, one that the model cannot read (its line is named), or a model without the
            attention asked for.
    """
    config = config or AlignmentConfig().at(translator.bundle.aligning_head)
    explained = _explained(translator, sources, targets, progress)
    return [frozenset() if each is None else alignment.links(each, config) for each in explained]


def align_heads(
    translator: Translator,
    sources: Sequence[str],
    targets: Sequence[str],
    config: AlignmentConfig = AlignmentConfig(),  # noqa: B008 (it is frozen)
    *,
    progress: Progress | None = None,
) -> Iterator[dict[Head, Links]]:
    """The links of every pair by every head, layer's mean and kind of rows: one pass of the model gives all of them.

    Raises:
        DataError: as ``align_corpus``.
    """
    for each in _explained(translator, sources, targets, progress):
        yield {} if each is None else alignment.links_of_heads(each, config)


def _explained(
    translator: Translator, sources: Sequence[str], targets: Sequence[str], progress: Progress | None
) -> Iterator[Attention | None]:
    """Each pair's attention over the source; None where a side is empty."""
    if len(sources) != len(targets):
        raise DataError(f"{len(sources)} sources and {len(targets)} targets: give equally many")
    bar = progress or Silent()
    bar.start("aligning", len(sources))
    for start in range(0, len(sources), _CHUNK):
        chunk = range(start, min(start + _CHUNK, len(sources)))
        real = [number for number in chunk if sources[number].strip() and targets[number].strip()]
        found = translator.explain(
            [sources[number] for number in real],
            [targets[number] for number in real],
            roles=("cross",),
            lines=[number + 1 for number in real],
        )
        by_number = dict(zip(real, found, strict=True))
        yield from (by_number.get(number) for number in chunk)
        bar.advance(len(chunk))
    bar.finish()
