"""Serving the studio on this machine alone, until somebody ends it."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from atento.core.errors import ConfigurationError

HOST: Final = "127.0.0.1"
_GRACE: Final = 3
"""Seconds that requests have to be answered when the studio is ended."""


def serve(app: ASGIApp, port: int, ready: Callable[[str], None]) -> None:
    """Answer requests until Ctrl-C or SIGTERM.

    Args:
        app: the application.
        port: where; if it is taken, at a free one. 0: at a free one.
        ready: is given the address once it answers.

    Raises:
        ConfigurationError: there is no such port, or it may not be used.
    """
    with _bound(port) as listening:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config, lambda: ready(f"http://{HOST}:{listening.getsockname()[1]}"))
        with contextlib.suppress(KeyboardInterrupt):  # the server ends first, and then raises the signal once more
            server.run(sockets=[listening])


def open_browser(address: str) -> None:
    """Open the page; some systems' browsers do not return before they end."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def _bound(port: int) -> socket.socket:
    if not 0 <= port < 1 << 16:
        raise ConfigurationError(f"--port {port}: give 0 to 65535")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two programs listen at one port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listening.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            listening.bind((HOST, 0))
    except OSError as error:
        listening.close()
        raise ConfigurationError(f"--port {port} cannot be used ({error.strerror}); give another one") from error
    return listening
