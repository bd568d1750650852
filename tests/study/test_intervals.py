from types import ModuleType

from atento.study.intervals import interval_bar
from atento.study.results import Verdict


def all_verdicts(made: ModuleType) -> list[Verdict]:
    return [*made.build_report().verdicts, *made.ugly_report().verdicts]


def test_all_marks_lie_on_the_bar_in_the_order_of_their_numbers(made: ModuleType) -> None:
    measured = [verdict for verdict in all_verdicts(made) if verdict.difference is not None]
    assert len(measured) == 6
    for verdict in measured:
        check(verdict)


def check(verdict: Verdict) -> None:
    bar, found = interval_bar(verdict), verdict.difference
    assert bar is not None
    assert found is not None
    marks = {0.0: bar.zero, found.mean: bar.mean}
    if bar.ends is not None and found.low is not None and found.high is not None:
        marks |= {found.low: bar.ends[0], found.high: bar.ends[1]}
    ordered = [marks[number] for number in sorted(marks)]
    assert ordered == sorted(ordered)
    assert all(0 <= place <= 100 for place in (*ordered, *bar.region, *bar.seeds))
    assert 0 in [float(label.text) for label in bar.labels if label.text == "0"]


def test_the_interval_lies_in_the_region_exactly_if_the_claim_holds(made: ModuleType) -> None:
    holds, equal, fails = made.build_report().verdicts
    for verdict, inside in ((holds, True), (equal, True), (fails, False)):
        bar = interval_bar(verdict)
        assert bar is not None
        assert bar.ends is not None
        assert (bar.region[0] <= bar.ends[0] and bar.ends[1] <= bar.region[1]) == inside


def test_without_a_difference_there_is_no_bar(made: ModuleType) -> None:
    assert interval_bar(next(verdict for verdict in all_verdicts(made) if verdict.difference is None)) is None
