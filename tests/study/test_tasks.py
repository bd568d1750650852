from __future__ import annotations

import pytest

from atento.study.tasks import make_pairs, words


def test_copy_repeats_and_reverse_turns() -> None:
    for pair in make_pairs("copy", 20, (1, 6), 30, (1,)):
        assert pair.source == pair.target
    for pair in make_pairs("reverse", 20, (1, 6), 30, (1,)):
        assert pair.source.split() == pair.target.split()[::-1]


def test_swap_turns_a_word_of_the_first_half_and_one_of_the_second() -> None:
    source_words, target_words = words(4)
    translation = dict(zip(source_words, target_words, strict=True))
    turned = 0
    for pair in make_pairs("swap", 200, (2, 2), 4, (1,)):
        one, other = pair.source.split()
        expected = [translation[one], translation[other]]
        if source_words.index(one) < 2 <= source_words.index(other):
            expected.reverse()
            turned += 1
        assert pair.target.split() == expected
    assert 20 < turned < 80


@pytest.mark.parametrize("task", ["copy", "reverse", "swap", "rare-names"])
def test_links_join_each_word_with_its_translation(task: str) -> None:
    source_words, target_words = words(30)
    translation = dict(zip(source_words, target_words, strict=True))
    for pair in make_pairs(task, 30, (1, 9), 30, (1,)):  # type: ignore[arg-type]
        source, target = pair.source.split(), pair.target.split()
        assert sorted(i for i, _ in pair.links) == list(range(len(source)))
        assert sorted(j for _, j in pair.links) == list(range(len(target)))
        for i, j in pair.links:
            expected = translation.get(source[i], source[i]) if task in ("swap", "rare-names") else source[i]
            assert target[j] == expected


def test_every_sentence_of_rare_names_has_a_name_and_tests_share_none_with_training() -> None:
    names = []
    for part in (0, 1):
        pairs = make_pairs("rare-names", 20_000, (2, 8), 30, (1, part), new_names=part != 0)
        assert all(any(word[0].isupper() for word in pair.source.split()) for pair in pairs)
        names.append({word for pair in pairs for word in pair.source.split() if word[0].isupper()})
    assert not names[0] & names[1]


def test_lengths_are_what_was_asked_for_and_all_of_them_occur() -> None:
    lengths = {len(pair.source.split()) for pair in make_pairs("copy", 400, (3, 7), 30, (1,))}
    assert lengths == {3, 4, 5, 6, 7}


def test_same_seed_same_pairs_other_seed_others() -> None:
    assert make_pairs("copy", 5, (3, 7), 30, (1, 2)) == make_pairs("copy", 5, (3, 7), 30, (1, 2))
    assert make_pairs("copy", 5, (3, 7), 30, (1, 2)) != make_pairs("copy", 5, (3, 7), 30, (1, 3))


@pytest.mark.parametrize("count", [1, 60, 4225])
def test_words_differ_and_the_languages_share_none(count: int) -> None:
    source, target = words(count)
    assert len(set(source)) == len(set(target)) == count
    assert not set(source) & set(target)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="4226 words"):
        words(4226)
    with pytest.raises(ValueError, match="impossible"):
        make_pairs("copy", 1, (5, 3), 30, (1,))
