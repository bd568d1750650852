"""What each tab gives away: pictures, tables, and one file of HTML that opens from a disk with no address in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.studio.browser.conftest import Open, Watched

SOURCE = "a vida é bela"
MODEL = {"model": "runs/recurrent", "source": SOURCE}
VIEWS = {
    "tokens": ({"tokenizer": "bpe.json", "text": SOURCE}, {"svg", "png", "json", "csv", "html"}, 0),
    "arena": ({"text": SOURCE}, {"svg", "png", "json", "csv", "html"}, 1),
    "leaderboard": (
        {"tokenizers": "builtin%2Fbpe,builtin%2Fword", "paths": "text.pt"},
        {"csv", "json", "md", "tex", "html"},
        0,
    ),
    "characters": ({"tokenizer": "bpe.json"}, {"json", "csv", "html"}, 0),
    "translate": (MODEL, {"svg", "png", "json", "csv", "html", "txt"}, 1),
    "attention": ({**MODEL, "occlusion": "1"}, {"svg", "png", "json", "csv", "html"}, 2),
    "mechanics": ({**MODEL, "walk": "attention", "frame": "3"}, {"svg", "png", "json", "csv", "html"}, 1),
}
"""Of each tab its address, the endings of its files, and how many drawings its file of HTML shows at once."""


def files_of(page: Page, folder: Path) -> list[Path]:
    button = page.locator("[data-export]").first
    expect(button).to_be_enabled(timeout=60_000)
    button.click()
    names = page.locator("dialog[open] .stack > button").all_inner_texts()
    page.keyboard.press("Escape")
    found = []
    for name in names:
        button.click()
        with page.expect_download() as waiting:
            page.locator("dialog[open]").get_by_role("button", name=name, exact=True).click()
        found.append(folder / waiting.value.suggested_filename)
        waiting.value.save_as(found[-1])
        expect(page.locator("dialog[open]")).to_have_count(0)
    return found


@pytest.mark.parametrize("tab", VIEWS)
def test_every_form_of_every_tab(go: Open, window: Callable[..., Watched], tmp_path: Path, tab: str) -> None:
    values, endings, drawings = VIEWS[tab]
    page = go(tab, **values)
    if tab == "leaderboard":
        page.get_by_role("button", name="Measure").click()
    elif tab == "attention":
        expect(page.get_by_role("application")).to_have_count(2)
    files = files_of(page, tmp_path)
    assert {file.suffix[1:] for file in files} == endings
    assert len({file.name for file in files}) == len(files)
    for file in files:
        if file.suffix == ".png":
            assert file.read_bytes().startswith(b"\x89PNG")
            assert file.stat().st_size > 2_000
        elif file.suffix == ".svg":
            text = file.read_text(encoding="utf-8")
            assert "var(--" not in text
            assert not re.search(r"https?://(?!www\.w3\.org)", text)
    [whole] = [file for file in files if file.suffix == ".html"]
    assert "://" not in whole.read_text(encoding="utf-8")
    other = window().page
    other.route("**/*", lambda route: route.continue_() if route.request.url == whole.as_uri() else route.abort())
    other.goto(whole.as_uri())
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    expect(other.locator("svg:visible")).to_have_count(drawings)
    if tab != "mechanics":
        expect(other.get_by_role("table").first).to_be_visible()


def test_lanes_out_of_sight_are_in_the_picture(go: Open, tmp_path: Path) -> None:
    page = go("arena", text=f"{SOURCE} " * 60)
    expect(page.locator("[aria-label^='Lanes'] svg").first).to_be_visible(timeout=60_000)
    drawn = page.locator("[aria-label^='Lanes'] svg g.token")
    expect(drawn.first).to_be_visible()
    few = drawn.count()
    [file] = [each for each in files_of(page, tmp_path) if each.suffix == ".svg"]
    assert file.read_text(encoding="utf-8").count("<title") > 2 * few


def test_a_picture_of_a_long_text_says_how_much_it_leaves_out(go: Open, tmp_path: Path) -> None:
    page = go("arena", text=f"{SOURCE} " * 400)
    lanes = page.get_by_role("region", name="Lanes")
    expect(lanes.locator("g.token").first).to_be_visible(timeout=60_000)
    lanes.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    expect(lanes.get_by_role("button").last).to_be_in_viewport()
    scrolled = lanes.evaluate("box => box.scrollLeft")
    files = {each.suffix: each for each in files_of(page, tmp_path)}
    total = sum(len(trace["tokens"]) for trace in json.loads(files[".json"].read_text(encoding="utf-8")))
    svg = files[".svg"].read_text(encoding="utf-8")
    drawn = svg.count("<title")
    assert drawn < total
    assert 1_900 < drawn <= 2_000
    assert f"… and {total - drawn:,} more tokens" in svg
    [width] = {float(each) for each in re.findall(r'<svg[^>]* width="([\d.]+)"', svg)}
    assert all(float(each) < width for each in re.findall(r'<text[^>]* x="([\d.]+)"', svg))
    assert lanes.evaluate("box => box.scrollLeft") == scrolled
