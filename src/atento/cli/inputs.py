"""Sentences to translate, as they come: from the command line, a file, or a pipe that may be a person.

A pipe is read by a thread that hands over every line that is there, so that somebody who types is answered at once
and a large file is translated in large chunks. Memory holds one chunk and what waits in the queue.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from atento.core.errors import DataError
from atento.core.files import decode_lines, open_binary

STANDARD_INPUT: Final = "standard input"
FILE_CHUNK: Final = 4096
"""Lines of a file that are sorted by length together."""
PIPE_CHUNK: Final = 1000
_WAITING: Final = 4 * PIPE_CHUNK
_PATIENCE: Final = 0.5
"""Seconds between two looks at the queue; waiting without a limit cannot be interrupted on Windows."""


def given(texts: Sequence[str], *, longest: int) -> Iterator[list[str]]:
    """The texts of the command line as one chunk; a line break in one of them counts as a space."""
    yield list(_checked((" ".join(text.splitlines()) for text in texts), "TEXT", longest))


def from_file(path: Path, *, longest: int) -> Iterator[list[str]]:
    """The lines of a file, compressed or not, in chunks.

    Raises:
        DataError: the file cannot be read, is empty, is not UTF-8, or has a line of over ``longest`` characters.
    """
    chunk: list[str] = []
    empty = True
    with open_binary(path) as stream:
        for line in _checked(decode_lines(stream, str(path)), str(path), longest):
            empty = False
            chunk.append(line)
            if len(chunk) == FILE_CHUNK:
                yield chunk
                chunk = []
    if empty:
        raise DataError(f"{path} is empty; give a file with one sentence a line")
    if chunk:
        yield chunk


def count_lines(path: Path) -> int:
    """Lines of a file that are not blank, for a progress bar."""
    with open_binary(path) as stream:
        return sum(1 for line in stream if line.strip())


def from_standard_input(*, longest: int) -> Iterator[list[str]]:
    """The lines of standard input in chunks of what is there; lines before a faulty one still come.

    Raises:
        DataError: a line is not UTF-8, or has over ``longest`` characters.
    """
    waiting: queue.Queue[str | BaseException | None] = queue.Queue(_WAITING)
    threading.Thread(target=_read, args=(_stream(), waiting, longest), daemon=True).start()
    while True:
        items = [_wait(waiting)]
        with contextlib.suppress(queue.Empty):
            while len(items) < PIPE_CHUNK and isinstance(items[-1], str):
                items.append(waiting.get_nowait())
        last = items[-1]
        chunk = [item for item in items if isinstance(item, str)]
        if chunk:
            yield chunk
        if isinstance(last, BaseException):
            raise last
        if last is None:
            return


def _read(stream: BinaryIO, waiting: queue.Queue[str | BaseException | None], longest: int) -> None:
    try:
        for line in _checked(decode_lines(stream, STANDARD_INPUT), STANDARD_INPUT, longest):
            waiting.put(line)
        waiting.put(None)
    except BaseException as error:  # raised again by the thread that translates
        waiting.put(error)


def _wait(waiting: queue.Queue[str | BaseException | None]) -> str | BaseException | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return waiting.get(timeout=_PATIENCE)


def _stream() -> BinaryIO:
    """Standard input below its buffer, which gives what is there instead of waiting for a full block.

    A thread that sleeps in the buffer would also hold a lock that the interpreter wants when it ends.
    """
    buffer: Any = sys.stdin.buffer
    return cast("BinaryIO", getattr(buffer, "raw", buffer))


def _checked(lines: Iterator[str], name: str, longest: int) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if len(line) > longest:
            raise DataError(
                f"{name}, line {number} has {len(line):,} characters; at most {longest:,} can be translated at once: "
                "give one sentence a line"
            )
        yield line
