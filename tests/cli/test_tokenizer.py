from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.cli import main

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
    assert (shown["tokenizer"]["kind"], shown["tokenizer"]["size"]) == (kind, facts["size"])
    assert shown["tokenizer"]["losses"] == facts["losses"]
    assert (text["format"], text["version"], text["text"], text["exact"]) == ("atento.trace", 1, "o gato vê", True)
    assert [token["span"][1] for token in text["tokens"]][-1] == len("o gato vê".encode())


def test_people_see_pieces_bytes_and_losses(atento: Atento, run: Path, written: Callable[..., Path]) -> None:
    file = written("lines", "o gato", "um peixe")
    result = atento("tokenizer", "show", run, "o Gato", "-i", file)
    assert result.code == 0
    for words in ("word, ", "Not every text comes back exactly", "2–6", "<unk>", "tokens a word", "is lost: Gato"):
        assert words in result.out


def test_every_step_is_shown(atento: Atento, tokenizers: dict[str, Path]) -> None:
    result = atento("tokenizer", "show", tokenizers["bpe"], "gato x\u202e", "--steps")
    assert result.code == 0
    for words in ("normalised:", "pre-tokens:", "rank ", "⟨RLO⟩", "spelled in bytes"):
        assert words in result.out
    assert "\u202e" not in result.out
    assert "→ " in atento("tokenizer", "show", tokenizers["wordpiece"], "gatos", "--steps").out
    assert atento("tokenizer", "show", tokenizers["unigram"], "gatos", "--steps", "--best", 2).out.count("  -") >= 2


def test_ids_become_text(atento: Atento, tokenizers: dict[str, Path]) -> None:
    shown = json.loads(atento("tokenizer", "show", tokenizers["bpe"], "o gato", "--json").out)
    ids = " ".join(str(token["id"]) for token in shown["texts"][0]["tokens"])
    result = atento("tokenizer", "show", tokenizers["bpe"], "--ids", ids)
    assert result.out.startswith("o gato\n")
    assert json.loads(atento("tokenizer", "show", tokenizers["bpe"], "--ids", ids, "--json").out)["text"] == "o gato"
    assert "give numbers" in atento("tokenizer", "show", tokenizers["bpe"], "--ids", "a").error
    assert "no entry" in atento("tokenizer", "show", tokenizers["bpe"], "--ids", "99999").error
    assert "stands alone" in atento("tokenizer", "show", tokenizers["bpe"], "x", "--ids", "1").error


def test_special_tokens_are_what_is_asked(atento: Atento, tokenizers: dict[str, Path]) -> None:
    asked = ("tokenizer", "show", tokenizers["bpe"], "o gato</s>")
    assert "is text here" in atento(*asked).out
    assert [t["role"] for t in json.loads(atento(*asked, "--special", "parse", "--json").out)["texts"][0]["tokens"]][
        -1
    ] == "special"
    assert "begins the special token </s>" in atento(*asked, "--special", "refuse").error


@pytest.mark.parametrize("name", ["t.json", "t.html", "t.csv", "t.md"])
def test_texts_go_to_files(atento: Atento, tokenizers: dict[str, Path], tmp_path: Path, name: str) -> None:
    result = atento("tokenizer", "show", tokenizers["bpe"], "o gato", "--steps", "-o", tmp_path / name)
    assert result.code == 0
    assert "gato" in (tmp_path / name).read_text(encoding="utf-8")


