"""Greedy and beam search against exhaustive search and their own invariances."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any, cast

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError
from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Hypothesis, Step
from atento.decoding.search import search

Found = list[list[Hypothesis]]


def config(**keys: Any) -> DecodingConfig:
    """A configuration whose only limit is ``max_length``."""
    return DecodingConfig(**{"max_length_ratio": None, **keys})


def run(fake: ModuleType, table: torch.Tensor, settings_: DecodingConfig, sources: list[int], **keys: Any) -> Found:
    decoder = fake.MarkovDecoder(table)
    return search(decoder, fake.encoding(sources), settings_, fake.vocabulary(table.shape[-1]), **keys)


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize(
    ("n_best", "max_length", "min_length"), [(1, 4, 0), (7, 3, 0), (5, 4, 3), (60, 3, 0), (1, 1, 0)]
)
def test_a_beam_as_wide_as_the_space_equals_brute_force(
    fake: ModuleType, alpha: float, n_best: int, max_length: int, min_length: int
) -> None:
    table = fake.random_table(3, 4, 6)
    chosen = config(beam_size=120, n_best=n_best, length_penalty=alpha, max_length=max_length, min_length=min_length)
    for source, found in enumerate(run(fake, table, chosen, [0, 1, 2])):
        expected = fake.brute_force(table, source, chosen, max_length)
        assert [hypothesis.tokens for hypothesis in found] == [tokens for tokens, _ in expected]
        torch.testing.assert_close([h.score for h in found], [score for _, score in expected], rtol=1e-5, atol=1e-5)


def test_a_hypothesis_carries_consistent_figures_with_eos_counted(fake: ModuleType) -> None:
    table = fake.random_table(4, 8, 9, sharpness=1.0)
    chosen = config(beam_size=4, n_best=4, length_penalty=0.7, max_length=6)
    for source, found in enumerate(run(fake, table, chosen, [0, 1, 2, 3])):
        assert [h.score for h in found if h.finished] == sorted((h.score for h in found if h.finished), reverse=True)
        for h in found:
            assert h.finished == (h.tokens[-1] == fake.EOS)
            assert fake.EOS not in h.text_tokens
            torch.testing.assert_close(list(h.log_probabilities), fake.log_probabilities_of(table, source, h.tokens))
            assert math.isclose(h.total, sum(h.log_probabilities), rel_tol=1e-5)
            assert math.isclose(h.score, h.total / len(h.tokens) ** 0.7, rel_tol=1e-5)


def test_greedy_is_the_most_probable_token_of_every_step(fake: ModuleType) -> None:
    table = fake.random_table(20, 10, 8, sharpness=1.0)
    for source, (found,) in enumerate(run(fake, table, config(beam_size=1, max_length=10), list(range(20)))):
        last, expected = 2, []
        for position in range(10):
            logits = table[source, position, last].clone()
            logits[[0, 2]] = -math.inf
            last = int(logits.argmax())
            expected.append(last)
            if last == fake.EOS:
                break
        assert found.tokens == tuple(expected)


@pytest.mark.parametrize(
    "keys",
    [
        {"beam_size": 1},
        {"beam_size": 5, "n_best": 3},
        {"beam_size": 5, "n_best": 3, "beam": "full"},
        {"sampling": True, "samples": 3},
    ],
)
def test_results_do_not_depend_on_batch_size_or_order(fake: ModuleType, keys: dict[str, Any]) -> None:
    table = fake.random_table(64, 12, 11, sharpness=1.0)
    chosen = config(max_length=12, **keys)
    together = run(fake, table, chosen, list(range(64)))
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1)).tolist()
    for size in (1, 7, 64):
        for sources in (list(range(64)), order):
            for start in range(0, 64, size):
                part = sources[start : start + size]
                assert run(fake, table, chosen, part, indices=part) == [together[source] for source in part]


tables = st.builds(
    lambda seed, sharpness, size: (seed, sharpness, size),
    st.integers(0, 10**6),
    st.sampled_from([0.3, 1.0, 3.0]),
    st.integers(5, 7),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    table=tables,
    alpha=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1.7]),
    beam=st.integers(1, 6),
    n_best=st.integers(1, 6),
    min_length=st.integers(0, 4),
    kind=st.sampled_from(["shrinking", "full"]),
)
def test_exact_stopping_changes_nothing(
    fake: ModuleType, table: tuple[int, float, int], alpha: float, beam: int, n_best: int, min_length: int, kind: Any
) -> None:
    """Against the same search run to the length limit, made from the steps that an observer sees."""
    seed, sharpness, size = table
    logits = fake.random_table(3, 9, size, seed, sharpness)
    chosen = config(
        beam_size=beam, beam=kind, n_best=min(n_best, beam), length_penalty=alpha, max_length=8, min_length=min_length
    )
    for source, found in enumerate(run(fake, logits, chosen, [0, 1, 2])):
        expected = plain_beam_search(fake, logits, source, chosen)
        assert [h.tokens for h in found] == [tokens for tokens, _ in expected]


def plain_beam_search(
    fake: ModuleType, table: torch.Tensor, source: int, chosen: DecodingConfig
) -> list[tuple[tuple[int, ...], float]]:
    """Beam search as its definition reads: to the length limit, or to where the present length says stop."""
    banned = {0, 2}
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    ended: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, chosen.max_length + 1):
        extensions = []
        for total, tokens in beam:
            position = min(length, table.shape[1]) - 1
            values = table[source, position, tokens[-1] if tokens else 2].log_softmax(-1).tolist()
            for token, value in enumerate(values):
                early = token == fake.EOS and length < chosen.min_length
                if token not in banned and not early and not repeats((*tokens, token), chosen.no_repeat_ngram_size):
                    extensions.append((total + value, (*tokens, token)))
        extensions.sort(reverse=True)
        first = extensions[: chosen.beam_size]
        ended += [(total / length**chosen.length_penalty, tokens) for total, tokens in first if tokens[-1] == 3]
        last = length == chosen.max_length
        full = chosen.beam == "full" and chosen.beam_size > 1
        candidates = extensions if full and not last else first
        beam = [(total, tokens) for total, tokens in candidates if tokens[-1] != 3][: chosen.beam_size]
        best = max((total / length**chosen.length_penalty for total, _ in beam), default=-math.inf)
        if chosen.stopping == "present-length" and sum(score >= best for score, _ in ended) >= chosen.n_best:
            beam = []
    cut = [(total / chosen.max_length**chosen.length_penalty, tokens) for total, tokens in beam]
    if chosen.beam == "full" and chosen.beam_size > 1:
        ended, cut = ended + cut, []
    ranked = sorted(ended, reverse=True) + sorted(cut, reverse=True)
    return [(tokens, score) for score, tokens in ranked[: chosen.n_best]]


def repeats(tokens: tuple[int, ...], size: int) -> bool:
    """Whether the last ``size`` tokens stood there before."""
    return size > 0 and any(tokens[start : start + size] == tokens[-size:] for start in range(len(tokens) - size))


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.6, 1.0])
@pytest.mark.parametrize("beam", [2, 4])
def test_a_full_beam_as_its_definition_reads(fake: ModuleType, alpha: float, beam: int) -> None:
    """And it is another one than the shrinking beam."""
    table = fake.random_table(40, 9, 7, sharpness=1.0)
    found, others = (
        run(
            fake,
            table,
            config(beam_size=beam, beam=kind, n_best=2, max_length=8, length_penalty=alpha),
            list(range(40)),
        )
        for kind in ("full", "shrinking")
    )
    chosen = config(beam_size=beam, beam="full", n_best=2, max_length=8, length_penalty=alpha)
    for source, hypotheses in enumerate(found):
        expected = plain_beam_search(fake, table, source, chosen)
        assert [h.tokens for h in hypotheses] == [tokens for tokens, _ in expected]
    assert found != others


def test_a_full_beam_of_one_is_greedy_search(fake: ModuleType) -> None:
    table = fake.random_table(20, 10, 8, sharpness=1.0)
    full, other = (
        run(fake, table, config(beam_size=1, beam=kind, max_length=10), list(range(20)))
        for kind in ("full", "shrinking")
    )
    assert full == other


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.8])
@pytest.mark.parametrize("kind", ["full", "shrinking"])
def test_a_prefix_may_count_in_no_score(fake: ModuleType, alpha: float, kind: Any) -> None:
    """As of a language model's prompt: the best continuations by their own totals and lengths."""
    table = fake.random_table(3, 6, 6)
    chosen = config(beam_size=64, beam=kind, n_best=6, length_penalty=alpha, max_length=4)
    prefixes = [(4, 5), (), (1,)]
    different = False
    for source, found in enumerate(run(fake, table, chosen, [0, 1, 2], prefixes=prefixes, scored_prefixes=False)):
        given = len(prefixes[source])
        scored = []
        for tokens in fake.every_hypothesis(6, 4):
            if tokens[:given] == prefixes[source] and len(tokens) > given:
                values = fake.log_probabilities_of(table, source, tokens)[given:]
                scored.append((fake.score_of(values, alpha), tokens, sum(values)))
        scored.sort(key=lambda each: (kind == "shrinking" and each[1][-1] != fake.EOS, -each[0]))
        assert [h.tokens for h in found] == [tokens for _, tokens, _ in scored[:6]]
        torch.testing.assert_close([h.score for h in found], [score for score, _, _ in scored[:6]])
        torch.testing.assert_close([h.total for h in found], [total for _, _, total in scored[:6]])
        assert all(len(h.log_probabilities) == len(h.tokens) for h in found)
        whole = fake.brute_force(table, source, chosen, 4, prefixes[source])
        different |= [tokens for tokens, _ in whole] != [h.tokens for h in found]
    assert different or alpha == 0


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_repeated_ngrams_as_the_definition_reads(fake: ModuleType, size: int) -> None:
    table = fake.random_table(8, 1, 7, sharpness=1.5) + fake.random_table(8, 9, 7, seed=1, sharpness=0.2)  # no ties
    table[..., fake.EOS] -= 2
    chosen = config(beam_size=3, n_best=2, max_length=8, no_repeat_ngram_size=size, length_penalty=0.5)
    for source, found in enumerate(run(fake, table, chosen, list(range(8)))):
        expected = plain_beam_search(fake, table, source, chosen)
        assert [h.tokens for h in found] == [tokens for tokens, _ in expected]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("n_best", [1, 3])
