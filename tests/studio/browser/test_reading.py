"""Everybody can read the page: axe finds nothing serious, in any tab, theme or width; nothing is wider than a phone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.studio.browser.conftest import Watched

from atento.inspection.walks.equations import EQUATIONS
from atento.studio.static import FOLDER

WEB = Path(__file__).parents[3] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
TABS = {
    "tokens": ({"pane": "replay"}, "listbox"),
    "arena": ({}, "[aria-label^='Lanes'] svg"),
    "leaderboard": ({}, "button.main"),
    "characters": ({"tokenizer": "bpe.json"}, "h3"),
    "translate": ({"model": "runs/recurrent", "source": "a vida"}, ".line button"),
    "attention": ({"model": "runs/transformer", "source": "a vida", "occlusion": "1"}, ".legend"),
    "mechanics": ({"model": "runs/transformer", "source": "a vida", "walk": "head"}, ".stage svg"),
}


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: run `npm ci` in web/")
@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("contrast", 390)])
def test_axe_finds_nothing_serious(window: Callable[..., Watched], tab: str, theme: str, width: int) -> None:
    values, there = TABS[tab]
    page = window(theme=theme, width=width).go(tab, **values)
    ready = page.get_by_role("listbox") if there == "listbox" else page.locator(there)
    expect(ready.first).to_be_visible(timeout=60_000)
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_text("Working…")).to_have_count(0, timeout=60_000)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:4])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("tab", TABS)
def test_nothing_is_wider_than_a_phone(window: Callable[..., Watched], tab: str) -> None:
    values, there = TABS[tab]
    page = window(width=390, height=844).go(tab, **values)
    ready = page.get_by_role("listbox") if there == "listbox" else page.locator(there)
    expect(ready.first).to_be_visible(timeout=60_000)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_the_page_is_small_and_loads_nothing_from_elsewhere() -> None:
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 300_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        # Names of formats and of error messages, and this machine, in a refusal's text.
        for known in ("http://www.w3.org/", "https://svelte.dev/", "http://127.0.0.1 "):
            text = text.replace(known, "")
        assert "http://" not in text, file
        assert "https://" not in text, file
    index = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert "style=" not in index
    assert "<script>" not in index


def test_the_page_s_formulas_are_the_library_s() -> None:
    found = json.loads((WEB / "src" / "tabs" / "mechanics" / "equations.json").read_text(encoding="utf-8"))
    assert found == dict(EQUATIONS)
