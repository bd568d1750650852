from __future__ import annotations

from collections import Counter
from itertools import chain, islice

import pytest

from atento.core.errors import ConfigurationError
from atento.data.builtin import grammar
from atento.data.builtin.corpus import (
    BuiltinCorpus,
    builtin_corpus,
    handwritten_pairs,
    pharaoh,
    plain,
    write_builtin,
)
from atento.data.builtin.markup import AlignedPair, words
from atento.data.corpus_files import CorpusFiles
from atento.data.readers import read_pairs

COURSE = ("E a vida o que é, diga lá, meu irmão?", "¿Y la vida, qué es? Dime tú, hermano.")


@pytest.fixture(scope="module")
def handwritten() -> list[AlignedPair]:
    return list(handwritten_pairs())


@pytest.fixture(scope="module")
def corpus() -> BuiltinCorpus:
    return builtin_corpus(composed=4000)


def four_grams(text: str) -> set[tuple[str, ...]]:
    tokens = plain(text).split()
    return {tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)}


def test_there_are_at_least_three_thousand_handwritten_pairs(handwritten):
    assert len(handwritten) >= 3000


def test_at_most_five_per_cent_share_their_first_three_words(handwritten):
    openings = [tuple(plain(pair.source).split()[:3]) for pair in handwritten]
    shared = sum(count for count in Counter(openings).values() if count > 1)
    assert shared <= 0.05 * len(handwritten)


def test_no_handwritten_sentence_occurs_twice(handwritten):
    for side in ("source", "target"):
        repeated = [text for text, n in Counter(plain(getattr(pair, side)) for pair in handwritten).items() if n > 1]
        assert repeated == []


def test_no_pair_shares_four_consecutive_words_with_the_course(handwritten, corpus):
    course = [four_grams(side) for side in COURSE]
    assert all(course)
    for pair in chain(handwritten, corpus.train.pairs, corpus.dev.pairs, corpus.test.pairs):
        assert not four_grams(pair.source) & course[0], pair.source
        assert not four_grams(pair.target) & course[1], pair.target


def test_links_are_in_range_and_every_sentence_has_some(handwritten, corpus):
    for pair in chain(handwritten, corpus.train.composed, corpus.test.composed):
        assert pair.links, pair
        source, target = len(words(pair.source)), len(words(pair.target))
        assert all(0 <= i < source and 0 <= j < target for i, j in pair.links), pair
        assert list(pair.links) == sorted(set(pair.links)), pair


def test_spanish_questions_and_exclamations_open_and_close(handwritten):
    for pair in handwritten:
        for opening, closing in ("¿?", "¡!"):
            assert pair.target.count(opening) == pair.target.count(closing), pair.target


def test_texts_are_tidy(handwritten, corpus):
    for pair in chain(handwritten, corpus.train.composed):
        for side in (pair.source, pair.target):
            assert side == " ".join(side.split())
            assert not {"_", "~", "{", "}", "\t"} & set(side), side


def test_no_dev_or_test_sentence_stands_in_another_part(corpus):
    for side in ("source", "target"):
        parts = [
            {plain(getattr(pair, side)) for pair in part.pairs} for part in (corpus.train, corpus.dev, corpus.test)
        ]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]


def test_every_part_has_both_kinds_and_nothing_is_lost(corpus, handwritten):
    parts = (corpus.train, corpus.dev, corpus.test)
    assert Counter(chain.from_iterable(part.handwritten for part in parts)) == Counter(handwritten)
    assert 3900 <= sum(len(part.composed) for part in parts) <= 4000
    assert min(len(kind) for part in parts for kind in (part.handwritten, part.composed)) >= 100
    assert len(corpus.test.handwritten) >= 300


def test_the_same_arguments_give_the_same_corpus_and_handwritten_parts_do_not_depend_on_the_number(corpus):
    again = builtin_corpus(composed=4000)
    assert again == corpus
    assert builtin_corpus(composed=0).test.handwritten == corpus.test.handwritten
    assert builtin_corpus(composed=0).test.composed == ()
    assert builtin_corpus(composed=0, seed=2).test.handwritten != corpus.test.handwritten
    with pytest.raises(ConfigurationError, match="composed = -1"):
        builtin_corpus(composed=-1)


def test_composed_pairs_are_distinct():
    pairs = list(islice(grammar.compose(3000, 7), 3000))
    assert len({(pair.source, pair.target) for pair in pairs}) == 3000


def test_the_files_hold_the_corpus_and_its_gold_links(tmp_path, corpus):
    paths = write_builtin(tmp_path, corpus)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    expected = {
        "train": corpus.train.pairs,
        "dev.handwritten": corpus.dev.handwritten,
        "dev.composed": corpus.dev.composed,
        "test.handwritten": corpus.test.handwritten,
        "test.composed": corpus.test.composed,
    }
    for name, pairs in expected.items():
        raw = read_pairs(CorpusFiles.of([tmp_path / f"{name}.pt", tmp_path / f"{name}.es"]))
        assert [(pair.source, pair.target) for pair in raw] == [(pair.source, pair.target) for pair in pairs]
        tokens = read_pairs(CorpusFiles.of([tmp_path / f"{name}.words.pt", tmp_path / f"{name}.words.es"]))
        links = (tmp_path / f"{name}.align").read_text(encoding="utf-8").splitlines()
        for pair, (source, target, _), line in zip(pairs, tokens, links, strict=True):
            assert source.split() == words(pair.source)
            assert target.split() == words(pair.target)
            assert line == pharaoh(pair)
    assert len(paths) == 5 * len(expected)
