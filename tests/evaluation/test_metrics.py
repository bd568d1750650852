"""Figures, intervals and signatures are those of the sacrebleu command; bad input is refused by name."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF

from atento.core.configuration import convert, to_builtins
from atento.core.errors import ConfigurationError, DataError
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer, evaluate, summarise

METRICS = ("--metrics", "bleu", "chrf", "ter", "--confidence", "--width", "9")


def command(folder, translations, references, *options):
    """What the sacrebleu command prints as JSON, by the metric's name."""
    paths = []
    for name, lines in [("translations", translations), *((f"ref{n}", each) for n, each in enumerate(references))]:
        paths.append(folder / name)
        paths[-1].write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
    result = subprocess.run(
        [sys.executable, "-m", "sacrebleu", *paths[1:], "--input", paths[0], *METRICS, *options],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**{k: v for k, v in os.environ.items() if not k.startswith("SACREBLEU")}, "PYTHONIOENCODING": "utf-8"},
    )
    return {each["name"]: each for each in json.loads(result.stdout)}


@pytest.mark.parametrize(
    ("config", "options", "references"),
    [
        (MetricsConfig(resamples=200), ["--confidence-n", "200"], 1),
        (
            MetricsConfig(lowercase=True, tokenize="char", chrf_word_order=2),
            ["--lowercase", "--chrf-lowercase", "--tokenize", "char", "--chrf-word-order", "2"],
            3,
        ),
    ],
)
def test_figures_equal_the_sacrebleu_command(tmp_path, sentences, spoil, config, options, references):
    translations = [*spoil(sentences, 0.3, 1)[:-2], "", "Sobra &quot;esto&quot; \t"]
    streams = [[*spoil(sentences, 0.1 * number, 2 + number)[:-1], ""] for number in range(references)]
    expected = command(tmp_path, translations, streams, *options)
    evaluation = evaluate(translations, streams, config)
    assert {score.name for score in evaluation.scores} == set(expected)
    for score in evaluation.scores:
        theirs = expected[score.name]
        assert score.value == pytest.approx(theirs["score"], abs=1e-8)
        assert score.signature == theirs["signature"]
        assert score.interval.mean == pytest.approx(theirs["confidence_mean"], abs=2e-4)  # theirs is in float32
        assert score.interval.half_width == pytest.approx(theirs["confidence_var"], abs=2e-4)


def test_real_translations_score_as_the_command_says(tmp_path, corpora, spoil):
    path = corpora / "pt-es" / "tatoeba" / "tatoeba.test.es"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    references = path.read_text(encoding="utf-8").split("\n")[:150]
    translations = spoil(references, 0.2, 3)
    expected = command(tmp_path, translations, [references])
    for score in evaluate(translations, [references]).scores:
        assert score.value == pytest.approx(expected[score.name]["score"], abs=1e-8)


