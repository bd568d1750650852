from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from atento.studio.limits import BODY, CHARACTERS

BODY_OF_TOKENS = {"tokenizer": "bpe.json", "text": "a vida"}


def message(answer: Any) -> str:
    found = answer.json()["error"]["message"]
    assert found
    assert "\n" not in found
    return str(found)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "127.0.0.2", "[::2]", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/about", "/assets/index-abc123.js"])
def test_a_foreign_host_is_refused(client: TestClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "127.0.0.1" in message(answer)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:9000", "LOCALHOST", "[::1]:8765"])
def test_every_name_of_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/about", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:8765", "http://127.0.0.1:3000", "https://127.0.0.1:8765", "null"],
)
def test_a_foreign_origin_is_refused(client: TestClient, origin: str) -> None:
    for answer in (
        client.post("/api/tokens", json=BODY_OF_TOKENS, headers={"Origin": origin}),
        client.get("/api/workspace", headers={"Origin": origin}),
        client.delete("/api/jobs/any", headers={"Origin": origin}),
    ):
        assert answer.status_code == 403
        assert origin in message(answer)


def test_the_pages_own_origin_is_answered(client: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/tokens", json=BODY_OF_TOKENS, headers=own).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_it_comes_from_elsewhere_gets_the_page_and_no_data(client: TestClient, site: str) -> None:
    assert client.get("/api/about", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, "/api/tokens")
    assert answer.status_code == 405
    assert message(answer)


def test_a_route_has_its_own_methods(client: TestClient) -> None:
    for answer in (client.get("/api/tokens"), client.post("/api/about"), client.delete("/api/workspace")):
        assert answer.status_code in (404, 405)
        assert message(answer)


def test_every_answer_forbids_what_is_not_the_pages_own(client: TestClient) -> None:
    answers = [
        client.get("/"),
        client.get("/assets/index-abc123.js"),
        client.get("/api/about"),
        client.get("/api/nothing"),
        client.get("/missing.png"),
        client.get("/", headers={"Host": "evil.example"}),
        client.post("/api/tokens", json={}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 404, 400, 422]
    for answer in answers:
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["font-src"] == "'self'"
        assert policy["img-src"] == "'self' data: blob:"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_only_assets_are_kept_by_the_browser(client: TestClient) -> None:
    assert "immutable" in client.get("/assets/index-abc123.js").headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "no-cache"
    assert client.get("/assets/missing.js").headers["cache-control"] == "no-cache"
    assert client.get("/api/about").headers["cache-control"] == "no-store"


def test_the_page_stands_at_every_address_that_is_no_file(client: TestClient) -> None:
    for path in ("/", "/tokens", "/attention/heads"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<title>Atento" in answer.text
    assert client.head("/").status_code == 200
    assert client.get("/../pyproject.toml").status_code in (400, 404)
    assert client.get("/assets/%2e%2e/%2e%2e/conftest.py").status_code in (400, 404)


def test_a_body_over_the_limit_is_refused(client: TestClient) -> None:
    body = b'{"tokenizer": "bpe.json", "text": "' + b"a" * BODY + b'"}'
    answer = client.post("/api/tokens", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "4,000,000 bytes" in message(answer)


def test_a_body_without_a_length_is_read_no_further_than_the_limit(client: TestClient) -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        yield b'{"tokenizer": "bpe.json", "text": "'
        while True:  # endless: only a reader that stops comes to an end
            read += 100_000
            yield b"a" * 100_000

    app = client.app
    status = _asked(app, pieces())
    assert status == 413
    assert read <= BODY + 200_000


def _asked(app: Any, pieces: Iterator[bytes]) -> int:
    """The status of the answer to a request whose body comes piece by piece."""
    import anyio

    found: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def send(answer: Any) -> None:
        if answer["type"] == "http.response.start":
            found.append(answer["status"])

    headers = [(b"host", b"127.0.0.1:8765"), (b"content-type", b"application/json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/tokens", "raw_path": b"/api/tokens", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765),
    }  # fmt: skip
    anyio.run(app, scope, receive, send)
    return found[0]


def test_a_text_over_the_limit_is_refused_and_one_at_it_is_not(client: TestClient) -> None:
    for length, status in ((CHARACTERS, 200), (CHARACTERS + 1, 413)):
        body = {"tokenizer": "bpe.json", "text": "á" * length}
        answer = client.post("/api/tokens", json=body)
        assert answer.status_code == status
    assert "200,000" in message(answer)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "JSON"),
        (b"{", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b'{"tokenizer": "bpe.json", "text": "a \\ud800"}', 400, "half a character"),
        (b'{"text": "a \\ud800", "more": ' + b"[" * 100_000, 400, "JSON"),
        (b"[]", 422, "object"),
        (b'{"tokenizer": "bpe.json"}', 422, "text"),
        (b'{"tokenizer": "bpe.json", "text": 1}', 422, "text"),
        (b'{"tokenizer": "bpe.json", "text": "a", "spezials": "text"}', 422, "spezials"),
        (b'{"tokenizer": "bpe.json", "text": "a", "specials": "all"}', 422, "all"),
        (b'{"tokenizer": "none.json", "text": "a"}', 404, "none.json"),
    ],
)
def test_what_is_no_request_is_refused(client: TestClient, body: bytes, status: int, words: str) -> None:
    answer = client.post("/api/tokens", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == status
    assert words in message(answer)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken(client: TestClient, kind: str) -> None:
    answer = client.post("/api/tokens", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in message(answer)


def test_a_defect_of_ours_is_told_in_one_line_and_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on fire")

    monkeypatch.setattr("atento.studio.routes.tokens.trace", broken)
    answer = client.post("/api/tokens", json=BODY_OF_TOKENS)
    assert answer.status_code == 500
    assert "on fire" not in message(answer)
    assert "on fire" in caplog.text
