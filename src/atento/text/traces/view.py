"""How a trace, or several side by side, show themselves in a notebook; as a file they are ``pages.page``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from atento.core import markup
from atento.core.display import Picture, Place, View
from atento.text.traces import describing
from atento.text.traces.trace import Trace, spelled
from atento.text.words import segment

if TYPE_CHECKING:
    from atento.text.traces.lanes import Lanes

MOST: Final = 300
"""Tokens of a trace that a notebook shows."""
_DRAWN: Final = 120
_FACTS: Final = 12
_STEPS: Final = 20
"""Pre-tokens whose steps are shown."""
_LINES: Final = 60
"""Of such a replay."""
_TEXT: Final = 600
"""Characters of the text."""
_WAYS: Final = "`save_html(…)` and `to_json()` have all of them."
_SHOWN: Final = ("tokenizer", "tokens", "bytes_per_token", "tokens_per_word", "unknown", "own", "exact")
"""Columns of text; the page has all."""
_COLOURS: Final = ("0, 114, 178", "204, 121, 167", "0, 158, 115", "230, 159, 0", "118, 97, 200")


def view(trace: Trace) -> View:
    """The forms of a trace."""
    return View(
        title=f"{trace.tokenizer.name}: tokens",
        text=lambda: "\n".join(_text(trace, ())),
        html=lambda _: _html(trace),
        picture=(lambda: _picture([trace], [()])) if trace.tokens else None,
        document=lambda: _page([trace]),
    )


def lanes_view(lanes: Lanes) -> View:
    """The forms of several tokenizers on one text."""
    apart = [lanes.disputed_tokens(trace) for trace in lanes.traces]
    inside = len(lanes.common) + len(lanes.disputed)
    agreement = f"{len(lanes.common):,} of {inside:,} boundaries are everybody's; ‖ marks the others."
    table = lanes.table()

    def text() -> str:
        lines = [line for trace, its in zip(lanes.traces, apart, strict=True) for line in _named(trace, its)]
        return "\n".join([*lines, agreement, "", table.only(*_SHOWN).text(width=120)])

    def html(_: Place) -> str:
        parts = [_source(lanes.text)]
        for trace, its in zip(lanes.traces, apart, strict=True):
            parts += [_about(trace), _tokens(trace, its), _cut(trace)]
        head = [column.title for column in table.columns]
        notes = [markup.line(f"{each.title}: {each.note}", quiet=True) for each in table.columns if each.note]
        parts += [markup.line(agreement, quiet=True), markup.table(head, table.shown, numbers=table.numbers)]
        return markup.element(*parts, markup.folded("What the columns are", *notes))

    return View(
        title="Tokenizers on one text",
        text=text,
        html=html,
        picture=(lambda: _picture(lanes.traces, apart)) if any(trace.tokens for trace in lanes.traces) else None,
        document=lambda: _page(lanes.traces),
    )


def _page(traces: Sequence[Trace]) -> str:
    from atento.text.traces.pages import page

    return page(traces)


def _picture(traces: Sequence[Trace], apart: Sequence[Collection[int]]) -> Picture:
    from atento.figures import canvas
    from atento.figures.tokens import Line, token_lines

    lines = [
        Line(
            title=f"{trace.tokenizer.name} ({trace.tokenizer.kind}): {len(trace.tokens):,} tokens",
            tokens=[(token.label, token.id) for token in trace.tokens[:_DRAWN]],
            marked=frozenset(its),
        )
        for trace, its in zip(traces, apart, strict=True)
    ]
    longest = max(len(trace.tokens) for trace in traces)
    return canvas.picture(
        lambda: token_lines(lines, f"The first {_DRAWN} tokens are drawn." if longest > _DRAWN else "")
    )


def _named(trace: Trace, apart: Collection[int]) -> list[str]:
    lines = _text(trace, apart)
    return [f"{trace.tokenizer.name}: {lines[0]}", *lines[1:2], ""]


def _text(trace: Trace, apart: Collection[int]) -> list[str]:
    """The tokens between bars, and what is to be known of them."""
    shown = trace.tokens[:MOST]
    bars = ["" if not place else "‖" if place in apart else "|" for place in range(len(shown))]
    lines = ["".join(bar + token.label for bar, token in zip(bars, shown, strict=True))]
    if len(shown) < len(trace.tokens):
        lines.append(f"The first {len(shown):,} of {len(trace.tokens):,} tokens.")
    return [*lines, describing.counted(trace, len(segment(trace.text))), *_facts(trace)]


def _facts(trace: Trace) -> list[str]:
    facts = describing.facts(trace)
    return [_brief(fact) for fact in facts[:_FACTS]] + ([f"… and {len(facts) - _FACTS:,} more lines like these."]
                                                       if len(facts) > _FACTS else [])  # fmt: skip


def _html(trace: Trace) -> str:
    parts = [
        _source(trace.text),
        _about(trace),
        _tokens(trace, ()),
        _cut(trace),
        markup.line(describing.counted(trace, len(segment(trace.text))) + "."),
        *(markup.line(fact, quiet=True) for fact in _facts(trace)),
        *_replays(trace),
        markup.folded("Table of tokens", _table(trace), _cut(trace)),
    ]
    return markup.element(*parts)


def _source(text: str) -> Markup:
    return markup.strong(_brief(text))


def _about(trace: Trace) -> Markup:
    about = trace.tokenizer
    return markup.line(f"{about.name}: {about.kind}, {about.size:,} entries, {about.library}", quiet=True)


def _cut(trace: Trace) -> Markup:
    return markup.left_out(min(MOST, len(trace.tokens)), len(trace.tokens), "tokens", _WAYS)


def _tokens(trace: Trace, apart: Collection[int]) -> Markup:
    shape = Markup(
        '<span class="token" style="background-color: rgba({}, 0.26){}" title="{} · {} · bytes {}–{}">{}{}<sub>{}</sub>'
        "</span>"
    )
    spans = (
        shape.format(
            _COLOURS[place % len(_COLOURS)],
            Markup("; border-left: 3px solid") if place in apart else "",
            token.id,
            token.piece,
            *token.span,
            "‖" if place in apart else "",
            token.label,
            token.id,
        )
        for place, token in enumerate(trace.tokens[:MOST])
    )
    return Markup('<p dir="auto">{}</p>').format(Markup("<wbr>").join(spans))


def _replays(trace: Trace) -> list[Markup]:
    """How pre-tokens were cut, where steps were asked for."""
    kind = trace.tokenizer.kind
    parts = [part for part in trace.pre_tokens if part.replay is not None]
    if not parts:
        return []
    blocks = []
    for part in parts[:_STEPS]:
        assert part.replay is not None
        lines = describing.describe(part.replay, lambda piece: spelled(piece, kind))
        more = [f"… {len(lines) - _LINES:,} more steps"] if len(lines) > _LINES else []
        text = "\n".join([spelled(part.text, kind), *(f"  {_brief(line)}" for line in lines[:_LINES]), *more])
        blocks.append(Markup("<pre>{}</pre>").format(text))
    cut = markup.left_out(min(_STEPS, len(parts)), len(parts), "pre-tokens", _WAYS)
    return [markup.folded("Step by step", *blocks, cut)]


def _table(trace: Trace) -> Markup:
    rows = [
        (str(place), str(token.id), token.label, token.piece, token.raw, f"{token.span[0]}–{token.span[1]}", token.role)
        for place, token in enumerate(trace.tokens[:MOST], 1)
    ]
    return markup.table(("place", "id", "token", "piece", "bytes", "in the text", "role"), rows, numbers=(0, 1))


def _brief(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}… ({len(text):,} characters)"
