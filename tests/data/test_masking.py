"""Hidden tokens: as many as asked, whole words together, and replaced in the proportions asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.data.masking import MaskingConfig, choose, hide, ordinary_tokens, words_of_rows

VOCABULARY = Vocabulary(source_size=50, target_size=50, shared=True, mask=4)


@given(st.integers(1, 40), st.floats(0.05, 0.9), st.integers(0, 2**32))
def test_each_row_has_its_share_of_chosen_tokens(length: int, rate: float, seed: int) -> None:
    candidates = np.zeros((3, length + 2), bool)
    candidates[:, 1:-1] = True
    chosen = choose(candidates, None, rate, np.random.default_rng(seed))
    assert not (chosen & ~candidates).any()
    assert (chosen.sum(axis=1) == max(1, round(rate * length))).all()


@given(st.data(), st.floats(0.05, 0.9), st.integers(0, 2**32))
def test_words_are_chosen_whole_and_never_too_many(data: st.DataObject, rate: float, seed: int) -> None:
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=12))
    words = np.repeat(np.arange(len(sizes) + 2), [1, *sizes, 1])[None]
    candidates = np.ones(words.shape, bool)
    candidates[:, [0, -1]] = False
    chosen = choose(candidates, words, rate, np.random.default_rng(seed))
    for number in range(1, len(sizes) + 1):
        assert len(set(chosen[words == number])) == 1
    taken = {int(number) for number in words[chosen]}
    assert taken
    assert len(taken) == 1 or chosen.sum() <= round(rate * sum(sizes))
    left = [size for number, size in enumerate(sizes, 1) if number not in taken]
    wanted = max(1, round(rate * sum(sizes)))
    assert not left or chosen.sum() + max(left) > wanted or len(taken) == 1 or chosen.sum() == wanted


def test_every_token_is_as_likely() -> None:
    candidates = np.ones((20_000, 10), bool)
    counts = choose(candidates, None, 0.3, np.random.default_rng(1)).sum(axis=0)
    assert np.allclose(counts / 20_000, 0.3, atol=0.02)


def test_chosen_tokens_are_replaced_in_the_given_shares_and_others_stay() -> None:
    generator = np.random.default_rng(3)
    tokens = generator.integers(5, 50, (400, 100))
    chosen = generator.random(tokens.shape) < 0.5
    config = MaskingConfig(mask=0.6, random=0.3)
    hidden = hide(tokens, chosen, VOCABULARY, config, generator)
    assert (hidden[~chosen] == tokens[~chosen]).all()
    masked = hidden[chosen] == VOCABULARY.mask
    same = hidden[chosen] == tokens[chosen]
    assert np.mean(masked) == pytest.approx(0.6, abs=0.01)
    assert np.mean(same) == pytest.approx(0.1 + 0.3 / 45, abs=0.01)
    others = hidden[chosen][~masked & ~same]
    assert set(others) == set(range(5, 50))
    assert list(ordinary_tokens(VOCABULARY)) == list(range(5, 50))


def test_words_go_on_where_both_tokens_allow_it() -> None:
    begins, ends = np.zeros(10, bool), np.zeros(10, bool)
    begins[[7, 8]], ends[[6, 7]] = True, True
    found = words_of_rows(np.array([[6, 7, 8, 7, 9, 8]]), begins, ends)
    assert found.tolist() == [[0, 0, 0, 1, 2, 3]]


@pytest.mark.parametrize("options", [{"rate": 0.0}, {"rate": 1.0}, {"mask": 0.8, "random": 0.3}, {"mask": -0.1}])
def test_impossible_shares_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="masking"):
        MaskingConfig(**options)
