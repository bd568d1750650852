"""The studio itself: its version and limits, what lies in the workspace, and long work."""

from __future__ import annotations

from typing import Any, Final

import atento
from atento.data.builtin.course import SENTENCE
from atento.studio.answers import Started, TokenizerInfo, TokenizerRequest
from atento.studio.discovery import discover
from atento.studio.jobs import JobAnswer
from atento.studio.limits import BODY, CHARACTERS
from atento.studio.services import Studio

TABS: Final = ("tokens", "arena", "leaderboard", "characters", "translate", "attention", "mechanics")


def about(_: Studio) -> dict[str, Any]:
    """What the page must know before anything else."""
    return {
        "version": atento.__version__,
        "tabs": TABS,
        "limits": {"characters": CHARACTERS, "body": BODY},
        "sentence": SENTENCE,
    }


def workspace(studio: Studio) -> dict[str, Any]:
    """Everything that can be chosen."""
    found = discover(studio.workspace.folders)
    tokenizers, wrong = studio.tokenizers.list(found.tokenizers)
    models, wrong_models = studio.models.list(found.models)
    return {
        "root": str(studio.workspace.root),
        "tokenizers": tokenizers,
        "models": models,
        "texts": studio.builtin.texts,
        "refused": [*wrong, *wrong_models],
        "complete": found.complete,
        "demo": studio.demo.answer(),
    }


def add_tokenizer(studio: Studio, request: TokenizerRequest) -> TokenizerInfo:
    """List one more tokenizer."""
    return studio.tokenizers.add(request.path, request.name, request.pattern)


def train_demo(studio: Studio) -> Started:
    """Begin to train the demo's model."""
    return Started(job=studio.demo.begin())


def job(studio: Studio, name: str) -> JobAnswer:
    """How far a job is."""
    return studio.jobs.answer(name)


def stop_job(studio: Studio, name: str) -> JobAnswer:
    """Ask a job to end."""
    return studio.jobs.stop(name)
