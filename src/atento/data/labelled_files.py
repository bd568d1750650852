"""Texts, or pairs of texts, with a class each: TSV or JSON Lines, through gzip, xz, bzip2 or zstd.

A TSV line is ``text⇥class`` or ``text⇥second text⇥class``; a line of JSON has ``text``, ``label`` and, of pairs,
``second``. Other columns and keys can be named. A quotation mark in TSV is an ordinary character.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import decode_line, is_json_lines, is_tsv, open_binary, raw_lines


class LabelledFiles(Configuration, frozen=True, kw_only=True):
    """One file of labelled texts.

    Raises:
        ConfigurationError: columns or keys that are not two or three, or a weight that is not positive.
    """

    file: str
    """The file: TSV, or JSON Lines (``.jsonl``, ``.ndjson``)."""
    columns: tuple[int, ...] | None = None
    """Of TSV: where text and class stand, or text, second text and class; from 1. None: two or three, as there are."""
    keys: tuple[str, ...] | None = None
    """Of JSON Lines, likewise; dotted for nested ones. None: ``text``, ``label`` and, where it is there, ``second``."""
    weight: float = 1.0
    """How often it is read in an epoch: 2 is twice, 0.5 is every second text, in turn."""

    def __post_init__(self) -> None:
        for name in ("columns", "keys"):
            value = getattr(self, name)
            if value is not None and len(value) not in (2, 3):
                raise ConfigurationError(f"{name} = {list(value)}: name text and class, or text, second text and class")
        if self.columns is not None and min(self.columns) < 1:
            raise ConfigurationError(f"columns = {list(self.columns)}: columns count from 1")
        if not 0 < self.weight < float("inf"):
            raise ConfigurationError(f"weight = {self.weight}: it must be a positive number")

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.file)

    @property
    def json_lines(self) -> bool:
        """Whether every line is a JSON object."""
        return is_json_lines(self.path)

    def relative_to(self, folder: Path) -> LabelledFiles:
        """The same with its path taken as relative to ``folder``; an absolute path stays."""
        return msgspec.structs.replace(self, file=str(folder / self.file))


class LabelledText(NamedTuple):
    """A text with its class."""

    text: str
    second: str | None
    label: str
    line: int
    """Where it stands in its file, from 1."""


def read_labelled(files: LabelledFiles) -> Iterator[LabelledText]:
    """Stream the texts of a file; blank lines are skipped.

    Raises:
        DataError: the file is missing, empty or damaged, or a line is not UTF-8 or malformed, is of a pair where the
            first was none, or has no class (file and line are named).
    """
    parse = _JsonLines(files) if files.json_lines else _Tsv(files)
    paired: bool | None = None
    with open_binary(files.path) as stream:
        for number, line in enumerate(raw_lines(stream, files.file), 1):
            if not line.strip():
                continue
            where = f"{files.file}, line {number}"
            found = parse(decode_line(line, files.file, number), number, where)
            if not found.label.strip():
                raise DataError(f"{where}: there is no class; mend the line")
            if not is_class(found.label):
                raise DataError(f"{where}: the class {found.label!r} holds a tab or a line break; mend the line")
            if paired is not None and paired != (found.second is not None):
                raise DataError(f"{where}: {'one text' if paired else 'two texts'}, unlike the lines before; mend it")
            paired = found.second is not None
            yield found
    if paired is None:
        raise DataError(f"{files.file}: there is no labelled text in it; give a file that has some")


def read_unlabelled(files: LabelledFiles, *, paired: bool) -> Iterator[str | tuple[str, str]]:
    """Stream the texts of a file, or its pairs of texts, for somebody to tell their classes.

    TSV and JSON Lines are read as labelled ones are, but no class needs to be there, and one that is there is not read;
    blank lines are skipped. Of any other file a line is a text, or a pair with a tab between.

    Raises:
        DataError: the file is missing, empty or damaged, or a line is not UTF-8, is malformed, or has not the one text
            or the two (file and line are named).
    """
    tsv = is_tsv(files.path)
    found = False
    with open_binary(files.path) as stream:
        for number, line in enumerate(raw_lines(stream, files.file), 1):
            where, text = f"{files.file}, line {number}", decode_line(line, files.file, number)
            if (tsv or files.json_lines) and not text.strip():
                continue
            found = True
            if files.json_lines:
                value = _json(text, where)
                keys = (files.keys or ("text", "second", "label"))[: 2 if paired else 1]
                texts = [_text(value, key, where, is_label=False) for key in keys]
            else:
                texts = _cells(text, files.columns if tsv else None, where, paired=paired, labelled=tsv)
            yield (texts[0], texts[1]) if paired else texts[0]
    if not found:
        raise DataError(f"{files.file} is empty; give a file with a text a line")


def _cells(line: str, columns: tuple[int, ...] | None, where: str, *, paired: bool, labelled: bool) -> list[str]:
    """The text or the two texts of a line; ``labelled``: a class may stand behind them."""
    if not (labelled or paired):
        return [line]
    cells, wanted = line.split("\t"), 2 if paired else 1
    if columns is not None:
        return [_column(cells, column, where) for column in columns[:wanted]]
    if not wanted <= len(cells) <= wanted + labelled:
        texts = "two texts" if paired else "a text"
        more = " and perhaps a class" if labelled else ""
        raise DataError(f"{where}: {len(cells)} tab-separated columns, expected {texts}{more}; mend the line")
    return cells[:wanted]


def is_class(name: str) -> bool:
    """Whether a name can be a class's, which stands in a column of a line."""
    return bool(name.strip()) and not any(character in name for character in "\t\n\r")


class _Tsv:
    def __init__(self, files: LabelledFiles) -> None:
        self._columns = files.columns

    def __call__(self, line: str, number: int, where: str) -> LabelledText:
        cells = line.split("\t")
        if self._columns is None:
            if len(cells) not in (2, 3):
                raise DataError(
                    f"{where}: {len(cells)} tab-separated columns; give text and class, or text, second text and "
                    "class, or name the columns"
                )
            return LabelledText(cells[0], cells[1] if len(cells) == 3 else None, cells[-1].strip(), number)
        chosen = [_column(cells, column, where) for column in self._columns]
        return LabelledText(chosen[0], chosen[1] if len(chosen) == 3 else None, chosen[-1].strip(), number)


class _JsonLines:
    def __init__(self, files: LabelledFiles) -> None:
        self._keys = files.keys

    def __call__(self, line: str, number: int, where: str) -> LabelledText:
        value = _json(line, where)
        paired = isinstance(value, dict) and value.get("second") is not None
        keys = self._keys or (("text", "second", "label") if paired else ("text", "label"))
        parts = [_text(value, key, where, is_label=key == keys[-1]) for key in keys]
        return LabelledText(parts[0], parts[1] if len(parts) == 3 else None, parts[-1].strip(), number)


def _column(cells: list[str], column: int, where: str) -> str:
    if len(cells) < column:
        raise DataError(f"{where}: {len(cells)} tab-separated columns, and column {column} is wanted; mend the line")
    return cells[column - 1]


def _json(line: str, where: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(f"{where}: not valid JSON ({error}); mend the line") from error


def _has(value: Any, key: str) -> bool:
    return isinstance(value, dict) and key in value


def _text(value: Any, path: str, where: str, *, is_label: bool) -> str:
    for key in [path] if _has(value, path) else path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if is_label and isinstance(value, int | float | bool):
        return str(value)
    if not isinstance(value, str):
        raise DataError(f"{where}: no text under the key {path!r}; mend the line or name other keys")
    return value
