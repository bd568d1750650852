"""Reading running text: where documents end, in pieces, and what is said of files that hold none."""

import gzip
import itertools
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.data import documents
from atento.data.documents import read_documents, read_pieces
from atento.data.text_files import Documents, TextFiles

TEXT = "Primeira linha.\nSegunda.\n\n\nOutra parte,\n  recuada.\n"


@pytest.fixture
def file(tmp_path: Path) -> TextFiles:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return TextFiles(text=str(path))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("file", [(TEXT, 1)]),
        ("blank-line", [("Primeira linha.\nSegunda.", 1), ("Outra parte,\n  recuada.", 5)]),
        ("line", [("Primeira linha.", 1), ("Segunda.", 2), ("Outra parte,", 5), ("  recuada.", 6)]),
    ],
)
def test_where_documents_end(file: TextFiles, kind: Documents, expected: list[tuple[str, int]]) -> None:
    assert [(piece.text, piece.line) for piece in read_pieces(file, kind)] == expected


def test_any_line_end_compression_and_mark_reads_the_same(file: TextFiles, tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()))
    assert list(read_documents(TextFiles(text=str(path)), "file")) == [TEXT]


def test_json_lines_hold_a_document_each(tmp_path: Path) -> None:
    path = tmp_path / "text.jsonl"
    values = [{"data": {"body": "uma\nduas"}}, {"data": {"body": " "}}, {"data": {"body": "três"}}]
    path.write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
    files = TextFiles(text=str(path), key="data.body")
    assert [(piece.text, piece.line) for piece in read_pieces(files, "file")] == [("uma\nduas", 1), ("três", 3)]
    with pytest.raises(DataError, match=r"line 1: no text under the key 'text'"):
        list(read_documents(TextFiles(text=str(path)), "file"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "no text in it"),
        ("a.txt", b" \n\n \n", "no text in it"),
        ("a.txt", b"bom\nmau \xe7\n", "line 2"),
        ("a.jsonl", b'{"text": "bom"}\n{"text": 3}\n', "line 2: no text under"),
        ("a.jsonl", b'{"text": "bom"}\n{', "line 2: not valid JSON"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for kind in ("file", "line"):
        with pytest.raises(DataError, match=words):
            list(read_documents(TextFiles(text=str(path)), kind))


LINES = st.lists(
    st.text(st.sampled_from("ab ç.\u0301\t1"), max_size=40).filter(lambda line: not line.endswith("\x85")), max_size=30
)


@settings(max_examples=60)
@given(lines=LINES, longest=st.integers(1, 20), kind=st.sampled_from(["file", "blank-line"]))
def test_pieces_are_the_document_and_only_cut_between_characters_that_are_no_spaces(
    lines: list[str], longest: int, kind: str
) -> None:
    whole, pieces = (list(documents._cut(lines, most, blank_ends=kind != "file")) for most in (None, longest))
    assert all(piece.begins for piece in whole)
    begun = [number for number, piece in enumerate(pieces) if piece.begins]
    joined = [pieces[first:last] for first, last in itertools.pairwise([*begun, len(pieces)])]
    assert ["".join(piece.text for piece in parts) for parts in joined] == [piece.text for piece in whole]
    for document, parts in zip(whole, joined, strict=True):
        assert parts[0].line == document.line
        for before, after in itertools.pairwise(parts):
            inner = before.text[-1] != "\n"
            if len(before.text) < 16 * longest:
                assert not before.text[-1 if inner else -2].isspace()
                assert not inner or after.text[0] == " "
                assert not after.text[inner].isspace()
                assert not unicodedata.combining(after.text[inner])
            assert after.line == before.line + before.text.count("\n")


@pytest.mark.parametrize("kind", ["file", "blank-line"])
@pytest.mark.parametrize("long", ["pieces", "documents"])
@pytest.mark.parametrize(
    "line", ["Uma linha.", "  Uma linha recuada.", "Uma linha.\n", "Uma linha longa. " * 500, "x" * 9000]
)
def test_no_piece_is_as_long_as_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Documents, long: documents.Long, line: str
) -> None:
    monkeypatch.setattr(documents, "PIECE", 100)
    path = tmp_path / "text.txt"
    path.write_text(f"{line}\n" * 1000, encoding="utf-8")
    pieces = list(read_pieces(TextFiles(text=str(path)), kind, long=long))
    assert max(len(piece.text) for piece in pieces) < 17 * 100
    if line.strip() == line and len(line) < 9000:
        assert max(len(piece.text) for piece in pieces) < 2 * 100
    if long == "documents":
        assert all(piece.begins for piece in pieces)
    else:
        assert sum(piece.begins for piece in pieces) == (1000 if kind == "blank-line" and "\n" in line else 1)
