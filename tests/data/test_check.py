from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.data.check import CheckConfig, CorpusReport, check_corpus
from atento.data.corpus_files import CorpusFiles
from atento.data.hashes import HashSet, combine, hash_texts


def write(folder: Path, pairs: list[tuple[bytes, bytes]], name: str = "c") -> CorpusFiles:
    for side, suffix in enumerate(("pt", "es")):
        (folder / f"{name}.{suffix}").write_bytes(b"".join(pair[side] + b"\n" for pair in pairs))
    return CorpusFiles.of([folder / f"{name}.pt", folder / f"{name}.es"])


def found(report: CorpusReport) -> dict[str, list[int]]:
    assert all(finding.count >= len(finding.lines) > 0 for finding in report.findings)
    return {finding.kind: finding.lines for finding in report.findings}


def test_a_sound_corpus_has_no_findings(tmp_path):
    report = check_corpus(write(tmp_path, [(b"a casa", b"la casa"), (b"o gato dorme", b"el gato duerme")]))
    assert report.clean
    assert (report.entries, report.pairs) == (2, 2)
    assert (report.source.words.total, report.source.words.longest, report.source.words.mean) == (5, 3, 2.5)
    assert report.source.distinct == report.target.distinct == 2
    assert report.mean_ratio == pytest.approx(21 / 18)


def test_each_kind_of_finding_names_its_lines(tmp_path):
    pairs = [
        (b"a casa", b"la casa"),
        (b"", b"x"),
        (b"y", b"  "),
        (b"a casa", b"la casa"),
        (b"a casa", b"otra"),
        (b"outra", b"la casa"),
        (b"Igual", b"igual"),
        (b"sino\x07", b"campana\x00"),
        (b"curto", b"l" * 100),
        (b"z" * 3000, b"w" * 2900),
    ]
    assert found(check_corpus(write(tmp_path, pairs))) == {
        "empty source": [2],
        "empty target": [3],
        "repeated pair": [4],
        "repeated source with another target": [5],
        "repeated target with another source": [6],
        "identical sides": [7],
        "control character in the source": [8],
        "control character in the target": [8],
        "length ratio over 5": [9],
        "over 2000 characters": [10],
    }


def test_every_line_that_is_not_utf_8_is_named(tmp_path):
    pairs = [(b"a", b"b")] * 3 + [(b"\xe1", b"b"), (b"a", b"\xe9"), (b"\xff", b"\xfe")] * 20
    report = check_corpus(write(tmp_path, pairs))
    assert report.entries == 63
    assert report.pairs == 3
    assert len(report.faults) == 80
    assert "c.pt, line 4: byte 0xe1" in report.faults[0]
    assert "c.es, line 63: byte 0xfe" in report.faults[-1]
    assert not report.clean


def test_overlap_of_either_side_and_of_both(tmp_path):
    corpus = write(tmp_path, [(b"a casa", b"la casa"), (b"o gato", b"el gato"), (b"um", b"uno")])
    dev = write(
        tmp_path, [(b"A CASA", b"la  casa"), (b"o gato", b"x"), (b"y", b"Uno"), (b"um", b"el gato"), (b"z", b"w")], "d"
    )
    (overlap,) = check_corpus(corpus, held_out=[dev]).overlaps
    assert (overlap.pairs, overlap.source, overlap.target, overlap.either, overlap.both) == (5, 3, 3, 4, 1)
    assert overlap.lines == [1, 2, 3, 4]


def test_examples_are_limited_and_counts_are_not(tmp_path):
    report = check_corpus(write(tmp_path, [(b"", b"x%d" % n) for n in range(9)]), CheckConfig(examples=2))
    (empty,) = [finding for finding in report.findings if finding.kind == "empty source"]
    assert (empty.count, empty.lines) == (9, [1, 2])


def test_the_report_is_a_table_and_json(tmp_path):
    corpus = write(tmp_path, [(b"a casa", b"la casa"), (b"", b"x"), (b"\xff", b"y")])
    report = check_corpus(corpus, held_out=[corpus_of_one(tmp_path)])
    table = dict(report.rows())
    assert table["pairs"] == "2"
    assert table["empty source"] == "1 (line 2)"
    assert any(label.startswith("also in") for label in table)
    assert json.loads(msgspec.json.encode(report))["findings"][0]["lines"] == [2]


def corpus_of_one(folder: Path) -> CorpusFiles:
    return write(folder, [(b"a casa", b"z")], "one")


def test_lengths_are_those_of_numpy(tmp_path):
    lengths = np.random.default_rng(0).integers(1, 50, 999)
    report = check_corpus(write(tmp_path, [(b"w " * int(n), b"v%d" % n) for n in lengths]))
    words = report.source.words
    assert words.mean == pytest.approx(lengths.mean())
    assert words.median == np.median(lengths)
    assert words.percentile_95 == pytest.approx(np.percentile(lengths, 95), abs=1)
    assert words.longest == lengths.max()


def test_unequal_lengths_and_empty_files_are_errors(tmp_path):
    corpus = write(tmp_path, [(b"a", b"b")])
    (tmp_path / "c.es").write_bytes(b"b\nc\n")
    with pytest.raises(DataError, match=r"has 1 lines, but .* has 2"):
        check_corpus(corpus)
    with pytest.raises(DataError, match="no sentence pair"):
        check_corpus(write(tmp_path, []))


@given(st.lists(st.lists(st.integers(0, 60), max_size=20), max_size=12))
def test_a_hash_set_is_a_set(batches):
    hashes, plain = HashSet(), set()
    for batch in batches:
        keys = np.array(batch, np.uint64)
        fresh = hashes.add_new(keys)
        for key, new in zip(batch, fresh.tolist(), strict=True):
            assert new == (key not in plain)
            plain.add(key)
        assert len(hashes) == len(plain)
    everything = np.arange(61, dtype=np.uint64)
    assert hashes.contains(everything).tolist() == [key in plain for key in range(61)]


def test_hashes_know_case_white_space_and_side():
    a, b, c = hash_texts(["Casa  azul", " Casa azul", "casa azul"])
    assert a == b != c
    assert len(set(hash_texts(["Casa  azul", "casa azul", "CASA\tazul "], fold=True).tolist())) == 1
    one, two = hash_texts(["a"]), hash_texts(["b"])
    assert combine(one, two) != combine(two, one)
