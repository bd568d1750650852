"""Runs shipped studies and keeps their reports in ``docs/studies``. ::

    python -m benchmarks.studies [NAME …] [--full] [--data FOLDER] [--copy-only]

Each study is run by its command (``atento study NAME --small``) and goes on where it was; a small form is made for
twenty minutes on two quiet cores. The table of verdicts in ``docs/studies/README.md`` is made of the reports that are
there; what is written around it stays.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from atento.core.files import atomic_folder
from atento.study import numbers
from atento.study.rendering import read_report
from atento.study.results import StudyReport
from atento.study.shipped import shipped_studies
from benchmarks.common import ROOT, parser, run

REPORTS = ROOT / "docs" / "studies"
BEGIN, END = "<!-- verdicts -->", "<!-- end of verdicts -->"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="shipped studies; none: all")
    options.add_argument("--full", action="store_true", help="the full forms, which need corpora and hours")
    options.add_argument("--copy-only", action="store_true", help="run nothing: keep the reports that are there")
    chosen = options.parse_args()
    for name in chosen.names or shipped_studies():
        form = name if chosen.full else f"{name}-small"
        folder = (chosen.work.parent / "studies" / form).absolute()
        if not chosen.copy_only:
            words = [sys.executable, "-m", "atento", "study", name, "-o", folder]
            words += [] if chosen.full else ["--small"]
            words += ["--data", chosen.data.absolute()] if chosen.data else []
            print(run(words))
        if (folder / "report" / "report.json").is_file():
            keep(folder / "report", REPORTS / form)
    readme = REPORTS / "README.md"
    readme.write_text(with_verdicts(readme.read_text(encoding="utf-8"), reports()), encoding="utf-8")


def keep(report: Path, place: Path) -> None:
    """Copy a finished report over an older one."""
    if not read_report(report / "report.json").finished:
        raise SystemExit(f"{report} is not finished; run the study to its end")
    with atomic_folder(place) as temporary:
        shutil.copytree(report, temporary, dirs_exist_ok=True)


def reports() -> dict[str, StudyReport]:
    """The reports that are kept, by folder, small forms first."""
    paths = sorted(REPORTS.glob("*/report.json"), key=lambda path: (not path.parent.name.endswith("-small"), path))
    return {path.parent.name: read_report(path) for path in paths}


def with_verdicts(text: str, kept: dict[str, StudyReport]) -> str:
    """The page with its table made anew."""
    table = "\n".join([BEGIN, "", *_rows(kept), "", END])
    return re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: table, text, flags=re.DOTALL)


def _rows(kept: dict[str, StudyReport]) -> list[str]:
    rows = [
        "| study | claim | verdict | measure | difference [95 % interval] | published |",
        "|---|---|---|---|---:|---:|",
    ]
    for folder, report in kept.items():
        minutes = f"{report.total_minutes:.0f} min of runs"
        for number, verdict in enumerate(report.verdicts):
            name = f"[{folder}]({folder}/report.md) ({minutes})" if not number else ""
            measure = verdict.measure.text if verdict.measure is not None else numbers.MISSING
            difference, interval, published = (text or numbers.MISSING for text in numbers.of_verdict(verdict))
            found = difference if interval == numbers.MISSING else f"{difference} {interval}"
            rows.append(f"| {name} | {verdict.statement} | **{verdict.verdict}** | {measure} | {found} | {published} |")
    return rows


if __name__ == "__main__":
    main()
