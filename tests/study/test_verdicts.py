from __future__ import annotations

import pytest

from atento.study.configuration import Claim, Measure
from atento.study.metrics import Metric
from atento.study.verdicts import decide


def claim(relation: str = "better", margin: float = 1.0, metric: Metric = "bleu") -> Claim:
    return Claim(
        statement="s",
        source="x",
        variant="a",
        baseline="b",
        measure=Measure(metric=metric, on="test"),
        relation=relation,  # type: ignore[arg-type]
        margin=margin,
    )


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([5.0, 5.1, 4.9], "holds"),
        ([0.5, 0.6, 0.4], "does not hold"),
        ([-5.0, -5.1, -4.9], "does not hold"),
        ([5.0, 0.0, 2.0], "undecided"),
    ],
)
def test_better_asks_the_whole_interval_to_be_above_the_margin(gains: list[float], verdict: str) -> None:
    baseline = [20.0, 21.0, 22.0]
    found = decide(claim(), [b + g for b, g in zip(baseline, gains, strict=True)], baseline)
    assert found.verdict == verdict
    assert found.difference is not None
    assert found.difference.values == pytest.approx(gains)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([0.1, -0.1, 0.0], "holds"),
        ([5.0, 5.1, 4.9], "does not hold"),
        ([-5.0, -5.1, -4.9], "does not hold"),
        ([0.9, 1.1, 1.0], "undecided"),
    ],
)
def test_equal_asks_the_whole_interval_to_be_within_the_margin(gains: list[float], verdict: str) -> None:
    assert decide(claim("equal"), gains, [0.0, 0.0, 0.0]).verdict == verdict


def test_of_perplexity_less_is_better() -> None:
    found = decide(claim(metric="perplexity"), [3.0, 3.1, 2.9], [8.0, 8.1, 7.9])
    assert found.verdict == "holds"
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(5.0)
    assert "lower" in found.test


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_pairs_decide_nothing(count: int) -> None:
    found = decide(claim(), [9.0] * count, [1.0] * count)
    assert found.verdict == "undecided"
    assert f"only {count} pair" in found.reason


def test_the_test_in_words_names_both_and_the_margin() -> None:
    text = decide(claim(), [1.0, 2.0], [0.0, 0.0], ("the new one", "the old one")).test
    assert "“the new one” must be higher than “the old one”" in text
    assert "more than 1" in text


def test_the_reason_writes_small_differences_with_digits_that_count() -> None:
    found = decide(claim(metric="training_milliseconds_per_token", margin=0.0), [0.01, 0.011, 0.009], [0.02] * 3)
    assert found.verdict == "holds"
    assert "[0.0075, 0.0125], all of it above 0" in found.reason
