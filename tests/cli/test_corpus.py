from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]
Written = Callable[..., Path]
Here = Callable[[], list[str]]


def _lines(path: str | Path) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def test_builtin_writes_its_parts_with_gold_links(atento: Atento) -> None:
    result = atento("corpus", "builtin", "-o", "corpus", "--composed", 50, "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert len(_lines("corpus/train.pt")) == len(_lines("corpus/train.es")) == len(_lines("corpus/train.align"))
    assert found["pairs"]["train handwritten"] + found["pairs"]["train composed"] == len(_lines("corpus/train.pt"))
    assert "atento train" in atento("corpus", "builtin", "-o", "again", "--composed", 50).out


def test_check_reports_and_finds_overlap(atento: Atento, corpus: Corpus, written: Written) -> None:
    held_out = written("h.pt", _lines(corpus[0])[3], "novo"), written("h.es", _lines(corpus[1])[3], "nuevo")
    result = atento("corpus", "check", *corpus, "--held-out", *held_out, "--json")
    assert result.code == 0
    report = json.loads(result.out)
    assert report["pairs"] == 60
    assert report["overlaps"][0]["lines"] == [1]
    out = atento("corpus", "check", *corpus, "--held-out", *held_out).out
    assert "also in" in out
    assert "atento corpus clean" in out


def test_check_names_file_and_line_of_wrong_bytes(atento: Atento, tmp_path: Path, written: Written) -> None:
    target = tmp_path / "t"
    target.write_bytes(b"um\nd\xeds\n")
    result = atento("corpus", "check", written("s", "a", "b"), target)
    assert result.code == 2
    assert f"{target}, line 2" in result.err.splitlines()[-1]
    assert "entries that are no pairs" in result.out


def test_clean_keeps_or_rejects_every_line(atento: Atento, written: Written, tmp_path: Path) -> None:
    source = written("s", "um  gato", "", "um gato", "igual", "x" * 2_000_000, "dois")
    target = written("t", "un gato", "nada", "un gato", "igual", "y", "dos")
    held_out = written("h.s", "dois"), written("h.t", "outro")
    result = atento("corpus", "clean", source, target, "-o", "new/o.s", "new/o.t", "--held-out", *held_out, "--json")
    assert result.code == 0
    report = json.loads(result.out)
    assert (report["read"], report["kept"], sum(report["rejected"].values())) == (6, 1, 5)
    assert _lines("new/o.s") == ["um gato"]
    assert len(_lines("new/rejects.tsv")) == 5
    more = atento(
        "corpus", "clean", source, target, "-o", "all.tsv", "--rejects", "r.tsv", "--no-identical", "--max-words", 0
    )
    assert "igual\tigual" in _lines("all.tsv")
    assert "Kept: all.tsv" in more.out


def test_split_has_no_sentence_twice_and_keeps_suffixes(atento: Atento, corpus: Corpus) -> None:
    result = atento("corpus", "split", *corpus, "-o", "parts", "--dev", 5, "--test", 0.1, "--json")
    assert result.code == 0
    report = json.loads(result.out)
    assert sum(report[part] for part in ("train", "dev", "test")) == 60
    parts = [set(_lines(f"parts/{part}.pt")) for part in ("train", "dev", "test")]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert sorted(path.name for path in Path("parts").iterdir()) == sorted(
        f"{part}.{side}" for part in ("train", "dev", "test") for side in ("pt", "es")
    )


def test_places_are_checked_before_work(atento: Atento, corpus: Corpus, here: Here, written: Written) -> None:
    Path("folder").mkdir()
    assert "folder" in atento("corpus", "clean", *corpus, "-o", "folder", "x.es").error
    assert "it is read here, too" in atento("corpus", "clean", *corpus, "-o", corpus[0], "x.es").error
    assert "another output goes there" in atento("corpus", "clean", *corpus, "-o", "x", "x").error
    assert "is a file" in atento("corpus", "split", *corpus, "-o", written("file", "x")).error
    assert "cannot give" in atento("corpus", "split", *corpus, "-o", "p", "--dev", 50, "--test", 50).error
    assert "one or two files" in atento("corpus", "check", *corpus, corpus[0]).error
    assert [name for name in here() if name not in ("folder", "p")] == []
