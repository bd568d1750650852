"""The tables of a report, cell by cell."""

from __future__ import annotations

from types import ModuleType

import msgspec

from atento.study import numbers, tables
from atento.study.metrics import METRICS
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
