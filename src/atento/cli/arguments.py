"""Paths from the command line: corpora of one or two files, and places to write to."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from atento.cli.places import Command
from atento.core.errors import ConfigurationError, DataError, OutputError

if TYPE_CHECKING:
    from atento.data.corpus_files import CorpusFiles
    from atento.text.dictionary import Dictionary

_PAIRED = ("--train", "--valid", "--test", "--held-out", "--output", "-o")
_ONE_FILE = (".tsv", ".tab", ".jsonl", ".ndjson", ".tmx")

Languages = Annotated[
    tuple[str, str] | None,
    typer.Option("--languages", metavar="SRC TGT", help="Language codes, for TMX and for JSONL keys."),
]
Columns = Annotated[
    tuple[int, int] | None, typer.Option("--columns", metavar="SRC TGT", help="Columns of a TSV, from 1.")
]
Keys = Annotated[
    tuple[str, str] | None, typer.Option("--keys", metavar="SRC TGT", help="Keys of JSONL; dotted for nested ones.")
]
ReplaceUnknown = Annotated[
    bool | None,
    typer.Option(
        "--replace-unknown/--keep-unknown",
        help="Put the aligned source word in the place of each <unk>. [default: as the recipe says]",
    ),
]
DictionaryFile = Annotated[
    Path | None,
    typer.Option(
        "--dictionary",
        metavar="FILE",
        help="Replace each <unk> by the aligned source word's translation, if this file (word, tab, translation) has "
        "one, else by the word.",
    ),
]
Specials = Annotated[
    Literal["text", "parse", "refuse"],
    typer.Option("--special", help="What a special token's name in a text is: text, the token, or an error."),
]
Pattern = Annotated[
    str | None,
    typer.Option(
        "--pattern",
        metavar="NAME|REGEX",
        help="How a .tiktoken file's tokenizer parts words: gpt2, cl100k, o200k, llama3, or a regular expression.",
    ),
]
Side = Annotated[Literal["source", "target"], typer.Option("--side", help="Whose tokenizer, of a run that has two.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda, … or auto.")]


def opened(output: Path | None) -> contextlib.AbstractContextManager[TextIO]:
    """The file to write to, which is there only when all of it is written; or what is printed to."""
    from atento.core.files import atomic_text

    return atomic_text(output) if output is not None else contextlib.nullcontext(sys.stdout)


@contextlib.contextmanager
def in_file(path: Path | None) -> Iterator[None]:
    """Say of faults of texts that they are in this file, if they come from one."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}" if path is not None else str(error)) from error


class PairCommand(Command):
    """A command whose corpus options take one or two files: ``--train a.pt a.es`` or ``--train pairs.tsv``.

    The first file's name tells: what holds both sides (TSV, JSONL, TMX) stands alone, any other is followed by its
    partner. After ``--train`` any number of files may stand, of models that learn from texts. Options of click have a
    fixed number of values, so each further value gets the option's name once more.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before the second file, then parse as usual."""
        options = {
            name for parameter in self.params if getattr(parameter, "multiple", False) for name in parameter.opts
        }
        return super().parse_args(ctx, _repeated(args, options.intersection(_PAIRED)))


class SeveralCommand(Command):
    """A command whose repeatable options take all values up to the next option: ``--a runs/small-*``.

    Options of click take one value, so each further one gets the option's name once more.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before every further value, then parse as usual."""
        options = {
            name for parameter in self.params if getattr(parameter, "multiple", False) for name in parameter.opts
        }
        return super().parse_args(ctx, _repeated_to_the_end(args, options))


def _repeated_to_the_end(words: Sequence[str], options: set[str]) -> list[str]:
    end = words.index("--") if "--" in words else len(words)
    result: list[str] = []
    current, values = "", 0
    for word in words[:end]:
        if word.startswith("-"):
            require(not current or values, f"{current} needs a value; give one or more after it")
            current, values = word if word in options else "", 0
        elif current:
            values += 1
            if values > 1:
                result.append(current)
        result.append(word)
    return [*result, *words[end:]]


def _repeated(words: Sequence[str], options: set[str]) -> list[str]:
    result: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        result.append(word)
        if word == "--":
            break
        if word in options and rest and not rest[0].startswith("-"):
            first = rest.pop(0)
            result.append(first)
            if not _holds_both(first) and rest and not rest[0].startswith("-"):
                result += [word, rest.pop(0)]
            while word == "--train" and rest and _is_text(rest[0]):
                result += [word, rest.pop(0)]
    return result + rest


def _is_text(name: str) -> bool:
    """Whether a word of the line is a file, and no recipe."""
    return Path(name).suffix != ".toml" and Path(name).is_file()


def _holds_both(name: str) -> bool:
    return any(suffix.lower() in _ONE_FILE for suffix in Path(name).suffixes[-2:])


def corpora_of(paths: Sequence[Path]) -> list[list[Path]]:
    """Files of several corpora, in the order given, as one or two files each."""
    rest = list(paths)
    result = []
    while rest:
        count = 1 if _holds_both(str(rest[0])) else 2
        result.append(rest[:count])
        del rest[:count]
    return result


def corpus_of(
    paths: Sequence[Path],
    languages: tuple[str, str] | None = None,
    columns: tuple[int, int] | None = None,
    keys: tuple[str, str] | None = None,
) -> CorpusFiles:
    """The corpus in these files, read with these options.

    Raises:
        ConfigurationError: neither one nor two files, or options that do not go with them.
    """
    import msgspec

    from atento.core.configuration import convert
    from atento.data.corpus_files import CorpusFiles

    table: dict[str, Any] = msgspec.to_builtins(CorpusFiles.of(paths))
    options = (("source_language", "target_language", languages), ("source_key", "target_key", keys))
    for source, target, values in (*options, ("source_column", "target_column", columns)):
        if values is not None:
            table[source], table[target] = values
    return convert(table, CorpusFiles, where=" and ".join(map(str, paths)))


def check_output(path: Path | None) -> None:
    """Refuse a place that cannot become a file before any work is done.

    Raises:
        OutputError: it is a folder, lies below a file, or its folder cannot be written to.
    """
    if path is None:
        return
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file")
    check_new(path)


def check_new(path: Path) -> None:
    """Refuse a place where nothing can be made, file or folder.

    Raises:
        OutputError: it lies below a file, or its folder cannot be written to.
    """
    folder = next((parent for parent in path.absolute().parents if parent.exists()), None)
    if folder is not None and not folder.is_dir():
        raise OutputError(f"cannot write {path}: {folder} is a file, not a folder; choose another place")
    if folder is not None and not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {path}: no permission to write into {folder}; choose another place")


def require(condition: object, message: str) -> None:
    """Refuse a combination of arguments.

    Raises:
        ConfigurationError: the condition does not hold.
    """
    if not condition:
        raise ConfigurationError(message)


def read_dictionary(path: Path | None, replace_unknown: bool | None) -> Dictionary | None:
    """The dictionary of ``--dictionary``, if it was given.

    Raises:
        DataError: it cannot be read.
        ConfigurationError: ``--keep-unknown`` leaves it nothing to do.
    """
    if path is None:
        return None
    require(replace_unknown is not False, "--dictionary replaces unknown words; leave it or --keep-unknown out")
    from atento.text.dictionary import Dictionary

    return Dictionary.read(path)
