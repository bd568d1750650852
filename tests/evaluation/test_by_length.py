"""Bins hold the sentences that they say, scored as a corpus."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError
from atento.evaluation.by_length import merged_bounds, quality_by_length
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer, evaluate

CONFIG = MetricsConfig(metrics=("bleu", "chrf"), resamples=0)


def test_every_bin_is_the_evaluation_of_its_sentences(sentences, spoil):
    sources = [" ".join(["x"] * (number % 30)) for number in range(len(sentences))]
    translations = spoil(sentences, 0.3, 1)
    report = quality_by_length(Scorer([sentences], CONFIG).statistics(translations), sources, bounds=(1, 5, 6, 20))
    assert [each.label for each in report.bins] == ["0", "1–4", "5", "6–19", "20+"]
    ranges = [(0, 0), (1, 4), (5, 5), (6, 19), (20, 99)]
    for each, (low, high) in zip(report.bins, ranges, strict=True):
        chosen = [number for number, source in enumerate(sources) if low <= len(source.split()) <= high]
        apart = evaluate([translations[n] for n in chosen], [[sentences[n] for n in chosen]], CONFIG)
        assert each.sentences == len(chosen)
        assert each.source_words == sum(len(sources[n].split()) for n in chosen)
        assert each.scores == pytest.approx({score.metric: score.value for score in apart.scores})
    assert sum(each.sentences for each in report.bins) == len(sentences)
    assert report.rows()[2][:2] == ("5", "2")


def test_empty_bins_are_left_out_and_what_a_word_is_can_be_chosen():
    statistics = Scorer([["a", "b"]], CONFIG).statistics(["a", "b"])
    sources = ["¿Y la vida, qué es?", "¡Dime!"]  # 8 and 3 words with their marks, 5 and 1 between spaces
    assert [each.label for each in quality_by_length(statistics, sources).bins] == ["1–5", "6–10"]
    spaced = quality_by_length(statistics, sources, words="whitespace")
    assert [(each.label, each.sentences) for each in spaced.bins] == [("1–5", 2)]


@settings(deadline=None, max_examples=40)
@given(lengths=st.lists(st.integers(0, 12) | st.just(0), min_size=1, max_size=40), smallest=st.integers(1, 8))
def test_merged_bins_are_large_enough_and_hold_every_sentence(lengths, smallest):
    texts = [" ".join("x" * length) for length in lengths]
    statistics = Scorer([["a"] * len(texts)], CONFIG).statistics(["a"] * len(texts))
    bounds = merged_bounds(lengths, (1, 6, 11), smallest)
    bins = quality_by_length(statistics, texts, bounds=bounds).bins
    assert sum(each.sentences for each in bins) == len(texts)
    assert len(bins) == 1 or min(each.sentences for each in bins) >= smallest


def test_blank_sources_can_stand_with_others_or_alone():
    statistics = Scorer([["a"] * 3], CONFIG).statistics(["a"] * 3)
    sources = ["", "x", "x x x x x x"]
    for bounds, labels in (((1,), ["0", "1+"]), ((0,), ["0+"]), ((0, 1), ["0", "1+"]), ((0, 6), ["0–5", "6+"])):
        assert [each.label for each in quality_by_length(statistics, sources, bounds=bounds).bins] == labels


def test_bad_bounds_and_unequal_counts_are_refused():
    statistics = Scorer([["a"]], CONFIG).statistics(["a"])
    for bounds in ((), (2, 3), (1, 5, 5), (-1, 3)):
        with pytest.raises(ConfigurationError):
            quality_by_length(statistics, ["x"], bounds=bounds)
    with pytest.raises(DataError, match="2 source sentences for 1 translations"):
        quality_by_length(statistics, ["x", "y"])
