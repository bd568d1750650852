"""The elements of which records make their HTML, and the page around them.

Whatever comes from a user (texts, tokens, names of models) is escaped by ``Markup.format``. Inks are those of the page
around: an element has no colours of its own but translucent ones, so it can be read in a light and in a dark notebook.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from importlib import metadata, resources
from typing import Final

from markupsafe import Markup

from atento.core.shortening import first_of

BLUE: Final = (0, 124, 190)
ORANGE: Final = (200, 80, 0)
"""Black and white letters can both be read on these, however opaque they are."""
OPAQUE: Final = 0.88
"""Of the strongest colour."""
_SHORT: Final = 30
"""Characters of a cell that is never broken."""
_HEAD: Final = Markup('<th scope="col" class="{}">{}</th>')
_CELL: Final = Markup('<td class="{}">{}</td>')


def element(*parts: str) -> Markup:
    """What a record shows: parts that are markup already, with the styles that they need."""
    style = Markup("<style>\n{}</style>").format(_template("element.css"))
    return Markup('<div class="atento">{}\n{}\n</div>').format(style, Markup("\n").join(filter(None, parts)))


def document(title: str, body: str) -> str:
    """The text of a file: an element under a heading, light or dark as the reader's system is."""
    return str(_template("document.html").format(version=metadata.version("atento"), title=title, body=Markup(body)))


def line(text: str, *, quiet: bool = False) -> Markup:
    """A line of text."""
    return Markup('<p class="quiet">{}</p>' if quiet else "<p>{}</p>").format(text)


def strong(text: str, after: str = "") -> Markup:
    """A line that begins with what matters."""
    return Markup("<p><strong><bdi>{}</bdi></strong>{}</p>").format(text, Markup(" {}").format(after) if after else "")


def folded(summary: str, *parts: str) -> Markup:
    """What is seen after a click, or in an exported page on paper not at all."""
    return Markup("<details><summary>{}</summary>\n{}\n</details>").format(summary, Markup("\n").join(parts))


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int] = (), caption: str = ""
) -> Markup:
    """A table; the columns in ``numbers`` are flush right, and cells may be markup."""

    def cells(shape: Markup, row: Sequence[str]) -> Markup:
        return Markup().join(
            shape.format(
                "number" if number in numbers else "short" if len(cell) <= _SHORT else "long",
                cell if isinstance(cell, Markup) else Markup("<bdi>{}</bdi>").format(cell),
            )
            for number, cell in enumerate(row)
        )

    body = Markup("\n").join(Markup("<tr>{}</tr>").format(cells(_CELL, row)) for row in rows)
    top = Markup("<thead><tr>{}</tr></thead>\n").format(cells(_HEAD, head)) if any(head) else Markup()
    name = Markup("<caption>{}</caption>").format(caption) if caption else Markup()
    return Markup('<div class="scroll"><table>{}{}<tbody>\n{}\n</tbody></table></div>').format(name, top, body)


def bar(share: float) -> Markup:
    """A bar of a length between 0 and 1; the number itself stands beside it."""
    width = f"width:{100 * min(max(share, 0.0), 1.0):.1f}%"
    return Markup('<span class="bar"><span style="{}; background-color: {}">&nbsp;</span></span>').format(
        width, tint(1.0)
    )


def tint(strength: float) -> str:
    """The colour of a value between −1 and 1: the more opaque the larger, blue above 0 and orange below."""
    red, green, blue = BLUE if strength >= 0 else ORANGE
    return f"rgba({red}, {green}, {blue}, {OPAQUE * min(abs(strength), 1.0):.2f})"


def left_out(shown: int, total: int, what: str, how: str) -> Markup:
    """The line that says what is not shown; nothing if all is.

    Args:
        shown: how many.
        total: of how many.
        what: they are.
        how: to have the rest.
    """
    told = first_of(shown, total, what)
    return line(f"{told} {how}", quiet=True) if told else Markup()


@functools.cache
def _template(name: str) -> Markup:
    return Markup(resources.files("atento.core").joinpath("templates", name).read_text(encoding="utf-8"))
