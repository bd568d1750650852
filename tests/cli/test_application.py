from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer.main

from atento.cli import failures
from atento.cli.application import _application

Atento = Callable[..., Any]
HEAVY = ("torch", "numpy", "matplotlib", "sacrebleu", "tokenizers", "transformers", "rich.console")


def _commands() -> list[tuple[str, ...]]:
    group = typer.main.get_command(_application())
    names: list[tuple[str, ...]] = [()]
    for name, command in group.commands.items():
        names.append((name,))
        names += [(name, inner) for inner in getattr(command, "commands", {})]
    return names


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(atento: Atento, command: tuple[str, ...]) -> None:
    result = atento(*command, "--help")
    assert result.code == 0
    assert f"Usage: {' '.join(('atento', *command))}" in result.out
    assert "Example" in result.out
    assert f"\n  atento {' '.join(command)}".rstrip() in result.out.replace("Example:  ", "\n  ").replace("    ", "  ")


def test_the_commands_of_the_design_are_there() -> None:
    assert {" ".join(words) for words in _commands()} >= {
        "demo", "corpus builtin", "corpus check", "corpus clean", "corpus split", "tokenizer train", "tokenizer show",
        "recipes show", "train", "translate", "write", "fill", "classify", "embed", "neighbours", "evaluate", "compare",
        "align", "study", "import", "export", "doctor",
    }  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys, atento.cli; code = atento.cli.main(['--help']);"
        f"print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[] 0"


def test_version_and_nothing_at_all(atento: Atento) -> None:
    assert atento("--version").out.startswith("atento ")
    nothing = atento()
    assert nothing.code == 2
    assert "Commands:" in nothing.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trian",), "'train'"),
        (("train", "--no-such-option"), "--no-such-option"),
        (("translate",), "RUN"),
        (("translate", "run", "--beam-size", "many"), "--beam-size"),
        (("train", "small"), "-o RUN"),
        (("tokenizer", "train", "x", "-o", "y", "--kind", "morse"), "'bpe'"),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_help(atento: Atento, words: tuple[str, ...], expected: str) -> None:
    line = atento(*words).error
    assert expected in line
    assert "--help`" in line


@pytest.mark.parametrize("words", [("--debug", "recipes", "show", "x"), ("recipes", "show", "x", "--debug")])
def test_debug_shows_the_traceback_too(atento: Atento, words: tuple[str, ...]) -> None:
    result = atento(*words)
    assert result.code == 2
    assert "Traceback" in result.err
    assert result.err.splitlines()[-1].startswith("error: there is no recipe 'x'")


def test_a_defect_keeps_its_traceback(atento: Atento, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("atento.training.shipped.shipped_recipes", broken)
    with pytest.raises(ZeroDivisionError):
        atento("recipes")


def test_errors_of_the_system_are_one_line(atento: Atento, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {
        KeyboardInterrupt(): (failures.INTERRUPTED, "interrupted"),
        MemoryError(): (2, "not enough memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"): (2, "not enough memory"),
        OSError(28, "No space left on device", "/x/y"): (2, "no space left on the disk (/x/y)"),
        PermissionError(13, "Permission denied", "/x/y"): (2, "Permission denied (/x/y)"),
    }
    for error, (code, words) in cases.items():

        def broken(error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("atento.training.shipped.shipped_recipes", broken)
        result = atento("recipes")
        assert result.code == code
        assert words in result.err
        assert len(result.err.splitlines()) == 1


def test_an_interruption_while_the_program_is_loaded_is_one_line() -> None:
    script = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from atento.cli import main\n"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (failures.INTERRUPTED, "interrupted\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = "import sys; from atento.cli import main; sys.exit(main(['recipes', 'show', 'small']))"
    child = subprocess.Popen(
        [sys.executable, "-c", f"import os; os.dup2(os.open(os.devnull, os.O_RDONLY), 0); {script}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    complaint = child.stderr.read()
    child.stderr.close()
    assert child.wait() == failures.BROKEN_PIPE
    assert complaint == b""
