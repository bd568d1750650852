"""A walk stepped through in a real browser: as a file, and as two outputs of one notebook; nothing is fetched.

Skipped where Chromium is not installed, except in continuous integration, which must have it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.studio.browser.conftest import CHROMIUM, WAIT

from atento.inspection.walks import Walk, walk


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that may load this machine's files, and nothing else."""
    if not CHROMIUM:
        assert not os.environ.get("CI"), "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        opened = browser.new_page()
        opened.set_default_timeout(WAIT)
        reached: list[str] = []
        opened.on("request", lambda request: reached.append(request.url))
        yield opened
        browser.close()
        assert [url for url in reached if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="module")
def made(tiny: ModuleType) -> Walk:
    return walk(tiny.subject("lstm"), "attention", tiny.TEXT)


def shown(page: Page, within: str = "body") -> list[int]:
    """The places, from 1, of the frames that are seen."""
    texts = [each.inner_text() for each in page.locator(f"{within} .walk > section").all() if each.is_visible()]
    return [int(re.findall(r"(\d+) / \d+", text)[0]) for text in texts]


def test_space_arrows_and_buttons_step_through_the_file(page: Page, made: Walk, tmp_path: Path) -> None:
    made.save_html(tmp_path / "walk.html")
    page.goto((tmp_path / "walk.html").as_uri())
    assert shown(page) == [1]
    page.keyboard.press("Space")
    assert shown(page) == [2]
    page.keyboard.press("ArrowRight")
    assert shown(page) == [3]
    page.keyboard.press("Shift+Space")
    assert shown(page) == [2]
    page.get_by_text("next ›").locator("visible=true").click()
    assert shown(page) == [3]
    page.get_by_text("‹ back").locator("visible=true").click()
    assert shown(page) == [2]
    for _ in range(len(made.frames) + 2):
        page.keyboard.press("ArrowRight")
    assert shown(page) == [len(made.frames)]


def test_outputs_of_one_notebook_are_stepped_apart(page: Page, made: Walk, tmp_path: Path) -> None:
    outputs = [made._repr_mimebundle_(include=["text/html"])[0]["text/html"] for _ in range(2)]
    body = "".join(f'<div id="out{number}">{html}</div>' for number, html in enumerate(outputs))
    place = tmp_path / "notebook.html"
    place.write_text(f'<!doctype html><meta charset="utf-8"><body>{body}', encoding="utf-8")
    page.goto(place.as_uri())
    page.locator("#out0").get_by_text("next ›").locator("visible=true").click()
    assert (shown(page, "#out0"), shown(page, "#out1")) == ([2], [1])
    page.locator("#out1 .walk > input:checked").press("ArrowRight")
    page.locator("#out1 .walk > input:checked").press("ArrowRight")
    assert (shown(page, "#out0"), shown(page, "#out1")) == ([2], [3])


def test_without_styles_every_frame_is_there(page: Page, made: Walk, tmp_path: Path) -> None:
    html = made._repr_mimebundle_(include=["text/html"])[0]["text/html"]
    plain = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    place = tmp_path / "plain.html"
    place.write_text(f'<!doctype html><meta charset="utf-8"><body>{plain}', encoding="utf-8")
    page.goto(place.as_uri())
    assert shown(page) == list(range(1, len(made.frames) + 1))
