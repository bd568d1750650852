"""What ``atento align`` prints, writes and draws: scores, the worst sentences, the table of heads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from atento.cli.console import print_json, print_table, progress_bar, say
from atento.core.errors import DataError
from atento.core.files import atomic_text
from atento.data.pharaoh import Alignment, Links, format_links, write_alignments
from atento.evaluation.alignment import (
    AlignmentScore,
    score_alignments,
    score_sentences,
    score_variants,
    worst_sentences,
)
from atento.evaluation.readers import read_aligned
from atento.text.words import How, segment, words_of

if TYPE_CHECKING:
    from atento.applications.translator import Translator
    from atento.inspection.alignment import AlignmentConfig, Head

_DRAWN = 6
"""Sentences of a sheet, if no number was given."""
_RANKED = 10
"""Heads of the ranking that are printed; their tables and JSON have all."""
_RATES = ("aer", "precision", "recall", "f1")
_COUNTS = ("links", "sure", "sure_hits", "possible_hits")
_ROWS = {"predicted": "at the step that predicts the word", "input": "at the step that reads the word"}


@dataclass(frozen=True)
class Texts:
    """The sentences of a corpus, and what counts as their words."""

    sources: list[str]
    targets: list[str]
    how: How
    name: str

    @classmethod
    def read(cls, source: Path, target: Path, how: How) -> Texts:
        """From two files."""
        sources, targets = read_aligned([source, target])
        return cls(sources, targets, how, f"{source} and {target}")

    def turned(self) -> Texts:
        """The same in the other direction."""
        return replace(self, sources=self.targets, targets=self.sources)

    @cached_property
    def lengths(self) -> tuple[list[int], list[int]]:
        """The numbers of words of the sources and of the targets."""
        sources, targets = ([len(segment(line, self.how)) for line in side] for side in (self.sources, self.targets))
        return sources, targets

    def words(self, number: int) -> tuple[list[str], list[str]]:
        """The words of a pair."""
        source, target = (words_of(line, self.how) for line in (self.sources[number], self.targets[number]))
        return source, target


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Predicted and gold links with their scores; ``worst`` are the sentences to show, numbered from 0."""

    found: Sequence[Links]
    gold: Sequence[Alignment]
    score: AlignmentScore
    sentences: list[AlignmentScore]
    worst: list[int]

    @classmethod
    def of(cls, found: Sequence[Links], gold: Sequence[Alignment], worst: int) -> Scored:
        """Score links against gold ones.

        Raises:
            DataError: unequal numbers of sentences, or gold without sure links.
        """
        sentences = score_sentences(found, gold)
        return cls(
            found=found,
            gold=gold,
            score=score_alignments(found, gold),
            sentences=sentences,
            worst=worst_sentences(sentences, worst),
        )

    def write(self, path: Path | None) -> None:
        """Each sentence's rates (between 0 and 1) and counts, if a file was asked for."""
        if path is None:
            return
        with atomic_text(path) as stream:
            stream.write("\t".join(("line", *_RATES, *_COUNTS)) + "\n")
            for number, score in enumerate(self.sentences, 1):
                rates = (f"{getattr(score, name):.4f}" for name in _RATES)
                counts = (str(getattr(score, name)) for name in _COUNTS)
                stream.write("\t".join((str(number), *rates, *counts)) + "\n")

    def show(self, texts: Texts | None, *, as_json: bool) -> None:
        """Print the corpus's score and the worst sentences, or all scores as JSON."""
        if as_json:
            lines = [{"line": number, **msgspec.structs.asdict(each)} for number, each in enumerate(self.sentences, 1)]
            worst = [number + 1 for number in self.worst]
            print_json({**msgspec.structs.asdict(self.score), "per_sentence": lines, "worst": worst})
            return
        say(f"{self.score.sentences:,} sentence pairs, {self.score.sure:,} sure gold links")
        print_table(("", ""), self.score.rows(), numbers=(1,))
        if self.worst:
            print("\nWorst sentences:")
        for number in self.worst:
            self._show_sentence(number, texts)

    def _show_sentence(self, number: int, texts: Texts | None) -> None:
        score, found, gold = self.sentences[number], self.found[number], self.gold[number]
        figures = ", ".join(f"{name} {100 * getattr(score, name):.1f} %" for name in ("precision", "recall"))
        print(f"\nline {number + 1}: AER {100 * score.aer:.1f} % ({figures})")
        if texts is not None:
            print(f"  source  {texts.sources[number]}")
            print(f"  target  {texts.targets[number]}")
        for name, links in (("wrong", found - gold.possible), ("missed", gold.sure - found)):
            if links:
                print(f"  {name:6}  {_named(links, texts, number)}")

    def draw(self, path: Path, texts: Texts, translator: Translator | None, config: AlignmentConfig) -> None:
        """A sheet of the worst sentences: attention (of a run), gold and predicted links."""
        from atento.figures import canvas
        from atento.inspection.sheet import alignment_sheet

        chosen = self.worst or worst_sentences(self.sentences, _DRAWN)
        chosen = [number for number in chosen if all(texts.words(number))]
        if not chosen:
            raise DataError(f"{texts.name}: there is no sentence with words to draw")
        sheet = alignment_sheet(
            [(texts.sources[number], texts.targets[number]) for number in chosen],
            [self.found[number] for number in chosen],
            [self.gold[number] for number in chosen],
            [f"line {number + 1}: AER {100 * self.sentences[number].aer:.1f} %" for number in chosen],
            translator=translator,
            config=config,
        )
        canvas.save(sheet, path)


