"""Several runs a side: each test agrees with doing by hand what it stands for, and covers what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from atento.core.errors import ConfigurationError
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer
from atento.evaluation.runs import compare_runs, matching_seeds, most_different_runs
from atento.evaluation.seeds import paired_difference, welch_difference
from atento.evaluation.significance import compare, most_different


@pytest.fixture
def sides(sentences, spoil):
    """Two runs against three that lose fewer words."""
    scorer = Scorer([sentences], MetricsConfig(resamples=200))
    return (
        [scorer.statistics(spoil(sentences, 0.30, seed)) for seed in (1, 2)],
        [scorer.statistics(spoil(sentences, 0.22, seed)) for seed in (3, 4, 5)],
    )


def test_one_run_a_side_is_the_ordinary_comparison(sides):
    first, second = sides[0][0], sides[1][0]
    usual = compare(first, second)
    for found, expected in zip(compare_runs([first], [second]).differences, usual.differences, strict=True):
        assert found.difference == pytest.approx(expected.difference)
        assert found.over_sentences.interval.low == pytest.approx(expected.interval.low)
        assert found.over_sentences.interval.high == pytest.approx(expected.interval.high)
        assert found.over_sentences.p_value == expected.p_value
        assert (found.over_sentences.better, found.over_sentences.worse) == (expected.better, expected.worse)
        assert found.signature == expected.system.signature
        assert found.over_seeds is None


def test_a_resample_of_the_sentences_is_applied_to_all_runs(sides):
    """By hand: draw sentences, score every run on them, take the means over runs."""
    a, b = sides
    scorer, count = a[0].scorer, len(a[0].translations)
    generator = np.random.default_rng(scorer.config.seed)
    drawn = generator.integers(0, count, size=(scorer.config.resamples, count))
    for found in compare_runs(a, b).differences:
        gains = np.sort(
            [
                np.mean([scorer.values(found.metric, run.counts[found.metric][rows].sum(0)[None]) for run in b])
                - np.mean([scorer.values(found.metric, run.counts[found.metric][rows].sum(0)[None]) for run in a])
                for rows in drawn
            ]
        )
        interval = found.over_sentences.interval
        assert (interval.low, interval.high) == pytest.approx((gains[5], gains[-6]))
        assert interval.mean == pytest.approx(gains.mean())
        better = (gains > 0).mean() if found.higher_is_better else (gains < 0).mean()
        assert found.over_sentences.better == pytest.approx(better)


def test_seeds_are_tested_on_each_runs_score(sides):
    a, b = sides
    for found in compare_runs(a, b).differences:
        assert len(found.a_scores) == 2
        assert (found.a_mean, found.b_mean) == pytest.approx((np.mean(found.a_scores), np.mean(found.b_scores)))
        assert found.difference == pytest.approx(found.b_mean - found.a_mean)
        assert found.over_seeds == welch_difference(found.a_scores, found.b_scores)
    for found in compare_runs(a, b[:2], paired=True).differences:
        assert found.over_seeds == paired_difference(found.a_scores, found.b_scores)


def test_two_recipes_that_differ_by_their_seeds_alone_differ_on_the_sentences_only(sentences, spoil):
    """Runs that scatter widely: these very models surely differ, their recipes need not."""
    scorer = Scorer([sentences * 5], MetricsConfig(metrics=("chrf",), resamples=200))
    a, b = (
        [scorer.statistics(spoil(sentences * 5, rate, number)) for number, rate in enumerate(rates)]
        for rates in ((0.1, 0.5), (0.02, 0.3))
    )
    [found] = compare_runs(a, b).differences
    assert found.over_sentences.p_value < 0.01
    assert found.over_seeds.p_value > 0.3
    assert found.over_seeds.low < 0 < found.over_seeds.high


def test_a_side_against_itself_does_not_differ(sides):
    for found in compare_runs(sides[1], sides[1], paired=True).differences:
        assert (found.difference, found.over_sentences.p_value, found.over_seeds.p_value) == (0.0, 1.0, 1.0)


def test_a_comparison_of_runs_is_plain_data(sides):
    table = json.loads(compare_runs(*sides).to_json())
    assert table["paired"] is False
    assert table["differences"][0]["over_seeds"]["b_runs"] == 3


def test_sentences_that_differ_most_on_average(sides, sentences):
    a, b = sides
    [one] = most_different_runs(a[:1], b[:1], count=1)
    [expected] = most_different(a[0], b[0], count=1)
    assert (one.number, one.difference, one.a, one.b) == (
        expected.number, expected.difference, (expected.baseline,), (expected.system,),
    )  # fmt: skip
    found = most_different_runs(a, b, count=5)
    assert [abs(each.difference) for each in found] == sorted((abs(each.difference) for each in found), reverse=True)
    assert found[0].b == tuple(run.translations[found[0].number - 1] for run in b)
    assert found[0].references == (sentences[found[0].number - 1],)
    assert found[0].difference == pytest.approx(found[0].b_score - found[0].a_score)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 2, 3], [3, 1, 2], [1, 2, 0]),
        ([1, 2], [1, 3], None),
        ([1, 1], [1, 1], None),
        ([1, 2], [1, 2, 3], None),
        ([1, None], [1, None], None),
        ([1], [1], None),
    ],
)
def test_runs_are_matched_where_seeds_are_the_same(a, b, expected):
    assert matching_seeds(a, b) == expected


def test_what_cannot_be_compared_is_refused(sides, sentences):
    a, b = sides
    with pytest.raises(ConfigurationError, match="2 and 3 runs cannot be paired"):
        compare_runs(a, b, paired=True)
    with pytest.raises(ConfigurationError, match="a run on either side"):
        compare_runs([], b)
    with pytest.raises(ValueError, match="one Scorer"):
        compare_runs(a, [Scorer([sentences]).statistics(sentences)])
    config = MetricsConfig(metrics=("bleu",), resamples=0)
    bare = Scorer([sentences], config).statistics(sentences)
    with pytest.raises(ConfigurationError, match="needs resamples"):
        compare_runs([bare], [bare])
    with pytest.raises(ConfigurationError, match="chrF"):
        most_different_runs([bare], [bare])