def test_a_line_is_the_one_that_sacrebleu_prints(sentences):
    score = evaluate(sentences, [sentences], MetricsConfig(resamples=50)).score("chrf")
    assert score.line().startswith("chrF2|nrefs:1|bs:50|seed:12345|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    assert score.line(2).endswith(" = 100.00 (μ = 100.00 ± 0.00)")


def test_sentence_chrf_is_sacrebleus(sentences, spoil):
    translations = spoil(sentences, 0.4, 1)
    scorer = Scorer([sentences])
    values = scorer.values("chrf", scorer.statistics(translations).counts["chrf"])
    for value, translation, reference in zip(values, translations, sentences, strict=True):
        assert value == pytest.approx(CHRF().sentence_score(translation, [reference]).score, abs=1e-9)


def test_an_interval_holds_the_score_and_shrinks_with_more_data(sentences, spoil):
    translations = spoil(sentences, 0.3, 1)
    small = evaluate(translations, [sentences])
    large = evaluate(translations * 9, [sentences * 9])
    for few, many in zip(small.scores, large.scores, strict=True):
        assert few.interval.low < few.value < few.interval.high
        assert many.value == pytest.approx(few.value)
        assert many.interval.half_width == pytest.approx(few.interval.half_width / 3, rel=0.25)


def test_intervals_follow_the_seed(sentences, spoil):
    scorer = Scorer([sentences], MetricsConfig(seed=1))
    statistics = scorer.statistics(spoil(sentences, 0.3, 1))
    assert summarise(statistics) == summarise(statistics)
    other = evaluate(statistics.translations, [sentences], MetricsConfig(seed=2))
    assert other.score("bleu").interval != summarise(statistics).score("bleu").interval
    assert "seed:2|" in other.score("bleu").signature


def test_without_resamples_there_is_no_interval(sentences):
    evaluation = evaluate(sentences, [sentences], MetricsConfig(metrics=("chrf", "bleu"), resamples=0))
    assert [score.metric for score in evaluation.scores] == ["chrf", "bleu"]
    assert all(score.interval is None and "bs:" not in score.signature for score in evaluation.scores)
    assert [row[:3] for row in evaluation.rows()] == [("chrF2", "100.0", ""), ("BLEU", "100.0", "")]
    with pytest.raises(KeyError):
        evaluation.score("ter")


def test_a_scorer_serves_many_systems(sentences, spoil):
    scorer = Scorer([sentences], MetricsConfig(resamples=0))
    for seed in range(3):
        translations = spoil(sentences, 0.2, seed)
        assert summarise(scorer.statistics(translations)) == evaluate(translations, [sentences], scorer.config)


def test_json_holds_everything(sentences):
    evaluation = evaluate(sentences, [sentences, sentences], MetricsConfig(resamples=10))
    table = json.loads(evaluation.to_json())
    assert convert(table, type(evaluation), where="the test") == evaluation
    assert table["references"] == 2
    assert table["scores"][0]["details"]["brevity_penalty"] == 1.0


@pytest.mark.parametrize("translations", [["", ""], ["¡", "¿"]])
def test_translations_without_a_match_score_the_worst(translations):
    evaluation = evaluate(translations, [["la vida es bella", "dime"]])
    values = {score.metric: score.value for score in evaluation.scores}
    assert values == {"bleu": 0.0, "chrf": 0.0, "ter": 100.0}


def test_one_sentence_has_an_interval_without_width():
    score = evaluate(["la vida es mala"], [["la vida es bella"]]).score("chrf")
    assert score.interval.low == pytest.approx(score.value) == pytest.approx(score.interval.high)


def test_unequal_counts_are_named(sentences):
    with pytest.raises(DataError, match="59 translations for 60 references"):
        evaluate(sentences[1:], [sentences])
    with pytest.raises(DataError, match="60 and 59 sentences"):
        evaluate(sentences, [sentences, sentences[1:]])


@pytest.mark.parametrize("references", [[], [[]]])
def test_nothing_to_score_against_is_refused(references):
    with pytest.raises(DataError, match="no reference"):
        evaluate([], references)


def test_references_are_lists_of_sentences():
    with pytest.raises(TypeError, match=r"\[references\]"):
        evaluate(["a"], ["a"])


def test_notes_give_reasons_to_doubt():
    tokenised = evaluate(["Es así ."] * 9, [["Es así."] * 9], MetricsConfig(resamples=0))
    assert "9 of 9 translations" in tokenised.notes[0]
    config = MetricsConfig(resamples=0, metrics=("bleu",))
    assert "script without spaces" in evaluate(["生活是什么"], [["生活是什么"]], config).notes[0]
    assert not evaluate(["Es así."], [["Es así."]], config).notes
    chinese = MetricsConfig(resamples=0, metrics=("bleu",), tokenize="zh")
    assert not evaluate(["生活是什么"], [["生活是什么"]], chinese).notes


@pytest.mark.parametrize(
    "table", [{"metrics": []}, {"metrics": ["bleu", "bleu"]}, {"resamples": -1}, {"metrics": ["blue"]}, {"seed": -3}]
)
def test_unusable_settings_are_refused(table):
    with pytest.raises(ConfigurationError):
        convert(table, MetricsConfig, where="the test")


def test_a_configuration_comes_back():
    config = MetricsConfig(metrics=("ter",), tokenize="intl", seed=0)
    assert convert(to_builtins(config), MetricsConfig, where="the test") == config


def test_bins_of_sentences_add_up(sentences, spoil):
    scorer = Scorer([sentences])
    counts = scorer.statistics(spoil(sentences, 0.2, 1)).counts
    for name, each in counts.items():
        halves = np.stack([each[:30].sum(axis=0), each[30:].sum(axis=0)])
        together = scorer.values(name, halves.sum(axis=0, keepdims=True))
        assert together == pytest.approx(scorer.values(name, each.sum(axis=0, keepdims=True)))
