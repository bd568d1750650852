"""The demo's model, which the studio can train: that of ``atento demo``, in the same place."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from atento.core.errors import BundleError, TrainingError
from atento.core.progress import Progress, Stop
from atento.studio.bundles import bundle_in, describe
from atento.studio.jobs import Jobs
from atento.studio.workspace import Workspace

RUN: Final = "runs/demo"


class DemoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the model is there."""

    state: Literal["absent", "training", "ready"]
    job: str | None


class Demo:
    """See the module's text."""

    def __init__(self, workspace: Workspace, jobs: Jobs, overrides: tuple[str, ...] = ()) -> None:
        self._run = workspace.root / RUN
        self._jobs, self._overrides = jobs, overrides
        self._job: str | None = None
        self._lock = threading.Lock()

    def answer(self) -> DemoAnswer:
        """How far it is."""
        with self._lock:
            return self._answer()

    def begin(self) -> str:
        """Train the model, or go on; the job's id. If it is being trained already, that job's.

        Raises:
            TrainingError: it is there already.
        """
        with self._lock:
            answer = self._answer()
            if answer.state == "ready":
                raise TrainingError(f"the demo's model is trained already: {RUN}")
            if answer.job is None:
                self._job = self._jobs.begin("preparing the built-in corpus", self._train)
            assert self._job is not None
            return self._job

    def _answer(self) -> DemoAnswer:
        if self._job is not None and self._jobs.answer(self._job).state == "running":
            return DemoAnswer(state="training", job=self._job)
        self._job = None
        return DemoAnswer(state="ready" if _is_finished(self._run) else "absent", job=None)

    def _train(self, progress: Progress, stop: Stop) -> Any:
        """The work of the job: all that ``atento demo`` does before it translates."""
        from atento.data.builtin import corpus as builtin
        from atento.training import demo
        from atento.training.run import train

        corpus = builtin.builtin_corpus(demo.COMPOSED)
        state = demo.state_of(self._run)
        if state == "new":
            demo.write_corpus(demo.corpus_folder(self._run), corpus)
        demo.check_same_corpus(self._run, corpus)
        if state != "finished":
            recipe = demo.demo_recipe(self._run, self._overrides) if state == "new" else None
            report = train(recipe, self._run, resume=state == "begun", progress=progress, stop=stop)
            if report.outcome.reason == "stopped":
                return None
        return {"model": RUN}


def _is_finished(run: Path) -> bool:
    bundle = bundle_in(run)
    if bundle is None:
        return False
    try:
        return describe(bundle).ended_by != "stopped"
    except BundleError:
        return False
