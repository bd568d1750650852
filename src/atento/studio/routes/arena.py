"""The tab Arena: several tokenizers on one text, and what two vocabularies have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from atento.core.errors import ConfigurationError
from atento.studio.answers import ArenaRequest, OverlapEntriesRequest, OverlapRequest, Page, table
from atento.studio.limits import check_text, paged
from atento.studio.services import Studio
from atento.text.traces.lanes import Lanes
from atento.text.traces.trace import trace
from atento.text.visible import visible, visible_bytes
from atento.text.vocabularies.overlap import Comparison, Member, Overlap, overlap

_FEWEST: Final = 2
_MOST: Final = 6


def compare(studio: Studio, request: ArenaRequest) -> dict[str, Any]:
    """The traces of one text by every tokenizer, with the boundaries that are everybody's and those that are not."""
    if not _FEWEST <= len(request.tokenizers) <= _MOST:
        raise ConfigurationError(f"{len(request.tokenizers)} tokenizers: give two to six")
    if len(set(request.tokenizers)) < len(request.tokenizers):
        raise ConfigurationError("one tokenizer is chosen twice; choose different ones")
    text = check_text(request.text)
    opened = [studio.tokenizers.open(name) for name in request.tokenizers]
    lanes = Lanes(traces=tuple(trace(each, text, specials=request.specials) for each in opened))
    return {
        "traces": lanes.traces,
        "table": table(lanes.table()),
        "common": lanes.common,
        "disputed": lanes.disputed,
    }


def overlap_table(studio: Studio, request: OverlapRequest) -> dict[str, Any]:
    """How much two vocabularies have in common."""
    return {"table": table(_overlap(studio, request.a, request.b).table())}


def overlap_entries(studio: Studio, request: OverlapEntriesRequest) -> Page:
    """A page of the values that both have, or one alone; the search is in what is shown and in the bytes' text."""
    found = _overlap(studio, request.a, request.b)
    if request.on == "bytes":
        rows = [
            (visible_bytes(each.value, spaces=True), each.value, each) for each in _part(found.on_bytes, request.part)
        ]
    else:
        rows = [
            (visible(each.value), each.value.encode(errors="surrogatepass"), each)
            for each in _part(found.on_strings, request.part)
        ]
    wanted = request.search.encode()
    matching = [row for row in rows if request.search in row[0] or wanted in row[1]]
    return Page(
        total=len(matching),
        rows=[
            {"label": shown, "raw": raw.hex(), "a": member.a, "b": member.b}
            for shown, raw, member in paged(matching, request.offset, request.limit)
        ],
    )


def _part(comparison: Comparison[Any], part: str) -> Sequence[Member[Any]]:
    match part:
        case "common":
            return comparison.common
        case "only_a":
            return comparison.only_a
        case _:
            return comparison.only_b


def _overlap(studio: Studio, a: str, b: str) -> Overlap:
    stamp = studio.tokenizers.stamp(a), studio.tokenizers.stamp(b)
    return studio.overlaps.get((a, b), stamp, lambda: overlap(studio.tokenizers.open(a), studio.tokenizers.open(b)))
