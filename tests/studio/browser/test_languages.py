"""What the server says is said in the reader's language; what is not known there is marked as English."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from tests.studio.browser.conftest import Open, Watched

SAID = {
    "pt-BR": ("ligação 0-99", "Por escrita", "procurando as entradas sozinhas"),
    "es-ES": ("enlace 0-99", "Por escritura", "buscando las entradas solas"),
}


@pytest.mark.parametrize("language", SAID)
def test_refusals_notes_and_stages_of_work(window: Callable[..., Watched], language: str) -> None:
    refusal, table, stage = SAID[language]
    watched = window(language=language)
    page = watched.go("attention", model="runs/recurrent", source="a vida", target="la vida", gold="0-99")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(refusal)
    expect(alert.locator("[lang=en]")).to_have_count(0)
    page = watched.go("characters", tokenizer="bpe.json")
    heading = page.get_by_role("heading", name=table).first
    expect(heading).to_be_visible(timeout=60_000)
    assert str(heading.get_attribute("lang")).startswith(language[:2])
    expect(page.locator("main [lang=en]")).to_have_count(0)

    def running(route: Route) -> None:
        state = {"id": "x", "state": "running", "done": 3, "total": 1234, "note": "", "result": None, "error": None}
        route.fulfill(
            body=json.dumps({**state, "description": "finding entries alone"}), content_type="application/json"
        )

    page.route("**/api/jobs/*", running)
    page = watched.go("characters", tokenizer="deep/unigram")
    expect(page.get_by_role("status").filter(has=page.locator("progress"))).to_contain_text(stage)


def test_what_is_not_known_is_marked_as_english(window: Callable[..., Watched]) -> None:
    watched = window(language="pt-BR")
    body = json.dumps({"error": {"message": "something that nobody has translated"}})
    watched.page.route(
        "**/api/tokens", lambda route: route.fulfill(status=422, body=body, content_type="application/json")
    )
    page = watched.go("tokens")
    expect(page.get_by_role("alert").locator("[lang=en]")).to_have_text("something that nobody has translated")


def test_leaving_a_vocabulary_stops_its_job(go: Open) -> None:
    stopped: list[str] = []
    page = go("translate", model="runs/recurrent", source="a")

    def answer(route: Route) -> None:
        if route.request.method == "DELETE":
            stopped.append(route.request.url)
        state = {"id": "x", "state": "running", "done": 0, "total": None, "note": "", "result": None, "error": None}
        route.fulfill(
            body=json.dumps({**state, "description": "finding entries alone"}), content_type="application/json"
        )

    page.route("**/api/jobs/*", answer)
    page.get_by_role("tab", name="Characters").click()
    expect(page.locator("progress")).to_be_visible()
    with page.expect_request(lambda request: request.method == "DELETE" and "/api/jobs/" in request.url):
        page.get_by_role("tab", name="Tokens").click()
    expect(page).to_have_url(re.compile("tokens"))
    assert len(stopped) == 1