def write(output: Path | None, alignments: list[Alignment], *, silent: bool) -> None:
    """The links, into a file or onto standard output."""
    if output is not None:
        write_alignments(output, alignments)
    elif not silent:
        sys.stdout.writelines(format_links(each) + "\n" for each in alignments)


def heads(
    translator: Translator,
    texts: Texts,
    config: AlignmentConfig,
    gold: Sequence[Alignment],
    figure: Path | None,
    *,
    as_json: bool,
) -> None:
    """The error rate of every layer and head, with a word's row at the step that predicts it and that reads it."""
    from atento.inspection.corpus import align_heads

    with progress_bar() as progress:
        try:
            found = align_heads(translator, texts.sources, texts.targets, config, progress=progress)
            scores = score_variants(found, gold)
        except DataError as error:
            raise DataError(f"{texts.name}: {error}") from error
    if not scores:
        raise DataError(f"{texts.name}: every pair has an empty side, so nothing can be read")
    ranking = sorted(scores, key=lambda head: (scores[head].aer, -scores[head].f1))
    if figure is not None:
        _draw_heads(figure, scores, ranking[0])
    if as_json:
        table = [{**head._asdict(), **msgspec.structs.asdict(scores[head])} for head in ranking]
        print_json({"heads": table, "best": ranking[0]._asdict()})
        return
    _print_heads(scores, ranking[0])
    _print_ranking(scores, ranking)


def _print_heads(scores: dict[Head, AlignmentScore], best: Head) -> None:
    """A table layer × head for each kind of rows."""
    names = list(dict.fromkeys(str(head.head) for head in scores))
    columns = [f"head {name}" if name != "mean" else name for name in names]
    for rows, title in _ROWS.items():
        mine = {head: score for head, score in scores.items() if head.rows == rows}
        layers = sorted({head.layer for head in mine})
        cells = {(head.layer, str(head.head)): _cell(score, head == best) for head, score in mine.items()}
        print(f"AER, {title}:")
        table = [(f"layer {layer}", *(cells[layer, name] for name in names)) for layer in layers]
        print_table(("", *columns), table, numbers=range(1, len(columns) + 1))
        print()


def _print_ranking(scores: dict[Head, AlignmentScore], ranking: Sequence[Head]) -> None:
    """The best heads, the best one first, and the options that read them."""
    shown = ranking[:_RANKED]
    few = len(shown) < len(ranking)
    print(
        f"The {len(shown)} best of {len(ranking)} by AER, * first (--json has all):"
        if few
        else "By AER, the best (*) first:"
    )
    rows = [
        (str(place), *(f"{100 * getattr(scores[head], rate):.1f}" for rate in _RATES), _options(head))
        for place, head in enumerate(shown, 1)
    ]
    print_table(("", "AER", "precision", "recall", "F1", "read with"), rows, numbers=range(5))


def _cell(score: AlignmentScore, best: bool) -> str:
    return f"{'*' if best else ''}{100 * score.aer:.1f}"


def _options(head: Head) -> str:
    return f"--rows {head.rows} --layer {head.layer} --head {head.head}"


def _draw_heads(path: Path, scores: dict[Head, AlignmentScore], best: Head) -> None:
    from atento.figures import canvas
    from atento.figures.head_table import head_table

    columns = list(dict.fromkeys(head.head for head in scores))
    layers = 1 + max(head.layer for head in scores)
    tables = {rows: np.zeros((layers, len(columns))) for rows in _ROWS}
    for head, score in scores.items():
        tables[head.rows][head.layer, columns.index(head.head)] = score.aer
    named = {f"AER (%) {_ROWS[rows]}": table for rows, table in tables.items()}
    place = (f"AER (%) {_ROWS[best.rows]}", best.layer, columns.index(best.head))
    headings = [str(column) if column == "mean" else f"head {column}" for column in columns]
    canvas.save(head_table(named, headings, best=place), path)


def _named(links: Links, texts: Texts | None, number: int) -> str:
    if texts is None:
        return format_links(Alignment.of(links))
    source, target = texts.words(number)
    return ", ".join(f"{source[i]}–{target[j]} ({i}-{j})" for i, j in sorted(links))
