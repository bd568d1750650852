"""Errors as one line on standard error and an exit code.

0 success, 2 wrong usage or bad input, 130 interrupted, 141 the reader of our output went away. Anything else that is
raised is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from atento.cli.console import say
from atento.core.errors import AtentoError, is_out_of_memory

USAGE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141
_LESS = "give a smaller --batch-size, training.batch_tokens or model, or less at once"


@dataclass
class Outcome:
    """How a command ended."""

    code: int = 0


@contextlib.contextmanager
def handled(*, debug: bool) -> Iterator[Outcome]:
    """Turn what is raised inside into a line and ``Outcome.code``; ``debug`` shows tracebacks as well."""
    _speak_utf8()
    outcome = Outcome()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning  # type: ignore[assignment]  # it takes whatever it is given
        try:
            yield outcome
            sys.stdout.flush()
        except BaseException as error:
            known = _known(error)
            if known is None:
                raise
            outcome.code, line = known
            if debug and not isinstance(error, typer.Exit):
                traceback.print_exc()
            if line:
                say(line)


def _known(error: BaseException) -> tuple[int, str] | None:
    """The exit code and the line for an error that is not our defect."""
    match error:
        case typer.Exit():
            return error.exit_code, ""
        case KeyboardInterrupt() | typer.Abort():
            return INTERRUPTED, "interrupted"
        case AtentoError():
            return USAGE, f"error: {_one_line(str(error))}"
        case BrokenPipeError():
            _forget_stdout()
            return BROKEN_PIPE, ""
    if hasattr(error, "format_message"):  # wrong usage; typer brings its own copy of click, or uses the library
        return USAGE, _usage(error)
    if is_out_of_memory(error):
        return USAGE, f"error: not enough memory; {_LESS}"
    if _is_full_disk(error):
        return USAGE, f"error: no space left on the disk{_file_of(error)}; free some space or choose another place"
    if isinstance(error, OSError) and error.strerror:
        return USAGE, f"error: {_one_line(error.strerror)}{_file_of(error)}; check the path and its permissions"
    return None


def _usage(error: Any) -> str:
    """Wrong usage in one line that names the command's help; a group without a command shows its help."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    message = _one_line(error.format_message()).replace("Value error, ", "").rstrip(".")
    hint = f"; see `{context.command_path} --help`" if context is not None else ""
    return f"error: {message}{hint}"


def _is_full_disk(error: BaseException) -> bool:
    """Libraries written in Rust report it as an error of their own with the system's words."""
    code = errno.errorcode.get(getattr(error, "errno", None) or 0)
    return code in ("ENOSPC", "EDQUOT") or "No space left on device" in str(error)


def _file_of(error: BaseException) -> str:
    name = getattr(error, "filename", None)
    return f" ({name})" if name else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _forget_stdout() -> None:
    """Let the interpreter's last flush go nowhere instead of failing once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_utf8() -> None:
    """Write UTF-8 also where the system's own encoding is another one (pipes on Windows); to nowhere if closed."""
    if sys.stdout is None:  # the program began with ``>&-``
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (it stays open)
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
        if encoding != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")


def _show_warning(message: Warning | str, *_: object) -> None:
    """Stands in for ``warnings.showwarning``."""
    say(f"warning: {_one_line(str(message))}")
