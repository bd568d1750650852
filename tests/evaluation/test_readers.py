"""Line-aligned files are read together, and what is wrong with them is said in one line."""

import gzip

import pytest

from atento.core.errors import DataError
from atento.evaluation.readers import read_aligned


def test_lines_of_any_ending_and_compression_are_read(tmp_path):
    plain, packed = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    plain.write_bytes("\ufeffuno \r\n\r\ntres".encode())
    packed.write_bytes(gzip.compress("um\ndois\ntrês\n".encode()))
    assert read_aligned([plain, packed]) == [["uno", "", "tres"], ["um", "dois", "três"]]


def test_unequal_files_are_named_with_their_counts(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path, text in zip(paths, ["1\n2\n", "1\n2\n", "1\n2\n3\n"], strict=True):
        path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_aligned(paths)
    message = str(caught.value)
    assert f"{paths[0]} has 2 lines" in message
    assert f"{paths[2]} has 3 lines" in message
    assert "\n" not in message


def test_empty_missing_and_misencoded_files_are_refused(tmp_path):
    good, empty, latin = tmp_path / "good", tmp_path / "empty", tmp_path / "latin"
    good.write_text("a\n")
    empty.write_bytes(b"")
    latin.write_bytes(b"a\n\xe9\n")
    with pytest.raises(DataError, match="is empty"):
        read_aligned([good, empty])
    with pytest.raises(DataError, match="missing"):
        read_aligned([good, tmp_path / "missing"])
    with pytest.raises(DataError, match="line 2"):
        read_aligned([latin])
