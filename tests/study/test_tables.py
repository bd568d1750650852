"""The tables of a report, cell by cell."""

from __future__ import annotations

from types import ModuleType

import msgspec

from atento.study import numbers, tables
from atento.study.metrics import METRICS
from atento.study.results import StudyReport
from atento.study.statistics import estimate


def test_quality_by_length_is_the_mean_of_the_seeds_in_each_bucket(made: ModuleType) -> None:
    report = made.build_report()
    (table,) = tables.by_length(report)
    first = report.variants[0].runs[0].tests["handwritten"].buckets
    assert table.head == ("Variant", *(f"{each.label} words ({numbers.whole(each.sentences)})" for each in first))
    for row, variant in zip(table.rows, report.variants, strict=True):
        assert row[0].text == variant.title
        for number, cell in enumerate(row[1:]):
            values = [run.tests["handwritten"].buckets[number].metrics["bleu"] for run in variant.runs]
            found = estimate(values, METRICS["bleu"])
            assert (cell.text, cell.detail) == (numbers.figure(found.mean, "bleu"), numbers.interval(found, "bleu"))


def test_a_variant_without_runs_has_no_quality_by_length(made: ModuleType) -> None:
    report = made.build_report()
    bare = msgspec.structs.replace(report.variants[1], runs=())
    variants = (report.variants[0], bare, *report.variants[2:])
    (table,) = tables.by_length(msgspec.structs.replace(report, variants=variants))
    assert {cell.text for cell in table.rows[1][1:]} == {tables.MISSING}
    assert tables.by_length(msgspec.structs.replace(report, variants=())) == []


def test_a_mean_over_fewer_seeds_than_the_study_has_says_over_how_many(made: ModuleType) -> None:
    """A seed that broke off has no figure, and a mean over the others may look better for it."""
    whole = made.build_report()
    assert not any("seeds" in cell.detail for cell in cells(whole))
    some, none = whole.variants[0].runs[:2], msgspec.structs.replace(whole.variants[0].runs[2], tests={}, failure="x")
    fewer = made.make_variant("fixed", "Fixed vector", 2.0, (1, 2), (0.002,))
    report = msgspec.structs.replace(
        whole, variants=(msgspec.structs.replace(fewer, runs=(*some, none)), *whole.variants[1:])
    )
    (bleu, *_) = tables.quality(report)
    found = fewer.metrics["handwritten"]["bleu"]
    assert bleu.rows[0][1].detail == f"{numbers.interval(found, 'bleu')} (2 of 3 seeds)"
    assert not any("seeds" in cell.detail for row in bleu.rows[1:] for cell in row)
    (lengths,) = tables.by_length(report)
    assert all(cell.detail.endswith("(2 of 3 seeds)") for cell in lengths.rows[0][1:])
    training, papers = tables.training(report), tables.papers(report)
    assert training is not None
    assert training.rows[0][1].detail.endswith("(2 of 3 seeds)")
    assert papers is not None
    assert "(2 of 3 seeds) BLEU on handwritten" in papers.rows[0][4].detail
    assert "Runs that broke off are left out" in tables.cost(report).note


def test_one_seed_of_several_has_no_interval_and_says_so(made: ModuleType) -> None:
    report = made.build_report([made.make_variant("one", "One", 2.0, (1,))], ())
    assert tables.quality(report)[0].rows[0][1].detail == "(1 of 3 seeds)"


def cells(report: StudyReport) -> list[tables.Cell]:
    """Of all tables with means."""
    every = (*tables.quality(report), *tables.by_length(report), tables.papers(report), tables.training(report))
    return [cell for table in every if table is not None for row in table.rows for cell in row]


def test_where_speed_is_measured_nothing_is_said_of_training(made: ModuleType) -> None:
    trained = tables.cost(made.build_report())
    timed = tables.cost(made.build_report(subject="speed"))
    assert "training" in trained.note
    assert {"Learning rate", "Tokens/s"} <= set(trained.head)
    assert "train" not in timed.note
    assert timed.head == ("Variant", "Runs", "Parameters", "Minutes a run", "Peak memory, MiB")
    assert made.build_report(subject="speed", learning_rates=()).rates_text == "none, nothing is trained"
