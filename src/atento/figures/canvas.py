"""What every drawing needs: labels measured before a figure is made, a note of what no font draws, and saving.

Figures are made without pyplot: they are not registered anywhere and the user's backend is not touched.
"""

from __future__ import annotations

import functools
import html
import io
import re
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import matplotlib
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from atento.core.configuration import nearest
from atento.core.display import Picture
from atento.core.errors import OutputError
from atento.core.files import atomic_path
from atento.core.page import Drawing
from atento.figures import fonts

FORMATS: Final = (".png", ".svg", ".pdf")
DPI: Final = 160
_SCREEN: Final = 96
"""Pixels of a screen's inch."""
_MOST_PIXELS: Final = 2400
"""Of a side of a notebook's picture."""
GAP: Final = 0.06
"""Inches between a label and what it names."""
MARGIN: Final = 0.12
LARGEST: Final = 65_000
"""Pixels of a side that matplotlib can draw."""

_RENDERER = threading.local()
_SETTINGS = threading.Lock()
"""matplotlib's settings are global."""


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, SVG or PDF, whole or not at all; the same figure gives the same file.

    Letters in SVG become outlines, so that the picture is the same on every machine; PDF embeds its fonts.

    Raises:
        OutputError: another suffix, or a place that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"cannot draw {path}: the suffix chooses the format{nearest(suffix, FORMATS)}")
    stream = io.BytesIO()
    _draw(figure, stream, suffix)
    with atomic_path(path) as temporary:
        temporary.write_bytes(stream.getvalue())


def svg(figure: Figure) -> str:
    """A figure as the text of an SVG file; see ``save``."""
    stream = io.BytesIO()
    _draw(figure, stream, ".svg")
    return stream.getvalue().decode()


def picture(draw: Callable[[], Figure]) -> Picture:
    """A figure for a notebook: a PNG at twice the size at which it is shown, neither of which is ever large.

    What no font draws is said below the picture and not warned of: the HTML beside it has the browser's fonts.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fonts.FontWarning)
        figure = draw()
    inches = max(float(side) for side in figure.get_size_inches())
    dpi = min(2 * _SCREEN, _MOST_PIXELS / inches)
    stream = io.BytesIO()
    with _SETTINGS, matplotlib.rc_context():
        figure.savefig(stream, format="png", dpi=dpi)
    width, height = (round(float(side) * min(_SCREEN, dpi)) for side in figure.get_size_inches())
    return Picture(png=stream.getvalue(), width=width, height=height)


def _draw(figure: Figure, stream: BinaryIO, suffix: str) -> None:
    dpi = min(DPI, LARGEST / max(figure.get_size_inches()))
    metadata: dict[str, dict[str, str | None]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    # Type 3 outlines, as type 42 loses fonts with PostScript outlines such as Noto Sans CJK.
    settings: dict[Any, Any] = {
        "svg.fonttype": "path",
        "svg.hashsalt": "atento",
        "pdf.fonttype": 3,
        "pdf.compression": 6,
    }
    with _SETTINGS, matplotlib.rc_context(settings):
        figure.savefig(stream, format=suffix[1:], dpi=dpi, metadata=metadata.get(suffix))


def drawings(figures: Mapping[str, Figure]) -> list[Drawing]:
    """Figures for a page, by their titles."""
    return [
        Drawing(title=title, element=svg_element(svg(figure), f"figure-{number}", title))
        for number, (title, figure) in enumerate(figures.items())
    ]


def svg_element(file: str, prefix: str, title: str) -> str:
    """An SVG file as an element of a page: its ids made unique, without declarations that concern whole documents.

    Args:
        file: the text of a file that ``save`` wrote, or what ``svg`` gives.
        prefix: of its ids; no other element of the page may have it.
        title: what it shows, for those who cannot see it.
    """
    text = file[file.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(xlink:)?href="#', f'href="#{prefix}-', text)
    text = text.replace("url(#", f"url(#{prefix}-")
    head, _, body = text.partition(">")
    width, height = re.findall(r'(?:width|height)="([\d.]+)pt"', head)
    natural = float(width) * 4 / 3  # pixels
    viewport = f'viewBox="0 0 {width} {height}" style="max-width:{natural * 1.2:.0f}px;min-width:{natural * 0.7:.0f}px"'
    label = html.escape(title)
    return f'<svg role="img" aria-label="{label}" {viewport}>' + re.sub(r">\s*\n\s*", ">", body.strip())


@functools.lru_cache(maxsize=1 << 14)
def measure(style: fonts.Style, points: float) -> tuple[float, float]:
    """Width and line height of a label in inches, a little generous, as backends differ by hinting."""
    renderer = getattr(_RENDERER, "agg", None)
    if renderer is None:
        renderer = _RENDERER.agg = RendererAgg(8, 8, 288)  # type: ignore[no-untyped-call]
    width, _, _ = renderer.get_text_width_height_descent(style.text, properties(style, points), False)
    return width / 288 * 1.03 + 0.01, points / 72 * 1.35


def properties(style: fonts.Style, points: float) -> FontProperties:
    """A label's fonts at a size."""
    return FontProperties(family=list(style.families), size=points)


@dataclass(frozen=True)
class Note:
    """What stands under a figure whose characters could not all be drawn."""

    text: str
    width: float
    height: float

    def draw(self, figure: Figure) -> None:
        """Write it into the figure's lower left corner; nothing if it is empty."""
        width, height = figure.get_size_inches()
        if self.text:
            figure.text(MARGIN / width, MARGIN / height, self.text, fontsize=7, va="bottom", family=fonts.BASE)


def missing_note(missing: Sequence[str]) -> Note:
    """The note for these characters; an empty one for none."""
    if not missing:
        return Note("", 0.0, 0.0)
    codes = ", ".join(f"U+{ord(character):04X}" for character in missing[:5]) + (" …" if len(missing) > 5 else "")
    text = f"{fonts.STAND_IN}: no installed font draws {codes}"
    width, line = measure(fonts.Style(text, (fonts.BASE,)), 7.0)
    return Note(text, width, line + 2 * GAP)
