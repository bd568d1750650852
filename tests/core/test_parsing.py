"""JSON and TOML: what the libraries stumble over is malformed like anything else."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from atento.core.parsing import decode_json, parse_json, parse_toml


class Record(msgspec.Struct):
    number: int = 0
    name: str = ""


def test_what_is_well_formed_is_read() -> None:
    assert parse_json(b'{"a": [1, null]}') == {"a": [1, None]}
    assert parse_toml("a.b = [1, 2]") == {"a": {"b": [1, 2]}}
    assert parse_toml("a = 2020-01-01") == {"a": date(2020, 1, 1)}
    assert decode_json('{"number": 3}', Record) == Record(number=3)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{", '{"a": ' + "9" * 5000 + "}", b"\xff"])
def test_wrong_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|too many digits|Expecting|decode"):
        parse_json(text)


@pytest.mark.parametrize("text", ['{"other":' + "[" * 100_000, "{", b'{"name": "\xff"}'])
def test_wrong_json_of_a_struct_is_a_decode_error(text: str | bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(text, Record)


@pytest.mark.parametrize("text", ["a = " + "[" * 3000, "a." * 3000 + "a = 1", "a = " + "9" * 5000, "a = ="])
def test_wrong_toml_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|too many digits|Invalid"):
        parse_toml(text)