def test_the_present_length_stops_as_its_definition_reads(fake: ModuleType, alpha: float, n_best: int) -> None:
    table = fake.random_table(30, 9, 7, sharpness=1.0)
    chosen = config(beam_size=4, n_best=n_best, max_length=9, length_penalty=alpha, stopping="present-length")
    for source, found in enumerate(run(fake, table, chosen, list(range(30)))):
        expected = plain_beam_search(fake, table, source, chosen)
        assert [h.tokens for h in found] == [tokens for tokens, _ in expected]


def test_first_finished_stops_no_later_and_finds_nothing_better(fake: ModuleType) -> None:
    table = fake.random_table(30, 12, 8, sharpness=0.7)
    steps = {}
    for stopping in ("exact", "present-length", "first-finished"):
        decoder = fake.MarkovDecoder(table)
        chosen = config(beam_size=4, n_best=2, max_length=12, stopping=stopping)
        found = search(decoder, fake.encoding(range(30)), chosen, fake.vocabulary(8))
        steps[stopping] = (sum(rows for rows, _ in decoder.calls), [hypotheses[0].score for hypotheses in found])
    assert steps["first-finished"][0] < steps["present-length"][0] < steps["exact"][0]
    assert all(first <= exact for first, exact in zip(steps["first-finished"][1], steps["exact"][1], strict=True))


