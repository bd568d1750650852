"""Which texts have been seen before, in eight bytes a text.

Two different texts among six million get the same 64-bit hash (BLAKE2b) with a chance of one in a million, and among a
hundred million of one in four thousand; it would cost one falsely reported duplicate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]


def hash_texts(texts: Iterable[str], *, fold: bool = False) -> Hashes:
    """The texts' hashes; white space at the ends and its amount never count, with ``fold`` neither does case."""
    digests = (
        hashlib.blake2b(" ".join((text.casefold() if fold else text).split()).encode(), digest_size=8).digest()
        for text in texts
    )
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def combine(first: Hashes, second: Hashes) -> Hashes:
    """A hash for each pair of hashes, not the same with the sides exchanged."""
    mixed = first * np.uint64(0x9E3779B97F4A7C15) + second
    mixed ^= mixed >> np.uint64(32)
    result: Hashes = mixed * np.uint64(0xD6E8FEB86659FD93)
    return result


class HashSet:
    """A set of hashes as sorted arrays of growing size; every one is moved only a logarithmic number of times."""

    def __init__(self) -> None:
        self._levels: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def contains(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of these are in the set."""
        found = np.zeros(len(hashes), np.bool_)
        for level in self._levels:
            places = np.minimum(np.searchsorted(level, hashes), len(level) - 1)
            found |= level[places] == hashes
        return found

    def add(self, hashes: Hashes) -> None:
        """Put these into the set."""
        new = np.unique(hashes)
        new = new[~self.contains(new)]
        while self._levels and len(self._levels[-1]) <= 2 * len(new):
            new = np.sort(np.concatenate([self._levels.pop(), new]), kind="stable")
        if len(new):
            self._levels.append(new)

    def add_new(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Put these into the set; True where one was neither in it nor earlier among these."""
        fresh = np.zeros(len(hashes), np.bool_)
        fresh[np.unique(hashes, return_index=True)[1]] = True
        fresh &= ~self.contains(hashes)
        self.add(hashes)
        return fresh
