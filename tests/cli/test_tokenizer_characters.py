from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

Atento = Callable[..., Any]
PIECES = ["[UNK]", "casa", "##s", "a", "12", "λ", "A\u202e", "中", "##中", *(f"w{n}" for n in range(60))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    library = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece()
    library.save(str(tmp_path / "small.json"))
    return tmp_path / "small.json"


def test_a_vocabulary_in_the_terminal(atento: Atento, file: Path) -> None:
    result = atento("tokenizer", "characters", file)
    assert result.code == 0, result.err
    for words in ("The vocabulary of small", "By script", "Greek", "By length", "Entries that no text gives", "⟨RLO⟩"):
        assert words in result.out
    assert "\u202e" not in result.out


def test_lists_are_paged_and_safe(atento: Atento, file: Path) -> None:
    every = atento("tokenizer", "characters", file, "--list", "all")
    assert "The first 50; 19 more are not shown." in every.out
    some = atento("tokenizer", "characters", file, "--search", "w1", "--limit", 2)
    assert "with w1 (11)" in some.out
    assert "w10" in some.out
    assert "w11" not in some.out
    hidden = atento("tokenizer", "characters", file, "--list", "hidden")
    assert "A⟨RLO⟩" in hidden.out
    assert "\u202e" not in hidden.out
    assert "none" in atento("tokenizer", "characters", file, "--list", "script=Greek", "digits").out


def test_json_has_all_entries_of_a_list(atento: Atento, file: Path) -> None:
    found = json.loads(atento("tokenizer", "characters", file, "--list", "digits", "--limit", 1, "--json").out)
    assert len(found["entries"]) == 61
    assert (found["tokenizer"], found["size"]) == ("small", len(PIECES))
    assert "entries" not in json.loads(atento("tokenizer", "characters", file, "--json").out)


def test_every_kind_of_file(atento: Atento, file: Path, tmp_path: Path) -> None:
    names = ["out.csv", "out.json", "out.md", "out.html"]
    options = [word for name in names for word in ("-o", tmp_path / name)]
    result = atento("tokenizer", "characters", file, *options, "--figure", tmp_path / "out.svg")
    assert result.code == 0, result.err
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert [row["piece"] for row in rows] == PIECES
    assert {row["piece"]: row["reason"] for row in rows}[
        "##中"
    ] == ""  # BertPreTokenizer alone does not part ideographs
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["size"] == len(PIECES)
    assert "| Latin |" in (tmp_path / "out.md").read_text("utf-8")
    assert "<h1>The vocabulary of small</h1>" in (tmp_path / "out.html").read_text("utf-8")
    assert (tmp_path / "out.svg").stat().st_size > 1000


def test_a_text_with_and_without_a_tokenizer(atento: Atento, file: Path, written: Callable[..., Path]) -> None:
    texts = written("one", "casas λ\u00a0"), written("two", "я\u200b casa")
    plain = atento("tokenizer", "characters", "--text", *texts)
    assert plain.code == 0, plain.err
    for words in ("Cyrillic", "⍽", "⟨ZWSP⟩", "The characters of one, two"):
        assert words in plain.out
    both = atento("tokenizer", "characters", file, "--text", *texts)
    for words in ("tokens/character", "Characters that small does not know or drops", "U+044F"):
        assert words in both.out


def test_a_text_in_files(atento: Atento, written: Callable[..., Path], tmp_path: Path) -> None:
    text = written("one", "aaé", "a")
    out = tmp_path / "out.csv"
    assert atento("tokenizer", "characters", "--text", text, "-o", out, "--figure", tmp_path / "out.png").code == 0
    rows = {row["character"]: row for row in csv.DictReader(out.read_text("utf-8").splitlines())}
    assert (rows["a"]["count"], rows["é"]["code_point"], rows["é"]["line"]) == ("3", "U+00E9", "1")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "give a TOKENIZER"),
        (["nowhere.json"], "nowhere.json"),
        (["FILE", "--list", "script=Grek"], "Greek"),
        (["FILE", "--list", "digit"], "digits"),
        (["FILE", "--limit", "3"], "--limit"),
        (["FILE", "-o", "out.pdf"], "out.pdf"),
        (["FILE", "--figure", "out.txt"], "out.txt"),
        (["FILE", "--pattern", "gpt2"], "pattern"),
        (["--text", "nowhere.txt"], "nowhere.txt"),
        (["--text", "FILE", "--list", "digits"], "--list"),
        (["--text", "FILE", "--pattern", "gpt2"], "--pattern"),
        (["--text", "EMPTY", "--figure", "out.png", "-o", "out.csv"], "nothing to draw"),
        (["--text", "BINARY", "-o", "out.csv"], "UTF-8"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    atento: Atento, file: Path, tmp_path: Path, here: Callable[[], list[str]], words: list[str], hint: str
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(b"ok\n\xff\xfe\n")
    places = {"FILE": str(file), "EMPTY": str(tmp_path / "empty"), "BINARY": str(tmp_path / "binary")}
    result = atento("tokenizer", "characters", *(places.get(word, word) for word in words))
    assert hint in result.error
    assert here() == []
