"""Pairs that need no files: those of diagnostic tasks and of the built-in corpus."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from atento.core.errors import DataError
from atento.data.builtin.corpus import builtin_corpus
from atento.data.builtin.markup import AlignedPair
from atento.data.pharaoh import Alignment
from atento.study import tasks
from atento.study.configuration import BuiltinData, DiagnosticData, DiagnosticTest
from atento.study.corpora import Pair
from atento.study.labelled import spread
from atento.study.testset import TestSet

_MOST_SURPLUS = 64
"""Times as many sentences as are wanted are drawn at most, to find some that are in no test set."""
_NAMES = DiagnosticData(task="rare-names", min_words=3, max_words=8, vocabulary=100)
_NAMES_TEST = 200


def diagnostic_pairs(data: DiagnosticData) -> tuple[list[Pair], list[Pair], dict[str, TestSet]]:
    """All drawn apart; no sentence of dev or a test set is trained on."""

    def drawn(part: int, count: int, lengths: tuple[int, int]) -> list[tasks.TaskPair]:
        return tasks.make_pairs(data.task, count, lengths, data.vocabulary, (data.seed, part), new_names=part != 0)

    lengths = data.min_words, data.max_words
    dev = drawn(1, min(500, max(1, data.pairs // 10)), lengths)
    found = {
        test.name: drawn(part, test.pairs, (test.min_words, test.max_words)) for part, test in enumerate(data.tests, 2)
    }
    held = {pair.source for pairs in (dev, *found.values()) for pair in pairs}
    tests = {name: _linked(name, pairs) for name, pairs in found.items()}
    train: list[Pair] = []
    surplus = 1
    while len(train) < data.pairs:  # draw again, more each time, until enough are left
        train = [
            (pair.source, pair.target) for pair in drawn(0, surplus * data.pairs, lengths) if pair.source not in held
        ][: data.pairs]
        surplus *= 2
        if surplus > _MOST_SURPLUS:
            raise DataError(
                f"nearly all sentences of {data.min_words} to {data.max_words} words of {data.vocabulary} are in dev "
                "or a test set; give a larger data.vocabulary or data.max_words"
            )
    return train, [(pair.source, pair.target) for pair in dev], tests


def builtin_pairs(data: BuiltinData) -> tuple[list[Pair], list[Pair], dict[str, TestSet]]:
    """The built-in corpus, with some pairs of ``rare-names`` if they are wanted."""
    corpus = builtin_corpus(data.composed)
    tests = {}
    for name, part in (("handwritten", corpus.test.handwritten), ("composed", corpus.test.composed)):
        tests[name] = _linked(name, [part[place] for place in spread(len(part), data.test_pairs)])
    train, dev = ([(pair.source, pair.target) for pair in part.pairs] for part in (corpus.train, corpus.dev))
    if data.names:
        known, held, tests["names"] = _rare_names(data)
        train, dev = [*train, *known], [*dev, *held]
    return train, dev, tests


def _rare_names(data: BuiltinData) -> tuple[list[Pair], list[Pair], TestSet]:
    """Pairs with names for training; for dev, a twentieth; and a test set of names that training never saw."""
    test = DiagnosticTest(
        name="names", pairs=data.test_pairs or _NAMES_TEST, min_words=_NAMES.min_words, max_words=_NAMES.max_words
    )
    made = msgspec.structs.replace(_NAMES, pairs=data.names, tests=(test,))
    train, dev, tests = diagnostic_pairs(made)
    return train, dev[: max(1, data.names // 20)], tests["names"]


def _linked(name: str, pairs: Sequence[tasks.TaskPair | AlignedPair]) -> TestSet:
    return TestSet(
        name=name,
        sources=tuple(pair.source for pair in pairs),
        references=tuple(pair.target for pair in pairs),
        links=tuple(Alignment.of(pair.links) for pair in pairs),
    )
