"""Files of vectors: what was written comes back, by our reader and by everybody's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from atento.core.errors import DataError, OutputError
from atento.inspection.vectors import Vectors, check_place

LABELS = ("▁banco", "a\tb\nc", "nul\0", "", "日本 ñ", '"quoted"\\')
RANDOM = np.random.default_rng(3).normal(size=(6, 5)).astype(np.float32)
WHOLE = Vectors(
    labels=LABELS, values=RANDOM, level="word", layer=2, texts=(1, 1, 2, 2, 3, 3),
    spans=((0, 6), (7, 10), (0, 4), (0, 0), (0, 10), (0, 9)), counts=(1, 2, 3, 1, 1, 2),
)  # fmt: skip


def assert_same(one: Vectors, other: Vectors) -> None:
    assert replace(one, values=RANDOM) == replace(other, values=RANDOM)
    assert one.values.dtype == other.values.dtype == np.float32
    assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_files_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    bare = Vectors(labels=LABELS, values=RANDOM, level="vocabulary")
    for name, vectors in (("whole", WHOLE), ("bare", bare)):
        path = tmp_path / "new" / f"{name}{suffix}"
        vectors.save(path)
        assert_same(Vectors.load(path), vectors)
        again = path.read_bytes()
        vectors.save(path)
        assert path.read_bytes() == again
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == sorted(
        f"{name}{suffix}" for name in ("whole", "bare")
    )


@given(arrays.arrays(np.float32, (2, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_every_float_comes_back_from_text(values: np.ndarray) -> None:
    vectors = Vectors(labels=("a", "b"), values=values, level="type")
    from_json = json.loads("".join(vectors.json_pieces()))["vectors"]
    assert np.array_equal(np.array(from_json, dtype=np.float32), values)
    from_rows = [line.rstrip("\n").split("\t")[1:] for line in vectors.rows()]
    assert np.array_equal(np.array(from_rows, dtype=np.float64).astype(np.float32), values)


def test_numpy_reads_the_archive_without_pickle(tmp_path: Path) -> None:
    WHOLE.save(tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz", allow_pickle=False) as found:
        assert np.array_equal(found["vectors"], RANDOM)
        assert found["labels"].tolist() == [label.replace("\0", "⟨00⟩") for label in LABELS]
        assert found["spans"].tolist() == [list(span) for span in WHOLE.spans]


def test_the_projectors_files_have_a_line_a_vector(tmp_path: Path) -> None:
    WHOLE.save(tmp_path / "projector")
    rows = (tmp_path / "projector" / "vectors.tsv").read_text(encoding="utf-8").splitlines()
    assert np.array_equal(np.array([row.split("\t") for row in rows], dtype=np.float32), RANDOM)
    header, *lines = (tmp_path / "projector" / "metadata.tsv").read_text(encoding="utf-8").split("\n")[:-1]
    assert header.split("\t") == ["label", "text", "mean of"]
    assert [line.split("\t")[0] for line in lines] == ["▁banco", "a b c", "nul⟨00⟩", "␣", "日本 ñ", '"quoted"\\']
    assert [line.split("\t")[1:] for line in lines][:2] == [["1", "1"], ["1", "2"]]
    assert "vectors.tsv" in (tmp_path / "projector" / "projector_config.pbtxt").read_text()
    bare = Vectors(labels=LABELS, values=RANDOM, level="vocabulary")
    bare.save(tmp_path / "projector")  # over the old one
    assert (tmp_path / "projector" / "metadata.tsv").read_text(encoding="utf-8").count("\n") == 6


def test_no_place_is_overwritten_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    for place, reason in (("mine", "thesis.txt"), ("file", "it is a file"), ("v.tsv", ".npz or .json")):
        with pytest.raises(OutputError, match=reason):
            check_place(tmp_path / place)
        with pytest.raises(OutputError, match=reason):
            WHOLE.save(tmp_path / place)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == (tmp_path / "file").read_text() == "x"


def test_files_that_are_none_of_ours_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", vectors=RANDOM)
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "other.json").write_text('{"format": "else"}')
    (tmp_path / "list.json").write_text("[]")
    for name in ("other.npz", "cut.npz", "other.json", "list.json", "missing.npz"):
        with pytest.raises(DataError, match=name):
            Vectors.load(tmp_path / name)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, about=np.array(["{}"], dtype=object), labels=np.array([], dtype=np.str_))
    with pytest.raises(DataError, match="pickled"):
        Vectors.load(pickled)


def test_parts_must_be_equally_many() -> None:
    with pytest.raises(ValueError, match="2 labels for 6"):
        Vectors(labels=("a", "b"), values=RANDOM, level="type")
