"""The studio as a Starlette application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from atento.studio import answers
from atento.studio.endpoints import named, plain, post
from atento.studio.routes import about, arena, attention, characters, leaderboard, mechanics, tokens, translate
from atento.studio.security import Guard, failure
from atento.studio.services import Studio
from atento.studio.static import FOLDER, Page
from atento.studio.workspace import Workspace


def create_app(
    workspace: Workspace,
    *,
    device: str = "cpu",
    page: Path = FOLDER,
    cache: Path | None = None,
    demo: Sequence[str] = (),
) -> Starlette:
    """The application; nothing heavy is imported or loaded before it is asked for.

    Args:
        workspace: the folder that it shows.
        device: what models compute on.
        page: the folder of the built page.
        cache: for what can be made again; None: the user's.
        demo: settings put over the recipe of the demo.
    """
    studio = Studio.of(workspace, device=device, cache=cache, demo=demo)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        studio.jobs.close()

    app = Starlette(
        routes=[*_routes(), Mount("/", Page(directory=page, html=True, check_dir=False))],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _failed},
        lifespan=lifespan,
    )
    app.state.studio = studio
    return app


def _routes() -> list[BaseRoute]:
    return [
        plain("/api/about", about.about),
        plain("/api/workspace", about.workspace, heavy=True),
        post("/api/workspace/tokenizers", answers.TokenizerRequest, about.add_tokenizer, heavy=True),
        plain("/api/demo", about.train_demo, method="POST"),
        named("/api/jobs/{name}", about.job),
        named("/api/jobs/{name}", about.stop_job, method="DELETE"),
        post("/api/tokens", answers.TraceRequest, tokens.trace_text),
        post("/api/tokens/replay", answers.ReplayRequest, tokens.replay_pre_token),
        post("/api/tokens/ids", answers.IdsRequest, tokens.text_of_ids),
        post("/api/arena", answers.ArenaRequest, arena.compare),
        post("/api/arena/overlap", answers.OverlapRequest, arena.overlap_table, heavy=True),
        post("/api/arena/entries", answers.OverlapEntriesRequest, arena.overlap_entries, heavy=True),
        post("/api/leaderboard", answers.LeaderboardRequest, leaderboard.begin, heavy=True),
        post("/api/characters", answers.CharactersRequest, characters.begin, heavy=True),
        post("/api/characters/entries", answers.CharacterEntriesRequest, characters.entries, heavy=True),
        post("/api/characters/text", answers.CharactersOfTextRequest, characters.of_text, heavy=True),
        post("/api/translate", answers.TranslateRequest, translate.translate, heavy=True),
        post("/api/attention", answers.AttentionRequest, attention.explain, heavy=True),
        post("/api/occlusion", answers.OcclusionRequest, attention.occlude, heavy=True),
        post("/api/mechanics", answers.WalkRequest, mechanics.walk, heavy=True),
        named("/api/mechanics/{name:path}", mechanics.kinds, heavy=True),
        Route("/api/{path:path}", _unknown, methods=["GET", "POST", "DELETE"]),
    ]


async def _unknown(http: HttpRequest) -> Response:
    return failure(HTTPStatus.NOT_FOUND, f"there is no {http.url.path}")


async def _failed(_: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return failure(error.status_code, error.detail)
