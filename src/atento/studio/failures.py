"""What a request can be refused for, beside the library's own errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from atento.core.errors import AtentoError


class RefusedError(AtentoError):
    """Base of the studio's own refusals; every other ``AtentoError`` is answered with 422."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST


class OutsideError(RefusedError):
    """A path that leaves the workspace."""


class UnknownIdError(RefusedError):
    """A tokenizer, model, job or file that is not there."""

    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class TooLargeError(RefusedError):
    """A text or a body over the limit."""

    status: ClassVar[HTTPStatus] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def status_of(error: AtentoError) -> HTTPStatus:
    """The status of the answer to a request that failed by its own fault."""
    return error.status if isinstance(error, RefusedError) else HTTPStatus.UNPROCESSABLE_ENTITY
