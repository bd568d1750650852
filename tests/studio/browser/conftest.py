"""The studio in a process of its own, and a real browser that looks at it and may reach nothing else.

The page must have been built (``make web``), and Chromium be installed (Debian's ``chromium``; ``ATENTO_CHROMIUM``
names another). Where one is missing these tests are skipped, except in continuous integration, which must have both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

from atento.studio.static import FOLDER, INDEX

PROGRAM = """
import sys
from pathlib import Path
from atento.studio.app import create_app
from atento.studio.serve import serve
from atento.studio.workspace import Workspace
app = create_app(Workspace(Path(sys.argv[1])), cache=Path(sys.argv[2]))
serve(app, 0, lambda address: print(address, flush=True))
"""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
CHROMIUM = os.environ.get("ATENTO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WAIT = 30_000
"""Milliseconds: the machine may be busy with something else."""

Open = Callable[..., Page]
expect.set_options(timeout=WAIT)


def _missing() -> str:
    if not (FOLDER / INDEX).is_file():
        return "the studio's page is not built: run `make web`"
    return "" if CHROMIUM else "Chromium is not installed"


@pytest.fixture(scope="package", autouse=True)
def _needed() -> None:
    if missing := _missing():
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)


@contextmanager
def serving(folder: Path, cache: Path) -> Iterator[str]:
    """A studio, and its address."""
    words = [sys.executable, "-c", PROGRAM, str(folder), str(cache)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), address
            yield address
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="package")
def address(folder: Path, cache: Path) -> Iterator[str]:
    with serving(folder, cache) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with each file: its event loop runs in this thread, where no other test could begin one."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


class Watched:
    """A browser's window whose requests and complaints are watched."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.reached: list[str] = []
        """Addresses outside this machine that something asked for."""
        self.complaints: list[str] = []
        context.set_default_timeout(WAIT)
        context.route("**/*", self._allow)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, tab: str, **values: str) -> Page:
        """Open a tab with the values that its address has."""
        query = f"?{urlencode(values)}" if values else ""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/#/{tab}{query}")
        self.page.get_by_role("tab", selected=True).wait_for()
        return self.page

    def _allow(self, route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK or route.request.url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            self.reached.append(route.request.url)
            route.abort()

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal that a test provokes is told by the browser as well.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Callable[..., Watched]]:
    """Opens windows; at the end none may have asked for anything outside, nor complained."""
    opened: list[Watched] = []

    def open_window(
        *, language: str = "en-GB", width: int = 1280, height: int = 900, at: str = address, theme: str = "light"
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, accept_downloads=True, reduced_motion="reduce"
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(
            "if (location.protocol === 'http:' && !localStorage.getItem('atento.preferences')) "
            f"localStorage.setItem('atento.preferences', JSON.stringify({{theme: '{theme}'}}))"
        )
        opened.append(Watched(context, at))
        return opened[-1]

    yield open_window
    for one in opened:
        one.context.close()
        assert one.reached == []
        assert one.complaints == []


@pytest.fixture
def go(window: Callable[..., Watched]) -> Open:
    """Opens a tab in a window of the usual size, in English."""
    return window().go
