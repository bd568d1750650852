import pytest

from atento.study import numbers
from atento.study.configuration import Measure
from atento.study.metrics import METRICS, Metric
from atento.study.results import Estimate
from atento.study.statistics import estimate


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("bleu", 24.349, "24.3"), ("bleu", -0.01, "0.0"), ("aer", 31.25, "31.2"), ("perplexity", 7.4, "7.40"),
        ("training_loss", 2.0, "2.000"), ("training_tokens_per_second", 12345.6, "12,346"),
        ("training_milliseconds_per_token", 0.012345, "0.0123"), ("decoding_milliseconds_per_token", 123.4, "123"),
        ("training_memory", 1834.2, "1,834"), ("training_memory", 0.0, "0.00"), ("bleu", None, "–"),
        ("perplexity", float("inf"), "∞"), ("bleu", float("nan"), "–"),
    ],
)  # fmt: skip
def test_figures_have_the_digits_that_they_deserve(metric: Metric, value: float | None, text: str) -> None:
    assert numbers.figure(value, metric) == text


@pytest.mark.parametrize("metric", METRICS)
def test_an_interval_has_the_digits_of_its_mean(metric: Metric) -> None:
    found = Estimate(mean=12.0, low=-3.4567, high=1234.5, values=(1.0, 2.0))
    decimals = len(numbers.figure(12.0, metric).partition(".")[2])
    low, high = numbers.interval(found, metric)[1:-1].split(", ")
    assert low.startswith("−")
    assert {len(end.partition(".")[2]) for end in (low, high)} == {decimals}


def test_one_seed_has_no_interval() -> None:
    assert numbers.interval(estimate([1.0]), "bleu") == ""


def test_differences_carry_their_sign() -> None:
    measure = Measure(metric="bleu", on="test")
    assert numbers.difference(Estimate(mean=1.26, low=-0.5, high=3.0, values=(1.0,)), measure) == (
        "+1.3",
        "[−0.5, 3.0]",
    )
    assert numbers.difference(Estimate(mean=-1.26, low=None, high=None, values=(1.0,)), measure) == ("−1.3", "")
    assert numbers.difference(estimate([0.001]), measure) == ("0.0", "")
    assert numbers.difference(estimate([0.256]), Measure(metric="bleu", on="a", per="b")) == ("+0.26", "")


def test_margins_keep_all_their_digits() -> None:
    measure = Measure(metric="bleu", on="test")
    assert numbers.size(0.5, estimate([1.0]), measure) == "0.5"
    assert numbers.size(2.0, estimate([1.0]), measure) == "2.0"
    assert numbers.size(0.25, estimate([1.0]), measure) == "0.25"
    assert numbers.size(0.25, None, measure) == "0.25"


def test_published_figures_stay_as_they_are() -> None:
    assert [numbers.plain(value) for value in (28.45, 26.0, -0.5, None)] == ["28.45", "26", "−0.5", "–"]
