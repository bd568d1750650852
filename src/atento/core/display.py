"""Records that show themselves: at the end of a notebook's cell, and as one HTML file that needs nothing beside it.

A front end takes the richest form that it can show, so a record offers several: plain text, a picture (PNG, as it is
the one form that JupyterLab, VS Code, Colab, GitHub, and nbconvert to HTML, PDF and slides all show) and HTML. The HTML
has no script and no address. Where a notebook is not trusted, its style sheet is taken out: what a record says then
stands there as plain tables, with the colours of its cells, which are written into the cells themselves.

What a notebook keeps is bounded, whatever was computed: a long record is cut, and says so. The file has all of it.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

MimeBundle = tuple[dict[str, str], dict[str, dict[str, int]]]
"""Forms and facts about them, each by its MIME type."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where HTML goes: into a notebook, which must stay small, or into a file of its own, which has everything."""

    kind: Literal["notebook", "file"]
    prefix: str
    """Of ids and names of an element; no other element of the page has it."""

    @property
    def whole(self) -> bool:
        """Whether everything is shown."""
        return self.kind == "file"

    def most(self, count: int) -> int | None:
        """So many are shown here at most, of what a notebook shows ``count`` of; None: all are."""
        return None if self.whole else count


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A PNG file, with the size at which it is shown in CSS pixels: it has more of its own, for sharp screens."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class View:
    """The forms of a record, each made only if it is asked for."""

    title: str
    """Of its file."""
    text: Callable[[], str]
    """As in a terminal."""
    html: Callable[[Place], str]
    """An element of a page; see ``core.markup``."""
    picture: Callable[[], Picture] | None = None
    """None: there is nothing to draw."""
    script: str = ""
    """An element that a file has once, however many records with it stand there; a notebook never has it."""
    markdown: Callable[[], str] | None = None
    document: Callable[[], str] | None = None
    """Its file, where that is another one than the element ``html`` on a page."""


def save_page(path: Path | str, title: str, records: Sequence[Displayed]) -> None:
    """Write several records below each other into one HTML file, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    from atento.core.files import atomic_text

    text = _page(title, [record.view() for record in records])
    with atomic_text(Path(path)) as stream:
        stream.write(text)


def _page(title: str, views: Sequence[View]) -> str:
    from atento.core.markup import document

    elements = [view.html(Place(kind="file", prefix=f"record-{number}")) for number, view in enumerate(views)]
    scripts = dict.fromkeys(view.script for view in views if view.script)
    return document(title, "\n".join([*elements, *scripts]))


class Displayed:
    """What a record derives from to show itself; it says how in ``view``."""

    __slots__ = ()

    def view(self) -> View:
        """Its forms; each class has its own."""
        # No abstract base class: structs derive from this, and have a metaclass of their own.
        raise NotImplementedError

    def to_html(self) -> str:
        """The whole record as the text of one HTML file, which needs no network, and no other file."""
        view = self.view()
        return view.document() if view.document is not None else _page(view.title, [view])

    def save_html(self, path: Path | str) -> None:
        """Write ``to_html`` to a file, whole or not at all.

        Raises:
            OutputError: the place cannot be written.
        """
        from atento.core.files import atomic_text

        text = self.to_html()
        with atomic_text(Path(path)) as stream:
            stream.write(text)

    def _repr_mimebundle_(
        self,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        **_: Any,  # what later versions of IPython may pass
    ) -> MimeBundle:
        """What IPython asks an object at the end of a cell for; only the wanted forms are made."""
        view = self.view()
        place = Place(
            kind="notebook", prefix=f"record-{uuid.uuid4().hex[:8]}"
        )  # outputs of a cell that runs twice differ
        makers: dict[str, Callable[[], str]] = {"text/plain": view.text}
        if view.markdown is not None:
            makers["text/markdown"] = view.markdown
        makers["text/html"] = lambda: view.html(place)

        def wanted(kind: str) -> bool:
            return (not include or kind in include) and not (exclude and kind in exclude)

        data = {kind: str(make()) for kind, make in makers.items() if wanted(kind)}
        facts: dict[str, dict[str, int]] = {}
        if view.picture is not None and wanted("image/png"):
            picture = view.picture()
            data["image/png"] = base64.b64encode(picture.png).decode()
            facts["image/png"] = {"width": picture.width, "height": picture.height}
        return data, facts
