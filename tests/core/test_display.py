"""What IPython asks of a record, and the file that it writes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import check_offline

from atento.core.display import Displayed, Picture, Place, View, save_page
from atento.core.errors import OutputError
from atento.core.markup import element, line
from atento.core.tables import Column, Table

ATTACK = "<script>alert(1)</script>"
SCRIPT = "<script>let steps = 0;</script>"
TABLE = Table(
    title=f"By {ATTACK}",
    columns=(Column(key="name", title="a | b"), Column(key="count", title="count", note="x & y")),
    rows=((ATTACK, 4000), ("שלום", None)),
    notes=("a note",),
)


class Record(Displayed):
    """Counts what is made of it."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def view(self) -> View:
        def say(name: str, text: str) -> Callable[[], str]:
            return lambda: (self.made.append(name), text)[1]

        def html(place: Place) -> str:
            self.made.append(place.kind)
            return element(line(ATTACK))

        def picture() -> Picture:
            self.made.append("picture")
            return Picture(png=b"\x89PNG", width=10, height=20)

        return View(title=f"T {ATTACK}", text=say("text", "plain"), html=html, picture=picture)


def test_all_forms_are_offered() -> None:
    data, facts = Record()._repr_mimebundle_()
    assert list(data) == ["text/plain", "text/html", "image/png"]
    assert base64.b64decode(data["image/png"]) == b"\x89PNG"
    assert facts == {"image/png": {"width": 10, "height": 20}}
    assert all(type(value) is str for value in data.values())


@pytest.mark.parametrize(
    ("include", "exclude", "kinds", "made"),
    [
        (None, None, {"text/plain", "text/html", "image/png"}, {"text", "notebook", "picture"}),
        (["text/plain"], None, {"text/plain"}, {"text"}),
        ({"text/html", "image/png"}, {"image/png"}, {"text/html"}, {"notebook"}),
        (None, ("text/html",), {"text/plain", "image/png"}, {"text", "picture"}),
        (["image/svg+xml"], None, set(), set()),
    ],
)
def test_what_is_not_wanted_is_not_made(
    include: list[str] | None, exclude: list[str] | None, kinds: set[str], made: set[str]
) -> None:
    record = Record()
    data, _ = record._repr_mimebundle_(include=include, exclude=exclude)
    assert set(data) == kinds
    assert set(record.made) == made


def test_ipython_takes_it() -> None:
    data, facts = DisplayFormatter().format(Record())
    assert set(data) == {"text/plain", "text/html", "image/png"}
    assert data["text/plain"] == "plain"
    assert facts["image/png"]["width"] == 10
    assert set(DisplayFormatter().format(Record(), include=["text/plain"])[0]) == {"text/plain"}


def test_the_file_is_a_page_of_its_own(tmp_path: Path) -> None:
    record = Record()
    record.save_html(tmp_path / "new" / "record.html")
    text = (tmp_path / "new" / "record.html").read_text(encoding="utf-8")
    assert text == record.to_html()
    assert text.startswith("<!doctype html>")
    assert record.made == ["file", "file"]
    read = check_offline(text)
    assert read.text.count(ATTACK) == 3  # the title, the heading, the line
    assert "color-scheme: light dark" in text


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        TABLE.save_html(tmp_path)
    place = tmp_path / "kept.html"
    place.write_text("before", encoding="utf-8")

    class Broken(Displayed):
        def view(self) -> View:
            def fail(_: Place) -> str:
                raise ValueError("no")

            return View(title="", text=str, html=fail)

    for write in (Broken().save_html, lambda path: save_page(path, "", [Record(), Broken()])):
        with pytest.raises(ValueError, match="no"):
            write(place)
    assert place.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [place]


def test_records_share_a_page(tmp_path: Path) -> None:
    save_page(tmp_path / "both.html", "both", [Record(), TABLE])
    read = check_offline((tmp_path / "both.html").read_text(encoding="utf-8"))
    assert read.text.count(ATTACK) == 3
    assert [ATTACK, "4,000"] in read.rows


def test_a_table_shows_itself() -> None:
    data, _ = TABLE._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/markdown", "text/html"}
    read = check_offline(data["text/html"])
    assert read.rows == [["a | b", "count"], [ATTACK, "4,000"], ["שלום", "–"]]
    assert "count: x & y" in read.text
    assert "a note" in read.text
    assert ATTACK in data["text/plain"]
    assert "<script" not in data["text/markdown"].replace("\\<", "")
    check_offline(TABLE.to_html(), scripts=1)  # the page's own, which sorts


def test_a_long_table_is_cut_in_a_notebook_alone() -> None:
    rows = tuple((f"row {number}", number) for number in range(900))
    long = Table(title="long", columns=TABLE.columns, rows=rows)
    data, _ = long._repr_mimebundle_()
    assert len(check_offline(data["text/html"]).rows) == 201
    for text in data.values():
        assert "The first 200 of 900 rows." in text
        assert "row 199" in text
        assert "row 200" not in text
    assert len(check_offline(long.to_html(), scripts=1).rows) == 901
    assert long.first(900) is long


def test_a_long_table_is_whole_on_a_page_of_several(tmp_path: Path) -> None:
    rows = tuple((f"row {number}", number) for number in range(900))
    save_page(tmp_path / "both.html", "both", [TABLE, Table(title="long", columns=TABLE.columns, rows=rows)])
    read = check_offline((tmp_path / "both.html").read_text(encoding="utf-8"))
    assert ["row 899", "899"] in read.rows
    assert "The first" not in read.text


def test_records_of_a_page_have_prefixes_and_one_script(tmp_path: Path) -> None:
    class Scripted(Displayed):
        def view(self) -> View:
            return View(title="", text=str, html=lambda place: f'<p id="{place.prefix}"></p>', script=SCRIPT)

    save_page(tmp_path / "three.html", "three", [Scripted(), Record(), Scripted()])
    text = (tmp_path / "three.html").read_text(encoding="utf-8")
    ids = [value for _, name, value in check_offline(text, scripts=1).attributes if name == "id"]
    assert len(set(ids)) == 2
    shown = [Scripted()._repr_mimebundle_()[0]["text/html"] for _ in range(2)]
    assert shown[0] != shown[1]
    assert not any(SCRIPT in each for each in shown)


def test_heads_of_columns_say_what_they_head() -> None:
    heads = [value for tag, name, value in check_offline(TABLE.element()).attributes if (tag, name) == ("th", "scope")]
    assert heads == ["col", "col"]
