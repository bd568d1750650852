"""Bad input for the commands that read single texts: one clear line, exit code 2, nothing half-written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Written = Callable[..., Path]
Here = Callable[[], list[str]]


@dataclass(frozen=True)
class Command:
    """A command with a run that it is for and a text that it accepts."""

    name: str
    run: Path
    text: str
    options: tuple[object, ...] = ()
    suffix: str = ""

    @property
    def words(self) -> tuple[object, ...]:
        """Without text."""
        return (self.name, self.run, *self.options)


NAMES = ("write", "fill", "fill --score", "classify", "embed")


@pytest.fixture(params=NAMES)
def command(request: pytest.FixtureRequest, gpt_run: Path, bert: Path, classifier: Path) -> Command:
    return {
        "write": Command("write", gpt_run, "a vida", ("--greedy", "--max-tokens", 3)),
        "fill": Command("fill", bert, "a [MASK] é bela"),
        "fill --score": Command("fill", bert, "a vida", ("--score",)),
        "classify": Command("classify", classifier, "a vida"),
        "embed": Command("embed", bert, "a vida", (), ".npz"),
    }[request.param]


def test_good_input_is_taken(atento: Atento, command: Command, written: Written, here: Here) -> None:
    """What the other tests spoil."""
    output = f"out{command.suffix}"
    result = atento(*command.words, "-i", written("texts", command.text, command.text), "-o", output)
    assert result.code == 0, result.err
    assert here() == [output]


def test_files_that_cannot_be_read(
    atento: Atento, command: Command, written: Written, here: Here, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(f"{command.text}\n{command.text} ".encode() + b"\xea\n")
    output = ("-o", f"out{command.suffix}")
    assert f"{wrong}, line 2: byte 0xea" in atento(*command.words, "-i", wrong, *output).error
    assert "none" in atento(*command.words, "-i", "none", *output).error
    line = atento(*command.words, "-i", written("empty"), *output).error
    assert "empty" in line
    assert here() == []


def test_places_that_cannot_be_written(
    atento: Atento, command: Command, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"place{command.suffix}"
    Path("file").touch()
    Path("closed").mkdir()
    Path(place).mkdir()
    assert "it is a folder" in atento(*command.words, command.text, "-o", place).error
    assert "file" in atento(*command.words, command.text, "-o", f"file/out{command.suffix}").error
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK or Path(path).name != "closed")
        assert "no permission" in atento(*command.words, command.text, "-o", f"closed/out{command.suffix}").error
    assert here() == sorted(["closed", "file", place])


def test_a_full_disk(atento: Atento, command: Command, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    line = atento(*command.words, command.text, "-o", f"out{command.suffix}").error
    assert "No space left" in line
    assert "free some space" in line
    assert here() == []


@pytest.mark.parametrize("damage", ["weights", "config", "tokenizer", "missing", "pickled"])
def test_a_damaged_bundle(atento: Atento, command: Command, tmp_path: Path, here: Here, damage: str) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(command.run / "bundle", bundle)
    weights, config, tokenizer = (bundle / name for name in ("model.safetensors", "config.json", "tokenizer.json"))
    match damage:
        case "weights":
            with weights.open("rb+") as stream:
                stream.truncate(900)
        case "config":
            config.write_text(config.read_text(encoding="utf-8")[:200], encoding="utf-8")
        case "tokenizer":
            tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("v", "w"), encoding="utf-8")
        case "missing":
            weights.unlink()
        case "pickled":
            weights.unlink()
            (bundle / "pytorch_model.bin").write_bytes(b"\x80\x02}q\x00.")
    result = atento(command.name, bundle, command.text, *command.options, "-o", f"out{command.suffix}")
    assert str(bundle) in result.error
    assert result.out == ""
    assert here() == []


@pytest.mark.parametrize(
    ("name", "text"), [("fill", "a [MASK] " * 20), ("fill --score", "a " * 60), ("write", "a " * 60)]
)
def test_a_text_that_is_too_long_names_its_line(
    atento: Atento, gpt_run: Path, bert: Path, written: Written, here: Here, name: str, text: str
) -> None:
    run, *options = {"write": [gpt_run, "--greedy"], "fill": [bert], "fill --score": [bert, "--score"]}[name]
    good = "a [MASK]" if name == "fill" else "a vida"
    line = atento(name.split()[0], run, "-i", written("texts", good, text), *options, "-o", "out").error
    assert "this model reads at most 24" in line
    assert " 2 " in line
    assert here() == []


def test_a_device_that_is_none(atento: Atento, command: Command, here: Here) -> None:
    for name in ("meta", "nonsense", "cuda:99", "hip"):
        line = atento(*command.words, command.text, "--device", name).error
        assert line == f"error: the device {name!r} cannot be used here; give cpu or auto"
    assert here() == []
