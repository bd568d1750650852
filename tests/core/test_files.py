"""Reading any compression, line end and damage; writing whole or not at all."""

import bz2
import errno
import gzip
import io
import lzma
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core import files
from atento.core.errors import AtentoError, DataError, OutputError
from atento.core.files import (
    COMPRESSIONS,
    atomic_folder,
    atomic_path,
    atomic_text,
    locked,
    open_binary,
    raw_lines,
    read_lines,
    recover_folder,
    sha256,
    standing_folder,
)

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def one_line(error: AtentoError) -> str:
    text = str(error)
    assert text
    assert "\n" not in text
    return text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Reading


def test_every_compression_is_known() -> None:
    assert set(COMPRESS) == {"", *COMPRESSIONS}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_lines_come_through_every_compression(tmp_path: Path, suffix: str) -> None:
    lines = ["a vida", "", "¿qué?", *(f"linha {number} {'x' * (number % 97)}" for number in range(3000))]
    path = tmp_path / f"texto{suffix}"
    path.write_bytes(COMPRESS[suffix]("\n".join(lines).encode()))
    assert list(read_lines(path)) == lines


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_several_compressed_parts_one_after_the_other_are_one_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"texto{suffix}"
    path.write_bytes(COMPRESS[suffix](b"um\ndo") + COMPRESS[suffix](b"is\n"))
    assert list(read_lines(path)) == ["um", "dois"]


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("damage", ["cut", "foreign"])
def test_damaged_compression_is_one_line_that_names_the_file(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"texto{suffix}"
    whole = COMPRESS[suffix](os.urandom(3000).hex().encode())
    path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"no compressed data at all, just text\n" * 9)
    with pytest.raises(DataError) as caught:
        list(read_lines(path))
    assert str(path) in one_line(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_and_bom_leave_no_trace(tmp_path: Path, end: str, bom: bytes, last: str) -> None:
    path = tmp_path / "texto"
    lines = ["olá", "", "  dois  ", "\u2028 is no line end, nor is \x0b or \x85"]
    path.write_bytes(bom + "".join(line + end for line in lines).encode() + last.encode())
    assert list(read_lines(path)) == lines + [last] * bool(last)


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xc3\xa9", b"bb"]), max_size=30), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_lines_do_not_depend_on_where_blocks_end(parts: list[bytes], block: int) -> None:
    content = b"".join(parts)
    original = files._BLOCK
    files._BLOCK = block
    try:
        found = list(raw_lines(io.BytesIO(content), "it"))
    finally:
        files._BLOCK = original
    assert found == io.BytesIO(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).read().splitlines()


def test_a_bom_is_dropped_at_the_very_beginning_only(tmp_path: Path) -> None:
    path = tmp_path / "texto"
    path.write_bytes("\ufeffum\n\ufeffdois\n".encode())
    assert list(read_lines(path)) == ["um", "\ufeffdois"]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_bytes_that_are_not_utf8_are_named_with_file_line_and_column(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"texto{suffix}"
    path.write_bytes(COMPRESS[suffix]("bom\r\nvocê: ".encode() + b"\xe9\n"))
    with pytest.raises(DataError) as caught:
        list(read_lines(path))
    message = one_line(caught.value)
    assert message.startswith(f"{path}, line 2: byte 0xe9 at column 8 ")


def test_lines_before_a_wrong_byte_are_still_streamed(tmp_path: Path) -> None:
    path = tmp_path / "texto"
    path.write_bytes(b"um\n\xff\n")
    stream = read_lines(path)
    assert next(stream) == "um"
    with pytest.raises(DataError, match="line 2"):
        next(stream)


@pytest.mark.parametrize("place", ["missing", "folder", "x" * 300])
@pytest.mark.parametrize("suffix", COMPRESS)
def test_what_cannot_be_opened_is_a_data_error(tmp_path: Path, place: str, suffix: str) -> None:
    path = tmp_path / f"{place}{suffix}"
    if place == "folder":
        path.mkdir()
    with pytest.raises(DataError) as caught:
        open_binary(path)
    assert str(path) in one_line(caught.value)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_name_that_no_file_can_have_is_a_data_error(suffix: str) -> None:
    with pytest.raises(DataError, match=r"cannot read 'a.*null byte; check the path"):
        open_binary(Path(f"a\0b{suffix}"))


# Writing


class BrokenError(Exception):
    pass


def write_text(path: Path, error: type[BaseException]) -> None:
    with atomic_text(path) as stream:
        stream.write("half")
        raise error


def write_path(path: Path, *, full: bool) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        if full:
            full_disk()


def write_folder(path: Path, where: str) -> None:
    with atomic_folder(path) as temporary:
        fill(temporary, "new")
        if where == "inside":
            full_disk()
        if where == "error":
            raise BrokenError


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_text_is_utf8_with_plain_line_ends_and_the_usual_rights(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "texto"
    with atomic_text(path) as stream:
        stream.write("olá\n¿?\n")
    assert path.read_bytes() == "olá\n¿?\n".encode()
    assert names(path.parent) == ["texto"]
    if os.name == "posix":
        (tmp_path / "usual").touch()
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


@pytest.mark.parametrize("old", [None, "old"])
def test_an_error_inside_leaves_the_old_file_and_nothing_else(tmp_path: Path, old: str | None) -> None:
    path = tmp_path / "texto"
    if old is not None:
        path.write_text(old)
    before = names(tmp_path)
    for error in (BrokenError, KeyboardInterrupt):
        with pytest.raises(error):
            write_text(path, error)
    assert names(tmp_path) == before
    assert old is None or path.read_text() == old


@pytest.mark.parametrize("where", ["mkstemp", "fsync", "inside"])
def test_a_full_disk_is_one_line_and_leaves_the_old_file(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "texto"
    path.write_text("old")
    if where == "mkstemp":
        monkeypatch.setattr(files.tempfile, "mkstemp", full_disk)
    if where == "fsync":
        monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(OutputError) as caught:
        write_path(path, full=where == "inside")
    message = one_line(caught.value)
    assert str(path) in message
    assert "No space left" in message
    assert path.read_text() == "old"
    assert names(tmp_path) == ["texto"]


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    path.write_text("old")
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".png", "libraries choose a format by it"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("place", ["folder", "file/inside", "x" * 300])
def test_a_place_that_cannot_be_a_file(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught, atomic_path(tmp_path / place):
        pytest.fail("the block must not run")
    assert str(tmp_path / place) in one_line(caught.value)
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes have paths on POSIX systems only")
def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with atomic_text(pipe) as stream:
            stream.write("through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def fill(folder: Path, text: str) -> None:
    (folder / "inner").mkdir()
    (folder / "a").write_text(text)
    (folder / "inner" / "b").write_text(text)


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("old", [False, True])
def test_a_folder_appears_whole_and_replaces_an_older_one(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "run" / "bundle"
    if old:
        path.mkdir(parents=True)
        (path / "stale").touch()
    with atomic_folder(path) as temporary:
        fill(temporary, "new")
        assert path.exists() is old
    assert content(path).keys() == {"a", str(Path("inner") / "b")}
    assert names(path.parent) == ["bundle"]


@pytest.mark.parametrize("where", ["inside", "mkdtemp", "fsync", "error"])
def test_a_failure_leaves_the_old_folder(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bundle"
    path.mkdir()
    fill(path, "old")
    if where == "mkdtemp":
        monkeypatch.setattr(files.tempfile, "mkdtemp", full_disk)
    if where == "fsync":
        monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(BrokenError if where == "error" else OutputError) as caught:
        write_folder(path, where)
    if where != "error":
        assert "No space left" in one_line(caught.value)  # type: ignore[arg-type]
    assert set(content(path).values()) == {"old"}
    assert names(tmp_path) == ["bundle"]


@pytest.mark.parametrize("place", ["file", "file/inside", "x" * 300])
def test_a_place_that_cannot_be_a_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught, atomic_folder(tmp_path / place):
        pytest.fail("the block must not run")
    assert str(tmp_path / place) in one_line(caught.value)


class Killed(BaseException):
    """As SIGKILL: nothing after it runs."""


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_kill_between_two_renames_can_be_mended(
    tmp_path: Path, renames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, new = tmp_path / "bundle", tmp_path / ".bundle.new"
    path.mkdir()
    fill(path, "old")
    new.mkdir()
    fill(new, "new")
    done = []
    rename = Path.rename

    def dying(self: Path, target: Path) -> Path:
        if len(done) == renames:
            raise Killed
        done.append(target)
        return rename(self, target)

    def never(_: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        patch.setattr(files.shutil, "rmtree", never)
        with pytest.raises(Killed):
            files.replace_folder(new, path)
    wanted = "old" if renames < 2 else "new"
    before = names(tmp_path)
    assert set(content(standing_folder(path)).values()) == {wanted}, "a reader finds a whole folder at every instant"
    assert names(tmp_path) == before, "and changes nothing"
    recover_folder(path)
    assert set(content(path).values()) == {wanted}
    recover_folder(path)
    with atomic_folder(path) as temporary:
        fill(temporary, "newest")
    assert set(content(path).values()) == {"newest"}
    assert not (tmp_path / ".bundle.old").exists()


def test_a_place_that_never_was_stands_nowhere(tmp_path: Path) -> None:
    assert standing_folder(tmp_path / "bundle") == tmp_path / "bundle"
    recover_folder(tmp_path / "bundle")
    assert names(tmp_path) == []


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_lock_is_held_by_one_process(tmp_path: Path) -> None:
    place = tmp_path / "below" / ".lock"
    with locked(place), pytest.raises(OutputError, match="in use by another process"), locked(place):
        pass
    with locked(place):
        pass
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write"), locked(tmp_path / "file" / ".lock"):
        pass
