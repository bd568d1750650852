"""The columns of a leaderboard: what each is, in which unit, and how it is counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from atento.core.tables import Column
from atento.text.metrics.bootstrap import LEVEL

INTERVAL: Final = f"{LEVEL:.0%}".replace("%", " %")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """How a ratio of sums is shown."""

    title: str
    digits: int
    percent: bool
    note: str


METRICS: Final = {
    "bytes_per_token": Metric(
        title="bytes / token", digits=2, percent=False, note="bytes of UTF-8 over tokens; special tokens are not added"
    ),
    "characters_per_token": Metric(
        title="characters / token", digits=2, percent=False, note="Unicode code points over tokens"
    ),
    "tokens_per_word": Metric(
        title="tokens / word",
        digits=3,
        percent=False,
        note="tokens over words (fertility); white space counts to neither",
    ),
    "unknown_rate": Metric(
        title="unknown", digits=2, percent=True, note="tokens that are the unknown one, over tokens"
    ),
    "lost": Metric(
        title="lost",
        digits=2,
        percent=True,
        note="visible characters of a text (accents composed) that are not in decode(encode(text)), wherever they "
        "stand there, unknown tokens left out; over visible characters",
    ),
    "exact": Metric(title="exact", digits=1, percent=True, note="texts equal to decode(encode(text)), over texts"),
    "whole_words": Metric(
        title="whole words",
        digits=1,
        percent=True,
        note="words that one token covers where they stand in the text, over words; the others are continued",
    ),
}
_COUNT_NOTES: Final = {
    "texts": "lines that are not blank",
    "bytes": "of UTF-8, without line ends",
    "characters": "Unicode code points",
    "visible": "code points that are no white space, accents composed",
    "words": "as the notes say",
    "tokens": "without special tokens around a text",
    "unknown": "tokens that are the unknown one",
    "lost": "visible characters that do not come back",
    "exact": "texts that come back exactly",
    "looked": "words that were looked at for being whole",
    "whole": "words of these that one token covers",
}
TOKENIZER: Final = Column(key="tokenizer", title="tokenizer")
KIND: Final = Column(key="kind", title="kind")
TEXT: Final = Column(key="text", title="text")
RANK: Final = Column(key="rank", title="rank", note="by the rules below, over all texts")
FLAGS: Final = Column(key="flags", title="flagged", note="why it comes after those that are not; empty if it is not")
ENTRIES: Final = Column(key="entries", title="entries", note="of the vocabulary, special ones counted")
USED: Final = Column(
    key="used", title="used", digits=1, percent=True, note="entries of the vocabulary that occur, over entries"
)
SPEED: Final = Column(
    key="speed",
    title="MB/s",
    digits=2,
    note="megabytes (10⁶ bytes) of text over seconds of the library's batch call alone, all batches together",
)
PREMIUM: Final = Column(
    key="premium", title="premium", digits=3, note="tokens over those of the reference text, the same lines of both"
)


def column(key: str) -> Column:
    """That of a metric's ratio of sums."""
    metric = METRICS[key]
    return Column(key=key, title=metric.title, digits=metric.digits, percent=metric.percent, note=metric.note)


def with_interval(key: str) -> tuple[Column, Column]:
    """A metric's, and one for its interval as people read it."""
    return column(key), interval_column(key)


def interval_column(key: str) -> Column:
    """For an interval as people read it."""
    return Column(key=f"{key}_interval", title=INTERVAL)


def premium_column(against: str) -> Column:
    """For premiums against the text of this name."""
    return Column(key="premium", title=f"tokens / {against}", digits=3, note=PREMIUM.note)


def renyi_columns(alpha: float) -> tuple[Column, Column]:
    """For both Rényi efficiencies of order ``alpha``."""
    note = f"Rényi efficiency of order {alpha:g}, |V| = "
    return (
        Column(key="renyi", title="Rényi, all entries", digits=3, note=note + "all entries"),
        Column(key="renyi_seen", title="Rényi, occurring", digits=3, note=note + "the entries that occur"),
    )


def every_column(alpha: float) -> tuple[Column, ...]:
    """Those of the table that holds everything."""
    return (
        TEXT, TOKENIZER, RANK, FLAGS, KIND, Column(key="library", title="library", note="which ran it"), ENTRIES,
        *_counts(), *itertools.chain.from_iterable(map(_figure, METRICS)),
        Column(key="types", title="types", note="entries of the vocabulary that occur"), USED, *renyi_columns(alpha),
        SPEED, Column(key="speed_median", title="MB/s, median", digits=2, note="of batches of about one megabyte"),
        Column(key="seconds", title="seconds", digits=3, note="of the library's batch call alone"),
        PREMIUM, *_ends("premium", PREMIUM.title),
    )  # fmt: skip


def count_key(name: str) -> str:
    """Of a count's column; some metrics have a count's name."""
    return f"{name}_count" if name in METRICS else name


def _counts() -> Iterator[Column]:
    for name, note in _COUNT_NOTES.items():
        yield Column(key=count_key(name), title=f"{name}, count", note=note)


def _figure(key: str) -> Iterator[Column]:
    """The ratio of sums, the mean over texts, and both ends of either's interval."""
    ratio = column(key)
    yield ratio
    yield from _ends(key, ratio.title)
    yield Column(key=f"{key}_mean", title=f"{ratio.title}, mean", note="mean of the texts' own ratios")
    yield from _ends(f"{key}_mean", f"{ratio.title}, mean")


def _ends(key: str, title: str) -> Iterator[Column]:
    for end, words in (("low", "lower end"), ("high", "upper end")):
        yield Column(key=f"{key}_{end}", title=f"{title}, {words}", note=f"of its {INTERVAL} interval")
