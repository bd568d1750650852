"""Files: reading text of any compression and line ending, and writing so that nothing is ever half-written."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import io
import lzma
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from atento.core.errors import DataError, OutputError

COMPRESSIONS = (".gz", ".xz", ".bz2", ".zst")
"""Suffixes that ``open_binary`` reads through."""
JSON_LINES = (".jsonl", ".ndjson")
"""Suffixes of files in which every line is a JSON object."""
_BLOCK = 1 << 16


def is_json_lines(path: Path) -> bool:
    """Whether a file's name says that every line is a JSON object, compressed or not."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSIONS]
    return bool(suffixes) and suffixes[-1].lower() in JSON_LINES


def is_tsv(path: Path) -> bool:
    """Whether a file's name says that its lines are columns with tabs between, compressed or not."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSIONS]
    return bool(suffixes) and suffixes[-1].lower() == ".tsv"


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading bytes, through its compression if its suffix names one.

    Raises:
        DataError: the file is missing, is a folder, or needs a library that is not installed.
    """
    openers: dict[str, Callable[[Path], object]] = {
        ".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open, ".zst": _open_zst,
    }  # fmt: skip
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; give a file")
        return cast("BinaryIO", openers.get(path.suffix, _open_plain)(path))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except ValueError as error:  # a NUL in the name, which no file has
        raise DataError(f"cannot read {str(path)!r}: {error}; check the path") from error


def read_lines(path: Path) -> Iterator[str]:
    """Stream the lines of a UTF-8 file without their ends (``\\n``, ``\\r\\n`` or ``\\r``); a BOM is dropped.

    Raises:
        DataError: the file cannot be read, or a line is not UTF-8 (file and line are named).
    """
    with open_binary(path) as stream:
        yield from decode_lines(stream, str(path))


def decode_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """The lines of a byte stream; see ``read_lines``."""
    for number, line in enumerate(raw_lines(stream, name), 1):
        yield decode_line(line, name, number)


def decode_line(line: bytes, name: str, number: int) -> str:
    """A line's text.

    Raises:
        DataError: the line is not UTF-8; the file, the line and the first wrong byte are named.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}, line {number}: byte {line[error.start]:#04x} at column {error.start + 1} "
            "is not UTF-8; convert the file to UTF-8"
        ) from error


def raw_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The undecoded lines of a byte stream without their ends (``\\n``, ``\\r\\n`` or ``\\r``) and without a BOM.

    Memory holds one block and one line at a time, whatever the line ends are.

    Raises:
        DataError: the stream cannot be read or decompressed to its end.
    """
    first = True
    pending: list[bytes] = []  # pieces of a line whose end has not been read
    for block in read_blocks(stream, name):
        pending.append(block)
        if b"\n" in block or b"\r" in block:
            lines = b"".join(pending).splitlines(keepends=True)  # bytes split at \n, \r\n and \r only
            pending = [] if lines[-1].endswith(b"\n") else [lines.pop()]  # a last \r may be half of \r\n
            for line in lines:
                yield _bare(line, first=first)
                first = False
    for line in b"".join(pending).splitlines(keepends=True):
        yield _bare(line, first=first)
        first = False


def read_blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The bytes of a stream, block by block.

    Raises:
        DataError: the stream cannot be read or decompressed to its end.
    """
    position = 0
    try:
        while block := stream.read(_BLOCK):
            yield block
            position += len(block)
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{name}: cannot read on after {position} bytes ({error}); the file is damaged") from error


def _bare(line: bytes, *, first: bool) -> bytes:
    if first:
        line = line.removeprefix(b"\xef\xbb\xbf")
    return line.removesuffix(b"\n").removesuffix(b"\r")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; when the block ends without an error, it takes ``path``'s place at once.

    A device or pipe (``/dev/null``, ``/dev/stdout``) is yielded itself.

    Raises:
        OutputError: the place is a folder, cannot be written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; name a file")
        if path.exists() and not path.is_file():
            yield path
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        flush(temporary)
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Like ``atomic_path``, yielding an open UTF-8 text stream with ``\\n`` line ends."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        yield stream


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; when the block ends without an error, it takes ``path``'s place.

    An older folder of that name is moved aside first and removed last, so at every instant one whole folder exists
    under ``path`` or (between two renames) under ``path`` with ``.old``, which ``recover_folder`` puts back.

    Raises:
        OutputError: the place is a file, cannot be written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"cannot write {path}: it is a file; name a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        for part in (temporary, *temporary.rglob("*")):
            (_flush_folder if part.is_dir() else flush)(part)
        replace_folder(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary)


@contextlib.contextmanager
def locked(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path``, made with its folder if it is missing; it is free again when the process ends.

    Args:
        path: the lock file.
        wait: seconds to wait for another process that holds it.

    Raises:
        OutputError: another process holds it, or its folder cannot be written.
    """
    import filelock  # here, for it is not needed to read files

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        lock.acquire(timeout=wait)
    except filelock.Timeout as error:
        raise OutputError(
            f"{path.parent} is in use by another process; wait until it has ended, or choose another place"
        ) from error
    except FileExistsError as error:
        raise OutputError(f"cannot write {path.parent}: it is a file; name a folder") from error
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def replace_folder(new: Path, path: Path) -> None:
    """Put the folder ``new`` in ``path``'s place."""
    old = _aside(path)
    recover_folder(path)
    if path.exists():
        path.rename(old)
    new.rename(path)
    _flush_folder(path.parent)
    if old.exists():
        shutil.rmtree(old)


def standing_folder(path: Path) -> Path:
    """Where the whole folder stands: at ``path``, or aside if a kill came between two renames; mends nothing."""
    old = _aside(path)
    return old if old.exists() and not path.exists() else path


def recover_folder(path: Path) -> None:
    """Mend what a kill inside ``replace_folder`` left: put the old folder back, or remove it if the new one stands."""
    old = _aside(path)
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            old.rename(path)


def flush(path: Path) -> None:
    """Force a file's bytes to the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {error.strerror or error}; free some space or choose another place")


def _aside(path: Path) -> Path:
    place = path if path.name else path.absolute()  # of "." the folder's own name
    return place.with_name(f".{place.name}.old") if place.name else place / ".old"


def _flush_folder(path: Path) -> None:
    if os.name == "posix":  # a folder cannot be opened on Windows, whose renames are journalled
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _open_plain(path: Path) -> object:
    return path.open("rb")


def _open_zst(path: Path) -> object:
    try:
        import zstandard
    except ImportError as error:
        raise DataError(f"cannot read {path}: .zst needs the zstandard library; pip install 'atento[zst]'") from error
    return io.BufferedReader(_ZstandardReader(path.open("rb"), zstandard))


class _ZstandardReader(io.RawIOBase):
    """Reads every frame of a .zst file; unlike the library's own reader it notices a file that was cut off."""

    def __init__(self, stream: BinaryIO, zstandard: Any) -> None:
        self._stream = stream
        self._library = zstandard
        self._frame: Any = None  # the decompressor of the frame that is being read
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            block = self._stream.read(_BLOCK)
            if not block:
                if self._frame is not None:
                    raise EOFError("it ends in the middle of a compressed frame")
                return 0
            self._ready = self._decompress(block)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _decompress(self, block: bytes) -> bytes:
        parts: list[bytes] = []
        while block:
            if self._frame is None:
                self._frame = self._library.ZstdDecompressor().decompressobj()
            try:
                parts.append(self._frame.decompress(block))
            except self._library.ZstdError as error:
                raise OSError(str(error)) from error
            block = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        return b"".join(parts)
