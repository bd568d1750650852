"""The page: files that `make web` builds from ``web/`` into ``page/`` beside this module."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from atento.core.errors import DataError

FOLDER: Final = Path(__file__).with_name("page")
INDEX: Final = "index.html"


def check_built(folder: Path = FOLDER) -> None:
    """Refuse to start without the page.

    Raises:
        DataError: it was not built.
    """
    if not (folder / INDEX).is_file():
        raise DataError(
            f"the studio's page was not built (there is no {folder / INDEX}): run `make web` in the source folder, "
            "which needs Node 20, or install a released package, which has it"
        )


class Page(StaticFiles):
    """The files of a folder; a path without a file's name is the page itself, whose state is in its address."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the page."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or "." in path.rpartition("/")[2]:
                raise
            return await super().get_response(INDEX, scope)
