"""What a corpus consists of: pairs, and records that also keep the original bytes and everything wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from atento.core.errors import DataError
from atento.core.files import decode_line

_CHUNK_ENTRIES = 4096
_CHUNK_CHARACTERS = 4_000_000
_BREAKS = re.compile(r"[^\S\r\n]*[\r\n]\s*")


class Pair(NamedTuple):
    """A sentence and its translation, neither with a line break inside."""

    source: str
    target: str
    line: int
    """Where it stands in its file, counted from 1 (TMX: the line where its unit begins)."""


class Fault(NamedTuple):
    """Why a record is no pair."""

    kind: Literal["not UTF-8", "malformed"]
    message: str
    """One line: file, line, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a corpus as it was found: a pair, or the faults that prevent one."""

    file: str
    line: int
    raw: tuple[bytes, ...]
    """The original lines: source and target of a plain corpus or a TMX unit, else the one line of the file."""
    pair: Pair | None
    faults: tuple[Fault, ...] = ()


Entry = TypeVar("Entry", Pair, Record)


def chunked(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Some thousand entries at a time, fewer where they are long."""
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        pair = entry if isinstance(entry, Pair) else entry.pair
        size += len(pair.source) + len(pair.target) if pair is not None else 0
        if len(chunk) >= _CHUNK_ENTRIES or size >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def sides_of(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """All sources and all targets."""
    return [pair.source for pair in pairs], [pair.target for pair in pairs]


def one_line(text: str) -> str:
    """The text with every line break, and the white space around it, made a single space."""
    return _BREAKS.sub(" ", text).strip() if "\n" in text or "\r" in text else text


def decoded(line: bytes, file: str, number: int) -> str | Fault:
    """A line's text, or the fault that it is not UTF-8."""
    try:
        return decode_line(line, file, number)
    except DataError as error:
        return Fault("not UTF-8", str(error))
