"""Under what runs were made, where it was not the same for all."""

from __future__ import annotations

from atento.study.conditions import changes, conditions, differences, scored_anew, versions_here
from atento.study.results import Cost, RunResult

NOW = {"torch": "2.13.0", "device": "cpu", "threads": "1"}


def run(threads: int = 1, **versions: str) -> RunResult:
    return RunResult(
        variant="a", seed=1, learning_rate=None, fingerprint="f", recipe={}, versions=versions,
        cost=Cost(parameters=1, threads=threads),
    )  # fmt: skip


def test_what_is_the_same_for_all_runs_is_no_difference() -> None:
    alike = [run(torch="2.13.0", device="cpu")] * 2
    assert conditions(alike) == {"torch": ("2.13.0",), "device": ("cpu",), "threads": ("1",)}
    assert differences(alike) == changes(alike, NOW) == ""
    assert differences([*alike, run(torch="2.13.0")]) == ""  # an older run does not tell its device
    assert differences([]) == changes([], NOW) == ""


def test_every_value_of_what_differs_is_named() -> None:
    runs = [run(torch="2.12.0", device="cpu"), run(2, torch="2.13.0", device="cpu"), run(torch="2.12.0", device="cuda")]
    assert differences(runs) == "torch: 2.12.0 and 2.13.0; device: cpu and cuda; threads: 1 and 2"
    assert changes(runs, NOW) == "torch: 2.12.0, now 2.13.0; device: cuda, now cpu; threads: 2, now 1"
    assert changes(runs[:1] * 2, {**NOW, "torch": "2.12.0"}) == ""


def test_a_run_that_is_scored_later_tells_what_it_was_trained_with() -> None:
    old, new = {"torch": "2.12.0", "device": "cpu"}, {"torch": "2.13.0", "device": "cpu"}
    mixed = {"torch": "2.12.0, scored with 2.13.0", "device": "cpu"}
    assert scored_anew(old, old) == old
    assert scored_anew(old, new) == scored_anew(mixed, new) == mixed
    assert scored_anew(mixed, old) == old
    assert scored_anew({}, new) == new


def test_a_machine_tells_all_that_reports_show() -> None:
    assert set(versions_here("cpu")) == {"atento", "torch", "sacrebleu", "python", "machine", "device"}
