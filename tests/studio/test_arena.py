from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.text.opened.opening import open_tokenizer
from atento.text.traces.lanes import Lanes
from atento.text.traces.trace import trace
from atento.text.vocabularies.overlap import overlap

Post = Callable[..., Any]
TWO = ["bpe.json", "deep/unigram"]


def opened(folder: Path) -> list[Any]:
    return [open_tokenizer(folder / name, name=shown) for name, shown in zip(TWO, ("bpe", "deep/unigram"), strict=True)]


def test_lanes_are_the_librarys_own(post: Post, folder: Path) -> None:
    text = "a vida é bela, nosso irmão diga"
    found = post("arena", {"tokenizers": TWO, "text": text})
    lanes = Lanes(traces=tuple(trace(each, text) for each in opened(folder)))
    assert found["traces"] == msgspec.json.decode(msgspec.json.encode(lanes.traces))
    assert found["common"] == list(lanes.common)
    assert found["disputed"] == list(lanes.disputed)
    assert found["common"]
    assert found["table"]["rows"] == lanes.table().data()["rows"]
    assert found["table"]["shown"] == lanes.table().shown
    assert found["table"]["numbers"] == lanes.table().numbers


@pytest.mark.parametrize("tokenizers", [[], ["bpe.json"], ["bpe.json"] * 2, [f"{number}" for number in range(7)]])
def test_two_to_six_different_tokenizers_are_compared(post: Post, tokenizers: list[str]) -> None:
    post("arena", {"tokenizers": tokenizers, "text": "a"}, 422)


def test_the_text_is_limited(post: Post) -> None:
    assert "200,000" in post("arena", {"tokenizers": TWO, "text": "a" * 200_001}, 413)


def test_what_two_have_in_common(post: Post, folder: Path) -> None:
    expected = overlap(*opened(folder))
    found = post("arena/overlap", {"a": TWO[0], "b": TWO[1]})["table"]
    assert found["rows"] == expected.table().data()["rows"]
    assert found["titles"] == [column.title for column in expected.table().columns]


@pytest.mark.parametrize("on", ["bytes", "strings"])
@pytest.mark.parametrize("part", ["common", "only_a", "only_b"])
def test_its_entries_page_by_page(post: Post, folder: Path, on: str, part: str) -> None:
    expected = getattr(getattr(overlap(*opened(folder)), f"on_{on}"), part)
    rows: list[Any] = []
    while True:
        body = {"a": TWO[0], "b": TWO[1], "on": on, "part": part, "offset": len(rows), "limit": 100}
        page = post("arena/entries", body)
        assert page["total"] == len(expected)
        rows += page["rows"]
        if not page["rows"]:
            break
    values = [each.value if isinstance(each.value, bytes) else each.value.encode() for each in expected]
    assert [(bytes.fromhex(row["raw"]), tuple(row["a"]), tuple(row["b"])) for row in rows] == [
        (value, each.a, each.b) for value, each in zip(values, expected, strict=True)
    ]


def test_entries_are_searched(post: Post) -> None:
    everything = post("arena/entries", {"a": TWO[0], "b": TWO[1], "limit": 500})["rows"]
    found = post("arena/entries", {"a": TWO[0], "b": TWO[1], "search": "rm", "limit": 500})
    assert found["rows"] == [row for row in everything if "rm" in bytes.fromhex(row["raw"]).decode(errors="replace")]
    assert found["total"] == len(found["rows"]) > 0
    assert post("arena/entries", {"a": TWO[0], "b": TWO[1], "search": "ïïï"})["total"] == 0


@pytest.mark.parametrize("bounds", [{"limit": 501}, {"limit": 0}, {"offset": -1}])
def test_pages_have_bounds(post: Post, bounds: dict[str, int]) -> None:
    assert "500" in post("arena/entries", {"a": TWO[0], "b": TWO[1], **bounds}, 422)
