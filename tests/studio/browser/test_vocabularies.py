"""The tabs Arena, Leaderboard and Characters, as a person uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.studio.browser.conftest import Open

from atento.text.opened.opening import open_tokenizer
from atento.text.vocabularies.overlap import overlap


def test_lanes_are_drawn_and_walked_by_keyboard(go: Open) -> None:
    page = go("arena", tokenizers="bpe.json,deep%2Funigram", text="a vida é bela")
    lanes = page.get_by_role("region", name="Lanes on one ruler of bytes")
    expect(lanes.get_by_role("button", pressed=True)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2 of ", exact=False).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert "lane=1" in page.url
    expect(lanes.get_by_role("button", pressed=True)).to_have_count(1)


def test_what_two_vocabularies_share_is_counted_browsed_and_searched(go: Open, folder: Path) -> None:
    page = go("arena", tokenizers="bpe.json,deep%2Funigram")
    a, b = (open_tokenizer(str(folder / name)) for name in ("bpe.json", "deep/unigram/tokenizer.json"))
    shared = overlap(a, b).on_bytes.common
    table = page.get_by_role("region", name="What ")
    expect(table.get_by_role("row", name="canonical bytes")).to_contain_text(f"{len(shared):,}")
    expect(page.get_by_text(f"of {len(shared):,}", exact=False).last).to_be_visible()
    page.get_by_role("searchbox").fill("hermano")
    expect(
        page.get_by_role("region", name="Entries", exact=True).get_by_role("row", name="hermano").first
    ).to_be_visible()


def test_a_leaderboard_is_measured_sorted_and_exported(go: Open) -> None:
    page = go("leaderboard", tokenizers="builtin%2Fbpe,builtin%2Fword", paths="text.pt")
    page.get_by_role("button", name="Measure").click()
    table = page.get_by_role("region", name="Over all texts")
    expect(table).to_be_visible(timeout=60_000)
    names = table.locator("tbody tr").all_inner_texts()
    assert "atento-word" in names[-1]  # it loses text, so it is never first
    table.get_by_role("button", name="bytes / token").click()
    table.get_by_role("button", name="bytes / token").click()
    assert "atento-word" in table.locator("tbody tr").all_inner_texts()[-1]
    assert "sort=-bytes_per_token" in page.url
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON").click()
    json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))


def test_a_path_outside_the_workspace_is_refused_in_plain_words(go: Open) -> None:
    page = go("leaderboard", tokenizers="builtin%2Fbpe", paths="..%2F..%2Fetc%2Fpasswd")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("alert")).to_contain_text("workspace")


def test_a_text_is_pasted_to_be_measured(go: Open) -> None:
    page = go("leaderboard", tokenizers="builtin%2Fbpe")
    page.get_by_text("Add a pasted text").click()
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Text", exact=True).fill("a vida é bela\no que diga\n")
    page.locator("details").get_by_role("button", name="Add").click()
    expect(page.get_by_role("listitem").filter(has_text="mine")).to_be_visible()
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("region", name="Over all texts")).to_be_visible(timeout=60_000)


def test_a_vocabulary_is_described_and_searched(go: Open) -> None:
    page = go("characters", tokenizer="bpe.json")
    expect(page.get_by_role("heading", name="By script").first).to_be_visible(timeout=60_000)
    page.get_by_role("searchbox").fill("hermano")
    entries = page.get_by_role("region", name="Entries", exact=True)
    expect(entries.get_by_role("row", name="hermano").first).to_be_visible()
    page.get_by_label("Show").select_option("special tokens")
    page.get_by_role("searchbox").fill("")
    expect(entries.get_by_role("row", name="<pad>").first).to_be_visible()
    expect(page.get_by_role("heading", name="The whole")).to_be_visible()


def test_pointing_is_linked_between_lanes_and_keys_open_what_they_say(go: Open) -> None:
    page = go("arena", text="a vida é bela")
    tokens = page.locator("[aria-label^='Lanes'] svg g.token")
    expect(tokens.first).to_be_visible(timeout=60_000)
    tokens.first.hover()
    expect(page.locator("g.token.linked")).not_to_have_count(0)
    page.locator("body").press("ArrowRight")
    expect(page).to_have_url(re.compile("token=1"))
    page.locator("body").press("ArrowDown")
    expect(page).to_have_url(re.compile("lane=1"))


@pytest.mark.parametrize("tab", ["tokens", "arena", "leaderboard", "characters", "translate", "attention", "mechanics"])
def test_search_export_and_help_by_key(go: Open, tab: str) -> None:
    models = {"model": "runs/recurrent", "source": "a vida"} if tab in ("translate", "attention", "mechanics") else {}
    page = go(tab, **models)
    expect(page.locator("[data-search]").first).to_be_visible(timeout=60_000)
    page.locator("body").press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    if tab != "leaderboard":  # which has nothing to export before it has measured
        expect(page.locator("[data-export]").first).to_be_enabled(timeout=60_000)
        page.locator("body").press("e")
        expect(page.get_by_role("dialog", name="Export")).to_be_visible()
        page.keyboard.press("Escape")
    page.locator("body").press("/")
    expect(page.locator("[data-search]:focus")).to_have_count(1)