def ends_after(fake: ModuleType, lengths: list[int], size: int = 6) -> torch.Tensor:
    """Source ``i`` ends, nearly surely, with its ``lengths[i]``-th token."""
    table = torch.zeros(len(lengths), max(lengths) + 1, size, size)
    for source, length in enumerate(lengths):
        table[source, :, :, fake.EOS] = -30
        table[source, length - 1 :, :, fake.EOS] = 30
    return table


@pytest.mark.parametrize("beam", [1, 3])
def test_finished_sources_leave_the_batch(fake: ModuleType, beam: int) -> None:
    decoder = fake.MarkovDecoder(ends_after(fake, [5, 1, 3, 3]))
    found = search(decoder, fake.encoding(range(4)), config(beam_size=beam, length_penalty=0.0), fake.vocabulary(6))
    assert [len(hypotheses[0].tokens) for hypotheses in found] == [5, 1, 3, 3]
    assert decoder.calls == [(4, 1), (3 * beam, 1), (3 * beam, 1), (beam, 1), (beam, 1)]
    assert decoder.selected == [3, 1]


def test_few_finished_sources_of_many_wait_before_they_leave(fake: ModuleType) -> None:
    lengths = [2] + [6] * 31
    decoder = fake.MarkovDecoder(ends_after(fake, lengths))
    found = search(decoder, fake.encoding(range(32)), config(beam_size=1), fake.vocabulary(6))
    assert [len(hypotheses[0].tokens) for hypotheses in found] == lengths
    assert decoder.calls == [(32, 1)] * 6


