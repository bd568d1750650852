from __future__ import annotations

import re
from html.parser import HTMLParser

from atento.core.page import Drawing, Section, page
from atento.core.tables import Column, Table
from atento.figures import canvas
from atento.figures.vocabulary_sizes import Point, vocabulary_sizes

TABLE = Table(
    title="By <script>",
    columns=(
        Column(key="name", title="name"),
        Column(key="count", title="count", note="a & b"),
        Column(key="id", title="id", grouped=False),
    ),
    rows=(("<b>", 4000, 1234), ("שלום", 1000, 5), ("none", None, None)),
    notes=("a note",),
)


class _Tags(HTMLParser):
    """Collects tags that are opened and not closed, and all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_needs_nothing_and_says_everything() -> None:
    text = page("A & B", [("size", "3")], [Section(table=TABLE, bars=("count",))])
    parser = _Tags()
    parser.feed(text)
    assert parser.open == []
    assert not re.search(r"https?:|//|<script|<link|@import|url\(", text.replace("<!doctype html>", ""))
    assert "prefers-color-scheme: dark" in text
    for shown in (
        "A &amp; B",
        "By &lt;script&gt;",
        "<bdi>&lt;b&gt;</bdi>",
        "<bdi>4,000</bdi>",
        "<bdi>1234</bdi>",
        "a &amp; b",
        "a note",
    ):
        assert shown in text
    assert re.findall(r"--share:([\d.]+)", text) == ["100.000", "25.000"]


def test_empty_tables_are_left_out() -> None:
    empty = Table(title="nothing here", columns=TABLE.columns, rows=())
    assert "nothing here" not in page("A", [], [Section(table=empty)])


def test_a_table_that_can_be_sorted_knows_its_numbers_in_full() -> None:
    shares = Table(
        title="shares",
        columns=(Column(key="name", title="name"), Column(key="share", title="share", percent=True)),
        rows=(("a", 0.12345), ("b", None)),
    )
    text = page("A", [], [Section(table=shares, sortable=True), Section(table=TABLE)])
    parser = _Tags()
    parser.feed(text)
    assert parser.open == []
    assert [value for name, value in parser.attributes if name == "data-number"] == ["0.12345"]
    assert text.count("<button") == 2
    assert text.count("<script>") == 1
    assert not re.search(r"https?:|src=|@import|url\(", text)


def test_a_picture_stands_in_the_page_itself() -> None:
    figure = vocabulary_sizes([Point("a", 1000, 2.0, False)])
    element = canvas.svg_element(canvas.svg(figure), "figure-0", "B & C")
    text = page("A", [], [Section(table=TABLE)], [Drawing(title="B & C", element=element)])
    assert '<svg role="img" aria-label="B &amp; C"' in text
    assert not re.search(r"https?:|<script|<link|@import", text)
    assert text == page("A", [], [Section(table=TABLE)], [Drawing(title="B & C", element=element)])
