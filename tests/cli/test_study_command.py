from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.cli.study import _needs_folder, _shared
from atento.study.reading import OwnCorpus, read_study
from atento.study.shipped import shipped_studies


@pytest.mark.parametrize(
    ("typed", "shared"),
    [
        ("study reversal --small -o here --jobs 2 --seed 4 --json", "study reversal --small --seed 4"),
        ("study reversal --output=here -othere --device cpu", "study reversal"),
        ("study /home/a/mine.toml --data /home/a --set seeds=3", "study mine.toml --set seeds=3"),
        ("study scores --train /a/x.pt y.es --valid v.pt v.es", "study scores --train x.pt y.es --valid v.pt v.es"),
    ],
)  # fmt: skip
def test_the_command_in_a_report_leaves_out_what_concerns_one_machine(typed: str, shared: str) -> None:
    assert _shared(typed.split()) == f"atento {shared}"


@pytest.mark.parametrize("form", [[], ["--small"]])
@pytest.mark.parametrize("name", shipped_studies())
@pytest.mark.parametrize("given", ["--data", "ATENTO_DATA"])
def test_the_command_in_a_report_runs_once_its_folder_is_named(
    atento: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: list[str], given: str
) -> None:
    for place in re.findall(r'"([^"\n]+\.(?:pt|es|align|tsv|txt))"', shipped_studies()[name]):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    typed = ["study", *form, name, *(["--data", str(tmp_path)] if given == "--data" else [])]
    study, _ = read_study(name, small=bool(form), data=tmp_path)
    command = _shared(typed, name if _needs_folder(name, study, None) else None)
    assert str(tmp_path) not in command
    assert ("--data FOLDER" in command) == (not form and name != "speed")
    monkeypatch.delenv("ATENTO_DATA", raising=False)
    words = [str(tmp_path) if word == "FOLDER" else word for word in shlex.split(command)]
    assert atento(*words[1:], "--plan").code == 0


def test_neither_a_study_file_nor_an_own_corpus_is_said_to_need_a_folder(tmp_path: Path) -> None:
    pair = [tmp_path / "a.pt", tmp_path / "a.es"]
    for path in pair:
        path.write_text("um\n", encoding="utf-8")
    own = OwnCorpus(train=pair, valid=pair, test=pair)
    study, _ = read_study("scores", own=own)
    assert not _needs_folder("scores", study, own)
    assert not _needs_folder(str(tmp_path / "scores.toml"), study, None)
