"""The models and tokenizers that lie in a folder, found by their files' names and first bytes: none is opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from atento.studio.bundles import bundle_in

_DEPTH: Final = 6
_MOST: Final = 20_000
"""Files and folders that are looked at; a home folder has more."""
_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "site-packages", "checkpoints"})
_SUFFIXES: Final = (".model", ".spm", ".tiktoken")
_MARK: Final = b'"added_tokens"'
"""Stands in the first lines of every ``tokenizer.json``."""
_PEEK: Final = 4096


@dataclass
class Found:
    """Paths in the order of their names; of a tokenizer of several files, the folder."""

    models: list[Path] = field(default_factory=list)
    tokenizers: list[Path] = field(default_factory=list)
    complete: bool = True
    """Whether the whole folder was looked at."""


def discover(roots: Sequence[Path]) -> Found:
    """Look through folders; links to folders are not followed, and hidden folders are left out."""
    found, looked_at = Found(), 0
    waiting = [(root, 0) for root in reversed(roots)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # not ours to read
        looked_at += len(entries)
        if looked_at > _MOST:
            found.complete = False
            break
        if _is_run(folder, found):
            continue
        files = {entry.name: Path(entry.path) for entry in entries if entry.is_file()}
        found.tokenizers += _tokenizers(folder, files)
        folders = [
            (Path(entry.path), depth + 1)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in _SKIPPED
        ]
        found.complete &= depth < _DEPTH or not folders
        waiting += reversed(folders if depth < _DEPTH else [])
    return found


def _is_run(folder: Path, found: Found) -> bool:
    """Whether a folder is a run or a bundle; then its model and tokenizers are taken down."""
    bundle = bundle_in(folder)
    if bundle is not None:
        found.models.append(folder)
        names = ("tokenizer.json", "source.tokenizer.json", "target.tokenizer.json")
        found.tokenizers += [bundle / name for name in names if (bundle / name).is_file()]
        return True
    if (folder / "recipe.toml").is_file() and (folder / "tokenizers").is_dir():
        found.tokenizers += sorted((folder / "tokenizers").glob("*.json"))
        return True
    return False


def _tokenizers(folder: Path, files: dict[str, Path]) -> list[Path]:
    several = {"vocab.json", "merges.txt"} <= files.keys() or "vocab.txt" in files or "tokenizer.json" in files
    single = [
        path
        for name, path in files.items()
        if path.suffix in _SUFFIXES
        or (path.suffix == ".json" and name not in ("tokenizer.json", "vocab.json") and _is_tokenizer(path))
    ]
    return [*([folder] if several else []), *single]


def _is_tokenizer(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _MARK in stream.read(_PEEK)
    except OSError:
        return False
