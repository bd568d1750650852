"""How large a vocabulary should be: the curve of bytes per token against its size, on text that was held out.

Every doubling of a vocabulary lengthens the tokens by less than the one before, while each new entry is rarer and its
vector is learned from fewer examples (Gowda and May 2020). The size is chosen by one rule that anyone can follow: the
smallest from which a doubling no longer makes tokens longer by the share asked for. Text that was not trained on is
measured, because on its own text a vocabulary never stops to gain.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.core.tables import Column, Table
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import VocabularySizeError, train_tokenizer

Texts = Callable[[], Iterable[str]]
"""Reads the same texts from the beginning at every call."""

FIRST: Final = 250
MOST: Final = 64_000
"""Sizes are tried from ``FIRST`` entries on, doubled each time, up to this."""
EVERY: Final = 10
"""Of the texts, one in so many is held out."""
_BATCH: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Point:
    """A size that was tried."""

    size: int
    tokens: int
    """On the held-out text."""
    unknown: int
    """How many of them are the unknown token."""
    bytes_per_token: float
    """An unknown token counted as one a byte of what it stands for, so that to lose text is no gain."""
    gain: float | None
    """By which share tokens are longer than at the size before; None at the first."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Bytes per token against size."""

    points: tuple[Point, ...]
    chosen: int
    """Which point the rule takes."""
    wanted: float
    """The gain of a doubling below which a vocabulary is large enough."""
    held_out: int
    """Texts that were measured."""
    limit: str
    """What ended the curve, in words."""

    @property
    def size(self) -> int:
        """The size that was chosen."""
        return self.points[self.chosen].size

    def table(self) -> Table:
        """A row a size."""
        return Table(
            title="Bytes per token by size of the vocabulary",
            columns=(
                Column(key="size", title="entries"),
                Column(
                    key="bytes_per_token",
                    title="bytes / token",
                    digits=3,
                    note="on held-out text; an unknown token counts as one a byte",
                ),
                Column(key="gain", title="gain", percent=True, note="over the size before it"),
                Column(key="tokens", title="tokens"),
                Column(key="unknown", title="unknown", note="tokens that are the unknown token"),
                Column(key="chosen", title="chosen"),
            ),
            rows=tuple(
                (point.size, point.bytes_per_token, point.gain, point.tokens, point.unknown, place == self.chosen)
                for place, point in enumerate(self.points)
            ),
            notes=(
                f"Chosen: the smallest from which a doubling gains less than {100 * self.wanted:g} %. {self.limit}",
                f"Measured on {self.held_out:,} texts, one in {EVERY}, that these vocabularies were not trained on.",
            ),
        )


def choose_size(
    texts: Texts, config: TokenizerConfig, *, gain: float = 0.05, progress: Progress | None = None
) -> Curve:
    """Try sizes, each twice the one before, until a doubling gains too little.

    ``config.vocab_size`` is disregarded. A doubling beyond the one that gains too little is tried as well, so that the
    curve shows what was declined.

    Raises:
        ConfigurationError: ``gain`` is no share, or a kind whose size follows from the data alone.
        DataError: there are too few texts to hold one out.
    """
    if not 0 < gain < 1:
        raise ConfigurationError(f"a gain of {gain:g}: give a share between 0 and 1, such as 0.05")
    if config.kind == "char":
        raise ConfigurationError("a vocabulary of characters has as many as there are; leave the choice of a size out")
    measured = [text for number, text in enumerate(texts()) if _is_held_out(number)]
    if not any(measured):
        raise DataError(f"there are too few texts to hold out one in {EVERY}; give more, or a size")
    points: list[Point] = []
    limit = f"No size above {MOST:,} is tried."
    for size in _sizes():
        tokenizer, bound = _trained(texts, config, size, progress or Silent())
        if tokenizer is None:
            continue  # its characters alone need more
        points.append(_point(tokenizer, measured, points[-1] if points else None))
        if bound is not None:
            limit = f"The text gives no more than {bound:,} entries."
            break
        declined = _declined(points, gain)
        if declined is not None and declined < len(points) - 2:
            limit = "Two doublings that gain too little end the search."
            break
    declined = _declined(points, gain)
    return Curve(
        points=tuple(points),
        chosen=len(points) - 1 if declined is None else declined,
        wanted=gain,
        held_out=len(measured),
        limit=limit,
    )


def _sizes() -> Iterator[int]:
    return itertools.takewhile(lambda size: size <= MOST, (FIRST * 2**power for power in itertools.count()))


def _is_held_out(number: int) -> bool:
    return number % EVERY == EVERY - 1


def _trained(
    texts: Texts, config: TokenizerConfig, size: int, progress: Progress
) -> tuple[Tokenizer | None, int | None]:
    """A tokenizer of this size, or of the greatest possible one, which comes with it; None if the size is too small."""
    kept = (text for number, text in enumerate(texts()) if not _is_held_out(number))
    try:
        return train_tokenizer(kept, msgspec.structs.replace(config, vocab_size=size), progress), None
    except VocabularySizeError as error:
        if error.bound > size:
            return None, None
        kept = (text for number, text in enumerate(texts()) if not _is_held_out(number))
        return train_tokenizer(kept, msgspec.structs.replace(config, vocab_size=error.bound), progress), error.bound


def _point(tokenizer: Tokenizer, texts: list[str], before: Point | None) -> Point:
    tokens = unknown = spelled = 0
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        for text, row in zip(batch, tokenizer.encode_batch(batch), strict=True):
            tokens += len(row)
            if tokenizer.unk in row:
                found = tokenizer.encode(text)
                lost = [
                    stop - begin for n, (begin, stop) in zip(found.ids, found.spans, strict=True) if n == tokenizer.unk
                ]
                unknown += len(lost)
                spelled += sum(lost)
    bytes_per_token = sum(len(text.encode()) for text in texts) / (tokens - unknown + spelled)
    gain = None if before is None else bytes_per_token / before.bytes_per_token - 1
    return Point(size=tokenizer.size, tokens=tokens, unknown=unknown, bytes_per_token=bytes_per_token, gain=gain)


def _declined(points: list[Point], gain: float) -> int | None:
    """The first point from which a doubling gained too little; a last step that is smaller has to gain less."""
    for place, (point, following) in enumerate(itertools.pairwise(points)):
        doublings = math.log2(following.size / point.size)
        if math.log1p(following.gain or 0.0) < doublings * math.log1p(gain):
            return place
    return None
