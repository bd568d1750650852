"""The tab Characters: what a vocabulary, or a text, is made of."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from atento.core.files import decode_lines
from atento.core.progress import Progress, Silent
from atento.studio.answers import (
    CharacterEntriesRequest,
    CharactersOfTextRequest,
    CharactersRequest,
    Page,
    Started,
    table,
)
from atento.studio.limits import check_text, paged
from atento.studio.services import Studio
from atento.text.vocabularies import picking
from atento.text.vocabularies.described import Described, describe
from atento.text.vocabularies.tables import full_listing, vocabulary_tables
from atento.text.vocabularies.text_tables import text_tables
from atento.text.vocabularies.texts import count_text


def begin(studio: Studio, request: CharactersRequest) -> Started:
    """Begin to describe a vocabulary; the result has all its tables. Looking for a text for every entry takes seconds
    where there are tens of thousands, the first time."""
    studio.tokenizers.stamp(request.tokenizer)  # whether there is one is said before

    def work(progress: Progress, _: object) -> dict[str, Any]:
        found = _described(studio, request.tokenizer, progress)
        return {"tables": [table(each) for each in vocabulary_tables(found)]}

    return Started(job=studio.jobs.begin("opening the tokenizer", work))


def entries(studio: Studio, request: CharacterEntriesRequest) -> Page:
    """A page of a vocabulary; the filter is a property (``unreachable``) or a value (``script=Greek``), or several
    with commas between, of which an entry has all."""
    wanted = [each.strip() for each in request.filter.split(",") if each.strip()]
    found = picking.pick(_described(studio, request.tokenizer, Silent()), wanted or ["all"])
    if request.search:
        found = picking.search(found, request.search)
    shown = paged(found, request.offset, request.limit)
    rows = full_listing("", shown).data()["rows"]
    return Page(total=len(found), rows=[{"label": each.shown, **row} for each, row in zip(shown, rows, strict=True)])


def of_text(studio: Studio, request: CharactersOfTextRequest) -> dict[str, Any]:
    """All tables of a text; with a tokenizer also how it spells the characters."""
    text = check_text(request.text)
    tokenizer = None if request.tokenizer is None else studio.tokenizers.open(request.tokenizer)
    found = count_text(decode_lines(io.BytesIO(text.encode()), "the text"), tokenizer)
    return {"tables": [table(each) for each in text_tables(found)]}


def _described(studio: Studio, name: str, progress: Progress) -> Sequence[Described]:
    tokenizers = studio.tokenizers
    return studio.descriptions.get(name, tokenizers.stamp(name), lambda: describe(tokenizers.open(name), progress))
