"""What the commands about vectors share: a side, a layer, texts from arguments, a file or a pipe, and the embedder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from atento.cli.arguments import check_output, require
from atento.cli.console import say
from atento.core.errors import ConfigurationError, DataError, OutputError

if TYPE_CHECKING:
    from atento.inspection.embeddings import Embedder

PICTURES: Final = (".png", ".svg", ".pdf")
INPUT: Final = "input"

Side = Annotated[
    Literal["source", "target"] | None,
    typer.Option("--side", help="A translator's side. [default: source]"),
]
Sources = Annotated[
    Path | None,
    typer.Option("--sources", metavar="FILE", help="A source a text: what the layers of --side target translate."),
]


def load(run: Path, device: str, side: Literal["source", "target"] | None) -> Embedder:
    """A run's embedder on a device that is there.

    Raises:
        BundleError: there is none.
        ConfigurationError: the device cannot be used, or the model has no sides.
    """
    from atento.applications.device import usable_device
    from atento.inspection.embeddings import Embedder

    return Embedder.load(run, str(usable_device(device)), side=side)


def layer_number(text: str) -> int | None:
    """The layer of ``--layer``; None: the input vectors.

    Raises:
        ConfigurationError: it is neither a number nor ``input``.
    """
    if text == INPUT:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise ConfigurationError(f"--layer {text}: give a number (-1 is the last) or {INPUT}") from error


def read_texts(texts: Sequence[str] | None, input_file: Path | None, *, skip_blank: bool = False) -> list[str]:
    """The texts of the command line, of a file, or of standard input.

    Args:
        texts: as they were given; a line break in one of them counts as a space.
        input_file: a text a line.
        skip_blank: leave a file's blank lines out, and say so.

    Raises:
        DataError: the file cannot be read, or has no text.
        ConfigurationError: there are both, or neither and nobody pipes anything in.
    """
    require(not (texts and input_file), "give either texts or --input, not both")
    if texts:
        return [" ".join(text.splitlines()) for text in texts]
    from atento.core.files import decode_lines, read_lines

    if input_file is not None:
        name, lines = str(input_file), list(read_lines(input_file))
    else:
        require(not sys.stdin.isatty(), "give texts, or --input FILE, or pipe them in")
        name, lines = "standard input", list(decode_lines(sys.stdin.buffer, "standard input"))
    kept = [line for line in lines if line.strip()]
    if not kept:
        raise DataError(f"{name} has no text; give a text a line")
    if skip_blank and len(kept) < len(lines):
        say(f"{name}: {len(lines) - len(kept)} blank lines are left out; texts are counted without them")
    return kept if skip_blank else lines


def read_sources(path: Path | None) -> list[str] | None:
    """The lines of ``--sources``.

    Raises:
        DataError: the file cannot be read.
    """
    if path is None:
        return None
    from atento.core.files import read_lines

    return list(read_lines(path))


def check_drawing(path: Path | None, *more: str) -> None:
    """Refuse a place for a figure before any work is done; ``more`` are further suffixes.

    Raises:
        OutputError: the suffix is none of a picture, or the place cannot be written.
    """
    check_output(path)
    suffixes = (*PICTURES, *more)
    if path is not None and path.suffix.lower() not in suffixes:
        raise OutputError(f"cannot draw {path}: name a {', '.join(suffixes[:-1])} or {suffixes[-1]} file")
