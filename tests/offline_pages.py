"""Reading the HTML of records: well formed, without any address, and with the texts of its cells."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"meta", "br", "wbr", "img", "input", "col", "hr", "link"})
ADDRESSES: Final = ("src", "href", "action", "formaction", "data", "srcset", "poster", "background")


class Read(HTMLParser):
    """A page or an element, read; fails where tags are not closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        """Tag, name, value."""
        self.rows: list[list[str]] = []
        """The cells of each row of each table."""
        self.titles: list[str] = []
        """Of the cells that hold a number of a heat map."""
        self._seen: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """All that is seen."""
        return "".join(self._seen)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.titles += [value or "" for name, value in attrs if name == "title" and tag == "td"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            return
        self._seen.append(data)
        if {"td", "th"} & set(self._open) and "tr" in self._open:
            self.rows[-1][-1] += data


def check_offline(text: str, *, scripts: int = 0) -> Read:
    """Read HTML that may ask for nothing, run nothing of a user's, and has so many scripts of ours."""
    read = Read(text)
    assert read.tags.count("script") == scripts
    assert not {"link", "iframe", "object", "embed", "base"} & set(read.tags)
    for tag, name, value in read.attributes:
        assert not name.startswith("on"), f"{tag} {name}"
        if name in ADDRESSES:
            assert value.startswith(("data:image/", "#")), f"{tag} {name}={value[:60]}"
    for style in re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL):
        assert not re.search(r"@import|url\(|https?:|expression", style)
    return read
