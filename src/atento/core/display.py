"""Records that show themselves: at the end of a notebook's cell, and as one HTML file that needs nothing beside it.

A front end takes the richest form that it can show, so a record offers several: plain text, a picture (PNG, as it is
the one form that JupyterLab, VS Code, Colab, GitHub, and nbconvert to HTML, PDF and slides all show) and HTML. The HTML
has no script and no address. Where a notebook is not trusted, its style sheet is taken out: what a record says then
stands there as plain tables, with the colours of its cells, which are written into the cells themselves.

What a notebook keeps is bounded, whatever was computed: a long record is cut, and says so. The file has all of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Place = Literal["notebook", "file"]
"""Where HTML goes: into a notebook, which must stay small, or into a file of its own, which has everything."""

Bundle = tuple[dict[str, str], dict[str, dict[str, int]]]
"""Forms and facts about them, each by its MIME type."""


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
    markdown: Callable[[], str] | None = None
    document: Callable[[], str] | None = None
    """Its file, where that is another one than the element ``html`` on a page."""


def save_page(path: Path | str, title: str, records: Sequence[Displayed]) -> None:
    """Write several records below each other into one HTML file, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    from atento.core.files import atomic_text
    from atento.core.markup import document

    text = document(title, "\n".join(record._view().html("file") for record in records))
    with atomic_text(Path(path)) as stream:
        stream.write(text)


class Displayed:
    """What a record derives from to show itself; it says how in ``_view``."""

    __slots__ = ()

    def _view(self) -> View:
        raise NotImplementedError

    def to_html(self) -> str:
        """The whole record as the text of one HTML file, which needs no network, and no other file."""
        from atento.core.markup import document

        view = self._view()
        return view.document() if view.document is not None else document(view.title, view.html("file"))

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
    ) -> Bundle:
        """What IPython asks an object at the end of a cell for; only the wanted forms are made."""
        view = self._view()
        makers: dict[str, Callable[[], str]] = {"text/plain": view.text}
        if view.markdown is not None:
            makers["text/markdown"] = view.markdown
        makers["text/html"] = lambda: view.html("notebook")

        def wanted(kind: str) -> bool:
            return (not include or kind in include) and not (exclude and kind in exclude)

        data = {kind: str(make()) for kind, make in makers.items() if wanted(kind)}
        facts: dict[str, dict[str, int]] = {}
        if view.picture is not None and wanted("image/png"):
            picture = view.picture()
            data["image/png"] = base64.b64encode(picture.png).decode()
            facts["image/png"] = {"width": picture.width, "height": picture.height}
        return data, facts
