"""What the families' ``config.json`` files have in common: reading, refusing, activations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from atento.core.errors import ConfigurationError, DataError
from atento.core.parsing import parse_json
from atento.decoding.configuration import DecodingConfig
from atento.nn.feed_forward import Activation

CONFIG = "config.json"
OURS = "atento"
"""The key of ``config.json`` under which stands what the format has no word for; ``transformers`` lets it be."""
_ACTIVATIONS: dict[str, Activation] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu-tanh",
    "gelu_pytorch_tanh": "gelu-tanh",
    "silu": "silu",
    "swish": "silu",
}
"""Hugging Face's names of what we have."""
Fields = TypeVar("Fields", bound=msgspec.Struct)


class OwnKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says beside its model, under the key ``OURS``; a folder from elsewhere has none of it."""

    source_language: str | None = None
    target_language: str | None = None
    decoding: DecodingConfig | None = None
    """All of it; what ``generation_config.json`` has a word for is read there."""
    paired: bool = False
    """Whether a classifier reads pairs."""
    context: Annotated[int, msgspec.Meta(ge=3)] | None = None
    """Tokens that a classifier reads at most, if fewer than its body can."""


def read_config(folder: Path) -> dict[str, Any]:
    """A folder's ``config.json``.

    Raises:
        DataError: there is none, or it is damaged.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; give one with a model in Hugging Face's format")
    return read_json(folder / CONFIG)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        DataError: there is none, or it is damaged.
    """
    try:
        table = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; give a folder with a model in Hugging Face's format"
        ) from error
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); copy it again") from error
    if not isinstance(table, dict):
        raise DataError(f"{path} is no JSON object; copy it again")
    return table


def fields_of(table: Mapping[str, Any], kind: type[Fields], where: str) -> Fields:
    """The keys that we need, with Hugging Face's defaults; the others, of which there are many, are left alone.

    Raises:
        DataError: a value of the wrong type.
    """
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        text, _, key = str(error).partition(" - at `$")
        places = [where, key.rstrip("`").lstrip(".")] if key else [where]
        raise DataError(f"{': '.join(places)}: {text}") from error


def own_keys(config: Mapping[str, Any], where: str) -> OwnKeys | None:
    """What a folder of ours says beside its model; None: it comes from elsewhere.

    Raises:
        DataError: a value of the wrong type, or out of its range.
    """
    if OURS not in config:
        return None
    try:
        return fields_of(config[OURS], OwnKeys, f"{where}: {OURS}")
    except ConfigurationError as error:
        raise DataError(f"{where}: {OURS}: {error}") from error


def require(table: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> None:
    """Refuse choices that change what a model computes and that we do not have; a missing key has its default.

    Args:
        table: ``config.json``.
        wanted: keys and the only value of each that we have, which is also the default.
        where: the file.

    Raises:
        DataError: another value; the key, its value and ours are named.
    """
    for key, value in wanted.items():
        found = table.get(key, value)
        if found != value and found is not None:
            raise DataError(
                f"{where}: {key} = {found!r} is something that Atento's model does not have (only {value!r})"
            )


def activation_of(name: str, key: str, where: str) -> Activation:
    """Our name of an activation.

    Raises:
        DataError: we do not have it.
    """
    if name not in _ACTIVATIONS:
        raise DataError(f"{where}: {key} = {name!r} is no activation of Atento's; it has {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[name]


def activation_named(activation: Activation) -> str:
    """Hugging Face's name of an activation that is a function of each element."""
    return {"relu": "relu", "gelu": "gelu", "gelu-tanh": "gelu_new", "silu": "silu"}[activation]


def differences(config: msgspec.Struct, wanted: Mapping[str, Any]) -> list[str]:
    """The keys of a configuration of ours, with their values, that another format cannot say."""
    return [
        f"model.{key} = {getattr(config, key)!r}"
        for key, values in wanted.items()
        if getattr(config, key) not in (values if isinstance(values, tuple) else (values,))
    ]
