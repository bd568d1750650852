"""Encoding a corpus into a folder of arrays, once for each content; ``dataset`` maps them.

    source.bin  target.bin                   token ids of all pairs, one after another (uint16 if they fit, else int32)
    source_lengths.bin  target_lengths.bin   int32 [pairs]: tokens of each side, without special ones
    lines.bin                                int64 [pairs]: the line of the corpus where a pair stands
    links.bin  link_counts.bin               of a corpus with an alignment: int32 [links, 2], target and source token of
                                             each link, pair by pair, and int32 [pairs], how many each has
    encoded.json                             the counts and the files' sizes, by which a truncated folder is known

The folder's name is the SHA-256 of everything that decides what it holds (the files' bytes, the reading options, the
tokenizers' checksums), so it is never stale. It is built beside its place and renamed into it: processes never see each
other's half, and the one that comes second takes the first one's. All numbers are little-endian. All pairs are kept;
what a run leaves out is decided when it opens them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from atento.core.errors import OutputError
from atento.core.files import COMPRESSIONS, flush, open_binary, sha256
from atento.core.parsing import decode_json
from atento.core.progress import Progress
from atento.data.corpus_files import CorpusFiles
from atento.data.readers import read_pairs
from atento.data.records import chunked
from atento.data.token_links import LinkReader, SpanEncoder

_VERSION = 1
_STALE_SECONDS = 24 * 60 * 60
_SUMMARY = "encoded.json"
_ARRAYS = ("source", "target", "source_lengths", "target_lengths", "lines")
_LINK_ARRAYS = ("links", "link_counts")
_READING_OPTIONS = (
    "source_column", "target_column", "source_key", "target_key", "source_language", "target_language",
)  # fmt: skip


Opened = TypeVar("Opened")


class TextEncoder(SpanEncoder, Protocol):
    """What encoding a corpus asks of a tokenizer (spans only for a corpus with an alignment)."""

    @property
    def checksum(self) -> str:
        """Changes whenever the ids of any text change."""
        ...

    @property
    def size(self) -> int:
        """One more than the highest id."""
        ...

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without special tokens."""
        ...


@dataclass(frozen=True, kw_only=True)
class EncodedFiles:
    """A complete folder of an encoded corpus, opened; the ids stay on the disk."""

    ids: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    """Source and target."""
    lengths: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    lines: npt.NDArray[np.int64]
    links: tuple[npt.NDArray[Any], npt.NDArray[np.int64]] | None = None
    """(target token, source token) of all links, on the disk, and how many each pair has; None without alignment."""


class _Summary(msgspec.Struct, frozen=True, kw_only=True):
    pairs: int
    dtypes: tuple[str, str]
    sizes: dict[str, int]


def encode_corpus(
    corpus: CorpusFiles, encoders: tuple[TextEncoder, TextEncoder], cache: Path, progress: Progress
) -> EncodedFiles:
    """Encode a corpus, or open what an earlier call with the same content left in ``cache``.

    ``encoders`` are the source's and the target's. Memory holds one chunk of some thousand pairs at a time.

    Raises:
        DataError: the corpus cannot be read.
        OutputError: the cache cannot be written.
    """
    progress.start(f"Encoding {corpus.name}", None)
    try:
        return encoded_folder(
            cache / "encoded" / _key(corpus, encoders),
            _opened,
            lambda folder: _write(corpus, encoders, folder, progress),
        )
    finally:
        progress.finish()


