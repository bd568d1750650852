"""The folder that the studio works in: what a request may name lies there, or was named on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from atento.core.errors import DataError
from atento.studio.failures import OutsideError, UnknownIdError

GIVEN: Final = "given/"
"""Begins the ids of what was named on the command line and lies elsewhere."""
_LONGEST: Final = 1024


class Workspace:
    """A root, and the paths below it.

    Raises:
        DataError: the root, or something that was given, is not there.
    """

    def __init__(self, root: Path, *, runs: Sequence[Path] = (), tokenizers: Sequence[Path] = ()) -> None:
        if not root.is_dir():
            raise DataError(f"{root} is no folder; give one as --workspace")
        self.root = root.resolve()
        self._given: dict[str, Path] = {}
        self.runs = self._take(runs)
        """Ids of the runs that were given."""
        self.tokenizers = self._take(tokenizers)

    def path(self, name: str) -> Path:
        """The file or folder of an id.

        Raises:
            OutsideError: it leaves the workspace.
            UnknownIdError: it is not there.
        """
        given = self._given_of(name)
        path = self._inside(self.root, name) if given is None else self._below(given, name)
        try:
            there = path.exists()
        except OSError:  # a name that is too long for the system
            there = False
        if not there:
            raise UnknownIdError(f"there is no {_short(name)} in the workspace {self.root}")
        return path

    def check_contents(self, name: str) -> None:
        """Refuse a folder that holds a symbolic link to elsewhere; what was given on the command line is trusted.

        Raises:
            OutsideError: it does.
        """
        if self._given_of(name) is not None:
            return
        path = self.path(name)
        for folder in (path, path / "bundle"):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if entry.is_symlink():
                    self._inside(self.root, str(entry))

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where to look for models and tokenizers."""
        return (self.root, *(path for path in self._given.values() if path.is_dir()))

    def id_of(self, path: Path) -> str:
        """The id of a path below the root, or below something that was given."""
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        name, given = next((name, given) for name, given in self._given.items() if path.is_relative_to(given))
        return name if path == given else f"{name}/{path.relative_to(given).as_posix()}"

    def _given_of(self, name: str) -> str | None:
        """What was given that an id is, or lies below."""
        return next((given for given in self._given if name == given or name.startswith(f"{given}/")), None)

    def _below(self, given: str, name: str) -> Path:
        root, rest = self._given[given], name.removeprefix(given).removeprefix("/")
        return self._inside(root, rest) if rest else root

    def _inside(self, root: Path, name: str) -> Path:
        """A path below a folder, its symbolic links followed."""
        if not name or len(name) > _LONGEST or "\0" in name:
            raise OutsideError(f"{_short(name)!r} is no path in the workspace")
        try:
            path = (root / name).resolve()
        except (OSError, RuntimeError) as error:  # names that are too long, links in a circle
            raise OutsideError(f"{_short(name)!r} is no path in the workspace") from error
        if not path.is_relative_to(root):
            raise OutsideError(
                f"{_short(name)} leaves the workspace {root}: start the studio with --workspace on a folder that holds "
                "it, or name it on the command line"
            )
        return path

    def _take(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """Ids of paths from the command line."""
        found = []
        for path in paths:
            if not path.exists():
                raise DataError(f"{path} does not exist; check the path")
            absolute = path.resolve()
            if absolute.is_relative_to(self.root):
                found.append(self.id_of(absolute))
                continue
            name = f"{GIVEN}{absolute.name}"
            while self._given.get(name, absolute) != absolute:
                name += "+"
            self._given[name] = absolute
            found.append(name)
        return tuple(dict.fromkeys(found))


def _short(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:120]}…"
