"""From HTTP to the routes' functions and back: bodies are checked, work goes to threads, errors become JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from atento.core.errors import AtentoError, is_out_of_memory
from atento.core.parsing import parse_json
from atento.studio.answers import Request
from atento.studio.failures import status_of
from atento.studio.security import bounded, failure
from atento.studio.services import Studio

RequestType = TypeVar("RequestType", bound=Request)
JSON: Final = "application/json"
_LOG: Final = logging.getLogger(__name__)


def post(
    path: str, kind: type[RequestType], answer: Callable[[Studio, RequestType], Any], *, heavy: bool = False
) -> Route:
    """A route whose request is a body of this kind; ``heavy`` if it may wait for a model or take seconds."""
    decoder = msgspec.json.Decoder(kind)

    async def endpoint(http: HttpRequest) -> Response:
        if http.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            return failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send JSON, with Content-Type: {JSON}")
        try:
            body = await bounded(http.stream(), http.headers.get("content-length"))
            request = decoder.decode(body)
        except AtentoError as error:
            return failure(status_of(error), str(error))
        except msgspec.ValidationError as error:
            return failure(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            half = "a text holds half a character (a lone surrogate)" if _is_halved(body) else str(error)
            return failure(HTTPStatus.BAD_REQUEST, f"the request is not JSON: {half}")
        return await _answered(http, lambda studio: answer(studio, request), heavy=heavy)

    return Route(path, endpoint, methods=["POST"])


def plain(path: str, answer: Callable[[Studio], Any], *, method: str = "GET", heavy: bool = False) -> Route:
    """A route without a body."""

    async def endpoint(http: HttpRequest) -> Response:
        return await _answered(http, answer, heavy=heavy)

    return Route(path, endpoint, methods=[method])


def named(path: str, answer: Callable[[Studio, str], Any], *, method: str = "GET", heavy: bool = False) -> Route:
    """A route whose path names what is asked for, as ``{name}``."""

    async def endpoint(http: HttpRequest) -> Response:
        return await _answered(http, lambda studio: answer(studio, http.path_params["name"]), heavy=heavy)

    return Route(path, endpoint, methods=[method])


def _is_halved(body: bytes) -> bool:
    """Whether JSON in which half a character is escaped, which no UTF-8 can hold, is all that is wrong with a body."""
    try:
        parse_json(body)
    except ValueError:
        return False
    return True


async def _answered(http: HttpRequest, answer: Callable[[Studio], Any], *, heavy: bool) -> Response:
    studio: Studio = http.app.state.studio
    limiter = studio.heavy if heavy else studio.light
    return await anyio.to_thread.run_sync(partial(_answer, studio, answer), limiter=limiter)


def _answer(studio: Studio, answer: Callable[[Studio], Any]) -> Response:
    """The work of a thread: the answer is made, and written as JSON, there."""
    try:
        return Response(msgspec.json.encode(answer(studio)), media_type=JSON)
    except AtentoError as error:
        return failure(status_of(error), str(error))
    except Exception as error:
        if is_out_of_memory(error):
            return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "not enough memory for this; give less at once")
        _LOG.exception("a request failed")
        return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "the studio failed at this; the terminal says how")
