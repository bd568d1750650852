"""Paired tests agree with sacrebleu's except for ties, and say the obvious where the answer is obvious."""

import json

import pytest
from sacrebleu import significance
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.significance import PairedTest

from atento.core.errors import ConfigurationError
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer
from atento.evaluation.significance import compare, most_different


def systems(sentences, first, second, config=MetricsConfig(), references=None):  # noqa: B008
    scorer = Scorer(references or [sentences], config)
    return scorer.statistics(first), scorer.statistics(second)


def p_value_with_ties(chance, observed):
    """Sacrebleu's, but for ties."""
    return ((chance > observed - 1e-4).sum() + 1) / (len(chance) + 1)  # its bootstrap is in float32


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("method", "kind", "samples"), [("bootstrap", "bs", 300), ("randomisation", "ar", 500)])
def test_p_values_are_sacrebleus(sentences, spoil, monkeypatch, method, kind, samples, ties):
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    references = [sentences, spoil(sentences, 0.05, 9)]
    first, second = spoil(sentences, 0.30, 1), spoil(sentences, 0.27, 2)
    metrics = {
        "bleu": BLEU(references=references),
        "chrf": CHRF(references=references),
        "ter": TER(references=references),
    }
    monkeypatch.setattr(significance, "_compute_p_value", p_value_with_ties if ties else significance._compute_p_value)
    test = PairedTest([("a", first), ("b", second)], metrics, None, test_type=kind, n_samples=samples)
    signatures, expected = test()
    baseline, system = systems(sentences, first, second, MetricsConfig(resamples=300), references)
    comparison = compare(baseline, system, method=method, trials=samples)
    for each in comparison.differences:
        theirs = expected[each.system.name]
        assert each.baseline.value == pytest.approx(theirs[0].score)
        assert each.system.value == pytest.approx(theirs[1].score)
        assert 0.005 < each.p_value < 0.995  # else the example shows nothing
        if ties or each.system.metric != "ter":  # BLEU and chrF hardly ever tie, edit counts often do
            assert each.p_value == pytest.approx(theirs[1].p_value, abs=1.5 / samples)
        else:
            assert each.p_value >= theirs[1].p_value
        if method == "bootstrap":
            assert each.system.interval.mean == pytest.approx(theirs[1].mean, abs=2e-4)
            assert each.system.interval.half_width == pytest.approx(theirs[1].ci, abs=2e-4)
            assert each.system.signature == signatures[each.system.name].format()
        else:
            assert f"ar:{samples}|" in each.system.signature


@pytest.mark.parametrize("method", ["bootstrap", "randomisation"])
def test_a_system_does_not_differ_from_itself(sentences, spoil, method):
    lines = spoil(sentences, 0.3, 1)
    for each in compare(*systems(sentences, lines, lines), method=method, trials=200).differences:
        assert (each.difference, each.p_value, each.better, each.worse) == (0.0, 1.0, 0.0, 0.0)
        assert not each.significant


def test_one_changed_sentence_proves_nothing(sentences, spoil):
    lines = spoil(sentences, 0.3, 1)
    changed = [sentences[0], *lines[1:]]
    assert lines[0] != changed[0]
    for each in compare(*systems(sentences, lines, changed), method="randomisation", trials=200).differences:
        assert each.p_value == 1.0


@pytest.mark.parametrize("method", ["bootstrap", "randomisation"])
def test_a_clearly_better_system_is_significantly_better(sentences, spoil, method):
    worse, better = spoil(sentences, 0.5, 1), spoil(sentences, 0.1, 2)
    for each in compare(*systems(sentences, worse, better), method=method, trials=500).differences:
        assert each.p_value < 0.01
        assert each.significant
        assert (each.better, each.worse) == (1.0, 0.0)
        assert (each.difference > 0) == (each.system.metric != "ter")
        assert each.interval.low < each.difference < each.interval.high
        assert not each.interval.low <= 0 <= each.interval.high


def test_exchanging_the_systems_mirrors_the_result(sentences, spoil):
    one, other = systems(sentences, spoil(sentences, 0.3, 1), spoil(sentences, 0.25, 2))
    for there, back in zip(compare(one, other).differences, compare(other, one).differences, strict=True):
        assert back.difference == pytest.approx(-there.difference)
        assert back.p_value == there.p_value
        assert (back.better, back.worse) == (there.worse, there.better)
        assert back.interval.low == pytest.approx(-there.interval.high)


def test_a_comparison_is_plain_data(sentences, spoil):
    comparison = compare(*systems(sentences, spoil(sentences, 0.5, 1), sentences))
    table = json.loads(comparison.to_json())
    assert table["method"] == "bootstrap"
    assert [each["system"]["value"] for each in table["differences"]] == pytest.approx([100.0, 100.0, 0.0])
    row = comparison.rows()[0]
    assert row[0] == "BLEU"
    assert row[3].startswith("+")
    assert row[5].endswith("*")


def test_the_sentences_that_differ_most(sentences, spoil):
    first = list(sentences)
    second = list(sentences)
    first[7], second[11], second[20] = "nada", "", sentences[20] + " de"
    contrasts = most_different(*systems(sentences, first, second))
    assert [each.number for each in contrasts] == [12, 8, 21]
    assert [each.difference > 0 for each in contrasts] == [False, True, False]
    assert contrasts[0].references == (sentences[11],)
    assert (contrasts[0].baseline, contrasts[0].system) == (sentences[11], "")
    assert contrasts[0].difference == contrasts[0].system_score - contrasts[0].baseline_score
    assert len(most_different(*systems(sentences, first, second), count=1)) == 1


def test_sentences_are_compared_with_the_better_reference():
    scorer = Scorer([["la vida"], ["el mar"]])
    contrast = most_different(scorer.statistics(["el mar"]), scorer.statistics(["la casa"]))[0]
    assert contrast.baseline_score == 100.0
    assert contrast.references == ("la vida", "el mar")


def test_what_cannot_be_compared_is_refused(sentences):
    config = MetricsConfig(metrics=("bleu",), resamples=0)
    first, second = systems(sentences, sentences, sentences, config)
    with pytest.raises(ConfigurationError, match="needs resamples"):
        compare(first, second)
    with pytest.raises(ConfigurationError, match="chrF"):
        most_different(first, second)
    with pytest.raises(ValueError, match="one Scorer"):
        compare(first, Scorer([sentences]).statistics(sentences))
