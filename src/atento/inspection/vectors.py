"""Vectors with their labels, and the files that hold them.

FILE.npz     ``vectors`` [count, size] float32, ``labels``, and where each stands in which text; ``numpy.load`` reads
             it without pickle
FILE.json    the same as one object
FOLDER       ``vectors.tsv`` and ``metadata.tsv`` for TensorBoard's projector (also at projector.tensorflow.org), and
             ``projector_config.pbtxt``, by which ``tensorboard --logdir FOLDER`` finds them
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from atento.core.errors import DataError, OutputError
from atento.core.files import atomic_folder, atomic_path, atomic_text
from atento.core.parsing import decode_json

Matrix = NDArray[np.float32]
Level = Literal["vocabulary", "type", "word", "token", "sentence"]
"""What a vector stands for: an entry of the tokenizer; a distinct word, wherever it stands; a word or a token where it
stands; a whole text."""

FORMAT: Final = "atento.vectors"
VERSION: Final = 1
PROJECTOR: Final = ("vectors.tsv", "metadata.tsv", "projector_config.pbtxt")
_CONFIG: Final = 'embeddings {\n  tensor_path: "vectors.tsv"\n  metadata_path: "metadata.tsv"\n}\n'


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Labelled vectors of one kind.

    Raises:
        ValueError: labels, places and vectors are not equally many.
    """

    labels: tuple[str, ...]
    """For a reader; a NUL, which numpy's arrays of strings would lose, shows as ``⟨00⟩``."""
    values: Matrix
    """[count, size]."""
    level: Level
    layer: int | None = None
    """Counted from 0, what enters the first layer; None: input vectors, rows of the embedding matrix."""
    texts: tuple[int, ...] | None = None
    """The number of the text, from 1, in which each stands."""
    spans: tuple[tuple[int, int], ...] | None = None
    """Bytes of that text's UTF-8 form that it stands for; (0, 0) for tokens that the model adds."""
    counts: tuple[int, ...] | None = None
    """Of how many vectors each is the mean: of tokens, or (a distinct word in a layer) of occurrences. None: of one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(label.replace("\0", "⟨00⟩") for label in self.labels))
        for name in ("labels", "texts", "spans", "counts"):
            given = getattr(self, name)
            if given is not None and len(given) != len(self.values):
                raise ValueError(f"{len(given)} {name} for {len(self.values)} vectors")

    def __len__(self) -> int:
        return len(self.labels)

    def chosen(self, places: list[int]) -> Vectors:
        """These vectors alone, in this order."""

        def some(values: tuple[Any, ...] | None) -> Any:
            return None if values is None else tuple(values[place] for place in places)

        return replace(
            self,
            labels=some(self.labels),
            values=self.values[places],
            texts=some(self.texts),
            spans=some(self.spans),
            counts=some(self.counts),
        )

    def save(self, path: Path) -> None:
        """Write ``.npz``, ``.json``, or, without a suffix, a folder for the projector; whole or not at all.

        Raises:
            OutputError: another suffix, a place that cannot be written, or a folder that holds something else.
        """
        check_place(path)
        match path.suffix.lower():
            case ".npz":
                with atomic_path(path) as temporary, temporary.open("wb") as stream:
                    np.savez(stream, **self._arrays())
            case ".json":
                with atomic_text(path) as text:
                    text.writelines(self.json_pieces())
            case _:
                self._save_for_projector(path)

    @classmethod
    def load(cls, path: Path) -> Vectors:
        """Read what ``save`` wrote to an ``.npz`` or ``.json``.

        Raises:
            DataError: the file cannot be read or is none of ours.
        """
        try:
            return _from_table(_read(path))
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}; check the path") from error
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, msgspec.DecodeError) as error:
            raise DataError(f"{path} holds no vectors of `atento embed` ({error}); write it again") from error

    def json_pieces(self) -> Iterator[str]:
        """The JSON form piece by piece; numbers have as many digits as float32 needs to come back exactly."""
        about = msgspec.json.encode(self._description() | {"labels": self.labels, **self._places()}).decode()
        yield about[:-1] + ',"vectors":['
        for number, row in enumerate(self.values):
            yield (",\n" if number else "\n") + "[" + ",".join(_digits(row)) + "]"
        yield "]}\n"

    def rows(self) -> Iterator[str]:
        """Lines of a label and its numbers, divided by tabs."""
        for label, row in zip(self.labels, self.values, strict=True):
            yield "\t".join([_flat(label), *_digits(row)]) + "\n"

    def _description(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, "level": self.level, "layer": self.layer}

    def _places(self) -> dict[str, Any]:
        found = {"texts": self.texts, "spans": self.spans, "counts": self.counts}
        return {name: values for name, values in found.items() if values is not None}

    def _arrays(self) -> dict[str, Any]:
        whole = {name: np.asarray(values, dtype=np.int64) for name, values in self._places().items()}
        about = np.array(msgspec.json.encode(self._description()).decode())
        return {"vectors": self.values, "labels": np.array(self.labels, dtype=np.str_), **whole, "about": about}

    def _save_for_projector(self, folder: Path) -> None:
        columns: list[tuple[str, list[str]]] = [("label", [_flat(label) or "␣" for label in self.labels])]
        if self.texts is not None:
            columns.append(("text", [str(number) for number in self.texts]))
        if self.counts is not None:
            columns.append(("mean of", [str(count) for count in self.counts]))
        with atomic_folder(folder) as temporary:
            with (temporary / "vectors.tsv").open("w", encoding="utf-8", newline="\n") as stream:
                stream.writelines("\t".join(_digits(row)) + "\n" for row in self.values)
            with (temporary / "metadata.tsv").open("w", encoding="utf-8", newline="\n") as stream:
                if len(columns) > 1:  # the projector takes the first line for a heading only then
                    stream.write("\t".join(name for name, _ in columns) + "\n")
                stream.writelines("\t".join(line) + "\n" for line in zip(*(cells for _, cells in columns), strict=True))
            (temporary / "projector_config.pbtxt").write_text(_CONFIG, encoding="utf-8", newline="\n")


def check_place(path: Path) -> None:
    """Refuse a place for vectors before any work is done.

    Raises:
        OutputError: a suffix that is no format, a file where a folder is to be, or a folder with other things in it.
    """
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".json", ""):
        raise OutputError(f"cannot write {path}: name a .npz or .json file, or a folder (without a suffix)")
    if suffix == "" and path.is_file():
        raise OutputError(f"cannot write {path}: it is a file; name a folder, or a .npz or .json file")
    if suffix == "" and path.is_dir():
        others = sorted(each.name for each in path.iterdir() if each.name not in PROJECTOR)
        if others:
            raise OutputError(f"cannot write {path}: the folder holds other things ({others[0]}); name a new one")


def _read(path: Path) -> dict[str, Any]:
    table: Any
    if path.suffix.lower() == ".json":
        table = decode_json(path.read_bytes(), object)
    else:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            table = decode_json(str(arrays["about"][()]), dict)
            table |= {name: arrays[name] for name in arrays.files if name != "about"}
    if not isinstance(table, dict):
        raise TypeError("it is no table")
    return table


def _from_table(table: dict[str, Any]) -> Vectors:
    if (table.get("format"), table.get("version")) != (FORMAT, VERSION):
        raise ValueError(f"its format is {table.get('format')!r}, version {table.get('version')!r}")

    def whole(name: str) -> tuple[int, ...] | None:
        return None if table.get(name) is None else tuple(int(number) for number in table[name])

    spans = table.get("spans")
    labels = tuple(str(label) for label in table["labels"])
    return Vectors(
        labels=labels,
        values=np.asarray(table["vectors"], dtype=np.float32).reshape(len(labels), -1),
        level=table["level"],
        layer=table["layer"],
        texts=whole("texts"),
        spans=None if spans is None else tuple((int(start), int(stop)) for start, stop in spans),
        counts=whole("counts"),
    )


def _digits(row: Matrix) -> list[str]:
    """Each number with the fewest digits that give the same float32."""
    return [str(number) for number in row.astype(np.str_)]


def _flat(label: str) -> str:
    """On one line, in one cell."""
    return " ".join(label.split()) if any(character in label for character in "\t\n\r\v\f") else label
