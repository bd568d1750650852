"""The models of a workspace: listed without torch, loaded when they are asked for, each used by one request at a time.

A model is captured and explained by listeners on its modules, which two threads must not attach at once: so each has a
lock. Those that were used last stay in memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from atento.core.errors import AtentoError, BundleError
from atento.studio.answers import ModelInfo, Refused
from atento.studio.bundles import Description, bundle_in, describe, refuse_pickles
from atento.studio.failures import UnknownIdError
from atento.studio.kept import Kept
from atento.studio.tokenizers import stamp_of
from atento.studio.workspace import Workspace

if TYPE_CHECKING:
    from atento.applications.loading import Application
    from atento.applications.translator import Translator

_LOADED: Final = 4
"""How many stay in memory."""
TRANSLATORS: Final = ("recurrent", "transformer")


@dataclass(frozen=True)
class _Loaded:
    application: Application
    lock: threading.Lock = field(default_factory=threading.Lock)


class Models:
    """See the module's text."""

    def __init__(self, workspace: Workspace, device: str = "cpu") -> None:
        self._workspace, self._device = workspace, device
        self._loaded: Kept[_Loaded] = Kept(_LOADED)

    def list(self, found: Sequence[Path]) -> tuple[list[ModelInfo], list[Refused]]:
        """Those that were given and found; and those that cannot be shown."""
        names = (*self._workspace.runs, *map(self._workspace.id_of, found))
        infos, refused = [], []
        for name in dict.fromkeys(names):
            try:
                infos.append(self.info(name))
            except AtentoError as error:
                refused.append(Refused(id=name, message=str(error)))
        return infos, refused

    def info(self, name: str) -> ModelInfo:
        """One of them.

        Raises:
            UnknownIdError, OutsideError: there is none of this id.
            BundleError: it cannot be shown.
        """
        about = self._describe(name)
        return ModelInfo(
            id=name,
            name=self._workspace.path(name).name,
            family=about.family,
            source_language=about.source_language,
            target_language=about.target_language,
            parameters=about.parameters,
            attends=bool(about.layers),
            roles=tuple(about.layers),
            layers=dict(about.layers),
            heads=dict(about.heads),
        )

    @contextlib.contextmanager
    def use(self, name: str) -> Iterator[Application]:
        """A model, loaded now if it is not, for this thread alone while the block runs.

        Raises:
            UnknownIdError, OutsideError: there is none of this id.
            BundleError: it cannot be loaded.
        """
        about = self._describe(name)
        loaded = self._loaded.get(name, stamp_of(about.folder), lambda: _Loaded(self._load(about.folder)))
        with loaded.lock:
            yield loaded.application

    @contextlib.contextmanager
    def translator(self, name: str) -> Iterator[Translator]:
        """The same of a model that must translate.

        Raises:
            BundleError: it does not.
        """
        from atento.applications.translator import Translator

        family = self._describe(name).family
        if family not in TRANSLATORS:
            raise BundleError(
                f"{name} is a {family} model, which reads one text and translates none; choose a translator"
            )
        with self.use(name) as application:
            assert isinstance(application, Translator)
            yield application

    def matrices(self, name: str) -> int:
        """How many matrices of attention a model has for one text: heads of all layers of all roles.

        Raises:
            UnknownIdError, OutsideError, BundleError: as ``info``.
        """
        about = self._describe(name)
        return sum(layers * about.heads[role] for role, layers in about.layers.items())

    def _describe(self, name: str) -> Description:
        path = self._workspace.path(name)
        if not path.is_dir():
            raise UnknownIdError(f"{name} is no folder, so no model")
        refuse_pickles(path)
        self._workspace.check_contents(name)
        folder = bundle_in(path)
        if folder is None:
            raise UnknownIdError(f"{name} holds no model of Atento's (a bundle with config.json and model.safetensors)")
        about = describe(folder)
        if about.classes:
            raise BundleError(f"{name} is a classifier, which the studio cannot show yet; use `atento classify`")
        return about

    def _load(self, folder: Path) -> Application:
        from atento.applications.loading import load_application

        return load_application(folder, self._device)
