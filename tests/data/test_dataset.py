from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atento.core.errors import DataError, OutputError
from atento.data import encoding
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import LeftOut, ParallelDataset, open_dataset

WORDS = st.lists(st.sampled_from(["a", "casa", "grande", "perro", "gato"]), max_size=6).map(" ".join)


def corpus(folder: Path, pairs: list[tuple[str, str]], *, name: str = "train", weight: float = 1.0) -> CorpusFiles:
    folder.mkdir(exist_ok=True)
    for side, suffix in enumerate(("pt", "es")):
        text = "".join(pair[side] + "\n" for pair in pairs)
        (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    return CorpusFiles(source=str(folder / f"{name}.pt"), target=str(folder / f"{name}.es"), weight=weight)


def contents(dataset: ParallelDataset) -> list[tuple[list[int], list[int]]]:
    return [tuple(side.tolist() for side in dataset.pair(i)) for i in range(len(dataset))]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=30), st.sampled_from([None, 3]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_pairs_come_back_as_they_were_encoded(tmp_path, encoder, pairs, max_length):
    files = corpus(tmp_path, pairs)
    limit = max_length or 99
    expected = [
        tuple(encoder.encode_batch(pair)) for pair in pairs if all(0 < len(side.split()) <= limit for side in pair)
    ]
    if not expected:
        with pytest.raises(DataError, match="no sentence pair to use"):
            open_dataset([files], encoder, encoder, max_length=max_length, cache=tmp_path / "cache")
        return
    dataset = open_dataset([files], encoder, encoder, max_length=max_length, cache=tmp_path / "cache")
    assert contents(dataset) == expected
    assert dataset.source_lengths.tolist() == [len(source) for source, _ in expected]
    assert dataset.target_lengths.tolist() == [len(target) for _, target in expected]
    assert dataset.left_out.empty == sum(not source or not target for source, target in pairs)
    assert dataset.left_out.total == len(pairs) - len(expected)
    lines = [dataset.line(i)[1] for i in range(len(dataset))]
    assert [tuple(encoder.encode_batch(pairs[line - 1])) for line in lines] == expected


def test_a_second_opening_encodes_nothing_and_another_limit_neither(tmp_path, encoder):
    files = corpus(tmp_path, [("a casa", "la casa"), ("um gato muito grande", "un gato muy grande")])
    first = open_dataset([files], encoder, encoder, cache=tmp_path / "cache")
    calls = encoder.calls
    assert contents(open_dataset([files], encoder, encoder, cache=tmp_path / "cache")) == contents(first)
    shorter = open_dataset([files], encoder, encoder, cache=tmp_path / "cache", max_length=2)
    assert encoder.calls == calls
    assert shorter.left_out == LeftOut(too_long=1)
    assert "1 too long" in str(shorter.left_out)


def test_the_cache_is_keyed_by_content_not_by_name(tmp_path, encoder, make_encoder):
    files = corpus(tmp_path, [("a casa", "la casa")])
    open_dataset([files], encoder, encoder, cache=tmp_path / "cache")
    changed = corpus(tmp_path, [("a mesa", "la mesa")])
    assert contents(open_dataset([changed], encoder, encoder, cache=tmp_path / "cache")) == [
        tuple(encoder.encode_batch(["a mesa", "la mesa"]))
    ]
    other = make_encoder(size=70_000)  # needs int32
    assert contents(open_dataset([changed], other, other, cache=tmp_path / "cache")) == [
        tuple(other.encode_batch(["a mesa", "la mesa"]))
    ]
    calls = encoder.calls
    copy = corpus(tmp_path / "elsewhere", [("a mesa", "la mesa")], name="copy", weight=2.0)
    open_dataset([copy], encoder, encoder, cache=tmp_path / "cache")
    assert encoder.calls == calls


@pytest.mark.parametrize("victim", ["source.bin", "target_lengths.bin", "lines.bin", "encoded.json"])
@pytest.mark.parametrize("damage", ["truncate", "remove", "overwrite"])
def test_a_damaged_cache_is_rebuilt(tmp_path, encoder, victim, damage):
    pairs = [("a casa", "la casa"), ("o gato", "el gato")]
    files = corpus(tmp_path, pairs)
    expected = contents(open_dataset([files], encoder, encoder, cache=tmp_path / "cache"))
    (path,) = (tmp_path / "cache").rglob(victim)
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "overwrite":
        path.write_bytes(b'{"\xff": 1234}')
    else:
        path.unlink()
    assert contents(open_dataset([files], encoder, encoder, cache=tmp_path / "cache")) == expected
    assert [item.name[0] for item in (tmp_path / "cache" / "encoded").iterdir()] != ["."], "nothing temporary is left"


def test_a_failure_while_encoding_leaves_no_cache(tmp_path, encoder):
    files = corpus(tmp_path, [("a", "b")] * 3)
    Path(str(files.target)).write_bytes(b"b\n\xff\nb\n")
    with pytest.raises(DataError, match=r"train\.es, line 2"):
        open_dataset([files], encoder, encoder, cache=tmp_path / "cache")
    assert list((tmp_path / "cache" / "encoded").iterdir()) == []


def test_a_full_disk_is_one_line_and_leaves_no_cache(tmp_path, encoder, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encoding, "flush", full)
    with pytest.raises(OutputError, match="No space left on device; free some space or set ATENTO_CACHE"):
        open_dataset([corpus(tmp_path, [("a", "b")])], encoder, encoder, cache=tmp_path / "cache")
    assert list((tmp_path / "cache" / "encoded").iterdir()) == []


def test_a_missing_file_and_an_empty_list_are_refused(tmp_path, encoder):
    with pytest.raises(DataError, match=r"cannot read .*nothing\.pt"):
        open_dataset([CorpusFiles.of([tmp_path / "nothing.pt", tmp_path / "n.es"])], encoder, encoder, cache=tmp_path)
    with pytest.raises(DataError, match="no corpus was given"):
        open_dataset([], encoder, encoder, cache=tmp_path)


def test_several_corpora_are_numbered_through(tmp_path, encoder):
    one = corpus(tmp_path, [("a casa", "la casa"), ("a", "la")], name="one")
    two = corpus(tmp_path, [("o gato", "el gato")], name="two", weight=0.5)
    dataset = open_dataset([one, two], encoder, encoder, cache=tmp_path / "cache")
    assert len(dataset) == 3
    assert dataset.weights == (1.0, 0.5)
    assert contents(dataset)[2] == tuple(encoder.encode_batch(["o gato", "el gato"]))
    assert dataset.line(2) == (two.name, 1)
    rows = dataset.padded(0, np.array([2, 0, 2, 1]), 3, 9)
    assert rows.tolist() == [[*dataset.pair(i)[0].tolist(), 9, 9][:3] for i in (2, 0, 2, 1)]
    with pytest.raises(IndexError):
        dataset.pair(3)


def test_two_writers_at_once_do_not_clash(tmp_path, encoder):
    files = corpus(tmp_path, [(f"a {n}", f"b {n}") for n in range(200)])
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_dataset([files], encoder, encoder, cache=cache), range(8)))
    assert all(contents(dataset) == contents(opened[0]) for dataset in opened)
    assert len(list((cache / "encoded").iterdir())) == 1


def test_only_old_half_built_folders_are_swept_away(tmp_path, encoder):
    old, new = (tmp_path / "cache" / "encoded" / name for name in (".old", ".new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    open_dataset([corpus(tmp_path, [("a", "b")])], encoder, encoder, cache=tmp_path / "cache")
    assert not old.exists()
    assert new.exists()
