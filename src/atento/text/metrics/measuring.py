"""Several tokenizers measured on streams of text, each of which is read once and never held."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atento.core.display import Displayed, View
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.text.configuration import Kind
from atento.text.metrics.batches import Batch, batches
from atento.text.metrics.bootstrap import Bootstrap, Estimate, mean_over_texts, ratio_of_sums
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.counting import MEGABYTE, Counts
from atento.text.metrics.premium import check_parallel, premium
from atento.text.metrics.renyi import efficiency
from atento.text.metrics.sums import COLUMNS, COUNTS, RATIOS
from atento.text.metrics.whole_words import WholeWords
from atento.text.opened.protocol import OpenTokenizer


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A metric of a tokenizer on texts."""

    ratio: Estimate
    """Of sums: every token, word or byte counts alike. This is the figure."""
    mean: Estimate
    """Of the texts' own ratios: every text counts alike."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast texts were encoded, in megabytes (10⁶ bytes of UTF-8) a second."""

    total: float
    """All bytes over all seconds."""
    median: float
    """Of the batches, of about one megabyte each."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found of one tokenizer on one text, or on all together."""

    counts: Mapping[str, int]
    """By the names of ``sums.COUNTS``."""
    figures: Mapping[str, Figure]
    """By the keys of ``sums.RATIOS``."""
    types: int
    """Entries of the vocabulary that occurred."""
    used: float
    """Their share of the vocabulary."""
    renyi: float | None
    """Rényi efficiency with |V| = all entries."""
    renyi_seen: float | None
    """With |V| = the entries that occurred."""
    speed: Speed
    premium: Estimate | None = None
    """Tokens over those of the reference text, line by line the same content."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A tokenizer and all that was found of it."""

    name: str
    kind: Kind
    library: str
    entries: int
    overall: Measured
    by_text: Mapping[str, Measured]


@dataclass(frozen=True, kw_only=True)
class Measurement(Displayed):
    """All tokenizers, in the order in which they were given."""

    rows: tuple[Row, ...]
    texts: tuple[str, ...]
    against: str | None
    config: MeasureConfig
    threads: str
    """Which the libraries had."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.text.metrics.view import view

        return view(self)


def measure(
    tokenizers: Sequence[OpenTokenizer],
    texts: Mapping[str, Iterable[str]],
    config: MeasureConfig | None = None,
    *,
    against: str | None = None,
    progress: Progress | None = None,
    total: int | None = None,
) -> Measurement:
    """Measure tokenizers on texts.

    Args:
        tokenizers: with names that differ.
        texts: each text's name, and its lines; each line is a text of its own to the tokenizers.
        config: None: the defaults.
        against: the text whose tokens the others' are compared with, line by line.
        progress: told of bytes.
        total: bytes of all texts, if they are known.

    Raises:
        DataError: a text is empty, cannot be read, or is not parallel to the reference.
        ConfigurationError: no tokenizer, two of one name, no text, or no text of the name ``against``.
    """
    config = config or MeasureConfig()
    _check(tokenizers, texts, against)
    progress = progress or Silent()
    progress.start("Measuring", total)
    found: list[dict[str, Counts]] = [{} for _ in tokenizers]
    whole_words = [WholeWords(tokenizer) for tokenizer in tokenizers]
    lines: dict[str, int] = {}
    for name, stream in texts.items():
        counts = [Counts(tokenizer, whole) for tokenizer, whole in zip(tokenizers, whole_words, strict=True)]
        counter = _Lines(stream)
        for batch in batches(counter, config):
            _add(batch, counts, progress, name)
        lines[name] = counter.count
        if not counts[0].bytes:
            raise DataError(f"{name} is empty: there is nothing to measure; give a file with text")
        for own, new in zip(found, counts, strict=True):
            own[name] = new
    progress.finish()
    if against is not None:
        check_parallel(lines, against)
    bootstrap = Bootstrap(config.resamples, config.seed)
    return Measurement(
        rows=tuple(
            _row(tokenizer, own, config, bootstrap, against) for tokenizer, own in zip(tokenizers, found, strict=True)
        ),
        texts=tuple(texts),
        against=against,
        config=config,
        threads=threads(),
    )


def threads() -> str:
    """How many threads the libraries may use, in words."""
    own = os.environ.get("RAYON_NUM_THREADS")
    held = f" (tokenizers {own}, by RAYON_NUM_THREADS)" if own else ""
    return f"{os.cpu_count() or 1} threads{held}"


class _Lines:
    """Counts the lines that are read."""

    def __init__(self, stream: Iterable[str]) -> None:
        self._stream = stream
        self.count = 0

    def __iter__(self) -> _Lines:
        self._iterator = iter(self._stream)
        return self

    def __next__(self) -> str:
        line = next(self._iterator)
        self.count += 1
        return line


def _check(tokenizers: Sequence[OpenTokenizer], texts: Mapping[str, Iterable[str]], against: str | None) -> None:
    names = [tokenizer.name for tokenizer in tokenizers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if not names or not texts:
        raise ConfigurationError(f"there is no {'text' if names else 'tokenizer'} to measure; give one")
    if twice is not None:
        raise ConfigurationError(f"two tokenizers are called {twice}; give them names that differ")
    if against is not None and against not in texts:
        raise ConfigurationError(f"no text is called {against}; there are {', '.join(texts)}")


def _add(batch: Batch, counts: Sequence[Counts], progress: Progress, note: str) -> None:
    for own in counts:
        own.add(batch)
        progress.advance((batch.size + len(batch.texts)) / len(counts), note=note)


def _row(
    tokenizer: OpenTokenizer,
    own: Mapping[str, Counts],
    config: MeasureConfig,
    bootstrap: Bootstrap,
    against: str | None,
) -> Row:
    by_text = {name: _measured([counts], tokenizer.size, config, bootstrap) for name, counts in own.items()}
    if against is not None:
        reference = own[against].sums.groups
        by_text = {
            name: replace(found, premium=premium(own[name].sums.groups, reference, bootstrap))
            for name, found in by_text.items()
        }
    return Row(
        name=tokenizer.name,
        kind=tokenizer.kind,
        library=tokenizer.library,
        entries=tokenizer.size,
        overall=_measured(list(own.values()), tokenizer.size, config, bootstrap),
        by_text=by_text,
    )


def _measured(parts: Sequence[Counts], entries: int, config: MeasureConfig, bootstrap: Bootstrap) -> Measured:
    sample = bootstrap.sample([part.sums.groups for part in parts])
    types = np.sum([part.types for part in parts], axis=0)
    seen = int((types > 0).sum())
    return Measured(
        counts={name: round(float(sample.sums[COLUMNS[name]])) for name in COUNTS},
        figures={
            ratio.key: Figure(ratio=ratio_of_sums(sample, ratio), mean=mean_over_texts(sample, ratio))
            for ratio in RATIOS
        },
        types=seen,
        used=seen / entries,
        renyi=efficiency(types, config.alpha, entries),
        renyi_seen=efficiency(types, config.alpha, seen),
        speed=_speed(parts),
    )


def _speed(parts: Sequence[Counts]) -> Speed:
    seconds = [second for part in parts for second in part.seconds]
    sizes = [size for part in parts for size in part.bytes]
    rates = [size / second / MEGABYTE for size, second in zip(sizes, seconds, strict=True)]
    total = sum(seconds)
    return Speed(total=sum(sizes) / total / MEGABYTE, median=statistics.median(rates), seconds=total)
