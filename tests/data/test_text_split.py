"""Holding a part of a text out."""

import contextlib
import json
from pathlib import Path

import pytest

from atento.core.errors import DataError
from atento.data.documents import read_documents
from atento.data.text_files import Documents, TextFiles
from atento.data.text_split import split_texts


def written(path: Path, text: str) -> TextFiles:
    path.write_text(text, encoding="utf-8")
    return TextFiles(text=str(path))


def test_of_a_file_the_end_is_held_out(tmp_path: Path) -> None:
    lines = [f"linha {number}" for number in range(100)]
    files = written(tmp_path / "a.txt", "\n".join(lines))
    [train], [dev] = split_texts([files], "file", 0.1, tmp_path / "parts", seed=1)
    parts = [Path(part.text).read_text(encoding="utf-8").splitlines() for part in (train, dev)]
    assert parts[0] + parts[1] == lines
    assert 9 <= len(parts[1]) <= 11


def test_a_text_of_one_line_is_cut_between_words(tmp_path: Path) -> None:
    words = [f"palavra{number}" for number in range(1000)]
    files = written(tmp_path / "a.txt", " ".join(words))
    [train], [dev] = split_texts([files], "file", 0.1, tmp_path / "parts", seed=1)
    parts = [Path(part.text).read_text(encoding="utf-8") for part in (train, dev)]
    assert parts[0].split() + parts[1].split() == words
    assert 98 <= len(parts[1].split()) <= 102
    assert parts[1].startswith("palavra")
    files = written(tmp_path / "b.txt", "字" * 50_000)
    [train], [dev] = split_texts([files], "file", 0.1, tmp_path / "others", seed=1)
    assert 3900 <= len(Path(dev.text).read_text(encoding="utf-8")) <= 5000


@pytest.mark.parametrize("kind", ["line", "blank-line", "json"])
def test_whole_documents_are_held_out_and_equal_ones_stay_together(tmp_path: Path, kind: str) -> None:
    texts = [f"texto {number % 60}" for number in range(200)]
    if kind == "json":
        files = written(tmp_path / "a.jsonl", "\n".join(json.dumps({"text": text}) for text in texts))
    else:
        files = written(tmp_path / "a.txt", ("\n" if kind == "line" else "\n\n").join(texts))
    documents: Documents = "blank-line" if kind == "blank-line" else "line"
    found = [split_texts([files], documents, 0.2, tmp_path / str(seed), seed=seed) for seed in (1, 1, 2)]
    parts = [[list(read_documents(part, documents)) for [part] in pair] for pair in found]
    train, dev = parts[0]
    assert sorted(train + dev) == sorted(texts)
    assert not set(train) & set(dev)
    assert 40 <= len(dev) <= 44
    assert parts[1] == parts[0] != parts[2]


@pytest.mark.parametrize("documents", ["file", "line"])
def test_of_a_large_file_only_so_many_characters_are_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: Documents
) -> None:
    monkeypatch.setattr("atento.data.text_split.HELD_OUT_AT_MOST", 100)
    files = written(tmp_path / "a.txt", "\n".join(f"linha {number:04}" for number in range(500)))
    _, [dev] = split_texts([files], documents, 0.5, tmp_path / "parts", seed=1)
    assert 70 <= len(Path(dev.text).read_text(encoding="utf-8")) <= 120


def test_a_document_of_several_files_is_on_one_side(tmp_path: Path) -> None:
    files = [
        written(tmp_path / f"{name}.txt", "\n".join(f"texto {number}" for number in numbers))
        for name, numbers in (("a", range(100)), ("b", range(50, 150)), ("c", range(500, 520)))
    ]
    train, dev = split_texts(files, "line", 0.2, tmp_path / "parts", seed=1)
    kept, held = ([set(read_documents(part, "line")) for part in parts] for parts in (train, dev))
    assert not set().union(*kept) & set().union(*held)
    for number, each in enumerate(files):
        assert kept[number] | held[number] == set(read_documents(each, "line"))
        assert held[number]


def test_a_file_that_would_be_held_out_whole_is_refused(tmp_path: Path) -> None:
    """Its documents stand in another file, too, which holds out all of them."""
    small = written(tmp_path / "a.txt", "um\ndois\n")
    other = written(tmp_path / "b.txt", "um\num\num\ndois\ndois\ndois\ntres\n")

    def refused(seed: int) -> bool:
        with contextlib.suppress(DataError):
            train, _ = split_texts([small, other], "line", 0.9, tmp_path / str(seed), seed=seed)
            return not list(read_documents(train[0], "line"))
        return True

    found = [refused(seed) for seed in range(12)]
    assert 0 < sum(found) < len(found)
    with pytest.raises(DataError, match=r"a\.txt: too short to hold a part of it out"):
        split_texts([small, other], "line", 0.9, tmp_path / "again", seed=found.index(True))


@pytest.mark.parametrize("text", ["uma\n", "uma\numa\n"])
def test_a_text_that_is_too_short_is_refused(tmp_path: Path, text: str) -> None:
    files = written(tmp_path / "a.txt", text)
    with pytest.raises(DataError, match="too short to hold a part of it out"):
        split_texts([files], "line", 0.5, tmp_path / "parts", seed=1)
    with pytest.raises(DataError, match="too short to hold a part of it out"):
        split_texts([written(tmp_path / "b.txt", "uma\n")], "file", 0.5, tmp_path / "parts", seed=1)