def test_no_row_reads_beyond_its_limit_even_if_it_waits(fake: ModuleType) -> None:
    """A model with a table of positions could not read on."""
    decoder = fake.MarkovDecoder(ends_after(fake, [5] + [9] * 31))
    prefixes = [[4, 4, 4], *([] for _ in range(31))]
    chosen = config(beam_size=1, max_length=6)
    found = search(decoder, fake.encoding(range(32)), chosen, fake.vocabulary(6), prefixes=prefixes)
    assert [len(hypotheses[0].tokens) for hypotheses in found] == [5] + [6] * 31
    assert decoder.calls == [(32, 4), *[(32, 1)] * 2, *[(31, 1)] * 3]


def test_forced_prefix_equals_the_best_of_all_that_begin_so(fake: ModuleType) -> None:
    table = fake.random_table(3, 6, 6)
    chosen = config(beam_size=64, n_best=6, length_penalty=0.8, max_length=4)
    prefixes = [[4, 5], [], [1]]
    for source, found in enumerate(run(fake, table, chosen, [0, 1, 2], prefixes=prefixes)):
        expected = fake.brute_force(table, source, chosen, 4, tuple(prefixes[source]))
        assert [hypothesis.tokens for hypothesis in found] == [tokens for tokens, _ in expected]
        for h in found:
            torch.testing.assert_close(list(h.log_probabilities), fake.log_probabilities_of(table, source, h.tokens))


def test_forced_prefix_equals_masking_and_is_read_in_one_call(fake: ModuleType) -> None:
    table = fake.random_table(3, 9, 8)
    prefixes = [[4, 5, 6], [7], [5, 5]]
    masked = table.clone()
    for source, prefix in enumerate(prefixes):
        for position, token in enumerate(prefix):
            masked[source, position, :, torch.arange(8) != token] = -math.inf
    chosen = config(beam_size=3, n_best=2, max_length=8, length_penalty=0.0)
    decoder = fake.MarkovDecoder(table)
    forced = search(decoder, fake.encoding(range(3)), chosen, fake.vocabulary(8), prefixes=prefixes)
    assert decoder.calls[0] == (3, 4)
    assert all(steps == 1 for _, steps in decoder.calls[1:])
    for source, (left, right) in enumerate(zip(forced, run(fake, masked, chosen, [0, 1, 2]), strict=True)):
        assert [h.tokens for h in left] == [h.tokens for h in right]
        size = len(prefixes[source])
        assert [h.log_probabilities[size:] for h in left] == [h.log_probabilities[size:] for h in right]


@pytest.mark.parametrize("prefix", [[3], [4, 99], [-1], [4, 4, 4, 4]])
def test_an_unusable_prefix_is_refused_in_one_line(fake: ModuleType, prefix: list[int]) -> None:
    with pytest.raises(ConfigurationError, match="prefix of source 17") as caught:
        run(fake, fake.random_table(2, 4, 6), config(max_length=4), [0, 1], prefixes=[[], prefix], indices=[9, 17])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("beam", [1, 4])
