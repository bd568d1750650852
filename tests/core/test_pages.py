"""A page of tables: whole, safe, and on its own."""

from __future__ import annotations

from html.parser import HTMLParser

from atento.core.pages import Picture, page
from atento.core.tables import Column, Table

TABLE = Table(
    title="Figures <of> all",
    columns=(
        Column(key="name", title="name"),
        Column(key="share", title="share", percent=True, note='what & "how"'),
        Column(key="missing", title="missing"),
    ),
    rows=(("a<b>&", 0.12345, None), ("b", 0.5, 3)),
    notes=("one & two",),
)


class Parsed(HTMLParser):
    """Cells, attributes and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.numbers: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.numbers += [found["data-number"] or ""] if "data-number" in found else []
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def test_cells_are_escaped_and_numbers_sorted_by_all_their_digits() -> None:
    found = Parsed(page("Title", [TABLE], lead="lead"))
    assert found.open == []
    assert found.cells == ["a<b>&", "12.3 %", "–", "b", "50.0 %", "3"]
    assert found.numbers == ["0.12345", "0.5", "3"]


def test_nothing_is_fetched() -> None:
    text = page("Title", [TABLE], [Picture(title="A picture", svg='<svg role="img"><path d="M 0 0"/></svg>')])
    assert Parsed(text).addresses == []
    assert "://" not in text
    assert "@import" not in text
    assert "url(" not in text
    assert '<svg role="img"><path d="M 0 0"/></svg>' in text
    assert "prefers-color-scheme: dark" in text


def test_the_same_content_gives_the_same_page() -> None:
    assert page("Title", [TABLE, TABLE]) == page("Title", [TABLE, TABLE])
