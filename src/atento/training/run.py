"""A training run as a directory: tokenizers, data, loop, bundle, each made once and found again on resumption.

RUN/recipe.toml     resolved
RUN/held-out/       train and dev parts, where no validation corpus was given
RUN/tokenizers/     as trained; the bundle gets copies
RUN/checkpoints/    see ``checkpoint``
RUN/metrics.jsonl   see ``metrics_log``
RUN/bundle/         the result
"""

from __future__ import annotations

import contextlib
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import sacrebleu
import torch

import atento
from atento.bundle import find_bundle, read_card, save_bundle
from atento.core.allocator import keep_freed_memory
from atento.core.configuration import convert, read_toml, tag_of, to_toml
from atento.core.errors import ConfigurationError, TrainingError, is_out_of_memory
from atento.core.files import atomic_text
from atento.core.progress import Progress, Silent, Stop
from atento.models.bert import BertConfig
from atento.models.gpt import GPTConfig
from atento.models.recurrent import RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.training.checkpoint import steps_saved
from atento.training.classification import classification_task
from atento.training.inheritance import RECIPE
from atento.training.language import language_task
from atento.training.loop import Outcome, Trainer
from atento.training.masked_language import masked_language_task
from atento.training.recipe import (
    LabelledDataConfig,
    PairDataConfig,
    Recipe,
    TextDataConfig,
    check_guidance,
    check_keep_metric,
    check_masking,
)
from atento.training.start import imported_of
from atento.training.task import Task
from atento.training.translation import translation_task


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run came to."""

    run: Path
    outcome: Outcome
    card: dict[str, Any]


def train(
    recipe: Recipe | None,
    run: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Report:
    """Train a model from a recipe into a run directory, or go on with one.

    Raises glibc's memory thresholds for the whole process (see ``core.allocator``).

    Args:
        recipe: what to do; None takes the one that the run was begun with.
        run: the directory.
        resume: go on where the run stopped; without it the directory must be new.
        device: "cpu", "cuda", … or "auto".
        progress: told how far it is.
        stop: looked at between two steps.

    Raises:
        TrainingError: the directory is in use without ``resume``, or cannot be resumed; or training diverged.
        DataError, ConfigurationError, OutputError: as the parts say.
    """
    keep_freed_memory()
    progress, stop = progress or Silent(), stop or Stop()
    if recipe is not None:
        check_guidance(recipe)
        check_masking(recipe)
        check_keep_metric(recipe)
    recipe = _begin(recipe, run, resume)
    with _removed_on_error(run, keep=resume):
        task = _task(recipe, run, device, progress)
        imported, guided = imported_of(recipe.start), _guided_alignment(recipe)
        trainer = Trainer(
            task.bundle.model,
            task.objective,
            task.batches,
            task.validator,
            recipe.training,
            run=run,
            precision=task.precision,
            progress=progress,
            stop=stop,
        )
    with _removed_without_memory(run, keep=resume):
        outcome = trainer.run()
    card = {**imported, **_card(recipe, task, outcome, guided)}
    save_bundle(replace(task.bundle, card=card), run / "bundle", values=outcome.values)
    return Report(run=run, outcome=outcome, card=card)


def _task(recipe: Recipe, run: Path, device: str, progress: Progress) -> Task[Any, Any, Any]:
    """What this kind of model is to learn."""
    match recipe.model, recipe.data:
        case (RecurrentConfig() | TransformerConfig()) as model, PairDataConfig() as data:
            return translation_task(recipe, model, data, run, device, progress)
        case GPTConfig() as model, TextDataConfig() as data:
            return language_task(recipe, model, data, run, device, progress)
        case BertConfig() as model, TextDataConfig() as data:
            return masked_language_task(recipe, model, data, run, device, progress)
        case (GPTConfig() | BertConfig()) as model, LabelledDataConfig() as data:
            return classification_task(recipe, model, data, run, device, progress)
        case model, data:
            raise ConfigurationError(
                f"model.kind = {tag_of(model)!r} does not learn from data.kind = {tag_of(data)!r}; change either"
            )


@contextlib.contextmanager
def _removed_on_error(run: Path, *, keep: bool) -> Iterator[None]:
    """Leave nothing of a new run that cannot begin, so that the mended command works; a kill leaves what it left."""
    try:
        yield
    except Exception:
        if not keep:
            shutil.rmtree(run, ignore_errors=True)
        raise


@contextlib.contextmanager
def _removed_without_memory(run: Path, *, keep: bool) -> Iterator[None]:
    """Likewise of a new run whose first steps do not fit into memory: resumed, it would fail again."""
    try:
        yield
    except Exception as error:
        if not keep and is_out_of_memory(error) and not steps_saved(run / "checkpoints"):
            shutil.rmtree(run, ignore_errors=True)
        raise


def _begin(recipe: Recipe | None, run: Path, resume: bool) -> Recipe:
    """Write the recipe down first of all, so that a run can be resumed from any later instant."""
    path = run / RECIPE
    if resume:
        if not path.exists():
            raise TrainingError(f"there is nothing to resume in {run}; begin it without --resume")
        begun = convert(read_toml(path), Recipe, where=str(path))
        if recipe is not None and msgspec.structs.replace(recipe, data=begun.data) != begun:
            raise TrainingError(f"{path} differs from the recipe given; resume without a recipe, or begin another run")
        return begun
    if recipe is None:
        raise ConfigurationError("a new run needs a recipe")
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise TrainingError(f"{run} is there already; add --resume to go on with it, or give another -o")
    with atomic_text(path) as stream:
        stream.write(to_toml(recipe))
    return recipe


def _card(recipe: Recipe, task: Task[Any, Any, Any], outcome: Outcome, guided: Any) -> dict[str, Any]:
    """What a reader of the bundle should know."""
    state = outcome.state
    versions = {"atento": atento.__version__, "torch": str(torch.__version__), "sacrebleu": sacrebleu.__version__}
    return {
        "data": dict(task.data),
        "model": {
            "kind": "classifier" if task.bundle.classes else tag_of(recipe.model),
            "parameters": task.bundle.model.num_parameters,
        },
        "start": recipe.start,
        "training": {
            "seed": recipe.training.seed,
            "steps": state.step,
            "tokens": state.tokens,
            "skipped_steps": state.skipped,
            "minutes": round(state.seconds / 60, 2),
            "ended_by": outcome.reason,
            "precision": task.precision,
            "kept": recipe.training.keep,
            "keep_metric": recipe.training.keep_metric,
            "guided_alignment": guided,
        },
        "validation": [msgspec.to_builtins(score) for score in state.scores],
        "signatures": dict(task.signatures),
        "versions": {**versions, "python": platform.python_version()},
    }


def _guided_alignment(recipe: Recipe) -> Any:
    """Which attention was trained on word links: here, or else in the run to start from, whose heads this one has."""
    if recipe.training.guided_alignment is not None or recipe.start is None:
        return msgspec.to_builtins(recipe.training.guided_alignment)
    training = read_card(find_bundle(Path(recipe.start))).get("training")
    return training.get("guided_alignment") if isinstance(training, Mapping) else None
