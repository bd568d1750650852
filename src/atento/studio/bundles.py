"""What a trained model is, read off its bundle's files without torch: a list of models must not cost seconds."""

from __future__ import annotations

import codecs
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import safetensors

from atento.core.errors import BundleError
from atento.core.files import standing_folder
from atento.core.parsing import decode_json, parse_json

CONFIG: Final = "config.json"
FORMAT: Final = "atento.bundle"
_PICKLES: Final = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_PEEK: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Description:
    """A bundle without its weights."""

    folder: Path
    family: str
    """``recurrent``, ``transformer``, ``gpt`` or ``bert``."""
    source_language: str | None
    target_language: str | None
    parameters: int
    classes: tuple[str, ...]
    """Of a classifier; empty: it is none."""
    ended_by: str | None
    """Why its training ended."""
    layers: Mapping[str, int]
    """Layers with attention, by role (``cross``, ``encoder``, ``decoder``)."""
    heads: Mapping[str, int]
    """Heads of each of these layers."""


class _Config(msgspec.Struct):
    format: str
    version: int
    model: dict[str, Any]
    source_language: str | None = None
    target_language: str | None = None
    classes: tuple[str, ...] = ()


def bundle_in(folder: Path) -> Path | None:
    """The bundle that a folder is or holds, if there is one of ours."""
    for place in map(standing_folder, (folder, folder / "bundle")):
        if _is_ours(place / CONFIG):
            return place
    return None


def describe(folder: Path) -> Description:
    """Read a bundle's files; ``folder`` is the bundle's own.

    Raises:
        BundleError: they are damaged or incomplete.
    """
    try:
        config = decode_json((folder / CONFIG).read_bytes(), _Config)
        counts = _counts(config.model)
        parameters = _parameters(folder / "model.safetensors")
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise BundleError(f"{folder} is damaged ({error}); copy the bundle again whole") from error
    return Description(
        folder=folder,
        family=str(config.model["kind"]),
        source_language=config.source_language,
        target_language=config.target_language,
        parameters=parameters,
        classes=config.classes,
        ended_by=_ended_by(folder / "card.json"),
        layers={role: layers for role, (layers, _) in counts.items()},
        heads={role: heads for role, (_, heads) in counts.items()},
    )


def refuse_pickles(folder: Path) -> None:
    """Refuse a model's folder that holds a pickle, which can run any code when it is read.

    A ``.pt`` file that is text is no pickle: that is how Portuguese corpora are called.

    Raises:
        BundleError: it holds one; it is named.
    """
    for place in (folder, folder / "bundle"):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.suffix.lower() in _PICKLES and path.is_file() and not (path.suffix == ".pt" and _is_text(path)):
                raise BundleError(
                    f"{folder} holds {path.name}, a pickle, which can run any code when it is read: the studio opens "
                    "folders with safetensors only; remove that file, or convert it"
                )


def _is_ours(path: Path) -> bool:
    try:
        table = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(table, dict) and table.get("format") == FORMAT


def _counts(model: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Layers and heads of each role's attention."""
    match model["kind"]:
        case "recurrent":
            return {} if model["attention"]["kind"] == "none" else {"cross": (1, 1)}
        case "transformer":
            heads, decoder = int(model["num_heads"]), int(model["num_decoder_layers"])
            encoder = int(model["num_encoder_layers"])
            return {"cross": (decoder, heads), "encoder": (encoder, heads), "decoder": (decoder, heads)}
        case "gpt":
            return {"decoder": (int(model["num_layers"]), int(model["num_heads"]))}
        case "bert":
            return {"encoder": (int(model["num_layers"]), int(model["num_heads"]))}
        case kind:
            raise ValueError(f"unknown kind of model {kind!r}")


def _parameters(path: Path) -> int:
    """Numbers in a file of weights, of which the head alone is read."""
    with safetensors.safe_open(path, framework="numpy") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118  (no mapping)


def _ended_by(path: Path) -> str | None:
    """As ``bundle.read_card``: a bundle works without its card."""
    try:
        return str(parse_json(path.read_text(encoding="utf-8"))["training"]["ended_by"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_text(path: Path) -> bool:
    """Whether a file begins as UTF-8 text does."""
    with path.open("rb") as stream:
        start = stream.read(_PEEK)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return b"\0" not in start
