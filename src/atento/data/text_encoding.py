"""Encoding running text into a folder of arrays, once for each content; ``text_dataset`` maps them.

    ids.bin        token ids of all documents, one after another (uint16 if they fit, else int32)
    lengths.bin    int64 [documents]: tokens of each, without special ones
    bytes.bin      int64 [documents]: bytes of each document's UTF-8 text
    lines.bin      int64 [documents]: the line of the file where it begins

See ``encoding`` for how such a folder is made and found again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from atento.core.files import flush
from atento.core.parsing import decode_json
from atento.core.progress import Progress
from atento.data.documents import Long, Piece, read_pieces
from atento.data.encoding import content_of, encoded_folder
from atento.data.text_files import Documents, TextFiles

_VERSION = 2
_SUMMARY = "encoded.json"
_ARRAYS = ("ids", "lengths", "bytes", "lines")
_CHUNK_CHARACTERS = 4_000_000

Int64s = npt.NDArray[np.int64]


class RunningTextEncoder(Protocol):
    """What encoding running text asks of a tokenizer."""

    @property
    def checksum(self) -> str:
        """Changes whenever the ids of any text change."""
        ...

    @property
    def size(self) -> int:
        """One more than the highest id."""
        ...

    @property
    def tiles(self) -> bool:
        """Whether a text may be encoded in pieces."""
        ...

    def encode_batch(self, texts: Sequence[str], *, continued: bool = False) -> list[list[int]]:
        """The ids of each text, without special tokens; ``continued``: of texts before which others stand."""
        ...


@dataclass(frozen=True, kw_only=True)
class EncodedText:
    """A complete folder, opened; the ids stay on the disk."""

    ids: npt.NDArray[Any]
    lengths: Int64s
    sizes: Int64s
    """Bytes."""
    lines: Int64s


class _Summary(msgspec.Struct, frozen=True, kw_only=True):
    dtype: str
    sizes: dict[str, int]


def encode_text(
    files: TextFiles, documents: Documents, encoder: RunningTextEncoder, cache: Path, progress: Progress
) -> EncodedText:
    """Encode a text, or open what an earlier call with the same content left in ``cache``.

    Raises:
        DataError: the text cannot be read.
        OutputError: the cache cannot be written.
    """
    content = {
        "version": _VERSION,
        "kind": "text",
        "documents": "line" if files.json_lines else documents,
        "key": files.key if files.json_lines else None,
        "json": files.json_lines,
        "file": content_of(files.path),
        "encoder": (encoder.checksum, encoder.size),
    }
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def write(folder: Path) -> None:
        _write(files, documents, encoder, folder, progress)

    progress.start(f"encoding {files.name}", None)
    try:
        return encoded_folder(cache / "encoded" / key, _opened, write)
    finally:
        progress.finish()


def _write(
    files: TextFiles, documents: Documents, encoder: RunningTextEncoder, folder: Path, progress: Progress
) -> None:
    dtype = np.dtype("<u2" if encoder.size <= 1 << 16 else "<i4")
    lengths: list[int] = []
    sizes: list[int] = []
    lines: list[int] = []
    with (folder / "ids.bin").open("wb") as stream:
        long: Long = "pieces" if encoder.tiles else "documents"
        for pieces in _chunked(read_pieces(files, documents, long=long)):
            ids = _encoded(pieces, encoder)
            stream.write(np.fromiter(chain.from_iterable(ids), dtype, count=sum(map(len, ids))).tobytes())
            for piece, row in zip(pieces, ids, strict=True):
                if piece.begins:
                    lengths.append(0)
                    sizes.append(0)
                    lines.append(piece.line)
                lengths[-1] += len(row)
                sizes[-1] += len(piece.text.encode())
            progress.advance(sum(map(len, ids)), note=f"{len(lengths):,} documents")
    for name, values in (("lengths", lengths), ("bytes", sizes), ("lines", lines)):
        np.array(values, "<i8").tofile(folder / f"{name}.bin")
    summary = _Summary(dtype=dtype.str, sizes={name: (folder / f"{name}.bin").stat().st_size for name in _ARRAYS})
    (folder / _SUMMARY).write_bytes(msgspec.json.encode(summary))
    for file in folder.iterdir():
        flush(file)


def _chunked(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    chunk: list[Piece] = []
    size = 0
    for piece in pieces:
        chunk.append(piece)
        size += len(piece.text)
        if size >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _encoded(pieces: list[Piece], encoder: RunningTextEncoder) -> list[list[int]]:
    result: list[list[int]] = [[]] * len(pieces)
    for begins in (True, False):
        places = [number for number, piece in enumerate(pieces) if piece.begins is begins]
        if places:
            found = encoder.encode_batch([pieces[number].text for number in places], continued=not begins)
            for number, ids in zip(places, found, strict=True):
                result[number] = ids
    return result


def _opened(folder: Path) -> EncodedText | None:
    """The folder's arrays, or None if it is missing or not complete."""
    try:
        summary = decode_json((folder / _SUMMARY).read_bytes(), _Summary)
        whole = all((folder / f"{name}.bin").stat().st_size == summary.sizes[name] for name in _ARRAYS)
    except (OSError, msgspec.DecodeError, KeyError):
        return None
    if not whole:
        return None
    dtype = np.dtype(summary.dtype)
    ids = np.memmap(folder / "ids.bin", dtype, mode="r") if summary.sizes["ids"] else np.zeros(0, dtype)
    lengths, sizes, lines = (np.fromfile(folder / f"{name}.bin", "<i8").astype(np.int64) for name in _ARRAYS[1:])
    return EncodedText(ids=ids, lengths=lengths, sizes=sizes, lines=lines)