def test_lengths_stay_within_their_limits(fake: ModuleType, beam: int) -> None:
    table = fake.random_table(12, 30, 8, sharpness=1.0)
    lengths = list(range(1, 13))
    chosen = DecodingConfig(beam_size=beam, min_length=4, max_length=14, max_length_ratio=1.5, max_length_extra=2)
    found = search(fake.MarkovDecoder(table), fake.encoding(range(12), lengths), chosen, fake.vocabulary(8))
    for length, (h,) in zip(lengths, found, strict=True):
        limit = min(14, max(math.floor(1.5 * length) + 2, 4))
        assert 4 <= len(h.tokens) <= limit
        assert h.finished or len(h.tokens) == limit


@pytest.mark.parametrize("beam", [1, 4])
def test_the_minimum_length_counts_the_prefix(fake: ModuleType, beam: int) -> None:
    table = ends_after(fake, [1, 1, 1])
    prefixes = [[], [4, 5, 4, 5], [4]]
    found = run(fake, table, config(beam_size=beam, min_length=4), [0, 1, 2], prefixes=prefixes)
    assert [len(hypotheses[0].tokens) for hypotheses in found] == [4, 5, 4]


def test_special_tokens_are_never_written(fake: ModuleType) -> None:
    table = torch.zeros(1, 1, 6, 6)
    table[..., :3] = 9.0
    for forbid, expected in ((False, (1, 1, 1)), (True, (4, 4, 4))):
        ((h,),) = run(fake, table, config(beam_size=1, max_length=3, min_length=3, forbid_unknown=forbid), [0])
        assert h.tokens[:2] == expected[:2]
    table[..., 3] = -9.0
    ((h,),) = run(fake, table, config(beam_size=1, max_length=3, forbid_unknown=True), [0])
    assert set(h.tokens) <= {4, 5}
    assert not h.finished


def test_a_length_limit_of_one(fake: ModuleType) -> None:
    table = fake.random_table(4, 2, 8)
    decoder = fake.MarkovDecoder(table)
    found = search(decoder, fake.encoding(range(4)), config(beam_size=6, n_best=6, max_length=1), fake.vocabulary(8))
    assert decoder.calls == [(4, 1)]
    for hypotheses in found:
        assert [len(h.tokens) for h in hypotheses] == [1] * 6
        assert [h.finished for h in hypotheses] == [True] + [False] * 5


@pytest.mark.parametrize(
    "keys",
    [
        {"beam_size": 1},
        {"beam_size": 1, "length_penalty": 0.0},
        {"beam_size": 4, "n_best": 2, "length_penalty": -0.5},
        {"beam_size": 2, "stopping": "first-finished"},
        {"sampling": True, "samples": 2},
    ],
)
def test_a_source_without_any_possible_token_ends_with_what_it_has(fake: ModuleType, keys: dict[str, Any]) -> None:
    table = ends_after(fake, [3, 5, 4])
    table[0, 0] = -math.inf
    table[1, :, :, fake.EOS] = -math.inf
    table[1, 2] = -math.inf
    table[1, 2, :, 2] = 0.0  # something can follow, but it is forbidden
    dead, cut, fine = run(fake, table, config(**keys), [0, 1, 2])
    assert all((h.tokens, h.total, h.score, h.finished) == ((), 0.0, 0.0, False) for h in dead)
    assert len(dead) == 1
    assert len(cut) >= 1
    assert all(len(h.tokens) == 2 and not h.finished for h in cut)
    assert all(math.isclose(h.score, h.total / 2 ** keys.get("length_penalty", 1.0), rel_tol=1e-6) for h in cut)
    assert all(h.finished and len(h.tokens) == 4 for h in fine)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_occurs_twice(fake: ModuleType, size: int) -> None:
    table = fake.random_table(5, 1, 7, sharpness=1.5)
    table[..., fake.EOS] -= 4
    chosen = config(beam_size=3, max_length=9, no_repeat_ngram_size=size, length_penalty=0.5)
    for source, (h,) in enumerate(run(fake, table, chosen, list(range(5)), prefixes=[[], [4], [4, 5], [4], []])):
        grams = [h.tokens[i : i + size] for i in range(len(h.tokens) - size + 1)]
        assert len(set(grams)) == len(grams), source
    free = run(fake, table, msgspec.structs.replace(chosen, no_repeat_ngram_size=0), list(range(5)))
    assert any(len(set(h.tokens)) < len(h.tokens) for (h,) in free)


