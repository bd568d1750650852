from __future__ import annotations

import itertools
import math
import random

import pytest
from tokenizers import Tokenizer, models

from atento.text.opened.protocol import LongestMatch, Merges, Scores
from atento.text.traces.replay import merged
from atento.text.vocabularies.cutting import beaten, longer_entry


def _random_merges(draw: random.Random, count: int) -> list[tuple[str, str]]:
    pieces, merges = list("abc"), []
    while len(merges) < count:
        pair = (draw.choice(pieces), draw.choice(pieces))
        if pair not in merges and len("".join(pair)) < 6:
            merges.append(pair)
            pieces.append("".join(pair))
    return merges


@pytest.mark.parametrize("seed", range(8))
def test_merges_agree_with_the_library(seed: int) -> None:
    draw = random.Random(seed)
    merges = _random_merges(draw, 12)
    pieces = dict.fromkeys([*"abc", *map("".join, merges)])
    library = Tokenizer(models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=merges))
    ranks = {pair: float(rank) for rank, pair in enumerate(merges)}
    for text in ("".join(letters) for length in range(1, 7) for letters in itertools.product("abc", repeat=length)):
        assert list(merged(Merges(ranks=ranks, entries={}), text).pieces) == library.encode(text).tokens


def _segmentations(text: str) -> list[list[str]]:
    if not text:
        return [[]]
    return [[text[:cut], *rest] for cut in range(1, len(text) + 1) for rest in _segmentations(text[cut:])]


@pytest.mark.parametrize("seed", range(8))
def test_beaten_agrees_with_all_segmentations(seed: int) -> None:
    draw = random.Random(seed)
    words = ["".join(draw.choices("ab", k=draw.randint(1, 5))) for _ in range(14)]
    scores = {word: -draw.uniform(1, 6) for word in words}
    algorithm = Scores(scores=scores, unknown_score=-12.0)
    for word in scores:
        others = [
            sum(scores.get(part, -12.0 if len(part) == 1 else -math.inf) for part in parts)
            for parts in _segmentations(word)
            if len(parts) > 1
        ]
        assert beaten(word, algorithm) == (max(others, default=-math.inf) > scores[word])


def test_equal_sums_do_not_beat() -> None:
    scores = Scores(scores={"a": -1.0, "b": -2.0, "ab": -3.0}, unknown_score=-12.0)
    assert not beaten("ab", scores)


def test_a_longer_entry_takes_the_place() -> None:
    entries = {"a": 1, "abc": 2, "##b": 3, "##bd": 4}
    longest = LongestMatch(entries=entries, continuation="##", unknown="[UNK]", longest=100)
    assert longer_entry("a", "bcd", longest)
    assert not longer_entry("a", "bd", longest)
    assert longer_entry("##b", "d", longest)
    assert not longer_entry("##b", "", longest)
