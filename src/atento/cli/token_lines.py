"""Tokens in a line of text, as people see them in a terminal: coloured there, with bars between them elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from atento.text.traces.trace import Trace

COLOURS: Final = tuple(f"white on {colour}" for colour in ("#1b4965", "#5f0f40", "#31572c", "#7f4f24", "#3d348b"))
"""Tokens in turn; white letters have a contrast of at least 7 : 1 on each."""
FEW_COLOURS: Final = ("white on blue", "black on green", "white on magenta", "black on yellow", "black on cyan")
"""For terminals of sixteen colours, among which those above would be one."""
BAR: Final = "|"
_DISAGREES: Final = "‖"


def coloured() -> bool:
    """Whether standard output shows colours (NO_COLOR is respected)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def line(trace: Trace, *, spaces: bool = False, apart: Collection[int] = (), indent: int = 0) -> str:
    """The tokens of a trace in a row.

    Args:
        trace: what is shown.
        spaces: make whitespace visible; else a space is a space where colours tell tokens apart.
        apart: tokens that begin where other tokenizers see no boundary; they get a double bar.
        indent: columns before every line but the first.
    """
    from rich.console import Console
    from rich.text import Text

    shown = Text()
    colour = coloured()
    console = Console(highlight=False, width=None if colour else 120)
    styles = FEW_COLOURS if console.color_system in ("standard", "windows") else COLOURS
    for number, token in enumerate(trace.tokens):
        label = token.label if spaces or not colour else token.label.replace("▁", " ")
        differs = number in apart
        if number:
            shown.append(_DISAGREES if differs else "" if colour else BAR)
        shown.append(label, style=styles[number % len(styles)] if colour else "")
    with console.capture() as capture:
        console.print(shown, soft_wrap=not colour, overflow="fold")
    lines = capture.get().rstrip("\n").split("\n")
    return f"\n{' ' * indent}".join(lines)
