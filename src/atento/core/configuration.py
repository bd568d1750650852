"""Configuration as frozen structs; TOML only at the edge.

Every configurable class has a ``Configuration`` beside it. A table that does not fit one is refused with the key, the
nearest valid key, and the place it stands in.
"""

from __future__ import annotations

import difflib
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomli_w

from atento.core.errors import ConfigurationError
from atento.core.parsing import parse_toml


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every configuration; a union of them is told apart by a ``kind`` key (``tag_field="kind"``).

    Subclasses repeat ``frozen=True, kw_only=True``, as msgspec and mypy want it.
    """


ConfigurationType = TypeVar("ConfigurationType")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as plain tables.

    Raises:
        ConfigurationError: the file is missing, not UTF-8, not TOML (with its line), or nested too deeply.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}; mend that line") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; mend it") from error


def convert(table: Mapping[str, Any], kind: type[ConfigurationType], *, where: str) -> ConfigurationType:
    """Turn plain tables into the given configuration type.

    Raises:
        ConfigurationError: an unknown key (the nearest valid one is named), a missing key, or an unusable value.
    """
    _refuse_unknown_keys(table, kind, where, prefix="")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {_readable(str(error))}") from error
    except ConfigurationError as error:  # the configuration's own checks know of no file
        raise ConfigurationError(f"{where}: {error}") from error


def to_builtins(configuration: Any) -> dict[str, Any]:
    """A configuration as plain tables without keys that are None, which TOML cannot say."""
    tables = _without_none(msgspec.to_builtins(configuration))
    assert isinstance(tables, dict)
    return tables


def to_toml(configuration: Any) -> str:
    """A configuration as TOML text; reading it back gives an equal configuration.

    Raises:
        ConfigurationError: a key is None whose default is not, which TOML cannot say.
    """
    tables = to_builtins(configuration)
    if msgspec.convert(tables, type(configuration)) != configuration:
        raise ConfigurationError("the configuration sets a key to None, which TOML cannot say; give it a value")
    return tomli_w.dumps(tables, multiline_strings=False)


def apply_overrides(table: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Apply ``section.key=value`` settings to a copy of ``table``; ``section.kind=…`` replaces the whole section.

    A value is read as TOML, and taken as a string where it is none (``kind=bpe`` needs no quotes).

    Raises:
        ConfigurationError: a setting without ``=``, or one that goes through a key which is no table.
    """
    result = msgspec.convert(msgspec.to_builtins(table), dict[str, Any])  # a deep copy
    settings = [_setting(text) for text in overrides]
    settings.sort(key=_turn)
    for path, value in settings:
        section = result
        for name in path[:-1]:
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                raise ConfigurationError(f"--set {'.'.join(path)}: {name!r} is a value, not a table")
        if path[-1] == "kind" and section.get("kind") != value:
            section.clear()
        section[path[-1]] = value
    return result


def tag_of(configuration: msgspec.Struct) -> str:
    """The ``kind`` of a configuration that is told apart by it."""
    return str(type(configuration).__struct_config__.tag)


def merged(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``table``, tables within tables; one with another ``kind`` takes the old one's whole place."""
    result = dict(table)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and value.get("kind") in (None, old.get("kind")):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def nearest(name: str, candidates: Iterable[str], *, listed: Iterable[str] | None = None) -> str:
    """``"; did you mean 'x'?"`` for the closest candidate, else the list of all, or of those to be ``listed``."""
    known = sorted(candidates)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    shown = known if listed is None else sorted(listed)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(shown)}"


def _setting(text: str) -> tuple[list[str], Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigurationError(f"--set {text!r}: write it as section.key=value")
    path = [part.strip() for part in key.split(".")]
    try:
        return path, parse_toml(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path, value.strip()
    except ValueError as error:
        raise ConfigurationError(f"--set {key.strip()}: {error}; give another value") from error


def _turn(setting: tuple[list[str], Any]) -> tuple[bool, int]:
    """Kinds first, the outermost before all: they replace whole tables."""
    path, _ = setting
    return (path[-1] != "kind", len(path) if path[-1] == "kind" else 0)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _refuse_unknown_keys(table: Any, kind: Any, where: str, prefix: str) -> None:
    """msgspec would name the unknown key only; this walk names the nearest valid one as well."""
    if typing.get_origin(kind) in (list, tuple) and isinstance(table, list | tuple):
        for index, item in enumerate(table):
            _refuse_unknown_keys(item, typing.get_args(kind)[0], where, f"{prefix[:-1]}[{index}].")
        return
    struct = _struct_for(table, kind, where, prefix) if isinstance(table, Mapping) else None
    if struct is None:
        return
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    tag = struct.__struct_config__.tag_field
    for key, value in table.items():
        if key != tag:
            if key not in fields:
                raise ConfigurationError(f"{where}: unknown key {prefix + key!r}{nearest(key, fields)}")
            _refuse_unknown_keys(value, fields[key], where, f"{prefix}{key}.")


def _struct_for(table: Mapping[str, Any], kind: Any, where: str, prefix: str) -> type[msgspec.Struct] | None:
    options = (
        typing.get_args(kind)
        if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
        else (kind,)
    )
    structs = [option for option in options if isinstance(option, type) and issubclass(option, msgspec.Struct)]
    tagged = {
        str(option.__struct_config__.tag): option for option in structs if option.__struct_config__.tag is not None
    }
    if not tagged:
        return structs[0] if structs else None
    name = table.get("kind")
    if name is None and len(tagged) == 1:
        return next(iter(tagged.values()))
    if not isinstance(name, str) or name not in tagged:
        raise ConfigurationError(f"{where}: {prefix}kind = {name!r} is unknown{nearest(str(name), tagged)}")
    return tagged[name]


def _readable(message: str) -> str:
    text, _, path = message.partition(" - at `$")
    return f"{path.rstrip('`').lstrip('.')}: {text}" if path else text
