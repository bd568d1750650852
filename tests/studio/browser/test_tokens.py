"""The tab Tokens, as a person uses it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.studio.browser.conftest import Open, Watched

from atento.text.opened.opening import open_tokenizer
from atento.text.traces.trace import trace

TEXT = "a vida é bela 👩‍👩‍👧"


def labels(page: Page) -> list[str]:
    return page.get_by_role("listbox").get_by_role("option").all_inner_texts()


def count(page: Page, name: str) -> str:
    return (
        page.locator("dl div")
        .filter(has=page.locator("dt", has_text=re.compile(f"^{name}$")))
        .locator("dd")
        .inner_text()
    )


def test_it_opens_on_the_course_s_words(go: Open) -> None:
    page = go("tokens")
    expect(page.get_by_label("Text", exact=True).first).to_have_value("amigos inimagináveis")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    assert "".join(labels(page)).replace("\u00a0", " ") == "amigos inimagináveis"


def test_what_is_shown_is_the_library_s_trace(go: Open, folder: Path) -> None:
    page = go("tokens", tokenizer="bpe.json", text=TEXT, view="ids")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    found = trace(open_tokenizer(str(folder / "bpe.json")), TEXT)
    assert labels(page) == [str(token.id) for token in found.tokens]
    assert count(page, "tokens") == str(len(found.tokens))
    assert count(page, "bytes") == str(len(TEXT.encode()))
    assert count(page, "graphemes") == str(found.graphemes)
    page.get_by_role("radio", name="Bytes").check(force=True)
    expect(page).to_have_url(re.compile("view=bytes"))
    assert [label.replace(" ", "").lower() for label in labels(page)] == [token.raw for token in found.tokens]


def test_white_space_and_joiners_are_made_visible_on_request(go: Open) -> None:
    page = go("tokens", tokenizer="builtin/byte-bpe", text="a\u200b b\n")
    page.get_by_label("Show white space and control characters").check()
    expect(page.get_by_role("listbox")).to_contain_text("·")
    assert "⏎" in "".join(labels(page))


def test_a_replay_goes_step_by_step_to_the_library_s_pieces(go: Open, folder: Path) -> None:
    page = go("tokens", tokenizer="bpe.json", text="hermano", pane="replay")
    slider = page.get_by_role("slider")
    steps = int(slider.get_attribute("max") or 0)
    assert steps > 0
    page.get_by_role("heading", name="Token").click()  # away from every field
    for _ in range(steps):
        page.keyboard.press("Space")
    expect(slider).to_have_value(str(steps))
    found = trace(open_tokenizer(str(folder / "bpe.json")), "hermano")
    pieces = page.locator(".symbols .symbol").all_inner_texts()
    assert [piece.strip().replace("·", " ") for piece in pieces] == [token.piece for token in found.tokens]
    page.keyboard.press("Shift+Space")
    expect(slider).to_have_value(str(steps - 1))


def test_ids_become_text(go: Open) -> None:
    page = go("tokens", text="a vida", pane="ids")
    box = page.get_by_label("Ids, with spaces or commas between them")
    ids = box.input_value()
    assert len(ids.split()) > 0
    expect(page.locator("p.text").last).to_have_text("a·vida")
    box.fill("12 x")
    expect(page.get_by_role("alert")).to_contain_text("“x” is no id")
    box.fill("99999999")
    expect(page.get_by_role("alert")).to_contain_text("99999999")


def test_the_link_restores_everything_and_back_goes_back(go: Open) -> None:
    page = go("tokens", text="bela", view="ids")
    expect(page.get_by_role("radio", name="Ids", exact=True)).to_be_checked()
    page.get_by_role("radio", name="Code points").check(force=True)
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("radio", name="Code points")).to_be_checked()
    expect(page.get_by_label("Text", exact=True).first).to_have_value("bela")
    page.get_by_role("tab", name="Arena").click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Arena")
    page.go_back()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Tokens")
    page.go_back()
    expect(page.get_by_role("radio", name="Ids", exact=True)).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("radio", name="Code points")).to_be_checked()


def test_the_keyboard_alone(go: Open) -> None:
    page = go("tokens")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_attribute("aria-posinset", "1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_attribute("aria-posinset", "3")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_attribute("aria-posinset", "2")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Help")).to_be_hidden()
    page.keyboard.press("e")
    expect(page.get_by_role("dialog", name="Export")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Text", exact=True).first).to_be_focused()
    page.keyboard.type("? e ")  # in a field keys are letters
    expect(page.get_by_role("dialog", name="Help")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"text="))


def test_tabs_are_walked_with_arrows(go: Open) -> None:
    page = go("tokens")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Tokens")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Arena")).to_be_focused()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Arena")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Mechanics")


def test_a_text_of_the_limit_s_length_stays_responsive(go: Open) -> None:
    page = go("tokens", tokenizer="builtin/byte-bpe")
    text = ("a vida é bela, diga lá, meu irmão " * 6000)[:200_000]
    page.get_by_label("Text", exact=True).first.fill(text)
    expect(page.locator("dl").first).to_contain_text("200,000", timeout=60_000)
    assert page.evaluate("document.querySelectorAll('*').length") < 4000
    stream = page.get_by_role("listbox")
    begun = time.perf_counter()
    stream.evaluate("element => { element.scrollTop = element.scrollHeight }")
    tokens = int(count(page, "tokens").replace(",", ""))
    expect(page.locator(f"[aria-posinset='{tokens}']")).to_be_visible()
    assert time.perf_counter() - begun < 2
    expect(page.get_by_text("too long to be part of the page’s link")).to_be_visible()


def test_megabytes_are_refused_before_anything_is_sent(go: Open) -> None:
    page = go("tokens")
    box = page.get_by_label("Text", exact=True).first
    expect(page.get_by_role("listbox")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    box.focus()
    page.evaluate("navigator.clipboard.writeText('á'.repeat(2500000))")
    page.keyboard.press("Control+v")
    expect(page.get_by_role("alert")).to_contain_text("the studio shows up to 200,000")
    expect(box).to_have_value("amigos inimagináveis")
    assert not [url for url in asked if "/api/tokens" in url]


@pytest.mark.parametrize(
    ("language", "lang", "heading"), [("pt-BR", "pt-BR", "Bytes"), ("es-MX", "es", "Bytes"), ("de-DE", "en", "Bytes")]
)
def test_it_speaks_the_reader_s_language(
    window: Callable[..., Watched], language: str, lang: str, heading: str
) -> None:
    page = window(language=language).go("tokens")
    expect(page.locator("html")).to_have_attribute("lang", lang)
    tabs = {"pt-BR": "Classificação", "es": "Clasificación", "en": "Leaderboard"}
    expect(page.get_by_role("tab", name=tabs[lang])).to_be_visible()


def test_a_refused_special_token_is_told_at_its_place(go: Open) -> None:
    page = go("tokens", tokenizer="builtin/bpe", text="a </s> b", specials="refuse")
    expect(page.get_by_role("alert")).to_contain_text("</s>")


def test_exports_hold_what_is_shown(go: Open) -> None:
    page = go("tokens", tokenizer="bpe.json", text=TEXT)
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    for name, check in (
        ("Trace (JSON)", lambda text: json.loads(text)["format"] == "atento.trace"),
        ("Table (CSV)", lambda text: text.startswith("place,id,label")),
        ("Coloured tokens (one HTML file)", lambda text: not re.search(r"https?:|src=|<link", text)),
    ):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).click()
        assert check(Path(waiting.value.path()).read_text(encoding="utf-8"))


def test_another_tokenizer_is_opened_by_its_path(go: Open) -> None:
    page = go("tokens")
    page.get_by_text("Open another tokenizer of the workspace").click()
    page.get_by_label("Path inside the workspace").fill("notes.json")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("notes.json")
    page.get_by_label("Path inside the workspace").fill("bpe.json")
    page.get_by_label("Name (may be empty)").fill("mine")
    page.get_by_role("button", name="Open").click()
    expect(page).to_have_url(re.compile("tokenizer=bpe.json"))
    expect(page.get_by_text("mine · bpe", exact=False).first).to_be_attached()
