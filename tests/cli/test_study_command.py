from __future__ import annotations

import sys

import pytest

from atento.cli.study import _command


def test_the_command_in_a_report_leaves_out_what_concerns_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["atento", "study", "reversal", "--small", "-o", "here", "--jobs", "2", "--seed", "4", "--json"]
    monkeypatch.setattr(sys, "argv", typed)
    assert _command() == "atento study reversal --small --seed 4"
