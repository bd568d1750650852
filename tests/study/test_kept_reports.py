"""The reports in ``docs/studies`` are of the shipped studies as they are now, not of a former form of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atento.core.progress import Silent
from atento.study.configuration import CorpusData, RandomData, Study
from atento.study.data import Materials, prepare
from atento.study.describing import describe
from atento.study.plan import shown
from atento.study.reading import read_study
from atento.study.rendering import read_report
from atento.study.results import StudyReport
from atento.study.shipped import shipped_studies
from atento.study.variants import variant_recipe

REPORTS = sorted((Path(__file__).parents[2] / "docs" / "studies").glob("*/report.json"))

TO_BE_MADE: set[str] = set()
"""Their studies have changed since, or there is none yet. A report that has been made must leave the list."""


def differences(expected: Mapping[str, Any], kept: Mapping[str, Any], where: str = "") -> list[str]:
    """The places where two recipes differ; keys that are younger than the report are left out."""
    found = []
    for key, value in expected.items():
        if isinstance(value, Mapping) and isinstance(kept.get(key), Mapping):
            found += differences(value, kept[key], f"{where}{key}.")
        elif key in kept and kept[key] != value:
            found.append(f"{where}{key}")
    return found + [f"{where}{key}" for key in kept if key not in expected]


def told(study: Study | StudyReport) -> dict[str, object]:
    return {
        "title": study.title,
        "question": study.question.strip(),
        "notes": study.notes.strip(),
        "seeds": study.seeds,
        "learning rates": study.learning_rates,
        "variants": [variant.name for variant in study.variants],
        "published": study.published,
    }


def claimed(study: Study | StudyReport) -> list[tuple[object, ...]]:
    """Claims as a report keeps them, with variants by their titles."""
    claims = study.claims if isinstance(study, Study) else study.verdicts
    titles = {each.name: each.title for each in study.variants} if isinstance(study, Study) else {}
    return [
        (
            each.statement, each.source, each.relation, each.margin, each.published, each.published_note, each.measure,
            titles.get(each.variant, each.variant), titles.get(each.baseline, each.baseline),
        )
        for each in claims
    ]  # fmt: skip


def data_of(study: Study, folder: Path) -> tuple[str, ...]:
    """The lines that a report has of a study's data; of corpora that lie elsewhere, their beginnings, which the study
    itself tells.
    """
    match study.data:
        case CorpusData(train=train, tests=tests):
            files = ", ".join(" and ".join(path.name for path in corpus.paths) for corpus in train)
            lines = {name: f"test set {name}: " for name in study.test_names}
            lines |= {each.name: f"test set {each.name}: {each.pairs:,} sentences " for each in tests if each.pairs}
            return (f"trained on {files}: ", *lines.values())
        case RandomData():
            return describe(study, Materials(folder, ()))
        case _:
            return describe(study, prepare(study, folder / "data", Silent()))


def of_studies() -> list[object]:
    outdated = pytest.mark.xfail(strict=True, reason="its report is still to be made")
    folders = {path.parent.name for path in REPORTS} | {f"{name}-small" for name in shipped_studies()}
    return [pytest.param(name, marks=[outdated] if name in TO_BE_MADE else []) for name in sorted(folders)]


@pytest.mark.parametrize("folder", of_studies())
def test_the_kept_report_is_of_the_shipped_study(folder: str, tmp_path: Path) -> None:
    path = REPORTS[0].parents[1] / folder / "report.json"
    report = read_report(path)
    name = path.parent.name.removesuffix("-small")
    for place in re.findall(r'"([^"\n]+\.(?:pt|es|align))"', shipped_studies()[name]):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    study, form = read_study(name, small=path.parent.name.endswith("-small"), data=tmp_path)
    assert (report.name, report.form, report.finished) == (name, form, True)
    assert told(report) == told(study)
    assert claimed(report) == claimed(study)
    for line, expected in zip(report.data, data_of(study, tmp_path), strict=True):
        assert line.startswith(expected) if isinstance(study.data, CorpusData) else line == expected
    for claim, verdict in zip(study.claims, report.verdicts, strict=True):
        assert verdict.caveat == ("" if verdict.verdict == "holds" else claim.caveat)
    key = study.match.key if study.match is not None else ""
    for variant, result in zip(study.variants, report.variants, strict=True):
        expected = shown(variant_recipe(study, variant))
        for run in (*result.runs, *result.other_runs):
            assert set(differences(expected, run.recipe)) <= {
                "training.seed", "training.learning_rate", f"model.{key}", "pretraining", "tokenizer.mask",
            }  # fmt: skip
