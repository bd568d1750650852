"""The tokenizers of a workspace: listed, and opened when they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from atento.core.environment import default_cache
from atento.core.errors import AtentoError, OutputError
from atento.core.files import atomic_text
from atento.studio.answers import Refused, TokenizerInfo
from atento.studio.builtin import BUILTIN, CONFIGS, LIBRARY, Builtin
from atento.studio.failures import UnknownIdError
from atento.studio.kept import Kept
from atento.studio.workspace import Workspace
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer

_OPEN: Final = 8
"""How many stay open."""


class _Source(NamedTuple):
    """What a tokenizer is opened from."""

    path: Path
    name: str
    pattern: str | None = None


class Tokenizers:
    """See the module's text."""

    def __init__(self, workspace: Workspace, builtin: Builtin, cache: Path | None = None) -> None:
        self._workspace, self._builtin = workspace, builtin
        self._open: Kept[OpenTokenizer] = Kept(_OPEN)
        self._added: dict[str, _Source] = {}
        self._infos = _Infos((cache or default_cache()) / "studio" / "tokenizers.json")

    def list(self, found: Sequence[Path]) -> tuple[list[TokenizerInfo], list[Refused]]:
        """Those that the studio brings, those given, added and found; and those that cannot be opened."""
        names = [self._workspace.id_of(path) for path in found]
        infos, refused = [], []
        for name in dict.fromkeys((*self._builtin.tokenizers, *self._workspace.tokenizers, *self._added, *names)):
            try:
                infos.append(self.info(name))
            except AtentoError as error:
                refused.append(Refused(id=name, message=str(error)))
        self._infos.save()
        return infos, refused

    def info(self, name: str) -> TokenizerInfo:
        """One of them.

        Raises:
            UnknownIdError, OutsideError: there is none of this id.
            DataError, ConfigurationError: it cannot be opened.
        """
        if name.startswith(BUILTIN):
            config = CONFIGS[name.removeprefix(BUILTIN)]
            return TokenizerInfo(
                id=name, name=_name_of(name), kind=config.kind, size=config.vocab_size, library=LIBRARY
            )
        source = self._source(name)
        key = msgspec.json.encode([str(source.path), source.pattern, stamp_of(source.path)]).decode()
        if (known := self._infos.get(key)) is None:
            opened = self.open(name)
            known = {"kind": opened.kind, "size": opened.size, "library": opened.library}
            self._infos.put(key, known)
        return TokenizerInfo(id=name, name=source.name, **known)

    def open(self, name: str) -> OpenTokenizer:
        """Open a tokenizer, or take it from those that are open.

        Raises:
            UnknownIdError, OutsideError: there is none of this id.
            DataError, ConfigurationError: it cannot be opened.
        """
        source = self._source(name)
        return self._open.get(
            (name, source),
            stamp_of(source.path),
            lambda: open_tokenizer(source.path, name=source.name, pattern=source.pattern),
        )

    def stamp(self, name: str) -> object:
        """What changes when the tokenizer does.

        Raises:
            UnknownIdError, OutsideError: there is none of this id.
        """
        source = self._source(name)
        return source, stamp_of(source.path)

    def add(self, path: str, name: str | None, pattern: str | None) -> TokenizerInfo:
        """List a file or folder of the workspace.

        Raises:
            UnknownIdError, OutsideError: it is not there.
            DataError, ConfigurationError: it cannot be opened.
        """
        found = self._workspace.path(path)
        number = self._workspace.id_of(found)
        before = self._added.get(number)
        self._added[number] = _Source(found, name or _name_of(number) or found.name, pattern)
        try:
            return self.info(number)
        except AtentoError:
            del self._added[number]
            if before is not None:
                self._added[number] = before
            raise

    def _source(self, name: str) -> _Source:
        if name.startswith(BUILTIN):
            return _Source(self._builtin.tokenizer(name), _name_of(name))
        if name in self._added:
            return self._added[name]
        path = self._workspace.path(name)
        self._workspace.check_contents(name)
        return _Source(path, _name_of(name) or path.name)


def stamp_of(path: Path) -> list[Any]:
    """What changes when a file, or a file of a folder, does.

    Raises:
        UnknownIdError: it is gone.
    """
    try:
        files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        return [[each.name, each.stat().st_mtime_ns, each.stat().st_size] for each in files]
    except OSError as error:
        raise UnknownIdError(f"{path} cannot be read ({error.strerror}); check it") from error


def _name_of(number: str) -> str:
    """What tables call a tokenizer: its id without what all have in common. Different ids have different names."""
    if number.startswith(BUILTIN):
        return f"atento-{number.removeprefix(BUILTIN)}"
    name = number.removesuffix(".json")
    for side in ("source", "target"):
        for end in (f"{side}.tokenizer", f"tokenizers/{side}"):
            if name == end or name.endswith(f"/{end}"):
                return f"{_folder(name.removesuffix(end))} ({side})".strip()
    if f"/{name}".endswith("/tokenizer"):
        return _folder(name.removesuffix("tokenizer"))
    return "" if name == "." else name


def _folder(name: str) -> str:
    """A folder's name without the bundle in it."""
    bare = name.rstrip("/")
    return bare.removesuffix("bundle").rstrip("/") if f"/{bare}".endswith("/bundle") else bare


class _Infos:
    """Kinds and sizes of tokenizers that were opened once, in a file: opening many of them takes seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._versions = {name: _version(name) for name in ("atento", "tokenizers", "sentencepiece", "tiktoken")}
        self._lock = threading.Lock()
        self._changed = False
        self._known: dict[str, dict[str, Any]] = self._read()

    def get(self, key: str) -> dict[str, Any] | None:
        return self._known.get(key)

    def put(self, key: str, value: dict[str, Any]) -> None:
        with self._lock:
            self._known[key] = value
            self._changed = True

    def save(self) -> None:
        with self._lock:
            if not self._changed:
                return
            table = {"versions": self._versions, "known": self._known}
            self._changed = False
            try:
                with atomic_text(self._path) as stream:
                    stream.write(msgspec.json.encode(table).decode())
            except OutputError:
                return  # a cache that cannot be written costs time and nothing else

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            table = msgspec.json.decode(self._path.read_bytes())
            return dict(table["known"]) if table["versions"] == self._versions else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
