"""What a person sees: lines and a progress bar on standard error, tables and JSON on standard output."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from time import monotonic as _now
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from atento.core.progress import Progress

PLAIN: Final = None
"""typer's ``rich_markup_mode``: help without boxes starts faster, and brackets in it are brackets."""
_PIPE_WIDTH = 120
"""Columns of a table in a file or pipe."""
_PATIENCE = 1.0
"""Seconds that work may take before a bar is shown."""


def say(text: str) -> None:
    """Write a line to standard error."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress_bar(label: str = "") -> Iterator[Progress]:
    """Progress on standard error: messages always, a bar where it is a terminal and work takes over a second.

    ``label`` follows the bar's description, such as which of several runs is at work.
    """
    display = _Display(label)
    try:
        yield display
    finally:
        display.finish()


class _Display:
    """Implements ``core.progress.Progress``; rich is imported with the first bar."""

    def __init__(self, label: str) -> None:
        self._label = f" {label}" if label else ""
        self._terminal = sys.stderr.isatty()
        self._bar: Bar | None = None
        self._description, self._total = "", None  # type: str, float | None
        self._done, self._note = 0.0, ""
        self._begun = _now()

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:  # noqa: ARG002
        """Begin a piece of work."""
        self.finish()
        self._description, self._total = description + self._label, total
        self._done, self._note = 0.0, ""
        self._begun = _now()

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Move the bar, which appears when the work has taken a second."""
        self._done += amount
        self._note = note
        if not self._terminal:
            return
        if self._bar is None and _now() - self._begun >= _PATIENCE:
            self._bar = _new_bar(self._total)
            self._bar.add_task(self._description, total=self._total, note="")
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, note=self._note)

    def message(self, text: str) -> None:
        """Write a line above the bar."""
        if self._bar is None:
            say(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def finish(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _new_bar(total: float | None) -> Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *([TextColumn("{task.completed:,.0f}")] if total is None else [TaskProgressColumn()]),
        TimeElapsedColumn(),
        *([] if total is None else [TextColumn("left"), TimeRemainingColumn()]),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    unbroken: Sequence[int] = (),
    stream: TextIO | None = None,
) -> None:
    """A table on standard output, or on ``stream``; columns in ``numbers`` are flush right, ``unbroken`` ones whole."""
    from atento.core.terminal_tables import draw

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    text = draw(header, rows, numbers=numbers, unbroken=unbroken, width=width)
    print(text, file=stream or sys.stdout)


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    import msgspec

    print(msgspec.json.encode(value).decode())


def terminal_width(most: int = 100) -> int:
    """Columns for drawings in the terminal."""
    import shutil

    return min(most, shutil.get_terminal_size().columns)
