"""How long work tells how far it is, and how it is told to stop."""

from __future__ import annotations

import threading
from typing import Protocol


class Progress(Protocol):
    """Something that shows how far a piece of work has come; called from one thread at a time."""

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        """Begin a piece of work of ``total`` units (None: unknown).

        ``stoppable``: it is the work that looks at a ``Stop`` between two steps.
        """

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Say that ``amount`` more units are done; ``note`` is a short text such as the current loss."""

    def message(self, text: str) -> None:
        """Show a line that stays."""

    def finish(self) -> None:
        """End the piece of work."""


class Silent:
    """Shows nothing."""

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        """Show nothing."""

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Show nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


class Stop:
    """A wish to stop, set from any thread or a signal handler and looked at by the work between two steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the work to stop at its next safe point."""
        self._event.set()

    @property
    def wanted(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()
