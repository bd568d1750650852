"""Line-aligned files of a test set: sources, references and systems' translations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atento.core.errors import DataError
from atento.core.files import read_lines


def read_aligned(paths: Sequence[Path]) -> list[list[str]]:
    """The lines of each file; all must have as many, for a line is the same sentence in every file.

    Blanks at the ends of lines are dropped, as sacrebleu's command does; an empty line stays a sentence.

    Raises:
        DataError: a file cannot be read, is empty, or the numbers of lines differ (every file is named with its own).
    """
    files = [[line.rstrip() for line in read_lines(path)] for path in paths]
    for path, lines in zip(paths, files, strict=True):
        if not lines:
            raise DataError(f"{path} is empty; give a file with one sentence a line")
    if len({len(lines) for lines in files}) > 1:
        counts = ", ".join(f"{path} has {len(lines)} lines" for path, lines in zip(paths, files, strict=True))
        raise DataError(f"{counts}; they must have as many, one sentence a line in the same order")
    return files
