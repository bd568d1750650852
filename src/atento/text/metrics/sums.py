"""Sums over texts, kept in groups, and the ratios that are made of them.

However many texts there are, a bootstrap needs no more than some thousand groups of them: texts are dealt to groups by
their line, one after the other, so that a group's sum is that of texts from all over the file. With fewer lines than
groups each text is a group, and the bootstrap is the usual one over texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

GROUPS: Final = 1999
"""A prime, so that lines that are looked at more closely (every so many) fall into all groups alike."""

COUNTS: Final = (
    "texts", "bytes", "characters", "visible", "words", "tokens", "unknown", "lost", "exact", "looked", "whole",
)  # fmt: skip
"""What is added up: texts; their bytes of UTF-8, code points, code points that are no white space, words; tokens, and
those that are the unknown one; visible characters that do not come back; texts that come back exactly; words that were
looked at, and those of them that are in one token."""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A metric that is one sum over another."""

    key: str
    above: str
    below: str


RATIOS: Final = (
    Ratio(key="bytes_per_token", above="bytes", below="tokens"),
    Ratio(key="characters_per_token", above="characters", below="tokens"),
    Ratio(key="tokens_per_word", above="tokens", below="words"),
    Ratio(key="unknown_rate", above="unknown", below="tokens"),
    Ratio(key="lost", above="lost", below="visible"),
    Ratio(key="exact", above="exact", below="texts"),
    Ratio(key="whole_words", above="whole", below="looked"),
)
COLUMNS: Final = {
    name: number
    for number, name in enumerate((*COUNTS, *(f"{part} {ratio.key}" for ratio in RATIOS for part in ("sum", "texts"))))
}
"""Of a matrix of sums: the counts; then, of each ratio, the sum of the texts' own and how many texts have one."""


def rows_of(counts: Mapping[str, NDArray[np.float64]], texts: int) -> Matrix:
    """One row a text, [texts, columns], of what was counted in each, [texts]."""
    rows = np.zeros((texts, len(COLUMNS)))
    for name, values in counts.items():
        rows[:, COLUMNS[name]] = values
    for ratio in RATIOS:
        above, below = rows[:, COLUMNS[ratio.above]], rows[:, COLUMNS[ratio.below]]
        has = below > 0
        rows[has, COLUMNS[f"sum {ratio.key}"]] = above[has] / below[has]
        rows[has, COLUMNS[f"texts {ratio.key}"]] = 1.0
    return rows


class GroupedSums:
    """Sums that grow text by text; memory does not."""

    def __init__(self) -> None:
        self._sums: Matrix = np.zeros((GROUPS, len(COLUMNS)))
        self._lines = 0

    def add(self, lines: NDArray[np.int64], rows: Matrix) -> None:
        """Add texts.

        Args:
            lines: which line each stands on, from 0; [texts], growing.
            rows: as ``rows_of`` makes them.
        """
        if len(lines):
            np.add.at(self._sums, lines % GROUPS, rows)
            self._lines = max(self._lines, int(lines[-1]) + 1)

    @property
    def groups(self) -> Matrix:
        """The sums of each group that has had its turn, [groups, columns]."""
        return self._sums[: min(self._lines, GROUPS)]
