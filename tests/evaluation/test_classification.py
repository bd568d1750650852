"""Accuracy, F1 and confusion against figures worked out by hand, and a plain bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from atento.evaluation.classification import confusion_matrix, evaluate_classes, macro_f1

RIGHT = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
GUESSED = [0, 0, 1, 2, 1, 1, 0, 2, 2, 2]


def test_figures_worked_out_by_hand() -> None:
    report = evaluate_classes(RIGHT, GUESSED, ["a", "b", "c", "never"], resamples=0)
    assert report.confusion == ((2, 1, 1, 0), (1, 2, 0, 0), (0, 0, 3, 0), (0, 0, 0, 0))
    assert report.accuracy == pytest.approx(0.7)
    a, b, c, never = report.classes
    assert (a.precision, a.recall, a.f1) == pytest.approx((2 / 3, 2 / 4, 4 / 7))
    assert (b.precision, b.recall, b.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (c.precision, c.recall, c.f1) == pytest.approx((3 / 4, 1.0, 6 / 7))
    assert (never.count, never.f1) == (0, 0.0)
    assert report.macro_f1 == pytest.approx((4 / 7 + 2 / 3 + 6 / 7) / 3)
    assert report.accuracy_interval is None
    assert macro_f1(confusion_matrix(np.array(RIGHT), np.array(GUESSED), 4)) == pytest.approx(report.macro_f1)


def test_macro_f1_is_scikit_learns() -> None:
    generator = np.random.default_rng(3)
    for classes in (2, 5, 9):  # of many classes some are in no text, or in no guess
        right, guessed = generator.integers(classes, size=(2, 8))
        expected = f1_score(right, guessed, average="macro", zero_division=0)
        assert macro_f1(confusion_matrix(right, guessed, 9)) == pytest.approx(expected)


def test_intervals_are_those_of_a_plain_bootstrap() -> None:
    generator = np.random.default_rng(5)
    right = generator.integers(3, size=80)
    guessed = np.where(generator.random(80) < 0.7, right, generator.integers(3, size=80))
    report = evaluate_classes(right.tolist(), guessed.tolist(), ["a", "b", "c"], resamples=400, seed=9)
    draws = np.random.default_rng(9).integers(0, 80, size=(400, 80), dtype=np.int64)
    accuracies = sorted(float(np.mean(right[draw] == guessed[draw])) for draw in draws)
    scores = sorted(macro_f1(confusion_matrix(right[draw], guessed[draw], 3)) for draw in draws)
    assert report.accuracy_interval is not None
    assert report.macro_f1_interval is not None
    assert (report.accuracy_interval.low, report.accuracy_interval.high) == pytest.approx(
        (accuracies[10], accuracies[-11])
    )
    assert (report.macro_f1_interval.low, report.macro_f1_interval.high) == pytest.approx((scores[10], scores[-11]))


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 classes and 0 guesses"):
        evaluate_classes([], [], ["a"])