def test_tokenizers_are_compared(atento: Atento, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    three = [tokenizers[kind] for kind in ("bpe", "word", "unigram")]
    result = atento("tokenizer", "compare", *three, "-t", "o gato vê", "-t", "peixe")
    assert result.code == 0
    for words in ("bpe ", "word ", "unigram ", "boundaries are everybody's", "Jaccard", "same strings"):
        assert words in result.out
    data = json.loads(atento("tokenizer", "compare", *three, "-t", "o gato", "--json").out)
    assert [row["tokenizer"] for row in data["texts"][0]["tokenizers"]] == ["bpe", "word", "unigram"]
    assert len(data["overlaps"]) == 3
    for suffix in ("html", "json", "csv", "md", "tex"):
        file = tmp_path / f"lanes.{suffix}"
        assert atento("tokenizer", "compare", *three[:2], "-t", "o gato", "-o", file).code == 0
        assert "unigram" not in file.read_text(encoding="utf-8")
        assert "bytes" in file.read_text(encoding="utf-8")


def test_one_tokenizer_twice_has_all_in_common(atento: Atento, tokenizers: dict[str, Path]) -> None:
    same = json.loads(atento("tokenizer", "compare", f"a={tokenizers['bpe']}", f"b={tokenizers['bpe']}", "--json").out)
    for row in same["overlaps"][0]["rows"]:
        assert (row["only_a"], row["only_b"], row["jaccard"]) == (0, 0, 1.0)


def test_what_cannot_be_compared_is_one_line(
    atento: Atento, tokenizers: dict[str, Path], here: Callable[[], Any]
) -> None:
    bpe = tokenizers["bpe"]
    assert "give two to six" in atento("tokenizer", "compare", bpe).error
    assert "called bpe" in atento("tokenizer", "compare", bpe, bpe).error
    assert "leave it out" in atento("tokenizer", "compare", bpe, f"b={bpe}", "--pattern", "gpt2").error
    assert "name a file that ends in" in atento("tokenizer", "compare", bpe, f"b={bpe}", "-o", "lanes.png").error
    assert "name a file that ends in" in atento("tokenizer", "show", bpe, "a", "-o", "t.png").error
    assert "give a text" in atento("tokenizer", "show", bpe, "-o", "t.json").error
    assert here() == []


@pytest.fixture(scope="module")
def tokenizers(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of every kind."""
    folder = tmp_path_factory.mktemp("kinds")
    for kind, size in KINDS.items():
        words = ["tokenizer", "train", *map(str, corpus), "--kind", kind, "--vocab-size", str(size)]
        assert main([*words, "-o", str(folder / f"{kind}.json")]) == 0
    return {kind: folder / f"{kind}.json" for kind in KINDS}


def test_a_vocabulary_larger_than_the_data_is_one_line(atento: Atento, corpus: Corpus, here: Callable[[], Any]) -> None:
    assert "the data gives at most" in atento("tokenizer", "train", *corpus, "--vocab-size", 9000, "-o", "t.json").error
    assert here() == []


def test_a_size_is_chosen_and_drawn(atento: Atento, corpus: Corpus, tmp_path: Path, here: Callable[[], Any]) -> None:
    asked = ("tokenizer", "train", *corpus, "--vocab-size", "auto", "--kind", "word", "--min-frequency", 1)
    result = atento(*asked, "--curve", tmp_path / "curve.svg", "-o", tmp_path / "t.json")
    assert result.code == 0, result.err
    assert "chosen" in result.out
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").startswith("<?xml")
    data = json.loads(atento(*asked, "-o", tmp_path / "t.json", "--json").out)
    assert [row["size"] for row in data["curve"]["rows"] if row["chosen"]] == [data["size"]]
    assert "go with --vocab-size auto" in atento("tokenizer", "train", *corpus, "--gain", 0.1, "-o", "t.json").error
    assert "or auto" in atento("tokenizer", "train", *corpus, "--vocab-size", "many", "-o", "t.json").error
    assert "give a share" in atento(*asked, "--gain", 2, "-o", "t.json").error
    assert here() == []


def test_both_sides_of_a_tsv_are_read(atento: Atento, written: Callable[..., Path], tmp_path: Path) -> None:
    tsv = written("pairs.tsv", *["um gato\tun perro"] * 3)
    assert atento("tokenizer", "train", tsv, "--kind", "word", "--vocab-size", 8, "-o", tmp_path / "t.json").code == 0
    shown = json.loads(atento("tokenizer", "show", tmp_path / "t.json", "um gato un perro", "--json").out)
    assert shown["texts"][0]["exact"]


def test_what_is_no_tokenizer_is_one_line(atento: Atento, tmp_path: Path, written: Callable[..., Path]) -> None:
    assert "no tokenizer" in atento("tokenizer", "show", tmp_path).error
    assert "cannot read" in atento("tokenizer", "show", tmp_path / "none.json").error
    assert "cannot read" in atento("tokenizer", "show", tmp_path / "vocab.txt").error
    assert "not JSON" in atento("tokenizer", "show", written("t.json", "{")).error
    assert "no tokenizer.json" in atento("tokenizer", "show", written("u.json", "{}")).error
    assert "damaged or no SentencePiece model" in atento("tokenizer", "show", written("t.model", "x")).error
    assert "line 1 is no byte sequence" in atento("tokenizer", "show", written("gpt2.tiktoken", "x")).error
    assert "lacks 255 of the 256" in atento("tokenizer", "show", written("r50k_base.tiktoken", "AA== 0")).error


def test_an_empty_file_is_nothing_to_count(
    atento: Atento, tokenizers: dict[str, Path], written: Callable[..., Path]
) -> None:
    assert "nothing to count" in atento("tokenizer", "show", tokenizers["bpe"], "-i", written("empty")).error


def test_a_hubs_name_without_a_hub(atento: Atento, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    line = atento("tokenizer", "show", "nobody/no-such-model").error
    assert "the hub cannot be reached; give the path" in line
    for name in ("no/such/", "folder/", "a b", "../x", "a..b"):
        assert "cannot read" in atento("tokenizer", "show", name).error
