"""Word alignments: the Pharaoh format, and precision, recall, F1 and alignment error rate (AER) against gold links.

With predicted links A, sure gold links S and possible gold links P (S is part of P), after Och and Ney, "A systematic
comparison of various statistical alignment models", Computational Linguistics 29 (2003):

    precision = |A ∩ P| / |A|     recall = |A ∩ S| / |S|     AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)

A corpus's figures are ratios of sums over its sentences. Where gold has sure links only, AER is 1 − F1. Symmetrising
heuristics are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from atento.core.errors import DataError
from atento.core.files import atomic_text, read_lines
from atento.evaluation.report import Report

Link = tuple[int, int]
"""(source word, target word), both counted from 0."""

_LINK = re.compile(r"([0-9]{1,9})([-?p])([0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A sentence pair's links; every sure link is also a possible one, whether it was given as such or not."""

    sure: frozenset[Link] = frozenset()
    possible: frozenset[Link] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "possible", self.possible | self.sure)

    @classmethod
    def of(cls, links: Iterable[Link]) -> Alignment:
        """An alignment of sure links only."""
        return cls(sure=frozenset(links))

    def inverted(self) -> Alignment:
        """The alignment of the other direction: target and source change places."""
        return Alignment(sure=frozenset(_inverted(self.sure)), possible=frozenset(_inverted(self.possible)))


def parse_links(line: str, *, one_based: bool = False) -> Alignment:
    """Read one Pharaoh line: ``i-j`` is sure, ``i?j`` or ``ipj`` possible, source word before target word.

    Args:
        line: links separated by spaces; a line without any is an empty alignment.
        one_based: whether the file counts words from 1.

    Raises:
        DataError: a link is not of this form, or is 0 where words count from 1 (the caller knows file and line).
    """
    links: dict[bool, set[Link]] = {True: set(), False: set()}
    first = int(one_based)
    for text in line.split():
        match = _LINK.fullmatch(text)
        if match is None:
            raise DataError(f"{text!r} is no link; write i-j (sure) or i?j (possible) with spaces between links")
        source, target = int(match[1]) - first, int(match[3]) - first
        if min(source, target) < 0:
            raise DataError(f"the link {text!r} counts from 0; read this file as counting from 0")
        links[match[2] == "-"].add((source, target))
    return Alignment(sure=frozenset(links[True]), possible=frozenset(links[False]))


def format_links(alignment: Alignment, *, one_based: bool = False) -> str:
    """One Pharaoh line, links in order; ``parse_links`` reads it back."""
    first = int(one_based)
    return " ".join(
        f"{source + first}{'-' if (source, target) in alignment.sure else '?'}{target + first}"
        for source, target in sorted(alignment.possible)
    )


def read_alignments(path: Path, *, one_based: bool = False) -> list[Alignment]:
    """Read a Pharaoh file, one sentence pair a line.

    Raises:
        DataError: the file cannot be read, has no lines, or a line is not in the format (file and line are named).
    """
    alignments = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            alignments.append(parse_links(line, one_based=one_based))
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error
    if not alignments:
        raise DataError(f"{path} is empty; give a file with one line of links for each sentence pair")
    return alignments


def write_alignments(path: Path, alignments: Iterable[Alignment], *, one_based: bool = False) -> None:
    """Write a Pharaoh file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_text(path) as stream:
        for alignment in alignments:
            stream.write(format_links(alignment, one_based=one_based) + "\n")


def check_links(alignments: Sequence[Alignment], source_lengths: Sequence[int], target_lengths: Sequence[int]) -> None:
    """Refuse links to words that are not there: a sign of other files, other word boundaries, or counting from 1.

    Args:
        alignments: one for each sentence pair.
        source_lengths: the words of each source sentence.
        target_lengths: the words of each target sentence.

    Raises:
        DataError: unequal numbers of sentences, or a link outside its sentence (its line is named).
    """
    if not len(alignments) == len(source_lengths) == len(target_lengths):
        raise DataError(
            f"{len(alignments)} lines of links for {len(source_lengths)} source and {len(target_lengths)} target "
            "sentences; give one for each pair"
        )
    for number, (alignment, source, target) in enumerate(
        zip(alignments, source_lengths, target_lengths, strict=True), 1
    ):
        for i, j in sorted(alignment.possible):
            if i >= source or j >= target:
                raise DataError(
                    f"line {number}: the link {i}-{j} (counted from 0) is outside its sentences of {source} and "
                    f"{target} words; check the files, their word boundaries, and whether the links count from 1"
                )


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


def score_alignments(predicted: Sequence[AbstractSet[Link]], gold: Sequence[Alignment]) -> AlignmentScore:
    """A corpus's precision, recall, F1 and AER, from sums over its sentences.

    A prediction without any link has AER 1.

    Raises:
        DataError: no sentences, unequal numbers of them, or no sure gold link in the whole corpus.
    """
    if len(predicted) != len(gold):
        raise DataError(f"{len(predicted)} predicted alignments for {len(gold)} gold ones; give one for each pair")
    if not any(each.sure for each in gold):
        raise DataError(f"the gold alignments ({len(gold)} lines) have no sure link (i-j), so nothing can be scored")
    return _score(predicted, gold)


def score_sentences(predicted: Sequence[AbstractSet[Link]], gold: Sequence[Alignment]) -> list[AlignmentScore]:
    """The figures of each sentence alone.

    Where a rate would be 0 / 0: no link missed is recall 1; no link predicted is precision 0, or 1 if gold has no sure
    link either; neither predicted nor sure links is AER 0.

    Raises:
        DataError: as ``score_alignments``.
    """
    score_alignments(predicted, gold)
    return [_score([links], [alignment]) for links, alignment in zip(predicted, gold, strict=True)]


def _score(predicted: Sequence[AbstractSet[Link]], gold: Sequence[Alignment]) -> AlignmentScore:
    pairs = list(zip(predicted, gold, strict=True))
    links = sum(len(each) for each in predicted)
    sure = sum(len(each.sure) for each in gold)
    sure_hits = sum(len(links & alignment.sure) for links, alignment in pairs)
    possible_hits = sum(len(links & alignment.possible) for links, alignment in pairs)
    precision = possible_hits / links if links else float(not sure)
    recall = sure_hits / sure if sure else 1.0
    both = precision + recall
    return AlignmentScore(
        sentences=len(pairs),
        links=links,
        sure=sure,
        sure_hits=sure_hits,
        possible_hits=possible_hits,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both else 0.0,
        aer=1.0 - (sure_hits + possible_hits) / (links + sure) if links + sure else 0.0,
    )


def _inverted(links: Iterable[Link]) -> list[Link]:
    return [(target, source) for source, target in links]
