"""Holding a part of texts out, so that no document stands on two sides.

Of a file that is one document the end is held out; a line that is longer than that is cut between words. Else whole
documents are, those of each file whose hash with the seed is least: a document that stands several times, in one file
or in several, is on one side, and the same texts and seed give the same parts on every machine. Texts are read twice
and streamed; memory holds sixteen bytes a document.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence, Set
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import numpy.typing as npt

from atento.core.errors import DataError
from atento.core.files import atomic_text, read_lines
from atento.data.documents import place_between_words, read_documents
from atento.data.text_files import Documents, TextFiles

Keys = npt.NDArray[np.uint64]
Lengths = npt.NDArray[np.int64]

HELD_OUT_AT_MOST = 1_000_000
"""Characters of a file: more make validation slow, and its figures no better."""
_LONGEST_WORD = 1000
"""Characters without a space after which a line is cut anywhere."""


def split_texts(
    files: Sequence[TextFiles], documents: Documents, fraction: float, folder: Path, *, seed: int
) -> tuple[list[TextFiles], list[TextFiles]]:
    """Write the part of each file to train on and the part that is held out, and say where they are.

    Args:
        files: the texts.
        documents: where their documents end.
        fraction: of the characters of a file that is one document, else of the documents; of either only as much as
            has ``HELD_OUT_AT_MOST`` characters.
        folder: where the parts go: ``N/train`` and ``N/dev`` of file N, from 0.
        seed: draws the documents.

    Raises:
        DataError: a text cannot be read, or is too short to be split.
        OutputError: a part cannot be written.
    """
    parts = [part_paths(each, folder / str(number)) for number, each in enumerate(files)]
    whole = [documents == "file" and not each.json_lines for each in files]
    keys, drawn = {}, []
    for number, each in enumerate(files):
        if not whole[number]:
            read = ((_key(text, seed), len(text)) for text in read_documents(each, documents))
            table = np.fromiter(read, np.dtype([("key", np.uint64), ("length", np.int64)]))
            keys[number] = table["key"]
            drawn.append(_drawn(each, table["key"], table["length"], fraction))
    held = np.unique(np.concatenate(drawn)) if drawn else np.zeros(0, np.uint64)
    held_keys = frozenset(held.tolist())
    for number, each in enumerate(files):
        if whole[number]:
            _split_end(each, fraction, *parts[number])
        elif np.isin(keys[number], held).all():
            raise _too_short(each)
        else:
            _split_documents(each, documents, held_keys, *parts[number], seed)
    train = [
        msgspec.structs.replace(each, text=str(part), key="text") for each, (part, _) in zip(files, parts, strict=True)
    ]
    dev = [
        msgspec.structs.replace(each, text=str(part), key="text", weight=1.0)
        for each, (_, part) in zip(files, parts, strict=True)
    ]
    return train, dev


def part_paths(files: TextFiles, folder: Path) -> tuple[Path, Path]:
    """Where the two parts of a text lie in its folder."""
    suffix = ".jsonl" if files.json_lines else ".txt"
    return folder / f"train{suffix}", folder / f"dev{suffix}"


def _split_end(files: TextFiles, fraction: float, train: Path, dev: Path) -> None:
    total = sum(len(line) + 1 for line in read_lines(files.path))
    held_out = min(fraction * total, HELD_OUT_AT_MOST)
    left, counts = total - held_out, [0, 0]
    with atomic_text(train) as train_stream, atomic_text(dev) as dev_stream:

        def write(part: str, *, held: bool) -> None:
            (dev_stream if held else train_stream).write(part + "\n")
            counts[held] += bool(part.strip())

        for line in read_lines(files.path):
            place = len(line)
            if 0 < left < len(line) and len(line) > held_out:
                place = place_between_words(line, math.ceil(left), min(len(line), math.ceil(left) + _LONGEST_WORD))
            write(line[:place], held=left <= 0)
            if place < len(line):
                write(line[place:].lstrip(), held=True)
            left -= len(line) + 1
    if not all(counts):
        raise _too_short(files)


def _drawn(files: TextFiles, keys: Keys, lengths: Lengths, fraction: float) -> Keys:
    """The keys of a file's documents that are held out: at least one, never all."""
    different = np.unique(keys)
    if len(different) < 2:
        raise _too_short(files)
    order = np.argsort(keys)
    within = int(np.searchsorted(np.cumsum(lengths[order]), HELD_OUT_AT_MOST, side="right"))
    count = max(1, min(int(fraction * len(keys)), within))
    last = min(keys[order[count - 1]], different[-2])
    return cast("Keys", different[different <= last])


def _split_documents(files: TextFiles, documents: Documents, held: Set[int], train: Path, dev: Path, seed: int) -> None:
    with atomic_text(train) as train_stream, atomic_text(dev) as dev_stream:
        for text in read_documents(files, documents):
            stream = dev_stream if _key(text, seed) in held else train_stream
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
