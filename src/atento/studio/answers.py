"""What is asked and answered, as structs; the records of traces, attention and walks are the library's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from atento.core.tables import Table
from atento.figures.attention import Role as AttentionRole
from atento.figures.attention import Rows
from atento.text.opened.protocol import Role, Specials

Kind = Literal["reading", "generation", "attention", "encoding", "decoding", "head", "block", "positions"]
"""Of walks, as ``inspection.walks`` has them, which need torch."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request's body."""


class TokenizerRequest(Request, frozen=True, kw_only=True):
    """A tokenizer's file in the workspace that is to be listed."""

    path: str
    name: str | None = None
    pattern: str | None = None
    """How a ``.tiktoken`` file parts words."""


class TraceRequest(Request, frozen=True, kw_only=True):
    """A text to be followed through a tokenizer."""

    tokenizer: str
    text: str
    specials: Specials = "text"


class ReplayRequest(Request, frozen=True, kw_only=True):
    """How one pre-token of it is cut."""

    tokenizer: str
    text: str
    specials: Specials = "text"
    pre_token: int
    best: int = 3


class IdsRequest(Request, frozen=True, kw_only=True):
    """Ids to be made text."""

    tokenizer: str
    ids: tuple[int, ...]


class ArenaRequest(Request, frozen=True, kw_only=True):
    """Several tokenizers on one text."""

    tokenizers: tuple[str, ...]
    text: str
    specials: Specials = "text"


class OverlapRequest(Request, frozen=True, kw_only=True):
    """Two vocabularies to be compared."""

    a: str
    b: str


class OverlapEntriesRequest(Request, frozen=True, kw_only=True):
    """A page of what two vocabularies have in common or apart."""

    a: str
    b: str
    on: Literal["bytes", "strings"] = "bytes"
    part: Literal["common", "only_a", "only_b"] = "common"
    search: str = ""
    offset: int = 0
    limit: int = 100


class NamedText(Request, frozen=True, kw_only=True):
    """A text, or the path of one in the workspace."""

    name: str
    text: str | None = None
    path: str | None = None


class LeaderboardRequest(Request, frozen=True, kw_only=True):
    """Tokenizers to be measured on texts."""

    tokenizers: tuple[str, ...]
    texts: tuple[NamedText, ...]
    against: str | None = None
    """The text to give premiums against."""
    alpha: float = 2.5


class CharactersRequest(Request, frozen=True, kw_only=True):
    """A vocabulary to be described."""

    tokenizer: str


class CharacterEntriesRequest(Request, frozen=True, kw_only=True):
    """A page of a vocabulary."""

    tokenizer: str
    filter: str = "all"
    search: str = ""
    offset: int = 0
    limit: int = 100


class CharactersOfTextRequest(Request, frozen=True, kw_only=True):
    """A text whose characters are to be counted."""

    text: str
    tokenizer: str | None = None


class TranslateRequest(Request, frozen=True, kw_only=True):
    """A text to be translated."""

    model: str
    text: str
    beam_size: int | None = None
    n_best: int | None = None
    length_penalty: float | None = None


class AttentionRequest(Request, frozen=True, kw_only=True):
    """A text, or a pair, to be explained."""

    model: str
    source: str
    target: str | None = None
    """None: what the model says."""
    gold: str | None = None
    """Links as ``0-0 1-2 3?4``, words counted from 0."""
    rows: Rows = "predicted"


class OcclusionRequest(Request, frozen=True, kw_only=True):
    """A pair whose source is to be read with each word left out."""

    model: str
    source: str
    target: str


class WalkRequest(Request, frozen=True, kw_only=True):
    """A walk through a model."""

    model: str
    walk: Kind
    text: str
    target: str | None = None
    role: AttentionRole | None = None
    layer: int | None = None
    head: int | None = None
    position: int | None = None
    top: int = 8


class TokenizerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A tokenizer that can be opened."""

    id: str
    name: str
    kind: str
    size: int
    library: str


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be loaded."""

    id: str
    name: str
    family: str
    source_language: str | None
    target_language: str | None
    parameters: int
    attends: bool
    """Whether it has attention of any role."""
    roles: tuple[str, ...]
    layers: dict[str, int]
    heads: dict[str, int]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the workspace that cannot be opened, and why."""

    id: str
    message: str


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A vocabulary's entry."""

    id: int
    piece: str
    label: str
    """For a reader, nothing in it invisible."""
    raw: str
    """Bytes, in hexadecimal."""
    role: Role


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a longer list."""

    total: int
    rows: Sequence[Any]


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """Work that goes on."""

    job: str


def table(found: Table) -> dict[str, Any]:
    """A table for the page: its data, its columns' titles, and the cells as people read them."""
    return {
        **found.data(),
        "titles": [column.title for column in found.columns],
        "shown": found.shown,
        "numbers": found.numbers,
    }
