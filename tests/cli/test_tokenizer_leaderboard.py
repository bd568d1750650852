"""``atento tokenizer leaderboard``: what is printed and written, and every kind of bad input."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]
Written = Callable[..., Path]
Here = Callable[[], list[str]]


@pytest.fixture
def tokenizers(atento: Atento, corpus: Corpus, tmp_path: Path) -> tuple[Path, Path]:
    """One that keeps every text, and one that knows seven words."""
    files = tmp_path / "bytes.json", tmp_path / "words.json"
    for file, kind, size in zip(files, ("byte-bpe", "word"), (280, 15), strict=True):
        result = atento("tokenizer", "train", *corpus, "--kind", kind, "--vocab-size", size, "-o", file)
        assert result.code == 0, result.err
    return files


@pytest.fixture
def texts(written: Written) -> tuple[Path, Path]:
    return written("t.pt", "o gato vê", "um peixe novo e belo"), written("t.es", "el gato ve", "un pescado nuevo")


def test_people_see_ranks_reasons_and_settings(atento: Atento, tokenizers: Corpus, texts: Corpus) -> None:
    result = atento("tokenizer", "leaderboard", *tokenizers, "--text", texts[0])
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 120
    rows = [line.split() for line in lines if line.strip().startswith(("1 ", "2* "))]
    assert [row[1] for row in rows[:2]] == ["bytes", "words"]
    for words in ("of tokens are unknown", "bytes/token", "seed 1", "α = 2.5", "|V|", "2 lines, 8 words", "10⁶ bytes"):
        assert words in result.out


def test_json_has_every_figure(atento: Atento, tokenizers: Corpus, texts: Corpus) -> None:
    words = ("--text", f"pt={texts[0]}", "--text", f"es={texts[1]}", "--against", "es", "--alpha", 3, "--seed", 4)
    result = json.loads(atento("tokenizer", "leaderboard", f"own={tokenizers[0]}", *words, "--json").out)
    assert result["settings"]["alpha"] == 3
    assert result["settings"]["against"] == "es"
    assert result["settings"]["seed"] == 4
    rows = {row["text"]: row for row in result["rows"]}
    assert list(rows) == ["(all)", "pt", "es"]
    assert {row["tokenizer"] for row in rows.values()} == {"own"}
    assert rows["pt"]["bytes"] + rows["es"]["bytes"] == rows["(all)"]["bytes"] == 56
    assert rows["pt"]["premium"] == rows["pt"]["tokens"] / rows["es"]["tokens"]
    assert rows["pt"]["exact"] == 1.0
    assert all(result["columns"][key] for key in rows["pt"])


def test_files_of_every_form_say_the_same(
    atento: Atento, tokenizers: Corpus, texts: Corpus, tmp_path: Path, here: Here
) -> None:
    names = [f"board{suffix}" for suffix in (".csv", ".json", ".md", ".tex", ".html")]
    options = [word for name in names for word in ("-o", name)]
    words = (
        "--text",
        f"pt={texts[0]}",
        "--text",
        f"es={texts[1]}",
        *options,
        "--figure",
        "sizes.svg",
        "--figure",
        "sizes.png",
    )
    result = atento("tokenizer", "leaderboard", *tokenizers, *words)
    assert result.code == 0, result.err
    assert here() == sorted([*names, "sizes.png", "sizes.svg"])
    files = {name: (tmp_path / "here" / name).read_text(encoding="utf-8") for name in names}
    rows = list(csv.DictReader(io.StringIO(files["board.csv"])))
    data = json.loads(files["board.json"])
    assert (
        [row["tokenizer"] for row in rows]
        == [row["tokenizer"] for row in data["rows"]]
        == ["bytes"] * 3 + ["words"] * 3
    )
    first = f"{data['rows'][0]['bytes_per_token']:.2f}"
    for name in ("board.md", "board.tex", "board.html"):
        assert first in files[name]
        assert "words" in files[name]
    assert "://" not in files["board.html"]
    assert "<svg" in files["board.html"]


def test_files_of_one_name_are_one_text(atento: Atento, tokenizers: Corpus, texts: Corpus) -> None:
    words = ("--text", f"all={texts[0]}", "--text", f"all={texts[1]}", "--json")
    rows = json.loads(atento("tokenizer", "leaderboard", tokenizers[0], *words).out)["rows"]
    assert [(row["text"], row["bytes"]) for row in rows] == [("all", 56)]


def test_rows_are_sorted_as_asked(atento: Atento, tokenizers: Corpus, texts: Corpus) -> None:
    words = ("--text", texts[0], "--json", "--sort", "bytes_per_token")
    rows = json.loads(atento("tokenizer", "leaderboard", *tokenizers, *words).out)["rows"]
    assert [(row["tokenizer"], row["rank"]) for row in rows] == [("words", 2), ("bytes", 1)]


def test_a_run_and_a_tiktoken_file_with_a_pattern(atento: Atento, run: Path, texts: Corpus, tmp_path: Path) -> None:
    import base64

    file = tmp_path / "own.tiktoken"
    ranks = [bytes([byte]) for byte in range(256)] + [b"ga", b"to"]
    lines = (f"{base64.b64encode(raw).decode()} {rank}\n" for rank, raw in enumerate(ranks))
    file.write_text("".join(lines), encoding="ascii")
    words = ("--text", texts[0], "--json", "--pattern", "gpt2")
    result = atento("tokenizer", "leaderboard", f"run={run}", file, *words)
    assert result.code == 0, result.err
    assert {row["tokenizer"]: row["library"].split()[0] for row in json.loads(result.out)["rows"]} == {
        "own": "tiktoken",
        "run": "tokenizers",
    }


def test_bad_input_is_one_line_and_nothing_is_written(
    atento: Atento, tokenizers: Corpus, texts: Corpus, written: Written, here: Here, tmp_path: Path
) -> None:
    own, _ = tokenizers
    pt, es = texts
    longer, empty = written("longer", "a", "b", "c"), written("empty", "", " ")
    parallel = ("--text", f"pt={pt}", "--against", "pt")
    cases: list[tuple[tuple[object, ...], str]] = [
        ((own, "--text", "none.pt"), "none.pt: there is no such file; check the path"),
        ((own, "--text", tmp_path), "is a folder; give a file"),
        ((own, "--text", empty), "empty is empty"),
        ((own, "--text", pt, "--text", pt), "two texts are called t.pt"),
        ((own, "--text", f"={pt}"), "write it as NAME=PATH"),
        (("none.json", "--text", pt), "none.json"),
        ((own, own, "--text", pt), f"two tokenizers are called bytes; name them: NAME={own}"),
        ((own, "--text", pt, "--pattern", "gpt2"), "--pattern is for .tiktoken files"),
        ((own, "--text", pt, "--sort", "rnk"), "did you mean 'rank'"),
        ((own, "--text", pt, "--alpha", 0), "alpha is 0.0"),
        ((own, "--text", pt, "--against", "fr"), "no text is called fr"),
        ((own, *parallel), "needs another text"),
        ((own, *parallel, "--text", f"x={longer}"), "longer has 3 lines and"),
        ((own, *parallel, "--text", f"x={es}", "--text", f"x={longer}"), "x has 2 files and pt has 1"),
        ((own, "--text", pt, "-o", "board.xls"), "the suffix chooses the form"),
        ((own, "--text", pt, "-o", "a.md", "-o", "a.md"), "another output goes there"),
        ((own, "--text", pt, "--figure", "a.gif"), "cannot draw a.gif"),
    ]
    for words, message in cases:
        line = atento("tokenizer", "leaderboard", *words, *(() if "-o" in words else ("-o", "board.md"))).error
        assert message in line, (words, line)
    assert here() == []


def test_a_line_that_is_not_utf8_is_named(atento: Atento, tokenizers: Corpus, tmp_path: Path, here: Here) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"um\nn\xe3o\n")
    assert "wrong.pt, line 2" in atento("tokenizer", "leaderboard", tokenizers[0], "--text", wrong, "-o", "b.md").error
    assert here() == []
