"""Reading the weights of a folder: safetensors, or PyTorch's files through its weights-only loader.

Never a pickle that could run anything: ``torch.load(weights_only=True)`` makes tensors and plain containers alone.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from atento.core.errors import DataError, is_out_of_memory
from atento.core.parsing import parse_json

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


def weight_files(folder: Path) -> list[Path]:
    """The files that hold a folder's weights: one, or the parts that an index names.

    Raises:
        DataError: there are none, or the index is damaged.
    """
    for name in (SAFE, PICKLED):
        if (folder / name).is_file():
            return [folder / name]
        if (folder / f"{name}.index.json").is_file():
            return _parts(folder / f"{name}.index.json")
    raise DataError(f"{folder} has no weights: neither {SAFE} nor {PICKLED}; copy it whole")


def read_tensors(files: list[Path]) -> dict[str, Tensor]:
    """All tensors by name.

    Raises:
        DataError: a file is missing, damaged, or holds anything else than tensors.
    """
    tensors: dict[str, Tensor] = {}
    for path in files:
        tensors |= _safe(path) if path.suffix == ".safetensors" else _pickled(path)
    return tensors


def _parts(index: Path) -> list[Path]:
    try:
        table = parse_json(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted({str(name) for name in table.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{index} is no index of weights ({error}); copy it again") from error
    for name in names:
        if Path(name).name != name:
            raise DataError(f"{index} names {name!r}, which is no file beside it; copy the folder again")
        if not (index.parent / name).is_file():
            raise DataError(f"{index.parent / name} is missing, and {index.name} names it; copy the folder again whole")
    return [index.parent / name for name in names]


def _safe(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise DataError(f"{path} is damaged ({error}); copy it again") from error


def _pickled(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual pickles, which are refused or read, but nothing in between
            table = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path} holds more than tensors, or is damaged, and is not read for safety; ask its author for safetensors"
        ) from error
    except Exception as error:  # what a damaged pickle leads to may raise anything
        if is_out_of_memory(error):
            raise
        raise DataError(f"{path} is damaged ({str(error).partition(chr(10))[0]}); copy it again") from error
    if not isinstance(table, dict) or not all(isinstance(value, Tensor) for value in table.values()):
        raise DataError(f"{path} holds something else than tensors by name; give a model's weights alone")
    return table
