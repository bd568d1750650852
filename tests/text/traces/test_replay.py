"""Replays end where the libraries end, and are what obvious computations give."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.conftest import HARD, MAKERS, varied

from atento.text.opened.protocol import LongestMatch, Merges, OpenTokenizer, Scores
from atento.text.traces.describing import describe
from atento.text.traces.replay import MergeReplay, SegmentationReplay, matched, merged, replay, segmented
from atento.text.traces.trace import trace

WORDS = st.text("abc", min_size=1, max_size=9)


@pytest.mark.parametrize("name", MAKERS)
def test_every_replay_ends_where_the_library_ends(opened: dict[str, OpenTokenizer], name: str) -> None:
    shown = parts = 0
    for text in [*HARD, *varied(60)]:
        found = trace(opened[name], text, steps=True)
        for part in found.pre_tokens:
            tokens = found.tokens[slice(*part.tokens)]
            shown += part.replay is not None
            parts += not part.special
            if part.replay is not None and all(token.role == "ordinary" for token in tokens):
                assert part.replay.pieces == tuple(token.piece for token in tokens)
    assert shown == parts > 0


@given(
    ranks=st.dictionaries(st.tuples(WORDS, WORDS).filter(lambda pair: len(pair[0] + pair[1]) <= 4), st.integers(0, 9)),
    text=WORDS,
)
def test_merges_by_looking_everything_up_at_every_step(ranks: dict[tuple[str, str], int], text: str) -> None:
    symbols = list(text)
    while True:
        pairs = [(ranks[pair], place) for place, pair in enumerate(itertools.pairwise(symbols)) if pair in ranks]
        if not pairs:
            break
        _, place = min(pairs)
        symbols[place : place + 2] = [symbols[place] + symbols[place + 1]]
    found = merged(Merges(ranks=ranks, entries={}), text)
    assert list(found.pieces) == symbols
    assert _again(found) == symbols


def _again(found: MergeReplay) -> list[str]:
    """What following the merges by their places gives."""
    alive = dict(enumerate(found.symbols))
    for merge in found.merges:
        following = min(place for place in alive if place > merge.place)
        assert (alive[merge.place], alive[following]) == (merge.left, merge.right)
        alive[merge.place] += alive.pop(following)
    return [alive[place] for place in sorted(alive)]


def test_a_long_text_is_merged_quickly() -> None:
    found = merged(Merges(ranks={("a", "b"): 0, ("ab", "ab"): 1}, entries={}), "ab" * 50_000)
    assert found.pieces == ("abab",) * 25_000


@given(entries=st.lists(WORDS, max_size=8), inner=st.lists(WORDS, max_size=8), word=WORDS)
def test_the_longest_match_at_every_place(entries: list[str], inner: list[str], word: str) -> None:
    vocabulary = {entry: n for n, entry in enumerate([*entries, *(f"##{piece}" for piece in inner)])}
    expected: list[str] = []
    start = 0
    while start < len(word):
        candidates = [
            word[start:stop] if not start else f"##{word[start:stop]}" for stop in range(start + 1, 1 + len(word))
        ]
        known = [candidate for candidate in candidates if candidate in vocabulary]
        if not known:
            expected = ["?"]
            break
        expected.append(max(known, key=len))
        start += len(expected[-1].removeprefix("##"))
    rules = LongestMatch(entries=vocabulary, continuation="##", unknown="?", longest=100)
    assert list(matched(rules, word).pieces) == expected
    assert matched(LongestMatch(entries=vocabulary, continuation="##", unknown="?", longest=0), word).pieces == ("?",)


@settings(max_examples=60)
@given(
    scores=st.dictionaries(WORDS, st.floats(-9, -0.1), min_size=1),
    text=st.text("abc", min_size=1, max_size=7),
    best=st.integers(1, 9),
)
def test_the_best_of_all_ways_to_cut(scores: dict[str, float], text: str, best: int) -> None:
    def score(pieces: list[str]) -> float:
        return math.fsum(scores.get(piece, -99.0 if len(piece) == 1 else -math.inf) for piece in pieces)

    places = range(1, len(text))
    cuts = itertools.chain.from_iterable(itertools.combinations(places, count) for count in range(len(text)))
    ways = [[text[a:b] for a, b in itertools.pairwise([0, *cut, len(text)])] for cut in cuts]
    totals = sorted((total for way in ways if (total := score(way)) > -math.inf), reverse=True)[:best]
    found = segmented(Scores(scores=scores, unknown_score=-99.0), text, best)
    assert [each.total for each in found.best] == pytest.approx(totals)
    for each in found.best:
        assert "".join(each.pieces) == text
        assert each.total == pytest.approx(score(list(each.pieces)))
        assert each.total == pytest.approx(sum(each.scores))
    assert len({each.pieces for each in found.best}) == len(found.best)


def test_steps_in_words(opened: dict[str, OpenTokenizer]) -> None:
    steps = replay(Merges(ranks={("a", "m"): 65, ("i", "g"): 72}, entries={}), "amig")
    assert describe(steps, str) == ["a m i g", "am i g    (a + m, rank 65)", "am ig    (i + g, rank 72)"]
    rules = LongestMatch(entries={"ami": 0, "##go": 1}, continuation="##", unknown="?", longest=99)
    assert describe(replay(rules, "amigo"), str) == ["amigo amig → ami", "##go"]
    assert describe(replay(rules, "amix"), str) == ["amix → ami", "##x → none: unknown"]
    found = replay(Scores(scores={"a": -1.0, "aa": -1.5}, unknown_score=-9.0), "aa", best=2)
    assert isinstance(found, SegmentationReplay)
    assert describe(found, str) == ["   -1.500  aa", "   -2.000  a a"]
    assert describe(replay(None, "vida"), str) == ["looked up whole: vida"]
    assert describe(replay(opened["tiktoken"].algorithm, "Ġvida"), str) == ["looked up whole: Ġvida"]
