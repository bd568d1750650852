"""JSON and TOML that somebody else wrote.

What is malformed is a ValueError in every library. So it is here where lists or tables are nested more deeply than
Python can follow, and where a whole number has more digits than Python converts.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

Text = TypeVar("Text")
Value = TypeVar("Value")
Kind = TypeVar("Kind")
_TOO_DEEP = "it is nested too deeply"
_MALFORMED = (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError)


def parse_json(text: str | bytes) -> Any:
    """The plain value that a JSON text stands for.

    Raises:
        ValueError: it is malformed, nested too deeply, or has a number of too many digits.
    """
    return _parsed(json.loads, text)


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        TOMLDecodeError: it is malformed.
        ValueError: it is nested too deeply, or has a number of too many digits.
    """
    return _parsed(_tables, text)


def decode_json(text: str | bytes, kind: type[Kind]) -> Kind:
    """The struct that a JSON text stands for.

    Raises:
        ValidationError: it is JSON of another form.
        DecodeError: it is malformed, or nested too deeply.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError(_TOO_DEEP) from error
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def _tables(text: str) -> dict[str, Any]:
    tables = tomllib.loads(text)
    msgspec.to_builtins(tables)  # which fails, as whatever reads them would, where dotted keys nest them too deeply
    return tables


def _parsed(parse: Callable[[Text], Value], text: Text) -> Value:
    try:
        return parse(text)
    except _MALFORMED:
        raise
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except ValueError as error:
        raise ValueError("it has a number of too many digits") from error
