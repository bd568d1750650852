from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]


def test_a_run_against_perfect_translations(atento: Atento, run: Path, corpus: Corpus) -> None:
    result = atento("compare", run, corpus[1], *corpus, "--sentences", 2, "--resamples", 100)
    assert result.code == 0
    assert f"A = {run}, B = {corpus[1]}" in result.out
    assert "100.0" in result.out
    assert result.out.count("\nline ") == 2
    assert "reference" in result.out


def test_a_system_against_itself_does_not_differ(atento: Atento, corpus: Corpus) -> None:
    result = atento("compare", corpus[0], corpus[0], *corpus, "--json", "--resamples", 100, "--metrics", "chrf,bleu")
    found = json.loads(result.out)
    assert found["sentences"] == []
    assert [each["difference"] for each in found["comparison"]["differences"]] == [0.0, 0.0]
    assert all(each["p_value"] > 0.9 for each in found["comparison"]["differences"])


def test_unequal_files_are_one_line_with_both_counts(atento: Atento, corpus: Corpus, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("um\n")
    line = atento("compare", short, corpus[1], *corpus).error
    assert "1 lines" in line
    assert "60 lines" in line


@pytest.fixture
def seeds(run: Path, tmp_path: Path) -> Callable[..., list[Path]]:
    """Copies of the run that say they were trained with these seeds."""

    def copies(name: str, *numbers: int) -> list[Path]:
        places = []
        for number in numbers:
            place = tmp_path / f"{name}-{number}"
            shutil.copytree(run / "bundle", place)
            card = json.loads((place / "card.json").read_text(encoding="utf-8"))
            card["training"]["seed"] = number
            (place / "card.json").write_text(json.dumps(card), encoding="utf-8")
            places.append(place)
        return places

    return copies


@pytest.fixture
def files(corpus: Corpus, tmp_path: Path) -> list[Path]:
    """Three systems that leave some lines empty."""
    lines = corpus[1].read_text(encoding="utf-8").splitlines()
    places = [tmp_path / f"system-{number}.es" for number in (1, 2, 3)]
    for number, place in enumerate(places):
        kept = [line if row % 9 > number else "" for row, line in enumerate(lines)]
        place.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return places


def test_several_runs_a_side_say_what_each_test_covers(atento: Atento, run: Path, files: Any, corpus: Corpus) -> None:
    words = ("compare", *corpus, "--a", run, files[0], "--b", *files[1:], corpus[1], "--resamples", 50)
    out = atento(*words, "--sentences", 1).out
    for text in (
        f"A = {run}, {files[0]}\n", "Over test sentences (paired bootstrap, 50 resamples",
        "training's randomness is not covered",
        "Over seeds (Welch's t test, 2 and 3 runs)", "the choice of sentences is not covered", "BLEU|nrefs:1",
    ):  # fmt: skip
        assert text in out
    shown = out.split("\nline ")[1].splitlines()
    assert len(shown) == 1 + 2 + 2 + 3  # the heading, source and reference, and every run's translation
    found = json.loads(atento(*words, "--json").out)
    assert found["runs"]["b"] == [str(path) for path in (*files[1:], corpus[1])]
    chrf = found["comparison"]["differences"][1]
    assert (len(chrf["a_scores"]), len(chrf["b_scores"]), chrf["b_scores"][-1]) == (2, 3, 100.0)
    assert chrf["over_seeds"]["paired"] is False


def test_runs_are_paired_by_their_seeds_or_as_the_user_says(
    atento: Atento, seeds: Callable[..., list[Path]], files: list[Path], corpus: Corpus
) -> None:
    a, b = seeds("a", 1, 2), seeds("b", 2, 1)
    options = ("--json", "--metrics", "bleu", "--resamples", 20, "--beam-size", 1)
    found = json.loads(atento("compare", *corpus, "--a", *a, "--b", *b, *options).out)
    assert found["comparison"]["paired"] is True
    assert found["runs"]["b"] == [str(b[1]), str(b[0])]
    found = json.loads(atento("compare", *corpus, "--a", *a, "--b", *b, "--unpaired", *options).out)
    assert found["comparison"]["paired"] is False
    found = json.loads(atento("compare", *corpus, "--a", *files[:2], "--b", *files[1:], "--paired", *options).out)
    assert found["comparison"]["paired"] is True
    other = seeds("c", 7, 8)
    result = atento("compare", *corpus, "--a", *a, "--b", *other, *options)
    assert json.loads(result.out)["comparison"]["paired"] is False
    same = [*seeds("d", 7), *seeds("e", 7)]
    assert "runs of B share the seed 7" in atento("compare", *corpus, "--a", *a, "--b", *same, *options).err


def test_one_run_on_a_side_says_nothing_about_seeds(atento: Atento, files: list[Path], corpus: Corpus) -> None:
    words = ("compare", *corpus, "--a", files[0], "--b", *files[1:], "--resamples", 20)
    out = atento(*words).out
    assert "Over seeds: nothing can be said with one run of A" in out
    found = json.loads(atento(*words, "--json").out)["comparison"]
    assert [each["over_seeds"] for each in found["differences"]] == [None, None, None]
    one_each = atento("compare", *corpus, "--a", files[0], "--b", files[1], "--resamples", 20).out
    assert one_each == atento("compare", files[0], files[1], *corpus, "--resamples", 20).out
    assert "nothing of training's randomness" in one_each


def test_sides_that_do_not_fit_are_one_line(atento: Atento, files: list[Path], corpus: Corpus) -> None:
    sides = ("--a", *files[:2], "--b", *files)
    assert "belong together" in atento("compare", *corpus, "--a", *files).error
    assert "before --a and --b" in atento("compare", corpus[0], *sides, corpus[1]).error
    assert "has " + str(files[0]) + " twice" in atento("compare", *corpus, "--a", *files, files[0], "--b", *files).error
    assert "as many runs" in atento("compare", *corpus, *sides, "--paired").error
    assert "one run a side" in atento("compare", *corpus, *sides, "--method", "randomisation").error
    assert "need several runs" in atento("compare", *files[:2], *corpus, "--paired").error
    assert "A B SRC REF, and 3 paths" in atento("compare", files[0], *corpus).error
    assert "put them before" in atento("compare", "--a", *files[:2], "--b", *files).error
    assert "is a folder; with --a and --b" in atento("compare", files[0].parent, *corpus, *sides).error
    assert "--sentences" in atento("compare", *files[:2], *corpus, "--sentences", -1).error
