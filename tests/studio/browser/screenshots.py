"""``make screenshots``: the studio's pictures in docs/studio, of the demo's model and the course's sentence.

    python -m tests.studio.browser.screenshots [FOLDER] [--every]

``--every`` draws each tab in each theme at each width, and in each language, for eyes that look for what is ugly; it
wants a folder, as those pictures are not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from tests.studio.browser.conftest import CHROMIUM, serving

from atento.studio.demo import RUN

KEPT = Path("docs/studio")
SENTENCE = "E a vida o que é, diga lá, meu irmão?"
LONG_WORDS = "amigos inimagináveis, felicidade e desconhecimento"
MODEL = {"model": RUN, "source": SENTENCE}
LANES = ",".join(f"builtin%2F{kind}" for kind in ("bpe", "wordpiece", "unigram", "byte-bpe"))
WIDTHS = {"wide": 1920, "usual": 1280, "phone": 390}
LANGUAGES = {"en": "en-GB", "pt": "pt-BR", "es": "es-ES"}
THEMES = ("light", "dark", "contrast")


@dataclass(frozen=True)
class Shot:
    """A picture: what is opened, and how."""

    name: str
    tab: str
    values: dict[str, str] = field(default_factory=dict)
    begins: bool = False
    """Whether its work begins with a click on the main button."""
    language: str = "en"
    theme: str = "light"
    width: str = "usual"
    awaits: str = "main svg"
    """What is there as soon as there is something to see."""


COURSE = (
    Shot("translate", "translate", {**MODEL, "place": "t3"}, awaits=".line"),
    Shot("attention", "attention", {**MODEL, "occlusion": "1", "place": "3"}),
    Shot("mechanics", "mechanics", {**MODEL, "walk": "attention", "position": "3", "frame": "4"}),
)
"""The course's sentence; for each README in its language."""
OTHERS = (
    Shot("reading", "mechanics", {**MODEL, "walk": "reading", "frame": "9"}, theme="dark"),
    Shot("tokens", "tokens", {"text": LONG_WORDS, "pane": "replay", "token": "3", "step": "4"}, awaits="main .token"),
    Shot("arena", "arena", {"text": LONG_WORDS, "tokenizers": LANES}),
    Shot("leaderboard", "leaderboard", begins=True, awaits="main table"),
    Shot("characters", "characters", awaits="main table", theme="contrast"),
)
PHONE = Shot("phone", "translate", {**MODEL, "place": "t3"}, awaits=".line", language="es", theme="dark", width="phone")
SHOTS = (*COURSE, *(replace(shot, name=f"{shot.name}-pt", language="pt") for shot in COURSE), *OTHERS, PHONE)


def every() -> Iterator[Shot]:
    """Each kept picture in each theme at each width, and in each language."""
    for shot in (*COURSE, *OTHERS):
        for width in WIDTHS:
            for theme in THEMES:
                yield replace(shot, name=f"{shot.name}-{width}-{theme}", width=width, theme=theme)
        for language in LANGUAGES:
            yield replace(shot, name=f"{shot.name}-{language}", language=language, theme="light")


def draw(shot: Shot, browser: Browser, address: str, path: Path, tallest: int) -> None:
    """Open what the picture is of in a window of its own, and save it, down to the end of the page if it is not longer
    than ``tallest`` pixels.
    """
    with _window(shot, browser) as page:
        page.goto(f"{address}/#/{shot.tab}?{urlencode(shot.values)}")
        if shot.begins:
            page.locator("main button.main").click()
        page.locator(shot.awaits).first.wait_for()
        page.wait_for_load_state("networkidle")
        page.locator(".busy:not(:empty)").first.wait_for(state="detached")
        page.evaluate("document.fonts.ready")
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": WIDTHS[shot.width], "height": min(height, tallest)})
        page.screenshot(path=path, animations="disabled")


@contextmanager
def _window(shot: Shot, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": WIDTHS[shot.width], "height": 800},
        locale=LANGUAGES[shot.language],
        reduced_motion="reduce",
        device_scale_factor=1.5,
    )
    context.add_init_script(f"localStorage.setItem('atento.preferences', JSON.stringify({{theme: '{shot.theme}'}}))")
    context.set_default_timeout(120_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description="Draw the studio's pictures.")
    parser.add_argument("folder", nargs="?", type=Path, help=f"default: {KEPT}")
    parser.add_argument("--every", action="store_true", help="each tab in each theme and width")
    parser.add_argument("--workspace", type=Path, default=Path(), help="where the demo's run is")
    arguments = parser.parse_args()
    if not (arguments.workspace / RUN / "bundle").is_dir():
        sys.exit(f"{arguments.workspace / RUN}: the demo's model is not there; run `make demo`")
    if arguments.every and arguments.folder is None:
        parser.error("--every makes many pictures: give a folder for them")
    folder: Path = arguments.folder or KEPT
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as cache,
        serving(arguments.workspace, Path(cache)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for shot in every() if arguments.every else SHOTS:
            path = folder / f"{shot.name}.png"
            draw(shot, browser, address, path, tallest=20_000 if arguments.every else 1400)
            print(path, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
