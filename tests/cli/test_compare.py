from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
