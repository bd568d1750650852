"""How one pre-token becomes pieces: merges in their order, longest matches, the most probable ways to cut it.

These are the algorithms themselves, written to be followed, and not calls to a library: byte-pair encoding (Sennrich
et al. 2016), WordPiece's longest match (Devlin et al. 2019), the unigram model's best paths (Kudo 2018; n best by
keeping n at every place). That each ends where the library ends is a test, and ``trace`` shows none that does not.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from atento.text.opened.protocol import Algorithm, LongestMatch, Merges, Scores

BYTE: Final = "<0x{:02X}>"


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Two neighbours put together."""

    place: int
    """With which of the symbols the left one begins."""
    left: str
    right: str
    rank: float
    """The least of all pairs there are; of a SentencePiece model the negative score."""


class MergeReplay(msgspec.Struct, frozen=True, kw_only=True, tag="merges", tag_field="kind"):
    """Byte-pair encoding of a pre-token."""

    symbols: tuple[str, ...]
    """What it begins with."""
    merges: tuple[Merge, ...]
    pieces: tuple[str, ...]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The search for the longest entry at one place of a word."""

    start: int
    """In characters."""
    tried: tuple[str, ...]
    """From the longest to what was found, or to the last one if nothing was."""
    found: str | None


class MatchReplay(msgspec.Struct, frozen=True, kw_only=True, tag="matches", tag_field="kind"):
    """WordPiece on a word."""

    matches: tuple[Match, ...]
    pieces: tuple[str, ...]


class Segmentation(msgspec.Struct, frozen=True, kw_only=True):
    """A way to cut a pre-token."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    """Log-probability of each piece, in nats."""
    total: float


class SegmentationReplay(msgspec.Struct, frozen=True, kw_only=True, tag="segmentations", tag_field="kind"):
    """The unigram model on a pre-token."""

    best: tuple[Segmentation, ...]
    """The most probable first."""
    pieces: tuple[str, ...]


class LookUp(msgspec.Struct, frozen=True, kw_only=True, tag="look-up", tag_field="kind"):
    """A pre-token that is looked up whole."""

    pieces: tuple[str, ...]


Replay = MergeReplay | MatchReplay | SegmentationReplay | LookUp


def replay(algorithm: Algorithm, text: str, best: int = 3) -> Replay:
    """Cut a pre-token; ``best`` says how many segmentations a unigram model shows."""
    match algorithm:
        case Merges():
            return LookUp(pieces=(text,)) if text in algorithm.whole else merged(algorithm, text)
        case LongestMatch():
            return matched(algorithm, text)
        case Scores():
            return segmented(algorithm, text, best)
        case None:
            return LookUp(pieces=(text,))


def merged(rules: Merges, text: str) -> MergeReplay:
    """Byte-pair encoding: the pair of least rank is merged, the leftmost of equals, until no pair has a rank.

    O(n log n): neighbours are a linked list, and the pairs wait in a heap.
    """
    symbols = list(_symbols(rules, text))
    start = tuple(symbols)
    before = list(range(-1, len(symbols) - 1))
    after = [*range(1, len(symbols)), -1][: len(symbols)]
    waiting: list[tuple[float, int, str, str]] = []

    def offer(place: int) -> None:
        right = after[place]
        if right >= 0 and (rank := rules.ranks.get((symbols[place], symbols[right]))) is not None:
            heapq.heappush(waiting, (rank, place, symbols[place], symbols[right]))

    for place in range(len(symbols) - 1):
        offer(place)
    merges: list[Merge] = []
    while waiting:
        rank, place, left, right = heapq.heappop(waiting)
        neighbour = after[place]
        if neighbour < 0 or symbols[place] != left or symbols[neighbour] != right:
            continue  # one of them was merged meanwhile
        merges.append(Merge(place=place, left=left, right=right, rank=rank))
        symbols[place], symbols[neighbour] = left + right.removeprefix(rules.prefix), ""
        after[place] = after[neighbour]
        if after[place] >= 0:
            before[after[place]] = place
        offer(place)
        if before[place] >= 0:
            offer(before[place])
    return MergeReplay(symbols=start, merges=tuple(merges), pieces=tuple(filter(None, symbols)))


def matched(rules: LongestMatch, word: str) -> MatchReplay:
    """WordPiece: the longest entry that begins the rest; a word with a rest that none begins is unknown."""
    if len(word) > rules.longest:
        return MatchReplay(matches=(), pieces=(rules.unknown,))
    matches: list[Match] = []
    start = 0
    while start < len(word):
        prefix = rules.continuation if start else ""
        tried: list[str] = []
        for stop in range(len(word), start, -1):
            tried.append(prefix + word[start:stop])
            if tried[-1] in rules.entries:
                break
        found = tried[-1] if tried[-1] in rules.entries else None
        matches.append(Match(start=start, tried=tuple(tried), found=found))
        if found is None:
            return MatchReplay(matches=tuple(matches), pieces=(rules.unknown,))
        start += len(found) - len(prefix)
    return MatchReplay(matches=tuple(matches), pieces=tuple(match.found or "" for match in matches))


def segmented(rules: Scores, text: str, best: int) -> SegmentationReplay:
    """The ``best`` most probable ways to cut a text, by dynamic programming over its places (Viterbi with n paths).

    A single character without an entry has the unknown score; such characters in a row stay apart here.
    """
    longest = max(map(len, rules.scores), default=1)
    paths: list[list[tuple[float, int, int]]] = [
        [(0.0, -1, -1)]
    ]  # total, where the last piece begins, which path there
    for stop in range(1, len(text) + 1):
        found: list[tuple[float, int, int]] = []
        for start in range(max(0, stop - longest), stop):
            score = rules.scores.get(text[start:stop], rules.unknown_score if stop - start == 1 else None)
            if score is not None:
                found += [(total + score, start, number) for number, (total, _, _) in enumerate(paths[start])]
        paths.append(heapq.nlargest(best, found, key=lambda path: (path[0], -path[1])))
    segmentations = tuple(_walked(rules, text, paths, number) for number in range(len(paths[-1])))
    return SegmentationReplay(best=segmentations, pieces=segmentations[0].pieces)


def _symbols(rules: Merges, text: str) -> Iterator[str]:
    """What a pre-token begins with: its characters, or their bytes where these have no entry."""
    for place, character in enumerate(text):
        symbol = (rules.prefix if place else "") + character + (rules.suffix if place == len(text) - 1 else "")
        if rules.falls_back and symbol not in rules.entries:
            yield from map(BYTE.format, character.encode())
        else:
            yield symbol


def _walked(rules: Scores, text: str, paths: Sequence[Sequence[tuple[float, int, int]]], number: int) -> Segmentation:
    total, stop = paths[-1][number][0], len(text)
    pieces: list[str] = []
    while stop > 0:
        _, start, before = paths[stop][number]
        pieces.append(text[start:stop])
        stop, number = start, before
    pieces.reverse()
    scores = tuple(rules.scores.get(piece, rules.unknown_score) for piece in pieces)
    return Segmentation(pieces=tuple(pieces), scores=scores, total=total)
