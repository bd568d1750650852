from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]
KINDS = {"word": 15, "char": 60, "bpe": 300, "byte-bpe": 280, "wordpiece": 60, "unigram": 290}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_trained_and_shown(atento: Atento, corpus: Corpus, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "new" / f"{kind}.json"
    trained = atento("tokenizer", "train", *corpus, "--kind", kind, "--vocab-size", KINDS[kind], "-o", file, "--json")
    assert trained.code == 0, trained.err
    facts = json.loads(trained.out)
    assert facts["kind"] == kind
    assert facts["lossless"] == (kind == "byte-bpe")
    shown = json.loads(atento("tokenizer", "show", file, "o gato vê", "--json").out)
    [text] = shown["texts"]
    assert shown["tokenizer"]["checksum"] == facts["checksum"]
    assert len(text["ids"]) == len(text["spans"]) == len(text["labels"])
    assert text["exact"]


def test_people_see_pieces_bytes_and_losses(atento: Atento, run: Path, written: Callable[..., Path]) -> None:
    file = written("lines", "o gato", "um peixe")
    result = atento("tokenizer", "show", run, "o Gato", "-i", file)
    assert result.code == 0
    for words in ("word, ", "Not every text comes back exactly", "2–6", "<unk>", "tokens a word", "Never seen"):
        assert words in result.out


def test_a_vocabulary_larger_than_the_data_is_one_line(atento: Atento, corpus: Corpus, here: Callable[[], Any]) -> None:
    assert "the data gives at most" in atento("tokenizer", "train", *corpus, "--vocab-size", 9000, "-o", "t.json").error
    assert here() == []


def test_both_sides_of_a_tsv_are_read(atento: Atento, written: Callable[..., Path], tmp_path: Path) -> None:
    tsv = written("pairs.tsv", *["um gato\tun perro"] * 3)
    assert atento("tokenizer", "train", tsv, "--kind", "word", "--vocab-size", 8, "-o", tmp_path / "t.json").code == 0
    shown = json.loads(atento("tokenizer", "show", tmp_path / "t.json", "um gato un perro", "--json").out)
    assert shown["texts"][0]["exact"]


def test_what_is_no_tokenizer_is_one_line(atento: Atento, tmp_path: Path, written: Callable[..., Path]) -> None:
    assert "no tokenizer" in atento("tokenizer", "show", tmp_path).error
    assert "cannot read" in atento("tokenizer", "show", tmp_path / "none").error
    assert "not JSON" in atento("tokenizer", "show", written("t.json", "{")).error
