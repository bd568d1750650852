"""The tab Mechanics: walks through a model, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atento.studio.answers import WalkRequest
from atento.studio.limits import check_sentence
from atento.studio.services import Studio

if TYPE_CHECKING:
    from atento.inspection.walks import Walk, Walks


def kinds(studio: Studio, name: str) -> Walks:
    """The walks that a model has, with its layers and heads."""
    from atento.inspection.walks import walks_of

    with studio.models.use(name) as application:
        return walks_of(application)


def walk(studio: Studio, request: WalkRequest) -> Walk:
    """One of them."""
    from atento.inspection.walks import walk as walk_through

    check_sentence(request.text)
    check_sentence(request.target or "")
    info = studio.models.info(request.model)
    with studio.models.use(request.model) as application:
        return walk_through(
            application,
            request.walk,
            request.text,
            target=request.target,
            role=request.role,
            layer=request.layer,
            head=request.head,
            position=request.position,
            top=request.top,
            name=info.name,
        )
