"""Tokens in a line, on terminals of many colours, of few, and of none."""

from __future__ import annotations

import re
import sys

import pytest

from atento.cli import token_lines
from atento.text.configuration import TokenizerConfig
from atento.text.opened.opening import open_trained
from atento.text.traces.trace import Trace, trace
from atento.text.training import train_tokenizer


@pytest.fixture(scope="module")
def found() -> Trace:
    texts = ["o gato vê o peixe"] * 3
    tokenizer = train_tokenizer(texts, TokenizerConfig(kind="char", vocab_size=60, min_frequency=1))
    return trace(open_trained(tokenizer), "o gato")


def test_without_colours_bars_part_tokens(found: Trace) -> None:
    assert token_lines.line(found) == "o|▁|g|a|t|o"
    assert token_lines.line(found, apart={2, 5}) == "o|▁‖g|a|t‖o"


@pytest.mark.parametrize("system", ["xterm", "xterm-256color", "truecolor"])
def test_neighbours_differ_in_colour(found: Trace, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color" if system == "truecolor" else system)
    monkeypatch.setenv("COLORTERM", "truecolor" if system == "truecolor" else "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = token_lines.line(found)
    parts = re.findall(r"\x1b\[([0-9;]+)m(.+?)\x1b\[0m", shown)
    assert [text for _, text in parts] == ["o", " ", "g", "a", "t", "o"]
    assert len({colour for colour, _ in parts}) == 5
    assert "▁" in token_lines.line(found, spaces=True)


def test_no_color_is_respected(found: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in token_lines.line(found)
