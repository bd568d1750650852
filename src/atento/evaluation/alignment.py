"""Precision, recall, F1 and alignment error rate (AER) of word alignments against gold links.

With predicted links A, sure gold links S and possible gold links P (S is part of P), after Och and Ney, "A systematic
comparison of various statistical alignment models", Computational Linguistics 29 (2003):

    precision = |A ∩ P| / |A|     recall = |A ∩ S| / |S|     AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)

A corpus's figures are ratios of sums over its sentences. Where gold has sure links only, AER is 1 − F1. Files are read
by ``atento.data.pharaoh``, directions combined by ``atento.data.symmetrisation``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

from atento.core.errors import DataError
from atento.data.pharaoh import Alignment, Link
from atento.evaluation.report import Report

Key = TypeVar("Key", bound=Hashable)


class AlignmentScore(Report, frozen=True, kw_only=True):
    """How well predicted links agree with gold ones; all rates are between 0 and 1."""

    sentences: int
    links: int
    """Predicted ones."""
    sure: int
    """Sure ones in gold."""
    sure_hits: int
    possible_hits: int
    """Predicted links that are sure, and possible, in gold."""
    precision: float
    recall: float
    f1: float
    aer: float

    def rows(self) -> list[tuple[str, str]]:
        """A table: name, figure."""
        rates = {"AER": self.aer, "Precision": self.precision, "Recall": self.recall, "F1": self.f1}
        return [*((name, f"{100 * rate:.1f} %") for name, rate in rates.items()), ("Links", str(self.links))]

    @property
    def errors(self) -> int:
        """Links that are not even possible, and sure ones that were missed."""
        return self.links - self.possible_hits + self.sure - self.sure_hits


def score_alignments(predicted: Sequence[AbstractSet[Link]], gold: Sequence[Alignment]) -> AlignmentScore:
    """A corpus's precision, recall, F1 and AER, from sums over its sentences.

    A prediction without any link has AER 1.

    Raises:
        DataError: no sentences, unequal numbers of them, or no sure gold link in the whole corpus.
    """
    _check(len(predicted), gold)
    counts = (_Counts.of(links, alignment) for links, alignment in zip(predicted, gold, strict=True))
    return sum(counts, _Counts()).score()


def score_sentences(predicted: Sequence[AbstractSet[Link]], gold: Sequence[Alignment]) -> list[AlignmentScore]:
    """The figures of each sentence alone.

    Where a rate would be 0 / 0: no link missed is recall 1; no link predicted is precision 0, or 1 if gold has no sure
    link either; neither predicted nor sure links is AER 0.

    Raises:
        DataError: as ``score_alignments``.
    """
    _check(len(predicted), gold)
    return [_Counts.of(links, alignment).score() for links, alignment in zip(predicted, gold, strict=True)]


def score_variants(
    predicted: Iterable[Mapping[Key, AbstractSet[Link]]], gold: Sequence[Alignment]
) -> dict[Key, AlignmentScore]:
    """``score_alignments`` of many predictions for one corpus (a model's heads, say), in one stream.

    Args:
        predicted: for each sentence pair the links of every variant; a variant that is not there has none.
        gold: one for each sentence pair.

    Raises:
        DataError: as ``score_alignments``.
    """
    nothing = sum((_Counts.of(frozenset(), alignment) for alignment in gold), _Counts())
    sums: dict[Key, _Counts] = {}
    count = 0
    for variants in predicted:
        if count < len(gold):
            for key, links in variants.items():
                found = _Counts.of(links, gold[count])
                sums[key] = sums.get(key, nothing) + replace(found, sentences=0, sure=0)
        count += 1
    _check(count, gold)
    return {key: counts.score() for key, counts in sums.items()}


def worst_sentences(scores: Sequence[AlignmentScore], count: int) -> list[int]:
    """The numbers (from 0) of the sentences with the highest AER; of equals those with more errors, then the first."""
    order = sorted(range(len(scores)), key=lambda number: (-scores[number].aer, -scores[number].errors, number))
    return order[:count]


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """What the rates are ratios of, over one or several sentences."""

    sentences: int = 0
    links: int = 0
    sure: int = 0
    sure_hits: int = 0
    possible_hits: int = 0

    @classmethod
    def of(cls, links: AbstractSet[Link], gold: Alignment) -> _Counts:
        return cls(
            sentences=1,
            links=len(links),
            sure=len(gold.sure),
            sure_hits=len(links & gold.sure),
            possible_hits=len(links & gold.possible),
        )

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(
            sentences=self.sentences + other.sentences,
            links=self.links + other.links,
            sure=self.sure + other.sure,
            sure_hits=self.sure_hits + other.sure_hits,
            possible_hits=self.possible_hits + other.possible_hits,
        )

    def score(self) -> AlignmentScore:
        links, sure = self.links, self.sure
        precision = self.possible_hits / links if links else float(not sure)
        recall = self.sure_hits / sure if sure else 1.0
        both = precision + recall
        return AlignmentScore(
            sentences=self.sentences,
            links=links,
            sure=sure,
            sure_hits=self.sure_hits,
            possible_hits=self.possible_hits,
            precision=precision,
            recall=recall,
            f1=2 * precision * recall / both if both else 0.0,
            aer=1.0 - (self.sure_hits + self.possible_hits) / (links + sure) if links + sure else 0.0,
        )


def _check(predicted: int, gold: Sequence[Alignment]) -> None:
    if predicted != len(gold):
        raise DataError(f"{predicted} predicted alignments for {len(gold)} gold ones; give one for each pair")
    if not any(each.sure for each in gold):
        raise DataError(f"the gold alignments ({len(gold)} lines) have no sure link (i-j), so nothing can be scored")
