from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.core.configuration import convert
from atento.core.errors import ConfigurationError
from atento.study.assembly import assemble
from atento.study.configuration import Study
from atento.study.runner import run_study
from atento.study.speed import Stopwatch


def test_speed_and_memory_are_measured_for_every_length(table: dict[str, Any], tmp_path: Path) -> None:
    table |= {
        "data": {"kind": "random", "lengths": [4, 8], "vocabulary": 20, "sentences": 4, "seconds": 0.01},
        "subsets": [], "charts": [], "learning_rates": [], "by_length": None,
        "claims": [
            {
                "statement": "s", "source": "x", "variant": "attention", "baseline": "plain",
                "measure": {"metric": "training_milliseconds_per_token", "on": "8", "per": "4"},
            }
        ],
    }  # fmt: skip
    table["variants"] = [{"name": "attention"}, {"name": "plain", "recipe": {"model": {"attention": {"kind": "none"}}}}]
    study = convert(table, Study, where="x")
    report = assemble(run_study(study, tmp_path, jobs=0), name="speed", form="only", command="")
    assert report.finished
    for variant in report.variants:
        assert len(variant.runs) == 2
        for run in variant.runs:
            for length in ("4", "8"):
                metrics = run.tests[length].metrics
                assert metrics["training_tokens_per_second"] > 0
                assert metrics["decoding_tokens_per_second"] > 0
                product = metrics["training_tokens_per_second"] * metrics["training_milliseconds_per_token"]
                assert abs(product - 1000) < 1e-6
            ratio = run.value(study.claims[0].measure)
            one, other = (run.tests[n].metrics["training_milliseconds_per_token"] for n in ("8", "4"))
            assert ratio == one / other
    assert report.verdicts[0].difference is not None


def test_sentences_that_take_too_long_to_write_are_only_trained_on(table: dict[str, Any], tmp_path: Path) -> None:
    claim = {"statement": "s", "source": "x", "variant": "attention", "baseline": "plain"}
    random = {
        "kind": "random",
        "lengths": [4, 8],
        "vocabulary": 20,
        "sentences": 1,
        "seconds": 0,
        "longest_decoding": 4,
    }
    table |= {
        "data": random, "subsets": [], "charts": [], "learning_rates": [], "by_length": None,
        "claims": [{**claim, "measure": {"metric": "training_milliseconds_per_token", "on": "8"}}],
        "variants": [{"name": "attention"}, {"name": "plain", "recipe": {"model": {"attention": {"kind": "none"}}}}],
    }  # fmt: skip
    study = convert(table, Study, where="x")
    for variant in assemble(run_study(study, tmp_path, jobs=0), name="speed", form="only", command="").variants:
        assert all("decoding_milliseconds_per_token" in run.tests["4"].metrics for run in variant.runs)
        assert all(not any(name.startswith("decoding") for name in run.tests["8"].metrics) for run in variant.runs)
    written = {**claim, "measure": {"metric": "decoding_milliseconds_per_token", "on": "8"}}
    with pytest.raises(ConfigurationError, match="longest_decoding are not written"):
        convert({**table, "claims": [written]}, Study, where="x")


def test_the_fastest_round_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now, lasts = [0.0], iter([9.0, 5.0, 3.0, 4.0, 100.0])

    def work() -> None:
        now[0] += next(lasts)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    watch = Stopwatch(work, "cpu")
    watch.run(4.0, rounds=1)
    assert watch.seconds == 5.0, "the first one warms up and is not counted, and the second is enough"
    watch.run(10.0, rounds=2)
    assert watch.seconds == 3.0
    assert next(lasts) == 100.0


def test_each_pass_times_a_round_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    now, lasts = [0.0], iter([1.0, 50.0, 40.0, 45.0])

    def work() -> None:
        now[0] += next(lasts)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    watch = Stopwatch(work, "cpu")
    for number in (1, 2, 3):
        watch.run(number, rounds=number)
    assert watch.seconds == 40.0
    assert not list(lasts)


def test_random_tokens_read_no_recipe_data(table: dict[str, Any], tmp_path: Path) -> None:
    table |= {"data": {"kind": "random", "lengths": [4], "vocabulary": 20, "sentences": 2, "seconds": 0.01}}
    table |= {"subsets": [], "charts": [], "claims": [], "learning_rates": []}
    del table["by_length"]
    table["variants"] = [{"name": "attention"}]
    study = msgspec.structs.replace(convert(table, Study, where="x"), match=None, seeds=(1,))
    run_study(study, tmp_path, jobs=0)
    assert not (tmp_path / "data").exists()
