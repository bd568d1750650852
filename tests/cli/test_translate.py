from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.figures.attention import Attention

Atento = Callable[..., Any]
Written = Callable[..., Path]
TEXTS = ("o gato vê o peixe", "o cão", "o gato grande come")


def test_texts_files_and_pipes_give_the_same(atento: Atento, run: Path, written: Written, tmp_path: Path) -> None:
    given = atento("translate", run, *TEXTS)
    assert given.code == 0
    assert given.err == ""
    assert len(given.out.splitlines()) == len(TEXTS)
    file = written("in.pt", *TEXTS)
    assert atento("translate", run, "-i", file).out == given.out
    assert atento("translate", run, stdin="\r\n".join(TEXTS).encode()).out == given.out
    saved = atento("translate", run, "-i", file, "-o", tmp_path / "new" / "out.es")
    assert saved.out == ""
    assert (tmp_path / "new" / "out.es").read_text(encoding="utf-8") == given.out


def test_an_empty_line_stays_empty(atento: Atento, run: Path) -> None:
    lines = atento("translate", run, stdin=b"o gato\n\n   \no gato\n").out.splitlines()
    assert lines[1:3] == ["", ""]
    assert lines[0] == lines[3] != ""
    assert atento("translate", run, stdin=b"").out == ""


def test_a_pipe_answers_before_the_next_line_is_written(run: Path, environment: dict[str, str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "atento", "translate", str(run)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    for _ in range(2):
        child.stdin.write("o gato\n")
        child.stdin.flush()
        assert child.stdout.readline().strip()
    child.stdin.write("\n" + "o gato come\n" * 1200)
    child.stdin.close()
    lines = child.stdout.read().splitlines()
    child.stdout.close()
    assert child.wait() == 0
    assert len(lines) == 1201
    assert lines[0] == ""
    assert len(set(lines[1:])) == 1


def test_unknown_script_is_translated_with_one_warning(atento: Atento, run: Path) -> None:
    result = atento("translate", run, "o gato", "мир", "кот о", "o cão")
    assert result.code == 0
    assert len(result.out.splitlines()) == 4
    [warning] = result.err.splitlines()
    assert warning.startswith("warning: line 2 ")
    assert "мир" in warning


def test_json_has_every_candidate(atento: Atento, run: Path) -> None:
    result = atento("translate", run, "o gato", "", "--n-best", 3, "--json")
    first, second = map(json.loads, result.out.splitlines())
    assert (first["line"], first["source"], second["translation"]) == (1, "o gato", "")
    scores = [candidate["score"] for candidate in first["candidates"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 3
    assert len(first["candidates"][0]["tokens"]) == len(first["candidates"][0]["log_probabilities"])
    assert second["candidates"] == []


def test_n_best_as_text_has_line_score_and_text(atento: Atento, run: Path) -> None:
    lines = atento("translate", run, "o gato", "", "o cão", "--n-best", 2).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["1", "1", "2", "3", "3"]
    assert all(len(line.split("\t")) == 3 for line in lines)


def test_options_reach_the_search(atento: Atento, run: Path) -> None:
    def tokens(*options: object) -> list[list[str]]:
        result = atento("translate", run, "o gato vê o peixe", "--json", *options)
        assert result.code == 0, result.err
        return [candidate["tokens"] for candidate in json.loads(result.out)["candidates"]]

    assert all(len(each) <= 3 for each in tokens("--max-length", 3))
    assert all(len(each) >= 9 for each in tokens("--min-length", 9, "--beam-size", 1))
    assert tokens("--prefix", "el perro")[0][:2] == ["el", "perro"]
    drawn = tokens("--sampling", "--samples", 4, "--seed", 3, "--temperature", 1.5, "--top-k", 5, "--top-p", 0.9)
    assert len(drawn) == 4
    assert drawn == tokens(
        "--sampling", "--samples", 4, "--seed", 3, "--temperature", 1.5, "--top-k", 5, "--top-p", 0.9
    )
    [long] = tokens("--no-repeat-ngram-size", 1, "--min-length", 6, "--beam-size", 2, "--batch-size", 1)
    assert len(set(long)) == len(long)
    assert len(tokens("--n-best", 7, "--length-penalty", 0.5)) == 7


@pytest.mark.parametrize(
    "options",
    [("--n-best", 3, "--beam-size", 2), ("--temperature", 0.5), ("--sampling", "--top-p", 2), ("--beam-size", 0)],
)
def test_impossible_options_are_one_line(atento: Atento, run: Path, options: tuple[object, ...]) -> None:
    assert "out of range" in atento("translate", run, "o gato", *options).error


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_attention_is_drawn_with_several_sentences_a_sheet(
    atento: Atento, run: Path, tmp_path: Path, suffix: str
) -> None:
    picture = tmp_path / "new" / f"attention{suffix}"
    result = atento("translate", run, *TEXTS, "--attention", picture, "--words", "--layer", -1, "--head", 0)
    assert result.code == 0
    assert result.err == ""
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert picture.read_bytes().startswith(starts[suffix])
    assert [path.name for path in picture.parent.iterdir()] == [picture.name]


def test_attention_as_json_is_one_record_a_line(atento: Atento, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "attention.json"
    result = atento("translate", run, *TEXTS, "--attention", file, "--subwords")
    records = [Attention.from_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [record.source_text for record in records] == list(TEXTS)
    assert [record.target_text for record in records] == result.out.splitlines()


def test_attention_that_cannot_be_drawn_is_refused_before_work(atento: Atento, run: Path, tmp_path: Path) -> None:
    assert ".png" in atento("translate", run, "o gato", "--attention", tmp_path / "a.bmp").error
    assert "folder" in atento("translate", run, "o gato", "--attention", tmp_path).error
    assert (
        "layer 7"
        in atento(
            "translate", run, "o gato", "--attention", tmp_path / "a.png", "--layer", 7, "-o", tmp_path / "out"
        ).error
    )
    assert not (tmp_path / "a.png").exists()
    assert not (tmp_path / "out").exists()


def test_texts_and_a_file_together_are_refused(atento: Atento, run: Path, written: Written) -> None:
    assert "not both" in atento("translate", run, "o gato", "-i", written("x", "y")).error


def test_a_grid_shows_every_head_of_one_text(atento: Atento, run: Path, tmp_path: Path) -> None:
    picture = tmp_path / "grid.png"
    assert atento("translate", run, "o gato", "--attention", picture, "--grid", "--role", "cross").code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = tmp_path / "again.png"
    for options, words in (
        ((*TEXTS, "--attention", again, "--grid"), "shows one text, and here are 3"),
        (("o gato", "--attention", again, "--role", "encoder"), "no encoder attention is recorded; recorded: cross"),
        (("o gato", "--role", "encoder"), "--role is for the drawing"),
    ):
        assert words in atento("translate", run, *options).error
    assert not again.exists()
