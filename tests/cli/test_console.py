from __future__ import annotations

import sys

import pytest

from atento.cli import console


class _Terminal:
    """Standard error that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_without_a_terminal_there_are_messages_and_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress_bar() as progress:
        progress.start("working", 2)
        progress.advance(1, note="half")
        progress.message("[red]as it is[/red]")
        progress.finish()
    captured = capsys.readouterr()
    assert captured.err == "[red]as it is[/red]\n"
    assert captured.out == ""


@pytest.mark.parametrize(("seconds", "shown"), [(0.5, False), (2.0, True)])
@pytest.mark.parametrize("total", [1.0, None])
def test_a_bar_appears_when_work_takes_over_a_second(
    monkeypatch: pytest.MonkeyPatch, seconds: float, shown: bool, total: float | None
) -> None:
    terminal, now = _Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console, "_now", lambda: now[0])
    with console.progress_bar("with runs/b (2 of 3)") as progress:
        progress.start("working hard", total)
        now[0] = seconds
        progress.advance(0.5, note="loss 1.5")
        progress.message("a line [that] stays")
    assert ("working hard with runs/b (2 of 3)" in terminal.text) == shown
    assert ("loss 1.5" in terminal.text) == shown
    assert "a line [that] stays" in terminal.text


def test_tables_have_no_blank_ends_and_take_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(("name", "figure"), [("[bold]", "1"), ("é", "22")], numbers=(1,))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(line == line.rstrip() for line in lines)
    assert "[bold]" in lines[2]
    assert lines[2].endswith(" 1")
    assert lines[3].endswith("22")
