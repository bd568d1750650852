"""What a corpus is like and what is wrong with it, in one pass; printing is left to the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from atento.core.configuration import Configuration
from atento.core.progress import Progress, Silent
from atento.data.clean import has_control_character, length_ratio
from atento.data.corpus_files import CorpusFiles
from atento.data.hashes import Hashes, HashSet, combine, hash_texts
from atento.data.readers import read_pairs, read_records
from atento.data.records import Pair, Record, chunked, sides_of


class CheckConfig(Configuration, frozen=True, kw_only=True):
    """From where on something is worth a finding."""

    max_ratio: float = 5.0
    """See ``clean.length_ratio``."""
    max_characters: int = 2000
    examples: int = 5
    """How many lines are named for each kind of finding; entries that are no pairs are all named."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """How long the sentences of one side are."""

    total: int
    mean: float
    median: int
    percentile_95: int
    longest: int


class SideReport(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a corpus."""

    words: Lengths
    characters: Lengths
    distinct: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of entry that may be unwanted, and how many there are."""

    kind: str
    count: int
    lines: list[int]
    """The first of them, counted from 1."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How many pairs of a held-out corpus occur in this one, case aside."""

    corpus: str
    pairs: int
    """Pairs of the held-out corpus, all."""
    source: int
    target: int
    either: int
    both: int
    """Both sides, in one pair."""
    lines: list[int]
    """The first lines of the held-out corpus of which a side occurs."""


class CorpusReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a check; ``msgspec.json.encode`` makes JSON of it."""

    corpus: str
    entries: int
    pairs: int
    source: SideReport
    target: SideReport
    mean_ratio: float
    """Target characters a source character, over the whole corpus."""
    faults: list[str]
    """Every entry that is no pair: one line each with file, line and what to do."""
    findings: list[Finding]
    overlaps: list[Overlap]

    @property
    def clean(self) -> bool:
        """Nothing was found."""
        return not self.faults and not self.findings and not any(overlap.either for overlap in self.overlaps)

    def rows(self) -> list[tuple[str, str]]:
        """What a table shows: a label and a value each."""
        rows = [
            ("pairs", f"{self.pairs:,}"),
            ("entries that are no pairs", f"{len(self.faults):,}"),
            ("target characters a source character", f"{self.mean_ratio:.2f}"),
        ]
        for name, side in (("source", self.source), ("target", self.target)):
            words = side.words
            rows += [
                (f"{name}: distinct sentences", f"{side.distinct:,}"),
                (f"{name}: words", f"{words.total:,}"),
                (
                    f"{name}: words a sentence",
                    f"mean {words.mean:.1f}, median {words.median}, 95 % ≤ {words.percentile_95}, most {words.longest}",
                ),
            ]
        rows += [(finding.kind, _with_lines(f"{finding.count:,}", finding.lines)) for finding in self.findings]
        for overlap in self.overlaps:
            value = (
                f"{overlap.either:,} of {overlap.pairs:,} pairs (source {overlap.source:,}, "
                f"target {overlap.target:,}, both {overlap.both:,})"
            )
            rows.append((f"also in {overlap.corpus}", _with_lines(value, overlap.lines)))
        return rows


def check_corpus(
    corpus: CorpusFiles,
    config: CheckConfig | None = None,
    *,
    held_out: Sequence[CorpusFiles] = (),
    progress: Progress | None = None,
) -> CorpusReport:
    """Read a corpus once and tell what it is like; ``held_out`` corpora (dev, test) are looked for in it.

    Raises:
        DataError: a corpus cannot be read, its sides have unequally many lines, or a held-out one has a faulty entry.
    """
    progress = progress or Silent()
    check = _Check(config or CheckConfig())
    progress.start(f"Checking {corpus.name}", None)
    try:
        for chunk in chunked(read_records(corpus)):
            check.add(chunk)
            progress.advance(len(chunk))
    finally:
        progress.finish()
    return check.report(corpus.name, [check.overlap(other) for other in held_out])


class _SideCheck:
    """Lengths as histograms, whose size is the number of different lengths, and the sentences' hashes."""

    def __init__(self) -> None:
        self.words: Counter[int] = Counter()
        self.characters: Counter[int] = Counter()
        self.seen = HashSet()
        self.folded = HashSet()

    def add(self, texts: list[str]) -> tuple[Hashes, Hashes, list[bool]]:
        """Count the texts; their hashes, those case aside, and which of the texts are repeated."""
        self.words.update(len(text.split()) for text in texts)
        self.characters.update(map(len, texts))
        hashes, folded = hash_texts(texts), hash_texts(texts, fold=True)
        self.folded.add(folded)
        return hashes, folded, (~self.seen.add_new(hashes)).tolist()

    def report(self) -> SideReport:
        return SideReport(words=_lengths(self.words), characters=_lengths(self.characters), distinct=len(self.seen))


