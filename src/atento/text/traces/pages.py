"""Traces as one self-contained page: coloured tokens on a ruler of bytes, every step, and a table of them.

It has no script and fetches nothing. Colours only repeat what boundaries say, and every picture has its table.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib import metadata

import jinja2

from atento.core.tables import Table
from atento.text.traces.describing import describe
from atento.text.traces.lanes import lanes
from atento.text.traces.trace import Trace, spelled
from atento.text.words import segment


def page(traces: Sequence[Trace], overlaps: Sequence[Table] = ()) -> str:
    """The page of traces of one tokenizer, or of several on the same texts; ``overlaps`` are tables below them."""
    groups = lanes(traces)
    return (
        _templates()
        .get_template("tokens.html.j2")
        .render(
            version=metadata.version("atento"),
            title=" · ".join(dict.fromkeys(trace.tokenizer.name for trace in traces)) or "Vocabularies",
            groups=groups,
            overlaps=overlaps,
            steps=lambda trace, part: (
                [] if part.replay is None else describe(part.replay, lambda piece: spelled(piece, trace.tokenizer.kind))
            ),
            spelled=spelled,
            words=lambda text: len(segment(text)),
        )
    )


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("atento.text.traces"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
