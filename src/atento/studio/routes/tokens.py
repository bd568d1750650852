"""The tab Tokens: a text's way through a tokenizer."""

from __future__ import annotations

from typing import Any

from atento.core.errors import ConfigurationError
from atento.studio.answers import EntryAnswer, IdsRequest, ReplayRequest, TraceRequest
from atento.studio.failures import TooLargeError
from atento.studio.limits import CHARACTERS, check_text
from atento.studio.services import Studio
from atento.text.opened.protocol import OpenTokenizer
from atento.text.traces.replay import Replay
from atento.text.traces.trace import Trace, label, replay_of, trace

_MOST_SEGMENTATIONS = 20


def trace_text(studio: Studio, request: TraceRequest) -> Trace:
    """The trace, without replays."""
    tokenizer = studio.tokenizers.open(request.tokenizer)
    return trace(tokenizer, check_text(request.text), specials=request.specials)


def replay_pre_token(studio: Studio, request: ReplayRequest) -> Replay | None:
    """How one pre-token is cut; None where the steps here would end otherwise than the library."""
    if not 1 <= request.best <= _MOST_SEGMENTATIONS:
        raise ConfigurationError(f"best = {request.best}: give 1 to {_MOST_SEGMENTATIONS}")
    tokenizer = studio.tokenizers.open(request.tokenizer)
    cut = tokenizer.cut(check_text(request.text), request.specials)
    if not 0 <= request.pre_token < len(cut.pre_tokens):
        raise ConfigurationError(
            f"the text has {len(cut.pre_tokens)} pre-tokens; there is no number {request.pre_token}"
        )
    return replay_of(tokenizer, cut, request.pre_token, best=request.best)


def text_of_ids(studio: Studio, request: IdsRequest) -> dict[str, Any]:
    """The text that ids stand for, and each one's entry."""
    if len(request.ids) > CHARACTERS:
        raise TooLargeError(f"{len(request.ids):,} ids: at most {CHARACTERS:,} are taken")
    tokenizer = studio.tokenizers.open(request.tokenizer)
    entries = {number: entry_answer(tokenizer, number) for number in set(request.ids)}
    return {"text": tokenizer.decode(request.ids), "entries": [entries[number] for number in request.ids]}


def entry_answer(tokenizer: OpenTokenizer, number: int) -> EntryAnswer:
    """An entry of a vocabulary, for the page.

    Raises:
        DataError: no entry has this id.
    """
    entry = tokenizer.entry(number)
    return EntryAnswer(
        id=number, piece=entry.piece, label=label(entry, tokenizer.kind), raw=entry.raw.hex(), role=entry.role
    )
