from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.text.opened.opening import open_tokenizer
from atento.text.vocabularies import picking
from atento.text.vocabularies.described import describe
from atento.text.vocabularies.tables import full_listing, vocabulary_tables
from atento.text.vocabularies.text_tables import text_tables
from atento.text.vocabularies.texts import count_text

Post = Callable[..., Any]


def test_tables_are_the_librarys_own(post: Post, folder: Path) -> None:
    expected = vocabulary_tables(describe(open_tokenizer(folder / "bpe.json")))
    found = post("characters", {"tokenizer": "bpe.json"})["tables"]
    assert [each["rows"] for each in found] == [each.data()["rows"] for each in expected]
    assert [each["shown"] for each in found] == [each.shown for each in expected]


@pytest.mark.parametrize(
    ("chosen", "which"),
    [
        ("all", ["all"]),
        ("", ["all"]),
        ("byte", ["byte"]),
        ("script=Latin", ["script=Latin"]),
        ("space, longest", ["space", "longest"]),
    ],
)
def test_entries_page_by_page(post: Post, folder: Path, chosen: str, which: list[str]) -> None:
    expected = picking.pick(describe(open_tokenizer(folder / "bpe.json")), which)
    body = {"tokenizer": "bpe.json", "filter": chosen, "offset": 10, "limit": 20}
    found = post("characters/entries", body)
    assert found["total"] == len(expected) > 20
    rows = full_listing("", expected[10:30]).data()["rows"]
    assert found["rows"] == [{"label": each.shown, **row} for each, row in zip(expected[10:30], rows, strict=True)]


def test_entries_are_searched(post: Post) -> None:
    found = post("characters/entries", {"tokenizer": "bpe.json", "search": "irm"})
    assert found["total"] == len(found["rows"]) > 0
    assert all("irm" in row["piece"] for row in found["rows"])


@pytest.mark.parametrize(
    ("change", "words"),
    [({"filter": "nonsense"}, "nonsense"), ({"filter": "script=Latim"}, "Latin"), ({"limit": 501}, "500")],
)
def test_what_cannot_be_listed_is_told(post: Post, change: dict[str, Any], words: str) -> None:
    assert words in post("characters/entries", {"tokenizer": "bpe.json", **change}, 422)


@pytest.mark.parametrize("tokenizer", [None, "bpe.json"])
def test_a_texts_characters(post: Post, folder: Path, tokenizer: str | None) -> None:
    text = "a vida\r\né\u202e bela\n\nпривет"
    opened = None if tokenizer is None else open_tokenizer(folder / tokenizer, name="bpe")
    expected = text_tables(count_text(["a vida", "é\u202e bela", "", "привет"], opened))
    found = post("characters/text", {"text": text, "tokenizer": tokenizer})["tables"]
    assert [each["rows"] for each in found] == [each.data()["rows"] for each in expected]
    assert "200,000" in post("characters/text", {"text": "a" * 200_001}, 413)
