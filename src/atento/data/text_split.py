"""Holding a part of a text out, so that no document stands on two sides.

Of a file that is one document the end is held out. Else whole documents are, those whose hash with the seed is least:
equal documents stay together, and the same text and seed give the same parts on every machine. The text is read twice
and streamed; memory holds eight bytes a document.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np

from atento.core.errors import DataError
from atento.core.files import atomic_text, read_lines
from atento.data.documents import read_documents
from atento.data.text_files import Documents, TextFiles

HELD_OUT_AT_MOST = 1_000_000
"""Characters, or documents: more make validation slow, and its figures no better."""


def split_text(
    files: TextFiles, documents: Documents, fraction: float, folder: Path, *, seed: int
) -> tuple[TextFiles, TextFiles]:
    """Write the part to train on and the part that is held out, and say where they are.

    Args:
        files: the text.
        documents: where its documents end.
        fraction: of the characters of a file that is one document, else of the documents.
        folder: where the parts go.
        seed: draws the documents.

    Raises:
        DataError: the text cannot be read, or is too short to be split.
        OutputError: a part cannot be written.
    """
    suffix = ".jsonl" if files.json_lines else ".txt"
    train, dev = (folder / f"{name}{suffix}" for name in ("train", "dev"))
    if documents == "file" and not files.json_lines:
        _split_end(files, fraction, train, dev)
    else:
        _split_documents(files, documents, fraction, train, dev, seed)
    parts = [msgspec.structs.replace(files, text=str(path), key="text") for path in (train, dev)]
    return parts[0], msgspec.structs.replace(parts[1], weight=1.0)


def _split_end(files: TextFiles, fraction: float, train: Path, dev: Path) -> None:
    total = sum(len(line) + 1 for line in read_lines(files.path))
    first = total - min(fraction * total, HELD_OUT_AT_MOST)
    read, counts = 0, [0, 0]
    with atomic_text(train) as train_stream, atomic_text(dev) as dev_stream:
        for line in read_lines(files.path):
            held = read >= first
            (dev_stream if held else train_stream).write(line + "\n")
            counts[held] += bool(line.strip())
            read += len(line) + 1
    if not all(counts):
        raise _too_short(files)


def _split_documents(
    files: TextFiles, documents: Documents, fraction: float, train: Path, dev: Path, seed: int
) -> None:
    keys = np.fromiter((_key(text, seed) for text in read_documents(files, documents)), np.uint64)
    count = max(1, int(min(fraction * len(keys), HELD_OUT_AT_MOST)))
    last = np.partition(keys, count - 1)[count - 1]
    if len(np.unique(keys)) < 2:
        raise _too_short(files)
    last = min(last, np.partition(np.unique(keys), -2)[-2])
    with atomic_text(train) as train_stream, atomic_text(dev) as dev_stream:
        for text in read_documents(files, documents):
            stream = dev_stream if _key(text, seed) <= last else train_stream
            if files.json_lines:
                stream.write(msgspec.json.encode({"text": text}).decode() + "\n")
            else:
                stream.write(text + ("\n\n" if documents == "blank-line" else "\n"))


def _key(text: str, seed: int) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=seed.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")


def _too_short(files: TextFiles) -> DataError:
    return DataError(
        f"{files.name}: too short to hold a part of it out; bring more text, or give a text to validate on (--valid)"
    )
