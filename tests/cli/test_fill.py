"""``atento fill``, and ``evaluate`` of a masked language model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

LINES = ["a vida é bela", "o que é a vida?", "diga lá, meu irmão", "onde fica a casa?"]


def test_gaps_are_filled(atento: Callable[..., object], bert: Path) -> None:
    result = atento("fill", bert, "a vida é [MASK].", "--top", "3")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("a vida é")
    assert "[MASK]" not in result.out
    assert len([line for line in lines if "%" in line]) == 3


def test_json_has_every_candidate_of_every_gap(
    atento: Callable[..., object], bert: Path, written: Callable[..., Path], tmp_path: Path
) -> None:
    path, output = written("gaps.txt", "a [MASK] é <mask>", "[MASK]"), tmp_path / "filled.jsonl"
    result = atento("fill", bert, "-i", path, "--json", "--top", "2", "-o", output)
    assert (result.code, result.out) == (0, "")
    first, second = (json.loads(line) for line in output.read_text(encoding="utf-8").splitlines())
    assert [len(gap) for gap in first["gaps"]] == [2, 2]
    assert second["line"] == 2
    assert second["gaps"][0][0]["probability"] >= second["gaps"][0][1]["probability"]


def test_where_it_looks_is_drawn(atento: Callable[..., object], bert: Path, tmp_path: Path) -> None:
    picture, record = tmp_path / "heads.svg", tmp_path / "attention.json"
    assert atento("fill", bert, "a vida é [MASK].", "--attention", picture, "--grid").code == 0
    assert picture.stat().st_size > 1000
    assert atento("fill", bert, "a [MASK]", "--attention", record).code == 0
    assert json.loads(record.read_text(encoding="utf-8"))["weights"].keys() == {"encoder"}
    assert "leave it or --score out" in atento("fill", bert, "--score", "a", "--attention", picture).error
    assert "leave one of them out" in atento("fill", bert, "--score", "a", "--top", 3).error


def test_a_drawing_that_cannot_be_made_leaves_no_file(
    atento: Callable[..., object], bert: Path, here: Callable[[], list[str]]
) -> None:
    words = ("fill", bert, "a [MASK]", "-o", "filled.txt", "--attention", "heads.png", "--layer", 7)
    assert "layer 7" in atento(*words).error
    assert here() == []


def test_texts_are_judged(atento: Callable[..., object], bert: Path) -> None:
    assert "pseudo-perplexity" in atento("fill", bert, "--score", "a vida é bela").out
    judged = json.loads(atento("fill", bert, "--score", "a vida", "--json").out)
    assert judged["total"] == pytest.approx(sum(judged["log_probabilities"]))


def test_evaluate_gives_the_pseudo_perplexity(
    atento: Callable[..., object], bert: Path, written: Callable[..., Path]
) -> None:
    path = written("test.txt", *LINES)
    assert "pseudo-perplexity of a token" in atento("evaluate", bert, path).out
    assert json.loads(atento("evaluate", bert, path, "--json").out)["pseudo_perplexity"] > 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a vida",), "there is no gap"),
        ((), "give TEXT"),
        (("[MASK]" * 30,), "this model reads at most 24"),
        (("[MASK]", "-i", "x"), "either TEXT or --input"),
        (("--score", "a vida", "a [MASK]"), "text 2 has a gap, and only whole texts are judged"),
    ],
)
def test_bad_input_gets_one_line(
    atento: Callable[..., object], bert: Path, words: tuple[str, ...], message: str
) -> None:
    assert message in atento("fill", bert, *words).error


def test_a_run_of_another_kind_is_refused(
    atento: Callable[..., object], bert: Path, run: Path, written: Callable[..., Path]
) -> None:
    assert "`fill` is for a masked language model: use `atento translate`" in atento("fill", run, "[MASK]").error
    assert "--stride is for models that write" in atento("evaluate", bert, written("t", "a"), "--stride", "2").error
