"""Holding a part of labelled texts out, the same share of every class.

Of each class those texts are held out whose hash with the seed is least: equal texts stay together, and the same file
and seed give the same parts on every machine.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from atento.core.errors import DataError
from atento.core.files import atomic_text
from atento.data.labelled_files import LabelledFiles, LabelledText, read_labelled


def split_labelled(files: Sequence[LabelledFiles], fraction: float, folder: Path, *, seed: int) -> None:
    """Write ``N/train.jsonl`` and ``N/dev.jsonl`` of every file N, from 0, into a folder.

    Args:
        files: the texts.
        fraction: of each class over all files: one text at least where it has two different ones, and never all.
        folder: where the parts go.
        seed: draws the texts.

    Raises:
        DataError: a file cannot be read, or no class has two different texts.
        OutputError: a part cannot be written.
    """
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for file in files:
        for each in read_labelled(file):
            keys[each.label].add(_key(each, seed))
    held = {
        key
        for values in keys.values()
        for key in sorted(values)[: min(len(values) - 1, max(1, round(fraction * len(values))))]
    }
    if not held:
        names = ", ".join(file.file for file in files)
        raise DataError(f"{names}: too few texts to hold some out; bring more, or give a file to validate on")
    for number, file in enumerate(files):
        place = folder / str(number)
        with atomic_text(place / "train.jsonl") as train, atomic_text(place / "dev.jsonl") as dev:
            for each in read_labelled(file):
                line = {"text": each.text, "second": each.second, "label": each.label}
                line = {name: value for name, value in line.items() if value is not None}
                (dev if _key(each, seed) in held else train).write(msgspec.json.encode(line).decode() + "\n")


def _key(each: LabelledText, seed: int) -> int:
    content = msgspec.json.encode((each.text, each.second))
    return int.from_bytes(hashlib.blake2b(content, digest_size=8, key=seed.to_bytes(8, "little")).digest(), "little")
