"""A finished (or unfinished) report as files: ``report.json``, ``report.md``, ``report.html`` and ``figures/``.

The page needs nothing but itself: its figures are inline SVG with letters as outlines, it has no scripts and fetches
nothing. The same report gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import msgspec

from atento import __version__
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import atomic_text
from atento.core.parsing import decode_json
from atento.figures import canvas
from atento.study import numbers, recipes, tables
from atento.study.checks import FILE_NAME
from atento.study.conditions import differences
from atento.study.configuration import Chart
from atento.study.drawing import draw, legend
from atento.study.intervals import IntervalBar, interval_bar
from atento.study.results import FORMAT, RunResult, StudyReport, VariantResult, Verdict

_MARK = re.compile(r"([\\`*_<>|~$]|\](?=[(\[:])|^\[|^#|^[-+=](?=\s)|(?<=^\d)[.)](?=\s))")
"""What Markdown (or the formulas in it) would read as a mark."""


@dataclass(frozen=True)
class _Picture:
    """A chart in the report; ``missing`` says why there is none."""

    chart: Chart
    legend: str
    svg: str = ""
    missing: str = ""


@dataclass(frozen=True)
class _Claim:
    """A verdict with its numbers written out."""

    verdict: Verdict
    bar: IntervalBar | None
    difference: str
    interval: str
    margin: str
    published: str
    unit: str


@dataclass(frozen=True)
class _Recipe:
    """A run's recipe: whole (``full``), or what differs from the variant's first."""

    run: RunResult
    rate: str
    text: str
    full: bool


@dataclass(frozen=True)
class _VariantRecipes:
    """The recipes of a variant's runs."""

    variant: VariantResult
    runs: tables.Table
    recipes: tuple[_Recipe, ...]


def write_report(report: StudyReport, charts: Sequence[Chart], folder: Path) -> tuple[Path, ...]:
    """Write a report into a folder, each file whole or not at all, and give their paths: page, Markdown, JSON, figures.

    A chart for which no run has figures yet is left out, and the report says so in its place.

    Raises:
        ConfigurationError: a chart's name cannot be a file's.
        OutputError: a place that cannot be written.
    """
    for chart in charts:
        if not FILE_NAME.fullmatch(chart.name):
            raise ConfigurationError(f"chart {chart.name!r}: its name is a file's; use letters, digits, - and _")
    pictures, files = [], []
    for chart in charts:
        picture, paths = _write_chart(chart, report, folder)
        pictures.append(picture)
        files += paths
    context = _context(report, pictures)
    texts = {
        "report.html": _environment(escape=True).get_template("report.html.j2").render(context),
        "report.md": _environment(escape=False).get_template("report.md.j2").render(context),
        "report.json": to_json(report),
    }
    for name, text in texts.items():
        with atomic_text(folder / name) as stream:
            stream.write(text)
    return (*(folder / name for name in texts), *files)


def to_json(report: StudyReport) -> str:
    """A report as indented JSON with sorted keys; ``read_report`` gives an equal one."""
    return msgspec.json.format(msgspec.json.encode(report, order="sorted"), indent=2).decode() + "\n"


def read_report(path: Path) -> StudyReport:
    """The report in a ``report.json``.

    Raises:
        DataError: the file cannot be read, is no report, or is of a later version.
    """
    try:
        report = decode_json(path.read_bytes(), StudyReport)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except msgspec.DecodeError as error:
        raise DataError(f"{path} is no report of a study: {error}; run the study again") from error
    if report.format != FORMAT:
        raise DataError(f"{path} has format {report.format}, this version reads {FORMAT}; run the study again")
    return report


def _write_chart(chart: Chart, report: StudyReport, folder: Path) -> tuple[_Picture, list[Path]]:
    try:
        figure = draw(chart, report)
    except DataError as error:
        return _Picture(chart, "", missing=str(error)), []
    paths = [folder / "figures" / f"{chart.name}{suffix}" for suffix in (".svg", ".png")]
    for path in paths:
        canvas.save(figure, path)
    svg = canvas.svg_element(paths[0].read_text(encoding="utf-8"), f"figure-{chart.name}", chart.title)
    return _Picture(chart, legend(chart, report), svg), paths


def _context(report: StudyReport, pictures: Sequence[_Picture]) -> dict[str, object]:
    verdicts = [verdict.verdict for verdict in report.verdicts]
    sections = [
        *tables.quality(report),
        *tables.by_length(report),
        tables.papers(report),
        tables.cost(report),
    ]
    return {
        "report": report,
        "unlike": differences(tables.every_run(report.variants)),
        "version": __version__,
        "tally": [(word, verdicts.count(word)) for word in ("holds", "does not hold", "undecided") if word in verdicts],
        "claims": [_claim(verdict) for verdict in report.verdicts],
        "pictures": pictures,
        "results": [table for table in sections if table is not None],
        "training": tables.training(report),
        "seeds": tables.seeds(report),
        "failures": tables.failures(report.variants),
        "recipes": [_recipes(variant) for variant in report.variants if variant.runs or variant.other_runs],
        "total": _duration(report.total_minutes),
    }


def _claim(verdict: Verdict) -> _Claim:
    found = verdict.difference
    difference, interval, published = numbers.of_verdict(verdict)
    return _Claim(
        verdict=verdict,
        bar=interval_bar(verdict),
        difference=difference,
        interval=interval,
        margin=numbers.size(verdict.margin, found, verdict.measure),
        published=published,
        unit="" if verdict.measure is None else verdict.measure.text,
    )


def _recipes(variant: VariantResult) -> _VariantRecipes:
    every = (*variant.runs, *variant.other_runs)
    first = every[0]
    whole = _Recipe(first, numbers.rate(first.learning_rate), recipes.toml(first.recipe), full=True)
    others = tuple(
        _Recipe(run, numbers.rate(run.learning_rate), recipes.difference(first.recipe, run.recipe).text, full=False)
        for run in every[1:]
    )
    return _VariantRecipes(variant, tables.runs(variant), (whole, *others))


def _duration(minutes: float) -> str:
    if minutes < 90:
        return f"{numbers.fixed(minutes, 1)} minutes"
    return f"{numbers.fixed(minutes / 60, 1)} hours"


def _environment(*, escape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("atento.study", "templates"),
        autoescape=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(md=_markdown, fenced=_fenced, code=_code, paragraphs=_paragraphs)
    return environment


def _paragraphs(text: str) -> list[str]:
    """A text's paragraphs, which blank lines part, each on one line."""
    return [" ".join(piece.split()) for piece in re.split(r"\n\s*\n", text.strip()) if piece.strip()]


def _markdown(text: str) -> str:
    """A text for a line or a table's cell, taken as it is."""
    return _MARK.sub(r"\\\1", " ".join(str(text).split())).replace("&", "&amp;")


def _code(text: str) -> str:
    """A text as a code span of Markdown."""
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def _fenced(text: str, language: str = "") -> str:
    """A text as a code block of Markdown."""
    fence = "`" * max(_longest_run(text) + 1, 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
