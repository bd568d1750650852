"""The files that a parallel corpus lies in, as a recipe names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.core.files import COMPRESSIONS
from atento.text.words import How

Format = Literal["plain", "tsv", "jsonl", "tmx"]

_FORMATS: dict[str, Format] = {".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".tmx": "tmx"}


class CorpusFiles(Configuration, frozen=True, kw_only=True):
    """A parallel corpus: either ``source`` and ``target`` (line-aligned text), or one ``file`` that holds both sides.

    ``format`` is guessed from the name of ``file`` (``.tsv`` ``.tab`` ``.jsonl`` ``.ndjson`` ``.tmx``) where it is not
    given; any file may end in ``.gz``, ``.xz``, ``.bz2`` or ``.zst`` as well. Columns count from 1. Keys may be dotted
    (``translation.pt``).

    Raises:
        ConfigurationError: the files, the format or an option do not go together.
    """

    source: str | None = None
    """The file of the source, a sentence a line; it needs ``target`` beside it."""
    target: str | None = None
    """The file of the target, as many lines."""
    file: str | None = None
    """The file of both sides, in the place of two: TSV, JSON Lines or TMX."""
    format: Format | None = None
    """None: as the file's name tells (``.tsv``, ``.tab``, ``.jsonl``, ``.ndjson``, ``.tmx``)."""
    source_column: int = 1
    """Of TSV: where the source stands, from 1."""
    target_column: int = 2
    """Of TSV: where the target stands, from 1."""
    source_key: str | None = None
    """Of JSON Lines: where the source stands, dotted for nested keys (``translation.pt``). None: under its language,
    under ``source``, or first of two texts."""
    target_key: str | None = None
    """Of JSON Lines: where the target stands. None: under its language, under ``target``, or second of two texts."""
    source_language: str | None = None
    """The language of the source in TMX and JSON Lines. None: ``data.source_language``."""
    target_language: str | None = None
    """The language of the target in TMX and JSON Lines. None: ``data.target_language``."""
    weight: float = 1.0
    """How often its pairs occur in an epoch: 2 is twice, 0.5 is every second pair, in turn."""
    alignment: str | None = None
    """Word links for guided training: a Pharaoh file (``i-j``, source-target) with one line for each pair."""
    alignment_words: How = "whitespace"
    """What the links count: what stands between spaces, ``words`` with punctuation marks apart, or ``runs`` of letters
    and digits, every other sign alone."""
    alignment_one_based: bool = False
    """The links count from 1, not from 0."""

    def __post_init__(self) -> None:
        if (self.source is None) != (self.target is None) or (self.source is None) == (self.file is None):
            raise ConfigurationError("a corpus is either source and target (two files of lines) or one file")
        if self.source is not None and self.format not in (None, "plain"):
            raise ConfigurationError(
                f"a corpus of format {self.format} is one file; give file instead of source, target"
            )
        if self.file is not None and self.resolved_format == "plain":
            raise ConfigurationError("a corpus of format plain is two files; give source and target")
        if self.source_column < 1 or self.target_column < 1 or self.source_column == self.target_column:
            raise ConfigurationError(
                f"source_column = {self.source_column} and target_column = {self.target_column}: "
                "columns count from 1 and must differ"
            )
        if (self.source_key is None) != (self.target_key is None):
            raise ConfigurationError("source_key and target_key go together; give both or neither")
        if (self.source_language is None) != (self.target_language is None):
            raise ConfigurationError("source_language and target_language go together; give both or neither")
        if not 0 < self.weight < float("inf"):
            raise ConfigurationError(f"weight = {self.weight}: it must be a positive number")
        if self.alignment is None and (self.alignment_words != "whitespace" or self.alignment_one_based):
            raise ConfigurationError("alignment_words and alignment_one_based tell how to read alignment; give it too")

    @classmethod
    def of(cls, paths: Sequence[str | Path]) -> CorpusFiles:
        """The corpus in one file, or in two files of lines, as a command line names them.

        Raises:
            ConfigurationError: there are neither one nor two paths, or a single file's name does not tell its format.
        """
        match [str(path) for path in paths]:
            case [file]:
                return cls(file=file)
            case [source, target]:
                return cls(source=source, target=target)
            case _:
                raise ConfigurationError(f"a corpus is one or two files, not {len(paths)}")

    @property
    def resolved_format(self) -> Format:
        """The format, guessed from the file's name where it is not given.

        Raises:
            ConfigurationError: the name does not tell it.
        """
        if self.format is not None:
            return self.format
        if self.file is None:
            return "plain"
        suffixes = [suffix for suffix in Path(self.file).suffixes if suffix not in COMPRESSIONS]
        guess = _FORMATS.get(suffixes[-1].lower()) if suffixes else None
        if guess is None:
            raise ConfigurationError(
                f"the name {self.file} does not tell its format; give format = tsv, jsonl or tmx, or two files of lines"
            )
        return guess

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file, or the source file and the target file; not that of links."""
        return tuple(Path(name) for name in (self.source, self.target, self.file) if name is not None)

    @property
    def name(self) -> str:
        """The files' names, for messages."""
        return " and ".join(str(path) for path in self.paths)

    def relative_to(self, folder: Path) -> CorpusFiles:
        """The same corpus with its paths taken as relative to ``folder``; absolute paths stay."""
        names = ("source", "target", "file", "alignment")
        moved = {name: str(folder / path) for name in names if (path := getattr(self, name))}
        return msgspec.structs.replace(self, **moved)

    def with_languages(self, source: str | None, target: str | None) -> CorpusFiles:
        """The same corpus with these languages where it names none itself."""
        if self.source_language is not None or source is None or target is None:
            return self
        return msgspec.structs.replace(self, source_language=source, target_language=target)
