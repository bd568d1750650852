"""How a trace, or several side by side, show themselves in a notebook; as a file they are ``pages.page``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from atento.core import markup
from atento.core.display import Picture, Place, View
from atento.core.shortening import brief, first_of
from atento.text.traces import describing
from atento.text.traces.trace import Trace, spelled
from atento.text.words import segment

if TYPE_CHECKING:
    from atento.text.traces.lanes import Lanes

MOST_TOKENS: Final = 300
"""Of a trace that a notebook shows; a file has all of everything."""
_MOST_BOXES: Final = 120
"""Tokens of a picture."""
_MOST_FACTS: Final = 12
_MOST_REPLAYS: Final = 20
"""Pre-tokens whose steps are shown."""
_MOST_LINES: Final = 60
"""Of such a replay."""
_MOST_CHARACTERS: Final = 600
"""Of the text, and of a line."""
_WAYS: Final = "`save_html(…)` and `to_json()` have all of them."
_COLUMNS_OF_TEXT: Final = ("tokenizer", "tokens", "bytes_per_token", "tokens_per_word", "unknown", "own", "exact")
"""The HTML has all."""
_COLOURS: Final = ("0, 114, 178", "204, 121, 167", "0, 158, 115", "230, 159, 0", "118, 97, 200")


def view(trace: Trace) -> View:
    """The forms of a trace."""
    return View(
        title=f"{trace.tokenizer.name}: tokens",
        text=lambda: "\n".join(_text(trace, ())),
        html=lambda place: _html(trace, place),
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
        return "\n".join([*lines, agreement, "", table.only(*_COLUMNS_OF_TEXT).text(width=120)])

    def html(place: Place) -> str:
        parts = [_source(lanes.text, place)]
        for trace, its in zip(lanes.traces, apart, strict=True):
            parts += [_about(trace), _tokens(trace, its, place), _cut(trace, place)]
        return markup.element(*parts, markup.line(agreement, quiet=True), table.element())

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
            tokens=[(token.label, token.id) for token in trace.tokens[:_MOST_BOXES]],
            marked=frozenset(its),
        )
        for trace, its in zip(traces, apart, strict=True)
    ]
    longest = max(len(trace.tokens) for trace in traces)
    return canvas.picture(lambda: token_lines(lines, first_of(min(_MOST_BOXES, longest), longest, "tokens")))


def _named(trace: Trace, apart: Collection[int]) -> list[str]:
    return [f"{trace.tokenizer.name}: {_barred(trace, apart)}", *_counts(trace), ""]


def _text(trace: Trace, apart: Collection[int]) -> list[str]:
    """The tokens between bars, and what is to be known of them."""
    return [_barred(trace, apart), *_counts(trace), *_facts(trace, _MOST_FACTS, _MOST_CHARACTERS)]


def _barred(trace: Trace, apart: Collection[int]) -> str:
    shown = trace.tokens[:MOST_TOKENS]
    bars = ["" if not place else "‖" if place in apart else "|" for place in range(len(shown))]
    return "".join(bar + token.label for bar, token in zip(bars, shown, strict=True))


def _counts(trace: Trace) -> list[str]:
    """How many tokens are shown, where not all are, and how many there are of what."""
    cut = first_of(min(MOST_TOKENS, len(trace.tokens)), len(trace.tokens), "tokens")
    return [*filter(None, [cut]), describing.counted(trace, len(segment(trace.text)))]


def _facts(trace: Trace, most: int | None, longest: int | None) -> list[str]:
    facts = describing.facts(trace)
    shown = [brief(fact, longest) for fact in facts[:most]]
    return [*shown, *filter(None, [first_of(len(shown), len(facts), "lines like these")])]


def _html(trace: Trace, place: Place) -> str:
    facts = _facts(trace, place.most(_MOST_FACTS), place.most(_MOST_CHARACTERS))
    parts = [
        _source(trace.text, place),
        _about(trace),
        _tokens(trace, (), place),
        _cut(trace, place),
        markup.line(describing.counted(trace, len(segment(trace.text))) + "."),
        *(markup.line(fact, quiet=True) for fact in facts),
        *_replays(trace, place),
        markup.folded("Table of tokens", _table(trace, place), _cut(trace, place)),
    ]
    return markup.element(*parts)


def _source(text: str, place: Place) -> Markup:
    return markup.strong(brief(text, place.most(_MOST_CHARACTERS)))


def _about(trace: Trace) -> Markup:
    about = trace.tokenizer
    return markup.line(f"{about.name}: {about.kind}, {about.size:,} entries, {about.library}", quiet=True)


def _cut(trace: Trace, place: Place) -> Markup:
    shown = trace.tokens[: place.most(MOST_TOKENS)]
    return markup.left_out(len(shown), len(trace.tokens), "tokens", _WAYS)


def _tokens(trace: Trace, apart: Collection[int], place: Place) -> Markup:
    shape = Markup(
        '<span class="token" style="background-color: rgba({}, 0.26){}" title="{} · {} · bytes {}–{}">{}{}<sub>{}</sub>'
        "</span>"
    )
    spans = (
        shape.format(
            _COLOURS[number % len(_COLOURS)],
            Markup("; border-left: 3px solid") if number in apart else "",
            token.id,
            token.piece,
            *token.span,
            "‖" if number in apart else "",
            token.label,
            token.id,
        )
        for number, token in enumerate(trace.tokens[: place.most(MOST_TOKENS)])
    )
    return Markup('<p dir="auto">{}</p>').format(Markup("<wbr>").join(spans))


def _replays(trace: Trace, place: Place) -> list[Markup]:
    """How pre-tokens were cut, where steps were asked for."""
    kind = trace.tokenizer.kind
    parts = [part for part in trace.pre_tokens if part.replay is not None]
    if not parts:
        return []
    blocks = []
    shown = parts[: place.most(_MOST_REPLAYS)]
    longest = place.most(_MOST_CHARACTERS)
    for part in shown:
        assert part.replay is not None
        lines = describing.describe(part.replay, lambda piece: spelled(piece, kind))
        replayed = lines[: place.most(_MOST_LINES)]
        cut = first_of(len(replayed), len(lines), "steps")
        told = [spelled(part.text, kind), *(f"  {brief(line, longest)}" for line in replayed), *filter(None, [cut])]
        blocks.append(Markup("<pre>{}</pre>").format("\n".join(told)))
    left_out = markup.left_out(len(shown), len(parts), "pre-tokens", _WAYS)
    return [markup.folded("Step by step", *blocks, left_out)]


def _table(trace: Trace, place: Place) -> Markup:
    rows = [
        (
            str(number),
            str(token.id),
            token.label,
            token.piece,
            token.raw,
            f"{token.span[0]}–{token.span[1]}",
            token.role,
        )
        for number, token in enumerate(trace.tokens[: place.most(MOST_TOKENS)], 1)
    ]
    return markup.table(("place", "id", "token", "piece", "bytes", "in the text", "role"), rows, numbers=(0, 1))