def test_the_observer_sees_the_search_that_gives_the_result(fake: ModuleType) -> None:
    table = fake.random_table(9, 10, 8, sharpness=1.0)
    chosen = config(beam_size=4, n_best=2, max_length=9, length_penalty=0.6)
    steps: list[Step] = []
    indices = list(range(100, 109))
    found = run(fake, table, chosen, list(range(9)), indices=indices, observer=steps.append)
    assert found == run(fake, table, chosen, list(range(9)))
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    seen: dict[int, set[tuple[tuple[int, ...], float]]] = {index: set() for index in indices}
    beams: dict[int, list[tuple[int, ...]]] = {index: [()] for index in indices}
    for step in steps:
        assert all(getattr(step, f.name) is not None for f in dataclasses.fields(step))
        for row, index in enumerate(step.indices.tolist()):
            parents, tokens = step.parents[row].tolist(), step.tokens[row].tolist()
            rows = [(*beams[index][parent], token) for parent, token in zip(parents, tokens, strict=True)]
            for tokens_, score, total, ended in zip(
                rows, step.scores[row].tolist(), step.totals[row].tolist(), step.ended[row].tolist(), strict=True
            ):
                if total > -math.inf:
                    assert ended == (tokens_[-1] == fake.EOS)
                    values = fake.log_probabilities_of(table, index - 100, tokens_)
                    assert math.isclose(total, sum(values), rel_tol=1e-4)
                    seen[index].add((tokens_, score))
            beams[index] = rows
    for index, hypotheses in zip(indices, found, strict=True):
        assert all((h.tokens, h.score) in seen[index] for h in hypotheses)


class EndsWith:
    """Stops hypotheses that have written two certain tokens; knows of each all its tokens."""

    def __init__(self, pair: tuple[int, int]) -> None:
        self.pair = pair

    def start(self, prefix: Sequence[int]) -> object:
        return tuple(prefix)

    def read(self, known: Sequence[object], tokens: Sequence[int]) -> tuple[list[object], list[bool]]:
        rows = [(*cast("tuple[int, ...]", row), token) for row, token in zip(known, tokens, strict=True)]
        return list(rows), [row[-2:] == self.pair for row in rows]


@pytest.mark.parametrize(
    "keys",
    [
        {"beam_size": 1},
        {"beam_size": 4, "n_best": 4},
        {"beam_size": 4, "n_best": 4, "beam": "full"},
        {"sampling": True, "samples": 3},
    ],
)
def test_a_rule_stops_hypotheses_of_which_it_knows_everything(fake: ModuleType, keys: dict[str, Any]) -> None:
    """Whatever rows are taken from others, and whichever sources leave the batch."""
    table = fake.random_table(40, 12, 8, sharpness=1.0)
    prefixes = [[6] * (source % 3) for source in range(40)]
    chosen = config(max_length=12, length_penalty=0.0, **keys)
    rule = EndsWith((5, 4))
    found = run(fake, table, chosen, list(range(40)), prefixes=prefixes, stops=rule)
    stopped = 0
    for hypotheses, prefix in zip(found, prefixes, strict=True):
        for h in hypotheses:
            pairs = list(pairwise(h.tokens[max(0, len(prefix) - 1) :]))
            assert rule.pair not in pairs[:-1]
            assert h.stopped is (bool(pairs) and pairs[-1] == rule.pair)
            assert h.finished is (h.stopped or h.tokens[-1] == fake.EOS)
            stopped += h.stopped
    assert stopped > 5
    for source in range(40):
        assert (
            found[source]
            == run(fake, table, chosen, [source], indices=[source], prefixes=[prefixes[source]], stops=rule)[0]
        )


def test_no_sources_give_no_results(fake: ModuleType) -> None:
    assert run(fake, fake.random_table(1, 1, 6), config(), []) == []


def test_one_index_a_source_is_wanted(fake: ModuleType) -> None:
    with pytest.raises(ConfigurationError, match="1 indices for 2 sources"):
        run(fake, fake.random_table(2, 1, 6), config(), [0, 1], indices=[5])
