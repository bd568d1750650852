"""Reading documents of any size: plain text, or JSON Lines, through gzip, xz, bzip2 or zstd.

A document comes as one or several *pieces*, so that memory never holds a large file. It is only cut after a line end
between two characters that are no spaces (nor marks on one), where a tokenizer that keeps the text's spaces in its
pieces cuts anyway: encoding piece by piece gives the ids of the whole. A text that offers no such place for long (blank
lines between all others, say) is cut after any line end, which may make two tokens of one there. For other tokenizers
the ids would differ more, so what is cut becomes documents of its own; they are longer by far than what a model reads
at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from atento.core.errors import DataError
from atento.core.files import open_binary, raw_lines, read_lines
from atento.data.text_files import Documents, TextFiles

PIECE = 1 << 16
"""Characters after which a document is cut where it may be."""
_PATIENCE = 16
"""Pieces' lengths after which it is cut after any line."""


class Piece(NamedTuple):
    """A document, or a part of one."""

    text: str
    begins: bool
    """Whether a document begins here."""
    line: int
    """Where it begins in its file, counted from 1."""


Long = Literal["pieces", "documents", "whole"]
"""What becomes of a long document of plain text: several pieces, several documents, or one piece as long as it is."""


def read_pieces(files: TextFiles, documents: Documents, *, long: Long = "pieces") -> Iterator[Piece]:
    """Stream a text, without empty documents. A file that is one document has a line feed after every line.

    Args:
        files: where it lies.
        documents: where documents end in plain text; in JSON Lines, every line is one.
        long: what becomes of documents of several lines that are longer than ``PIECE``.

    Raises:
        DataError: the file is missing, damaged, not UTF-8 or malformed (with its line), or has no text.
    """
    pieces: Iterator[Piece]
    if files.json_lines:
        pieces = (Piece(text, True, line) for line, text in _json_documents(files))
    elif documents == "line":
        pieces = (Piece(text, True, line) for line, text in enumerate(read_lines(files.path), 1))
    elif documents == "blank-line":
        pieces = _paragraphs(read_lines(files.path), None if long == "whole" else PIECE)
    else:
        pieces = _file(read_lines(files.path), None if long == "whole" else PIECE)
    if long == "documents":
        pieces = (piece._replace(begins=True) for piece in pieces)
    found = False
    for piece in pieces:
        if piece.text.strip() or not piece.begins:
            found = found or bool(piece.text.strip())
            yield piece
    if not found:
        raise DataError(f"{files.name}: there is no text in it; give a file that is not empty")


def read_documents(files: TextFiles, documents: Documents) -> Iterator[str]:
    """Stream whole documents; see ``read_pieces``."""
    return (piece.text for piece in read_pieces(files, documents, long="whole"))


def _paragraphs(lines: Iterable[str], longest: int | None) -> Iterator[Piece]:
    held: list[str] = []
    size, begin, begins = 0, 1, True
    for number, line in enumerate(lines, 1):
        ends = not line.strip()
        if held and (ends or _too_long(size, longest, held[-1], line)):
            yield Piece("\n".join(held) + ("" if ends else "\n"), begins, begin)
            held, size, begins = [], 0, ends
        if not ends:
            begin = begin if held else number
            held.append(line)
            size += len(line) + 1
    if held:
        yield Piece("\n".join(held), begins, begin)


def _file(lines: Iterable[str], longest: int | None) -> Iterator[Piece]:
    held: list[str] = []
    size, begin, begins = 0, 1, True
    for number, line in enumerate(lines, 1):
        if held and _too_long(size, longest, held[-1], line):
            yield Piece("".join(f"{each}\n" for each in held), begins, begin)
            held, size, begin, begins = [], 0, number, False
        held.append(line)
        size += len(line) + 1
    if held:
        yield Piece("".join(f"{each}\n" for each in held), begins, begin)


def _too_long(size: int, longest: int | None, before: str, after: str) -> bool:
    if longest is None or size < longest:
        return False
    return size >= _PATIENCE * longest or _may_part(before, after)


def _may_part(before: str, after: str) -> bool:
    """Whether a text may be cut between these lines; spaces would be cut otherwise at the end of a piece."""
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return False
    return not unicodedata.category(after[0]).startswith("M")


def _json_documents(files: TextFiles) -> Iterator[tuple[int, str]]:
    path = files.key.split(".")
    with open_binary(files.path) as stream:
        for number, line in enumerate(raw_lines(stream, files.name), 1):
            if not line.strip():
                continue
            try:
                value: Any = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise DataError(f"{files.name}, line {number}: not valid JSON ({error}); mend the line") from error
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if not isinstance(value, str):
                raise DataError(
                    f"{files.name}, line {number}: no text under the key {files.key!r}; "
                    "mend the line or name another key"
                )
            yield number, value
