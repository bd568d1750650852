"""Reading documents of any size: plain text, or JSON Lines, through gzip, xz, bzip2 or zstd.

A document comes as one or several *pieces*, so that memory never holds a large file (but the line that is read). It is
only cut after a line end between two characters that are no spaces (nor marks on one), or, in a line that is far too
long, before a space between two such characters: there a tokenizer that keeps the text's spaces in its pieces cuts
anyway, and encoding piece by piece gives the ids of the whole. A text that offers no such place for long (blank lines
between all others, or no spaces) is cut after any line end, or anywhere, which may make two tokens of one there. For
other tokenizers the ids would differ more, so what is cut becomes documents of its own; they are longer by far than
what a model reads at once.
"""

from __future__ import annotations

import re
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
"""Pieces' lengths after which it is cut after any line, or anywhere in one."""
_BETWEEN_WORDS = re.compile(r"(?<=\S) (?=\S)")


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
        long: what becomes of documents that are longer than ``PIECE``.

    Raises:
        DataError: the file is missing, damaged, not UTF-8 or malformed (with its line), or has no text.
    """
    pieces: Iterator[Piece]
    if files.json_lines:
        pieces = (Piece(text, True, line) for line, text in _json_documents(files))
    elif documents == "line":
        pieces = (Piece(text, True, line) for line, text in enumerate(read_lines(files.path), 1))
    elif documents == "blank-line":
        pieces = _cut(read_lines(files.path), None if long == "whole" else PIECE, blank_ends=True)
    else:
        pieces = _cut(read_lines(files.path), None if long == "whole" else PIECE, blank_ends=False)
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


def place_between_words(line: str, first: int, last: int) -> int:
    """The first place from ``first`` on where a line may be cut, before a space between words; else ``last``."""
    for match in _BETWEEN_WORDS.finditer(line, first, last):
        if not _is_mark(line[match.end()]):
            return match.start()
    return last


def _cut(lines: Iterable[str], longest: int | None, *, blank_ends: bool) -> Iterator[Piece]:
    """A document, or where a blank line ends one several, in pieces of about ``longest`` characters.

    A document has a line feed after every line, but not at its end where a blank line ends it.
    """
    held: list[str] = []
    size, begin, begins, before = 0, 1, True, ""
    for number, line in enumerate(lines, 1):
        if blank_ends and not line.strip():
            if held:
                yield Piece("".join(held)[:-1], begins, begin)
            held, size, begins = [], 0, True
            continue
        for place, part in enumerate(_parts(line, longest)):
            if held and longest is not None and size >= longest and (place or _may_part(before, line, size, longest)):
                yield Piece("".join(held), begins, begin)
                held, size, begins = [], 0, False
            if not held:
                begin = number
            held.append(part)
            size += len(part)
        held.append("\n")
        size, before = size + 1, line
    if held:
        yield Piece("".join(held)[: -1 if blank_ends else None], begins, begin)


def _parts(line: str, longest: int | None) -> Iterator[str]:
    """A line, in parts where it is longer than a piece."""
    start = 0
    while longest is not None and len(line) - start > longest:
        end = place_between_words(line, start + longest, min(start + _PATIENCE * longest, len(line)))
        yield line[start:end]
        start = end
    if start < len(line) or not line:
        yield line[start:]


def _may_part(before: str, after: str, size: int, longest: int) -> bool:
    """Whether a text may be cut between two lines; spaces would be cut otherwise at the end of a piece."""
    if size >= _PATIENCE * longest:
        return True
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return False
    return not _is_mark(after[0])


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


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
