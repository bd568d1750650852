import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from markdown_it import MarkdownIt

from atento.core.errors import ConfigurationError, DataError, OutputError
from atento.study import numbers
from atento.study.configuration import Chart
from atento.study.rendering import read_report, write_report
from atento.study.results import StudyReport

VOID = {"meta", "br", "link", "img", "hr", "input"}
FOREIGN = {"g", "path", "use", "rect", "line", "circle"}


class Page(HTMLParser):
    """A page's text, attributes and ids; every element must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str, str]] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in FOREIGN, tag
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture(scope="module", params=["build_report", "ugly_report"])
def written(
    request: pytest.FixtureRequest, made: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> tuple[StudyReport, Path]:
    report, folder = getattr(made, request.param)(), tmp_path_factory.mktemp("report")
    write_report(report, made.CHARTS, folder)
    return report, folder


def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_ids_are_unique(written: tuple[StudyReport, Path]) -> None:
    found = page(written[1])
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, name, value in found.attributes if name in ("href", "xlink:href")}
    targets |= {target for _, _, value in found.attributes for target in re.findall(r"url\(#([^)]*)\)", value)}
    assert len(targets) > 100
    assert targets <= set(ids)


def test_the_page_fetches_nothing_and_runs_nothing(written: tuple[StudyReport, Path]) -> None:
    text = (written[1] / "report.html").read_text(encoding="utf-8")
    found = page(written[1])
    assert found.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "i", "b"})
    for _, name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "action")
        if name in ("href", "xlink:href"):
            assert value.startswith("#")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(r"https?://", text)
    assert text.count("<style") == 1


def test_every_verdict_and_every_figure_is_in_the_page_and_in_markdown(written: tuple[StudyReport, Path]) -> None:
    report, folder = written
    shown = page(folder).text
    markdown = (folder / "report.md").read_text(encoding="utf-8").replace("\\", "")
    for verdict in report.verdicts:
        assert " ".join(verdict.statement.split()) in shown
        assert verdict.test in shown
        assert verdict.test in markdown
        assert f"**{verdict.verdict}**" in markdown
    for word in ("holds", "does not hold", "undecided"):
        count = sum(verdict.verdict == word for verdict in report.verdicts)
        assert re.search(rf"\b{count} (do not )?{word.removesuffix('s') if count != 1 else word}", shown)
    for variant in report.variants:
        for metrics in variant.metrics.values():
            for metric, found in metrics.items():
                figure = f"{numbers.figure(found.mean, metric)} {numbers.interval(found, metric)}".strip()
                assert figure in shown
                assert figure in markdown
        for run in variant.runs:
            assert run.fingerprint in shown
            assert run.fingerprint in markdown
    for published in report.published:
        assert numbers.plain(published.value) in shown
        assert published.note in shown


def test_what_a_command_needs_is_said_below_it(tmp_path: Path, made: ModuleType) -> None:
    report = made.build_report()
    write_report(report, (), tmp_path)
    below = re.escape(report.command_note)
    assert re.search(rf"{re.escape(report.command)}\s*{below}", page(tmp_path).text)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8").replace("\\", "")
    assert re.search(rf"{re.escape(report.command)}\n```\n\n{below}\n\n", markdown)


def test_markdown_tables_are_rectangular_and_nothing_in_them_is_a_mark(written: tuple[StudyReport, Path]) -> None:
    report, folder = written
    text = (folder / "report.md").read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    widths: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            widths.append([])
        elif token.type == "tr_open":
            widths[-1].append(0)
        elif token.type in ("th_open", "td_open"):
            widths[-1][-1] += 1
    assert len(widths) >= 6 + len(report.variants) // 2
    assert all(len(set(table)) == 1 for table in widths)
    for line in re.findall(r"^\|.*", text, flags=re.MULTILINE):
        assert line.endswith("|")
    allowed = {
        "text",
        "strong_open",
        "strong_close",
        "html_inline",
        "softbreak",
        "code_inline",
        "image",
        "em_open",
        "em_close",
    }
    inside = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inside} <= allowed
    assert {child.content for child in inside if child.type == "html_inline"} <= {"<br>"}
    raw = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert all(block.startswith(("<details><summary>", "</details>")) for block in raw)
    assert sum(block.startswith("</details>") for block in raw) == sum(block.startswith("<details>") for block in raw)
    for path in re.findall(r"\]\((figures/[^)]*)\)", text):
        assert (folder / path).is_file()


def test_json_gives_back_an_equal_report(written: tuple[StudyReport, Path]) -> None:
    report, folder = written
    assert read_report(folder / "report.json") == report
    text = (folder / "report.json").read_text(encoding="utf-8")
    keys = list(msgspec.json.decode(text))
    assert keys == sorted(keys)
    assert text.startswith("{\n  ")


def test_writing_twice_gives_the_same_bytes(
    written: tuple[StudyReport, Path], tmp_path: Path, made: ModuleType
) -> None:
    report, folder = written
    paths = write_report(report, made.CHARTS, tmp_path)
    assert {path.relative_to(tmp_path) for path in paths} == {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file()
    }
    for path in paths:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path


def test_an_unfinished_report_says_so(written: tuple[StudyReport, Path]) -> None:
    report, folder = written
    assert ("Unfinished." in page(folder).text) == (not report.finished)
    assert ("**Unfinished.**" in (folder / "report.md").read_text(encoding="utf-8")) == (not report.finished)


def test_hostile_labels_stand_in_the_page_as_they_are(tmp_path: Path, made: ModuleType) -> None:
    write_report(made.ugly_report(), made.CHARTS, tmp_path)
    shown = page(tmp_path).text
    for label in made.UGLY:
        assert " ".join(label.split()) in shown


def test_a_chart_without_figures_is_said_to_be_missing(tmp_path: Path, made: ModuleType) -> None:
    report = made.build_report([made.make_variant("none", "no run yet", 1.0, ())], [], published=(), finished=False)
    paths = write_report(report, made.CHARTS[:1], tmp_path)
    assert [path.name for path in paths] == ["report.html", "report.md", "report.json"]
    assert "Not drawn: there is no figure to draw yet." in page(tmp_path).text


def test_a_run_that_broke_off_says_why(tmp_path: Path, made: ModuleType) -> None:
    write_report(made.ugly_report(), [], tmp_path)
    assert (
        "broken, seed 1, learning rate 0.002 broke off: the loss of step 1,200 is <not> finite" in page(tmp_path).text
    )
    assert "1 of 1 diverged" in page(tmp_path).text


def test_the_first_recipe_is_whole_and_the_others_say_what_differs(tmp_path: Path, made: ModuleType) -> None:
    write_report(made.build_report(), [], tmp_path)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    blocks = [token.content for token in MarkdownIt().parse(markdown) if token.type == "fence" and token.info == "toml"]
    assert len(blocks) == 4 * 5
    assert "hidden_size = 256" in blocks[0]
    assert blocks[1:5] == [
        "[training]\nseed = 2\n", "[training]\nseed = 3\n", "[training]\nlearning_rate = 0.001\n",
        "[training]\nlearning_rate = 0.004\n",
    ]  # fmt: skip


def test_a_chart_name_must_be_a_file_name(tmp_path: Path, made: ModuleType) -> None:
    with pytest.raises(ConfigurationError, match=r"'\.\./x'"):
        write_report(made.build_report(), [Chart(kind="training", name="../x", title="")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, made: ModuleType) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_report(made.build_report(), [], tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "no report of a study"), (b'{"name": 3}', "no report of a study"),
        (b'{"name": "\xff"}', "no report of a study"), (None, "cannot read"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path: Path, text: bytes | None, message: str) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(DataError, match=message):
        read_report(path)


def test_a_later_format_is_refused(tmp_path: Path, made: ModuleType) -> None:
    write_report(made.build_report(format=99), [], tmp_path)
    with pytest.raises(DataError, match="format 99"):
        read_report(tmp_path / "report.json")
