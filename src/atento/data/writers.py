"""Writing pairs as line-aligned files or as TSV, compressed where the name says so, and never half."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO, cast

from atento.core.errors import ConfigurationError, DataError
from atento.core.files import atomic_path
from atento.data.corpus_files import CorpusFiles


class PairWriter:
    """Writes pairs one after another; use ``pair_writer``."""

    def __init__(self, streams: list[TextIO]) -> None:
        self._streams = streams

    def accepts(self, source: str, target: str) -> bool:
        """Whether the format can hold these sides: no line break, and in TSV no tab."""
        forbidden = "\r\n" if len(self._streams) == 2 else "\t\r\n"
        return not any(character in side for side in (source, target) for character in forbidden)

    def write(self, source: str, target: str) -> None:
        """Add a pair.

        Raises:
            DataError: the format cannot hold it.
        """
        if not self.accepts(source, target):
            raise DataError(
                f"{source[:40]!r} has a tab or line break inside; write two files of lines, or clean it first"
            )
        if len(self._streams) == 2:
            self._streams[0].write(f"{source}\n")
            self._streams[1].write(f"{target}\n")
        else:
            self._streams[0].write(f"{source}\t{target}\n")


@contextlib.contextmanager
def pair_writer(corpus: CorpusFiles) -> Iterator[PairWriter]:
    """Open the files of a new corpus, two of lines or one of TSV; they take their places when the block ends well.

    Raises:
        ConfigurationError: the format is another one, or compression needs a library that is not installed.
        OutputError: a file cannot be written, is a folder, or the disk is full.
    """
    if corpus.resolved_format not in ("plain", "tsv"):
        raise ConfigurationError(f"cannot write {corpus.name}: name two files of lines, or one .tsv")
    with contextlib.ExitStack() as stack:
        yield PairWriter([stack.enter_context(text_writer(path)) for path in corpus.paths])


@contextlib.contextmanager
def text_writer(path: Path) -> Iterator[TextIO]:
    """Open a new UTF-8 text file; it takes its place, whole, when the block ends without an error.

    Raises:
        ConfigurationError: compression needs a library that is not installed.
        OutputError: the file cannot be written, is a folder, or the disk is full.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as raw:
        compressed = _compressed(raw, path)
        with io.TextIOWrapper(compressed, encoding="utf-8", newline="\n") as text:
            yield text
        compressed.close()


def _compressed(raw: IO[bytes], path: Path) -> IO[bytes]:
    match path.suffix:
        case ".gz":  # no name and no time: the same pairs give the same bytes
            return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
        case ".xz":
            return lzma.LZMAFile(raw, "wb")
        case ".bz2":
            return bz2.BZ2File(raw, "wb")
        case ".zst":
            try:
                import zstandard
            except ImportError as error:
                raise ConfigurationError(f"cannot write {path}: .zst needs pip install 'atento[zst]'") from error
            return cast("IO[bytes]", zstandard.ZstdCompressor().stream_writer(raw, closefd=False))
        case _:
            return raw
