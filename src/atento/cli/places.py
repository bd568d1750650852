"""What a command writes must be no file that it reads, and each output a file of its own: all commands check it first.

Otherwise a slip (``align run a.pt a.es -o a.es``) would put links in the place of a corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import typer.core

from atento.core.errors import OutputError

OUTPUTS = frozenset(
    {
        "--output", "--figure", "--attention", "--map", "--tables", "--per-sentence", "--confusion", "--curve",
        "--rejects",
    }
)  # fmt: skip
"""Options that name what is written; whatever other path a command takes is read."""


class Command(typer.core.TyperCommand):
    """A command that looks at its paths before it does anything."""

    def invoke(self, ctx: Any) -> Any:
        """Check, then run.

        Raises:
            OutputError: a file would be read and written, or written twice.
        """
        read: list[Path] = []
        written: list[Path] = []
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if OUTPUTS.intersection(parameter.opts):
                written += _paths(value)
            else:
                read += _paths(value)
                read += _named(value) if _is_named(parameter) else ()
        check_apart(written, read)
        return super().invoke(ctx)


def check_apart(written: Sequence[Path], read: Sequence[Path]) -> None:
    """Refuse outputs that are inputs, or each other; what is no plain file (a folder, a pipe) is no concern here.

    Raises:
        OutputError: naming the file.
    """
    for output in filter(_plain, written):
        if any(_same(output, path) for path in read):
            raise OutputError(f"cannot write {output}: it is read here, too; choose another place")
    for one, other in combinations(filter(_plain, written), 2):
        if _same(one, other):
            raise OutputError(f"cannot write {other}: another output goes there; give each a place of its own")


def _paths(value: object) -> Iterator[Path]:
    """The paths in an option's value, which may have several."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _paths(each)


def _is_named(parameter: Any) -> bool:
    """Whether its values are files or names of something else, perhaps with a label before them: NAME=FILE."""
    metavar = getattr(parameter, "metavar", None) or ""
    return "FILE" in metavar or "TOKENIZER" in metavar


def _named(value: object) -> Iterator[Path]:
    """What may be paths among such values."""
    for each in value if isinstance(value, list | tuple) else (value,):
        if isinstance(each, str):
            yield Path(each)
            yield Path(each.partition("=")[2] or each)


def _plain(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
