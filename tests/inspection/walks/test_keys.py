"""Keys on the page of a walk, in a real browser; where Chromium is missing these are skipped, but for CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from playwright.sync_api import Page, sync_playwright

from atento.core.display import save_page
from atento.inspection.walks import walk

CHROMIUM = os.environ.get("ATENTO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def page(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Two walks, one below the other, in a small window."""
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    path = tmp_path_factory.mktemp("walks") / "two.html"
    save_page(path, "two", [walk(tiny.subject(name), "encoding", tiny.TEXT) for name in ("pre", "rotary")])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        opened = browser.new_page(viewport={"width": 420, "height": 500})
        opened.goto(path.as_uri())
        yield opened
        browser.close()


@pytest.fixture(autouse=True)
def _reloaded(page: Page) -> None:
    page.reload()


def at(page: Page) -> list[int]:
    """Which frame each walk is at."""
    found: list[int] = page.evaluate(
        """() => [...document.querySelectorAll(".walk")].map(
            walk => [...walk.querySelectorAll(":scope > input")].findIndex(frame => frame.checked))"""
    )
    return found


def test_a_key_makes_one_step_of_the_walk_that_has_the_focus(page: Page) -> None:
    page.locator(".walk").nth(1).locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    assert at(page) == [0, 1]
    page.keyboard.press("Space")
    assert at(page) == [0, 2]
    page.keyboard.press("ArrowLeft")
    assert at(page) == [0, 1]
    page.locator(".walk").nth(0).locator("input").first.focus()
    page.keyboard.press("Space")
    assert at(page) == [1, 1]


def test_without_a_focus_the_walk_in_sight_steps(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    assert at(page) == [1, 0]
    page.evaluate("scrollTo(0, document.body.scrollHeight); document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert at(page) == [1, 1]


@pytest.mark.parametrize("keys", ["Alt+ArrowRight", "Control+ArrowRight", "Meta+ArrowRight"])
def test_keys_of_the_browser_are_its_own(page: Page, keys: str) -> None:
    prevented = page.evaluate(
        """key => !document.body.dispatchEvent(new KeyboardEvent("keydown", {
            key: "ArrowRight", bubbles: true, cancelable: true,
            altKey: key === "Alt", ctrlKey: key === "Control", metaKey: key === "Meta"}))""",
        keys.partition("+")[0],
    )
    assert not prevented
    assert at(page) == [0, 0]


def test_arrows_scroll_a_wide_table_that_has_the_focus(page: Page) -> None:
    page.evaluate(
        """() => {
            const table = document.createElement("div");
            table.className = "scroll";
            table.tabIndex = 0;
            table.id = "wide";
            table.style.width = "100px";
            table.style.overflowX = "auto";
            table.innerHTML = "<p style='width: 900px'>wide</p>";
            document.querySelector(".walk section").append(table);
        }"""
    )
    page.locator("#wide").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.getElementById('wide').scrollLeft > 0", timeout=10_000)
    assert at(page) == [0, 0]
    page.evaluate("document.getElementById('wide').firstChild.style.width = '10px'")
    page.keyboard.press("ArrowRight")
    assert at(page) == [1, 0]
