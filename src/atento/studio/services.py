"""Everything that requests are answered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio

from atento.studio.builtin import Builtin
from atento.studio.demo import Demo
from atento.studio.jobs import Jobs
from atento.studio.kept import Kept
from atento.studio.models import Models
from atento.studio.tokenizers import Tokenizers
from atento.studio.workspace import Workspace
from atento.text.vocabularies.described import Described
from atento.text.vocabularies.overlap import Overlap

_OVERLAPS, _DESCRIPTIONS = 4, 4
_LIGHT, _HEAVY = 16, 32
"""Threads for what takes milliseconds, and for what waits for models; neither waits for the other."""


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The services of one workspace."""

    workspace: Workspace
    builtin: Builtin
    tokenizers: Tokenizers
    models: Models
    jobs: Jobs
    demo: Demo
    overlaps: Kept[Overlap]
    descriptions: Kept[Sequence[Described]]
    light: anyio.CapacityLimiter
    heavy: anyio.CapacityLimiter

    @classmethod
    def of(
        cls, workspace: Workspace, *, device: str = "cpu", cache: Path | None = None, demo: Sequence[str] = ()
    ) -> Studio:
        """The services of a workspace.

        Args:
            workspace: where everything lies.
            device: what models compute on.
            cache: for what can be made again; None: the user's.
            demo: settings put over the recipe of the demo.
        """
        builtin, jobs = Builtin(cache), Jobs()
        return cls(
            workspace=workspace,
            builtin=builtin,
            tokenizers=Tokenizers(workspace, builtin, cache),
            models=Models(workspace, device),
            jobs=jobs,
            demo=Demo(workspace, jobs, tuple(demo)),
            overlaps=Kept(_OVERLAPS),
            descriptions=Kept(_DESCRIPTIONS),
            light=anyio.CapacityLimiter(_LIGHT),
            heavy=anyio.CapacityLimiter(_HEAVY),
        )
