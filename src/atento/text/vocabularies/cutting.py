"""How an algorithm cuts an entry's own string, which decides whether a text can give the entry.

Inside the bounds of a token nothing depends on what stands outside: byte-pair encoding has made only merges inside
them, and the best segmentation is best in every part. So a string that is cut when it stands alone is cut everywhere.
"""

from __future__ import annotations

import math

from atento.text.opened.protocol import LongestMatch, Scores

_TIE = 1e-6
"""Sums of log-probabilities that differ by less are equal, as libraries add them in single precision."""


def beaten(piece: str, scores: Scores) -> bool:
    """Whether entries that make up a string together have a greater probability than the entry that is all of it."""
    longest = max(map(len, scores.scores))
    best = [0.0] + [-math.inf] * len(piece)
    for stop in range(1, len(piece) + 1):
        for start in range(max(0, stop - longest), stop):
            part = piece[start:stop]
            if part == piece:
                continue
            score = scores.scores.get(part, scores.unknown_score if len(part) == 1 else -math.inf)
            best[stop] = max(best[stop], best[start] + score)
    return best[-1] > scores.scores[piece] + _TIE * max(1.0, abs(best[-1]))


def longer_entry(begin: str, rest: str, algorithm: LongestMatch) -> bool:
    """Whether the longest match for a word ``begin + rest`` goes beyond ``begin``, an entry."""
    return any(begin + rest[:count] in algorithm.entries for count in range(1, len(rest) + 1))
