"""What a command writes is nothing that it reads, and no two outputs are one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from atento.cli.application import _application
from atento.cli.places import OUTPUTS, Command, check_apart
from atento.core.errors import OutputError

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]
Here = Callable[[], list[str]]
Written = Callable[..., Path]


def commands(group: Any, name: str = "atento") -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


ALL = dict(commands(typer.main.get_command(_application())))


@pytest.mark.parametrize("name", ALL)
def test_every_command_checks_its_places(name: str) -> None:
    assert isinstance(ALL[name], Command)


def test_no_output_is_forgotten() -> None:
    """Whatever option says in its help that it draws, saves or writes a file, or stands in the place of printing."""
    found = set()
    for command in ALL.values():
        for parameter in command.params:
            words = (getattr(parameter, "help", "") or "").lower()
            writes = any(word in words for word in ("draw", "instead of printing", "also write", "as tsv", "save"))
            if writes and getattr(parameter, "metavar", None) == "FILE":
                found.add(parameter.opts[0])
    assert found <= OUTPUTS
    assert found >= OUTPUTS - {"--rejects"}


def test_an_input_is_not_written_over(
    atento: Atento, run: Path, corpus: Corpus, written: Written, here: Here, tmp_path: Path
) -> None:
    texts = written("texts", "o gato", "o cão")
    (tmp_path / "link").symlink_to(texts)
    before = [path.read_bytes() for path in (*corpus, texts)]
    for words in (
        ("translate", run, "-i", texts, "-o", texts),
        ("translate", run, "-i", texts, "-o", tmp_path / "link"),
        ("translate", run, "-i", texts, "-o", os.path.relpath(texts)),
        ("align", run, *corpus, "-o", corpus[1]),
        ("evaluate", run, *corpus, "-o", corpus[0]),
        ("tokenizer", "train", *corpus, "-o", corpus[0]),
        ("tokenizer", "show", texts, "o gato", "-o", texts),
        ("tokenizer", "compare", texts, f"x={corpus[0]}", "--text", "a", "-o", corpus[0]),
        ("tokenizer", "characters", texts, "-o", texts),
        ("tokenizer", "leaderboard", "mine.json", "--text", f"pt={corpus[0]}", "-o", corpus[0]),
    ):
        assert "it is read here, too; choose another place" in atento(*words).error
    assert [path.read_bytes() for path in (*corpus, texts)] == before
    assert here() == []


def test_two_outputs_are_two_files(atento: Atento, run: Path, corpus: Corpus, gpt_run: Path, here: Here) -> None:
    for words in (
        ("translate", run, "o gato", "-o", "out.json", "--attention", "out.json"),
        ("align", run, *corpus, "--gold", corpus[0], "-o", "out", "--per-sentence", "./out"),
        ("translate", run, "o gato", "-o", "out.json", "--attention", f"../{Path.cwd().name}/out.json"),
        ("write", gpt_run, "a vida", "--top", 2, "--figure", "out.html", "--attention", "out.html"),
    ):
        assert "another output goes there; give each a place of its own" in atento(*words).error
    assert here() == []


def test_folders_pipes_and_files_that_differ_are_no_concern(tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.touch()
    os.mkfifo(tmp_path / "pipe")
    check_apart([tmp_path, tmp_path, Path(os.devnull), Path(os.devnull), tmp_path / "pipe"], [tmp_path])
    check_apart([other, tmp_path / "third"], [file])
    with pytest.raises(OutputError, match="other: another output goes there"):
        check_apart([other, other], [])
