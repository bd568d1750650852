"""Who may ask, and what a browser may do with the answers.

The server listens on the loopback interface, yet any page that a browser has open can send requests there. So a request
must name a loopback host (else a foreign name was made to point here, DNS rebinding), and one that comes from a page
must come from ours: its ``Origin`` is that of the host it names, ``Sec-Fetch-Site`` is not another site. The answers
forbid the page everything that is not its own: no foreign script, style, picture or connection, no frame around it.

Any port is accepted: one that is forwarded (SSH, a container) differs from the server's own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atento.studio.failures import TooLargeError
from atento.studio.limits import BODY

METHODS: Final = ("GET", "HEAD", "POST", "DELETE")
API: Final = "/api/"
ASSETS: Final = "/assets/"
_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_POLICY: Final = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """The outermost layer of the application: see the module's text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; every answer gets the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers["Cache-Control"] = _caching(scope["path"], message["status"])
            await send(message)

        refused = _refused(scope)
        await (self._app if refused is None else refused)(scope, receive, guarded)


def failure(status: HTTPStatus | int, message: str) -> Response:
    """An error as JSON: one clear line."""
    body = msgspec.json.encode({"error": {"message": message}})
    return Response(body, status_code=status, media_type="application/json")


async def bounded(stream: AsyncIterable[bytes], announced: str | None) -> bytes:
    """A body, of which no more than the limit is ever held.

    Args:
        stream: the pieces as they come.
        announced: the header Content-Length, which may be missing.

    Raises:
        TooLargeError: it is larger than the limit, or says so.
    """
    if announced is not None and announced.isdigit() and int(announced) > BODY:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    async for part in stream:
        size += len(part)
        if size > BODY:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _too_large() -> TooLargeError:
    return TooLargeError(f"the request has more than {BODY:,} bytes, which is all that is taken: give shorter texts")


def _refused(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
        named = ", ".join(hosts) or "(none)"
        return failure(
            HTTPStatus.BAD_REQUEST, f"the host {named} is not this machine; open http://127.0.0.1 with the port instead"
        )
    if scope["method"] not in METHODS:
        return failure(HTTPStatus.METHOD_NOT_ALLOWED, f"{scope['method']} is not answered here")
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{hosts[0].lower()}":
        return failure(HTTPStatus.FORBIDDEN, f"requests from {origin} are not answered: it is another page")
    site = headers.get("sec-fetch-site", "none")
    if scope["path"].startswith(API) and site not in ("none", "same-origin"):
        return failure(HTTPStatus.FORBIDDEN, "requests from another page are not answered")
    return None


def _caching(path: str, status: int) -> str:
    """Assets have their content's hash in their names; all else may be another one the next time."""
    if path.startswith(API):
        return "no-store"
    found = path.startswith(ASSETS) and status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.PARTIAL_CONTENT)
    return "public, max-age=31536000, immutable" if found else "no-cache"
