"""Cleaning a corpus: what breaks a rule goes to the rejects with its reason, so that nothing is lost.

The rejects are TSV: file, line, reason, then the original line, or the original source and target line (of a TMX unit,
its two segments, or all of them as JSON where a language is missing). In those original columns a backslash, a tab, a
line break and every byte that is not UTF-8 are written ``\\\\``, ``\\t``, ``\\n``, ``\\r`` and ``\\xHH``, so that any
bytes can be had back: ``read_rejects`` does. Kept and rejected entries together are the input.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec
import numpy as np

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import read_lines
from atento.core.progress import Progress, Silent
from atento.data.corpus_files import CorpusFiles
from atento.data.hashes import HashSet, combine, hash_texts
from atento.data.readers import read_pairs, read_records
from atento.data.records import Pair, Record, chunked, sides_of
from atento.data.scripts import mostly
from atento.data.writers import PairWriter, pair_writer, text_writer

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff]")
_RATIO_ALLOWANCE = 10
_ESCAPE = re.compile(rb"\\(\\|t|n|r|x[0-9a-f]{2})")
_BYTES = {b"\\": b"\\", b"t": b"\t", b"n": b"\n", b"r": b"\r"}


class CleanConfig(Configuration, frozen=True, kw_only=True):
    """Which rules hold; None (or False) switches one off. Entries that are no pairs are always rejected."""

    normalise_whitespace: bool = True
    """Not a rule but a repair: white space of any kind becomes single spaces, none at the ends."""
    empty: bool = True
    max_bytes: int | None = 100_000
    """Bytes of one side as it stands in the file."""
    max_characters: int | None = None
    max_words: int | None = 250
    """Words are what white space divides."""
    max_ratio: float | None = 5.0
    """Characters of the longer side to those of the shorter, with ten added to both so that short words may differ."""
    identical: bool = True
    """Both sides the same, case aside."""
    control_characters: bool = True
    """Control characters (not white space), U+FFFD (what a failed decoding leaves) and noncharacters."""
    source_script: str | None = None
    """Fewer than half of the letters are of this script, by its Unicode name: Latin, Cyrillic, Greek, CJK …"""
    target_script: str | None = None
    duplicate_pairs: bool = True
    duplicate_sources: bool = False
    duplicate_targets: bool = False
    """Only the first entry with the same pair, source or target is kept."""

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_characters", "max_words"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise ConfigurationError(f"{name} = {limit}: it must be at least 1")
        if self.max_ratio is not None and self.max_ratio < 1:
            raise ConfigurationError(f"max_ratio = {self.max_ratio}: it must be at least 1")


class CleanReport(msgspec.Struct, frozen=True, kw_only=True):
    """What cleaning did; ``read = kept + sum(rejected.values())``."""

    read: int
    kept: int
    changed: int
    """Kept pairs whose white space was normalised."""
    rejected: dict[str, int]
    """Reason → entries."""


class Reject(NamedTuple):
    """A rejected entry."""

    file: str
    line: int
    reason: str
    raw: tuple[bytes, ...]
    """The original line, or the original lines of the source and the target."""


def clean_corpus(
    corpus: CorpusFiles,
    output: CorpusFiles,
    rejects: Path,
    config: CleanConfig | None = None,
    *,
    held_out: Sequence[CorpusFiles] = (),
    progress: Progress | None = None,
) -> CleanReport:
    """Write the pairs that pass to ``output`` (two files of lines or one TSV) and all other entries to ``rejects``.

    With ``held_out`` corpora (dev, test), a pair of which either side occurs in one of them, case aside, is rejected.

    Raises:
        DataError: a corpus cannot be read, or no pair passes.
        ConfigurationError: ``output`` is of another format.
        OutputError: a file cannot be written.
    """
    progress = progress or Silent()
    progress.start(f"Cleaning {corpus.name}", None)
    try:
        with text_writer(rejects) as reject_stream, pair_writer(output) as writer:
            report = _Cleaning(config or CleanConfig(), held_out, writer, reject_stream).run(corpus, progress)
            if not report.kept:
                reasons = ", ".join(f"{count} {reason}" for reason, count in report.rejected.items())
                raise DataError(f"{corpus.name}: no pair is left ({reasons}); switch off the rule that is too strict")
    finally:
        progress.finish()
    return report


def read_rejects(path: Path) -> Iterator[Reject]:
    """The entries that a cleaning rejected, with their original bytes.

    Raises:
        DataError: the file cannot be read, or a line of it is none of ours.
    """
    for number, text in enumerate(read_lines(path), 1):
        columns = text.split("\t")
        if len(columns) < 4 or not columns[1].isdecimal():
            raise DataError(
                f"{path}, line {number}: not a line of rejects; expected file, line, reason and the original"
            )
        file, line, reason, *raw = columns
        yield Reject(unescape(file).decode(), int(line), reason, tuple(map(unescape, raw)))


def escape(raw: bytes) -> str:
    """Any bytes as text without tabs and line breaks, readable where they are UTF-8; ``unescape`` gives them back."""
    text = raw.replace(b"\\", b"\\\\").decode("utf-8", errors="backslashreplace")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def unescape(text: str) -> bytes:
    """The bytes that ``escape`` was given."""
    return _ESCAPE.sub(lambda match: _BYTES.get(match[1]) or bytes([int(match[1][1:], 16)]), text.encode())


class _Cleaning:
    """One run over a corpus: the rules, what has been seen, and the counts."""

    def __init__(
        self, config: CleanConfig, held_out: Sequence[CorpusFiles], writer: PairWriter, rejects: TextIO
    ) -> None:
        self._config = config
        self._writer = writer
        self._rejects = rejects
        self._rejected: Counter[str] = Counter()
        self._read = self._changed = 0
        self._held_out = [(HashSet(), HashSet()) for _ in held_out]
        for corpus, sides in zip(held_out, self._held_out, strict=True):
            for chunk in chunked(read_pairs(corpus)):
                for side, texts in zip(sides, sides_of(chunk), strict=True):
                    side.add(hash_texts(texts, fold=True))
        enabled = {
            "duplicate pair": config.duplicate_pairs,
            "duplicate source": config.duplicate_sources,
            "duplicate target": config.duplicate_targets,
        }
        self._seen = {reason: HashSet() for reason, on in enabled.items() if on}

    def run(self, corpus: CorpusFiles, progress: Progress) -> CleanReport:
        for chunk in chunked(read_records(corpus)):
            self._clean(chunk)
            progress.advance(len(chunk), note=f"{self._rejected.total()} rejected")
        return CleanReport(
            read=self._read,
            kept=self._read - self._rejected.total(),
            changed=self._changed,
            rejected=dict(self._rejected.most_common()),
        )

    def _clean(self, chunk: list[Record]) -> None:
        self._read += len(chunk)
        passing: list[tuple[Record, Pair]] = []
        for record in chunk:
            pair = self._repaired(record.pair) if record.pair is not None else None
            reason = record.faults[0].kind if pair is None else self._fault_of(pair, record)
            if reason is not None or pair is None:
                self._reject(record, reason or "malformed")
            else:
                passing.append((record, pair))
        reasons = self._repeated([pair for _, pair in passing])
        for (record, pair), reason in zip(passing, reasons, strict=True):
            if reason is not None:
                self._reject(record, reason)
            else:
                self._writer.write(pair.source, pair.target)
                self._changed += pair != record.pair

    def _repaired(self, pair: Pair) -> Pair:
        if not self._config.normalise_whitespace:
            return pair
        return Pair(" ".join(pair.source.split()), " ".join(pair.target.split()), pair.line)

    def _fault_of(self, pair: Pair, record: Record) -> str | None:
        """The first rule that a pair breaks by itself."""
        config = self._config
        sides = (pair.source, pair.target)
        if config.max_bytes is not None and any(len(line) > config.max_bytes for line in record.raw):
            return "too many bytes"
        if config.empty and not all(side.strip() for side in sides):
            return "empty"
        if config.control_characters and any(map(has_control_character, sides)):
            return "control character"
        if config.max_characters is not None and max(map(len, sides)) > config.max_characters:
            return "too many characters"
        if config.max_words is not None and max(len(side.split()) for side in sides) > config.max_words:
            return "too many words"
        return self._mismatch_of(pair)

    def _mismatch_of(self, pair: Pair) -> str | None:
        """The first rule that the sides break together."""
        config = self._config
        if config.max_ratio is not None and length_ratio(pair.source, pair.target) > config.max_ratio:
            return "length ratio"
        if config.identical and pair.source.casefold() == pair.target.casefold():
            return "identical sides"
        if config.source_script is not None and not mostly(pair.source, config.source_script):
            return "source in another script"
        if config.target_script is not None and not mostly(pair.target, config.target_script):
            return "target in another script"
        if not self._writer.accepts(pair.source, pair.target):
            return "tab inside"  # only without normalise_whitespace, into TSV
        return None

    def _repeated(self, pairs: list[Pair]) -> list[str | None]:
        """For each pair, None or why it repeats something; only pairs that are kept count as seen."""
        reasons = self._overlapping(pairs)
        source, target = (hash_texts(texts) for texts in sides_of(pairs))
        hashes = {"duplicate pair": combine(source, target), "duplicate source": source, "duplicate target": target}
        keys = {reason: hashes[reason] for reason in self._seen}
        known = {reason: set(keys[reason][seen.contains(keys[reason])].tolist()) for reason, seen in self._seen.items()}
        for row, already in enumerate(reasons):
            if already is None:
                mine = {reason: int(keys[reason][row]) for reason in keys}
                reasons[row] = next((reason for reason, key in mine.items() if key in known[reason]), None)
                if reasons[row] is None:
                    for reason, key in mine.items():
                        known[reason].add(key)
        kept = np.array([reason is None for reason in reasons], np.bool_)
        for reason, seen in self._seen.items():
            seen.add(keys[reason][kept])
        return reasons

    def _overlapping(self, pairs: list[Pair]) -> list[str | None]:
        overlaps = np.zeros(len(pairs), np.bool_)
        if self._held_out:
            source, target = (hash_texts(texts, fold=True) for texts in sides_of(pairs))
            for held_source, held_target in self._held_out:
                overlaps |= held_source.contains(source) | held_target.contains(target)
        return ["occurs in a held-out corpus" if overlap else None for overlap in overlaps.tolist()]

    def _reject(self, record: Record, reason: str) -> None:
        self._rejected[reason] += 1
        columns = (escape(record.file.encode()), str(record.line), reason, *map(escape, record.raw))
        self._rejects.write("\t".join(columns) + "\n")


def length_ratio(source: str, target: str) -> float:
    """Characters of the longer side to those of the shorter, ten added to both."""
    shorter, longer = sorted((len(source), len(target)))
    return (longer + _RATIO_ALLOWANCE) / (shorter + _RATIO_ALLOWANCE)


def has_control_character(text: str) -> bool:
    """Whether there is a control character (not white space), U+FFFD or a noncharacter in it."""
    return _CONTROL.search(text) is not None
