from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Atento = Callable[..., Any]


def test_it_looks_at_everything_and_succeeds(atento: Atento) -> None:
    result = atento("doctor")
    assert result.code == 0
    for words in ("atento", "torch", "processor", "memory", "device", "bfloat16", "fused attention", "cache", "fonts"):
        assert words in result.out


def test_json_has_names_values_and_advice(atento: Atento, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atento.figures.fonts.undrawable", lambda labels: tuple("".join(labels)))
    findings = {each["name"]: each for each in json.loads(atento("doctor", "--json").out)}
    assert findings["atento"]["advice"] == ""
    assert "install a font" in findings["fonts"]["advice"]


def test_a_check_that_fails_is_a_finding(atento: Atento, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("on fire")

    monkeypatch.setattr("atento.core.environment.default_cache", broken)
    result = atento("doctor")
    assert result.code == 0
    assert "RuntimeError: on fire" in result.out
    assert "! failed" in result.out
    assert atento("doctor", "--device", "abacus").code == 0
