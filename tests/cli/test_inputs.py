from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atento.cli import inputs
from atento.core.errors import DataError


class _Standard:
    """Standard input over the reading end of a pipe."""

    def __init__(self, stream: object) -> None:
        self.buffer = stream


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of a pipe whose other end is standard input."""
    ends = os.pipe()
    with os.fdopen(ends[0], "rb") as stream:
        monkeypatch.setattr(sys, "stdin", _Standard(stream))
        yield ends[1]


def _bytes(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", _Standard(io.BytesIO(content)))


def test_a_line_comes_before_the_next_one_is_written(writing: int) -> None:
    chunks = inputs.from_standard_input(longest=100)
    for text in ("um\n", "dois\n"):
        os.write(writing, text.encode())
        assert next(chunks) == [text.strip()]
    os.write(writing, b"sem fim de linha")
    os.close(writing)
    assert next(chunks) == ["sem fim de linha"]
    assert list(chunks) == []


def test_many_lines_come_in_chunks_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"linha {number}" for number in range(5 * inputs.PIPE_CHUNK)]
    _bytes(monkeypatch, "\r\n".join(lines).encode())
    chunks = list(inputs.from_standard_input(longest=100))
    assert [line for chunk in chunks for line in chunk] == lines
    assert all(0 < len(chunk) <= inputs.PIPE_CHUNK for chunk in chunks)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"um\ndois\n\xff\n", "standard input, line 3: byte 0xff"), (b"um\ndois\n" + b"x" * 101, "line 3 has 101")],
)
def test_lines_before_a_faulty_one_still_come(monkeypatch: pytest.MonkeyPatch, content: bytes, message: str) -> None:
    _bytes(monkeypatch, content)
    chunks = inputs.from_standard_input(longest=100)
    found = []
    while len(found) < 2:
        found += next(chunks)
    assert found == ["um", "dois"]
    with pytest.raises(DataError, match=message):
        next(chunks)


def test_nothing_comes_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _bytes(monkeypatch, b"")
    assert list(inputs.from_standard_input(longest=100)) == []


def test_a_file_comes_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "FILE_CHUNK", 2)
    path = tmp_path / "file"
    path.write_text("a\n\nb\nc\nd", encoding="utf-8")
    assert list(inputs.from_file(path, longest=10)) == [["a", ""], ["b", "c"], ["d"]]
    assert inputs.count_lines(path) == 4


def test_a_text_of_several_lines_is_one_sentence() -> None:
    assert list(inputs.given(["um\ndois", "três"], longest=10)) == [["um dois", "três"]]
    with pytest.raises(DataError, match="TEXT, line 2 has 11 characters"):
        list(inputs.given(["", "x" * 11], longest=10))
