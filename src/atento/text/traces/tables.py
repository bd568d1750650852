"""Traces as tables: a row a token, for CSV and Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from atento.core.tables import Cell, Column, Table
from atento.text.traces.trace import Trace

_COLUMNS = (
    Column(key="tokenizer", title="tokenizer"),
    Column(key="text", title="text", note="which text, from 1"),
    Column(key="place", title="place", note="which token of the text, from 1"),
    Column(key="id", title="id", digits=0),
    Column(key="token", title="token", note="the entry for a reader: a space as ▁, bytes of half a character as ⟨C3⟩"),
    Column(key="piece", title="piece", note="the entry as the vocabulary's file has it"),
    Column(key="bytes", title="bytes", note="what the entry stands for, in hexadecimal"),
    Column(key="start", title="start", digits=0, note="first byte in the raw UTF-8 text"),
    Column(key="stop", title="stop", digits=0, note="byte after the last one"),
    Column(key="role", title="role"),
)


def tokens_table(traces: Sequence[Trace]) -> Table:
    """All tokens of all traces."""
    texts = list(dict.fromkeys(trace.text for trace in traces))
    rows: list[tuple[Cell, ...]] = [
        (
            trace.tokenizer.name,
            texts.index(trace.text) + 1,
            place,
            token.id,
            token.label,
            token.piece,
            token.raw,
            *token.span,
            token.role,
        )
        for trace in traces
        for place, token in enumerate(trace.tokens, 1)
    ]
    return Table(title="Tokens", columns=_COLUMNS, rows=tuple(rows))