class _Check:
    def __init__(self, config: CheckConfig) -> None:
        self._config = config
        self._entries = 0
        self._faults: list[str] = []
        self._findings: Counter[str] = Counter()
        self._lines: dict[str, list[int]] = {}
        self._source, self._target = _SideCheck(), _SideCheck()
        self._pairs, self._folded_pairs = HashSet(), HashSet()

    def add(self, chunk: list[Record]) -> None:
        self._entries += len(chunk)
        self._faults.extend(fault.message for record in chunk for fault in record.faults)
        pairs = [record.pair for record in chunk if record.pair is not None]
        sources, targets = sides_of(pairs)
        source, folded_source, source_repeated = self._source.add(sources)
        target, folded_target, target_repeated = self._target.add(targets)
        pair_repeated = (~self._pairs.add_new(combine(source, target))).tolist()
        self._folded_pairs.add(combine(folded_source, folded_target))
        repeated = zip(pair_repeated, source_repeated, target_repeated, strict=True)
        for pair, (again, source_again, target_again) in zip(pairs, repeated, strict=True):
            self._look_at(pair)
            for found, kind in (
                (again, "repeated pair"),
                (source_again and not again, "repeated source with another target"),
                (target_again and not again, "repeated target with another source"),
            ):
                if found:
                    self._find(kind, pair.line)

    def _look_at(self, pair: Pair) -> None:
        source, target = pair.source, pair.target
        found = {
            "empty source": not source.strip(),
            "empty target": not target.strip(),
            "identical sides": source.casefold() == target.casefold(),
            "control character in the source": has_control_character(source),
            "control character in the target": has_control_character(target),
            f"length ratio over {self._config.max_ratio:g}": length_ratio(source, target) > self._config.max_ratio,
            f"over {self._config.max_characters} characters": (
                max(len(source), len(target)) > self._config.max_characters
            ),
        }
        for kind, true in found.items():
            if true:
                self._find(kind, pair.line)

    def _find(self, kind: str, line: int) -> None:
        self._findings[kind] += 1
        lines = self._lines.setdefault(kind, [])
        if len(lines) < self._config.examples:
            lines.append(line)

    def overlap(self, other: CorpusFiles) -> Overlap:
        total = 0
        counts = np.zeros(4, np.int64)
        lines: list[int] = []
        for chunk in chunked(read_pairs(other)):
            source, target = (hash_texts(texts, fold=True) for texts in sides_of(chunk))
            in_source, in_target = self._source.folded.contains(source), self._target.folded.contains(target)
            either = in_source | in_target
            both = self._folded_pairs.contains(combine(source, target))
            counts += [int(found.sum()) for found in (in_source, in_target, either, both)]
            wanted = self._config.examples - len(lines)
            lines.extend([pair.line for pair, found in zip(chunk, either, strict=True) if found][:wanted])
            total += len(chunk)
        source_count, target_count, either_count, both_count = counts.tolist()
        return Overlap(
            corpus=other.name, pairs=total, source=source_count, target=target_count, either=either_count,
            both=both_count, lines=lines,
        )  # fmt: skip

    def report(self, name: str, overlaps: list[Overlap]) -> CorpusReport:
        source, target = self._source.report(), self._target.report()
        return CorpusReport(
            corpus=name,
            entries=self._entries,
            pairs=self._source.words.total(),
            source=source,
            target=target,
            mean_ratio=target.characters.total / max(1, source.characters.total),
            faults=self._faults,
            findings=[
                Finding(kind=kind, count=count, lines=self._lines[kind]) for kind, count in self._findings.most_common()
            ],
            overlaps=overlaps,
        )


def _lengths(histogram: Counter[int]) -> Lengths:
    if not histogram:
        return Lengths(total=0, mean=0.0, median=0, percentile_95=0, longest=0)
    lengths = np.array(sorted(histogram), np.int64)
    counts = np.array([histogram[length] for length in lengths.tolist()], np.int64)
    reached = np.cumsum(counts)
    total = int((lengths * counts).sum())
    median, high = (int(lengths[np.searchsorted(reached, share * reached[-1])]) for share in (0.5, 0.95))
    return Lengths(
        total=total, mean=total / int(reached[-1]), median=median, percentile_95=high, longest=int(lengths[-1])
    )


def _with_lines(value: str, lines: list[int]) -> str:
    return f"{value} (line {', '.join(map(str, lines))}{', …' if len(lines) > 1 else ''})" if lines else value