def encoded_folder(folder: Path, opened: Callable[[Path], Opened | None], write: Callable[[Path], None]) -> Opened:
    """What ``folder`` holds; if ``opened`` finds nothing whole there, it is built by ``write`` and put there at once.

    Raises:
        OutputError: the cache cannot be written.
        AtentoError: whatever ``write`` raises.
    """
    if (found := opened(folder)) is not None:
        return found
    temporary: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:16]}."))
        write(temporary)
        _publish(temporary, folder, opened)
    except OSError as error:
        raise OutputError(
            f"cannot write the cache {folder.parent}: {error.strerror or error}; "
            "free some space or set ATENTO_CACHE to another folder"
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    made = opened(folder)
    assert made is not None
    return made


def _key(corpus: CorpusFiles, encoders: tuple[TextEncoder, TextEncoder]) -> str:
    options = {name: value for name, value in msgspec.structs.asdict(corpus).items() if name in _READING_OPTIONS}
    content: dict[str, Any] = {
        "version": _VERSION,
        "format": corpus.resolved_format,
        "options": options,
        "files": [content_of(path) for path in corpus.paths],
        "encoders": [(encoder.checksum, encoder.size) for encoder in encoders],
    }
    if corpus.alignment is not None:
        file = content_of(Path(corpus.alignment))
        content["alignment"] = (file, corpus.alignment_words, corpus.alignment_one_based)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def content_of(path: Path) -> tuple[str, str]:
    """What a file's content is known by: its compression and the SHA-256 of its bytes.

    Raises:
        DataError: it is missing, or a folder.
    """
    with open_binary(path):  # says plainly what is wrong with a missing file or a folder
        return path.suffix if path.suffix in COMPRESSIONS else "", sha256(path)


def _write(corpus: CorpusFiles, encoders: tuple[TextEncoder, TextEncoder], folder: Path, progress: Progress) -> None:
    dtypes = tuple(np.dtype("<u2" if encoder.size <= 1 << 16 else "<i4") for encoder in encoders)
    links = LinkReader(corpus, encoders) if corpus.alignment is not None else None
    names = _ARRAYS if links is None else _ARRAYS + _LINK_ARRAYS
    pairs = 0
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((folder / f"{name}.bin").open("wb")) for name in names}
        for chunk in chunked(read_pairs(corpus)):
            for side, (encoder, dtype) in enumerate(zip(encoders, dtypes, strict=True)):
                ids = encoder.encode_batch([pair.target if side else pair.source for pair in chunk])
                flat = np.fromiter(chain.from_iterable(ids), dtype, count=sum(map(len, ids)))
                files[_ARRAYS[side]].write(flat.tobytes())
                files[_ARRAYS[2 + side]].write(np.array([len(row) for row in ids], "<i4").tobytes())
            files["lines"].write(np.array([pair.line for pair in chunk], "<i8").tobytes())
            if links is not None:
                for name, array in zip(_LINK_ARRAYS, links.read(chunk), strict=True):
                    files[name].write(array.astype("<i4").tobytes())
            pairs += len(chunk)
            progress.advance(len(chunk), note=f"{pairs} pairs")
        if links is not None:
            links.finish()
    sizes = {name: (folder / f"{name}.bin").stat().st_size for name in names}
    summary = _Summary(pairs=pairs, dtypes=(dtypes[0].str, dtypes[1].str), sizes=sizes)
    (folder / _SUMMARY).write_bytes(msgspec.json.encode(summary))
    for file in folder.iterdir():
        flush(file)


def _sweep(parent: Path) -> None:
    """Remove what processes that were killed more than a day ago left half-built."""
    for left in parent.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left)


def _publish(temporary: Path, folder: Path, opened: Callable[[Path], object | None]) -> None:
    if folder.exists() and opened(folder) is None:  # truncated: out of the way
        aside = temporary.with_name(temporary.name + ".damaged")
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    try:
        temporary.rename(folder)
    except OSError:
        if opened(folder) is None:  # not simply another process that was faster
            raise


def _opened(folder: Path) -> EncodedFiles | None:
    """The folder's arrays, or None if it is missing or not complete."""
    try:
        summary = decode_json((folder / _SUMMARY).read_bytes(), _Summary)
        names = dict.fromkeys([*_ARRAYS, *summary.sizes])
        whole = all((folder / f"{name}.bin").stat().st_size == summary.sizes[name] for name in names)
    except (OSError, msgspec.DecodeError, KeyError):
        return None
    if not whole:
        return None
    source, target = (
        np.memmap(folder / f"{name}.bin", np.dtype(dtype), mode="r") if summary.sizes[name] else np.zeros(0, dtype)
        for name, dtype in zip(_ARRAYS[:2], summary.dtypes, strict=True)
    )
    source_lengths, target_lengths = (
        np.fromfile(folder / f"{name}.bin", "<i4").astype(np.int64) for name in _ARRAYS[2:4]
    )
    lines = np.fromfile(folder / "lines.bin", "<i8").astype(np.int64)
    links = _opened_links(folder, summary) if "links" in summary.sizes else None
    return EncodedFiles(ids=(source, target), lengths=(source_lengths, target_lengths), lines=lines, links=links)


def _opened_links(folder: Path, summary: _Summary) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    path = folder / "links.bin"
    links = np.memmap(path, np.dtype("<i4"), mode="r") if summary.sizes["links"] else np.zeros(0, np.int32)
    return links.reshape(-1, 2), np.fromfile(folder / "link_counts.bin", "<i4").astype(np.int64)
