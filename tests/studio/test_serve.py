from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atento.core.errors import ConfigurationError
from atento.studio.serve import serve

PROGRAM = """
import sys
from pathlib import Path
from atento.studio.app import create_app
from atento.studio.serve import serve
from atento.studio.workspace import Workspace
app = create_app(Workspace(Path(sys.argv[1])), page=Path(sys.argv[2]), cache=Path(sys.argv[3]))
heavy = lambda: sorted({"torch", "matplotlib"} & set(sys.modules))
serve(app, int(sys.argv[4]), lambda address: print(address, *heavy(), flush=True))
"""


@contextmanager
def served(folder: Path, page: Path, cache: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A studio in a process of its own, and its port."""
    words = [sys.executable, "-c", PROGRAM, str(folder), str(page), str(cache), str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line.startswith("http://127.0.0.1:"), line  # and torch is not imported
            yield process, int(line.rpartition(":")[2])
        finally:
            process.kill()


def asked(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_it_answers_refuses_what_is_too_large_and_ends_cleanly(folder: Path, page: Path, cache: Path) -> None:
    with served(folder, page, cache) as (process, port):
        status, found = asked(port, "GET", "/api/about")
        assert (status, json.loads(found)["limits"]["body"]) == (200, 4_000_000)
        large = b'{"tokenizer": "bpe.json", "text": "' + b"a" * 5_000_000 + b'"}'
        status, found = asked(port, "POST", "/api/tokens", large, Content_Type="application/json")
        assert (status, "4,000,000" in json.loads(found)["error"]["message"]) == (413, True)
        assert asked(port, "GET", "/", Host="evil.example")[0] == 400
        with served(folder, page, cache, port) as (other, another):
            assert another != port
            assert asked(another, "GET", "/")[0] == 200
            other.send_signal(signal.SIGINT)
            assert other.wait(30) == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_listens_on_this_machine_alone(folder: Path, page: Path, cache: Path) -> None:
    with served(folder, page, cache) as (_, port):
        own = socket.gethostbyname(socket.gethostname())
        if not own.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((own, port), timeout=5).close()


@pytest.mark.parametrize("port", [-1, 65536])
def test_there_is_no_such_port(port: int) -> None:
    with pytest.raises(ConfigurationError, match=str(port)):
        serve(lambda *_: None, port, print)  # type: ignore[arg-type,return-value]
