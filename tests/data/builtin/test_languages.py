from __future__ import annotations

from collections import Counter

import pytest

from atento.data.builtin.corpus import builtin_corpus
from atento.data.builtin.languages import LABELS, dealt, mixed
from atento.data.builtin.markup import AlignedPair, parse, words

PAIRS = builtin_corpus(composed=300).train.pairs


def test_a_sentence_changes_its_language_near_the_middle() -> None:
    pair = parse("O gato dorme em_cima da televisão.\tEl gato duerme encima de_la televisión.")
    assert mixed(pair) == "O gato dorme em cima de la televisión."
    assert mixed(pair, turned=True) == "El gato duerme encima da televisão."
    assert mixed(parse("Bom dia, irmão.\tBuenos días, hermano.")) == "Bom dia, hermano."


@pytest.mark.parametrize("turned", [False, True])
def test_both_halves_are_whole_and_no_link_crosses_the_change(turned: bool) -> None:
    count = 0
    for pair in PAIRS:
        text = mixed(pair, turned=turned)
        if text is None:
            continue
        count += 1
        first, second = (pair.target, pair.source) if turned else (pair.source, pair.target)
        links = [(j, i) if turned else (i, j) for i, j in pair.links]
        found, sides = words(text), (words(first), words(second))
        changes = [
            (i, len(sides[1]) - (len(found) - i))
            for i in range(1, len(found))
            if found[:i] == sides[0][:i] and found[i:] == sides[1][len(sides[1]) - (len(found) - i) :]
        ]
        assert any(all((a < i) == (b < j) for a, b in links) for i, j in changes), text
        assert "  " not in text
        assert " ," not in text
    assert count > 0.8 * len(PAIRS)


def test_a_sentence_of_one_word_cannot_be_mixed() -> None:
    assert mixed(parse("Calma!\t¡Calma!")) is None


def test_pairs_are_dealt_to_the_three_labels_in_turn() -> None:
    texts = list(dealt(PAIRS))
    counts = Counter(label for _, label in texts)
    assert set(counts) == set(LABELS)
    assert min(counts.values()) > 0.8 * max(counts.values())
    sides = {side for pair in PAIRS for side in (pair.source, pair.target)}
    assert all((text in sides) == (label != "mixed") for text, label in texts)


def test_what_reads_the_same_in_both_languages_is_left_out() -> None:
    same = AlignedPair(source="Laura canta.", target="Laura canta.", links=((0, 0), (1, 1), (2, 2)))
    assert list(dealt([same] * 6)) == []
