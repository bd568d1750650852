"""Attention as a page: with the role that was asked for, or with all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.figures.test_attention_view import record
from tests.offline_pages import check_offline

from atento.cli.pictures import AttentionDrawing
from atento.core.errors import DataError
from atento.figures.attention import Role


@pytest.mark.parametrize("role", ["cross", "encoder", "decoder", None])
def test_a_page_has_the_role_that_was_asked_for(role: Role | None, tmp_path: Path) -> None:
    path = tmp_path / "attention.html"
    drawing = AttentionDrawing.of(path, words=False, layer=None, head=None, grid=False, role=role)
    assert drawing is not None
    drawing.draw([record(), record()])
    html = path.read_text(encoding="utf-8")
    assert check_offline(html).text.count(f"{role or 'cross'} attention:") == 2
    shown = re.findall(r"<summary>(\w+), layer \d+, head \d+</summary>", html)
    roles = ["cross", "encoder", "decoder"] if role is None else [role]
    assert {each: shown.count(each) for each in shown} == dict.fromkeys(roles, 2 * 2 * 2)


def test_a_role_that_is_not_recorded_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "attention.html"
    drawing = AttentionDrawing.of(path, words=False, layer=None, head=None, grid=False, role="cross")
    assert drawing is not None
    with pytest.raises(DataError, match="no cross attention is recorded; recorded: encoder"):
        drawing.draw([record().alone("encoder")])
    assert not path.exists()
