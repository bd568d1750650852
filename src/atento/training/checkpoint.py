"""Checkpoints: everything that a run needs to go on as if it had never stopped.

    checkpoints/step-000500/
      model.safetensors        weights
      optimiser.safetensors    AdamW's state, keyed by parameter name
      ema.safetensors          the moving average, if there is one
      random-0.safetensors     the generators' states of rank 0
      state.json               position in the data, counters, early stopping, environment

A checkpoint is written at once: its folder appears under its name when it is whole. No pickle.
"""

from __future__ import annotations

import json
import math
import platform
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from atento.core.configuration import Configuration
from atento.core.errors import TrainingError
from atento.core.files import atomic_folder, recover_folder
from atento.core.parsing import parse_json
from atento.models.weights import save_tensors
from atento.training.configuration import Metric

_NAME = re.compile(r"step-(\d+)")
_FILES = ("model", "optimiser", "ema", "random-0")
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Score(Configuration, frozen=True, kw_only=True):
    """A validation."""

    step: _Count
    loss: float
    """Nats a prediction, not smoothed."""
    measures: dict[str, float] = {}  # noqa: RUF012  (msgspec copies it)
    """See ``measures.MEASURES``."""

    def value(self, metric: Metric) -> float:
        """The metric as a number of which more is better; the lowest there is where the loss or it is not finite."""
        value = -self.loss if metric == "loss" else self.measures[metric]
        return value if math.isfinite(self.loss) and math.isfinite(value) else -math.inf


class Sums(Configuration, frozen=True, kw_only=True):
    """What the steps since the last line of the log add up to: the next line is that of a run that never stopped."""

    likelihood: float = 0.0
    count: int = 0
    parts: dict[str, float] = msgspec.field(default_factory=dict)
    """Of a loss that has several."""


class RunState(Configuration, frozen=True, kw_only=True):
    """What a run knows of itself between two steps; ``state.json``."""

    step: _Count = 0
    epoch: _Count = 0
    batch: _Count = 0
    """Next batch of the epoch's plan."""
    seconds: _Seconds = 0.0
    """Spent in the loop so far."""
    used_at_warmup_end: float = 0.0
    tokens: _Count = 0
    """Tokens read; of pairs those of the target."""
    skipped: _Count = 0
    skipped_in_a_row: _Count = 0
    scores: tuple[Score, ...] = ()
    logged_since: Sums = Sums()
    finished: bool = False


class Environment(Configuration, frozen=True, kw_only=True):
    """What bit-identical resumption depends on beside the checkpoint."""

    torch_version: str
    python_version: str
    machine: str
    threads: int
    precision: str
    device: str

    @classmethod
    def current(cls, precision: str, device: torch.device) -> Environment:
        """This process's."""
        return cls(
            torch_version=str(torch.__version__),
            python_version=platform.python_version(),
            machine=f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
            threads=torch.get_num_threads(),
            precision=precision,
            device=device.type,
        )

    def differences(self, other: Environment) -> list[str]:
        """``name: ours, theirs`` for whatever differs."""
        return [
            f"{name}: {getattr(other, name)} then, {getattr(self, name)} now"
            for name in self.__struct_fields__
            if getattr(self, name) != getattr(other, name)
        ]


class _File(Configuration, frozen=True, kw_only=True):
    state: RunState
    environment: Environment


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A run at one step."""

    state: RunState
    environment: Environment
    model: Mapping[str, Tensor]
    optimiser: Mapping[str, Tensor]
    ema: Mapping[str, Tensor] | None
    random: Mapping[str, Tensor]


def folder_of(checkpoints: Path, step: int) -> Path:
    """Where the checkpoint of a step stands."""
    return checkpoints / f"step-{step:06d}"


def save_checkpoint(checkpoints: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint; returns its folder.

    Raises:
        OutputError: it cannot be written; nothing half-written stays.
    """
    folder = folder_of(checkpoints, checkpoint.state.step)
    with atomic_folder(folder) as temporary:
        parts = (checkpoint.model, checkpoint.optimiser, checkpoint.ema, checkpoint.random)
        for name, tensors in zip(_FILES, parts, strict=True):
            if tensors is not None:
                save_tensors(tensors, temporary / f"{name}.safetensors")
        file = _File(state=checkpoint.state, environment=checkpoint.environment)
        text = json.dumps(msgspec.to_builtins(file), indent=2, sort_keys=True)
        (temporary / "state.json").write_text(text + "\n", encoding="utf-8")
    return folder


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainingError: a file of it is missing or damaged.
    """
    try:
        file = msgspec.convert(parse_json((folder / "state.json").read_bytes()), _File)  # losses may be NaN
        _refuse_contradictions(file.state, folder)
        model, optimiser, random = (
            load_file(folder / f"{name}.safetensors") for name in ("model", "optimiser", "random-0")
        )
        average = folder / "ema.safetensors"
        ema = load_file(average) if average.exists() else None
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise damaged(folder, error) from error
    return Checkpoint(
        state=file.state, environment=file.environment, model=model, optimiser=optimiser, ema=ema, random=random
    )


def damaged(folder: Path, reason: object) -> TrainingError:
    """What there is to say of a checkpoint that cannot be used."""
    return TrainingError(f"the checkpoint {folder} is damaged ({reason}); remove it to go on without it")


def _refuse_contradictions(state: RunState, folder: Path) -> None:
    """Refuse a state that no run can have.

    Raises:
        ValueError: it is another step's, or lacks validations, or knows of later ones.
    """
    if folder != folder_of(folder.parent, state.step):
        raise ValueError(f"state.json is of step {state.step}")
    if any(score.step > state.step for score in state.scores) or (state.finished and not state.scores):
        raise ValueError(f"state.json has not the validations of a run of {state.step} steps")


def load_model_weights(checkpoints: Path, step: int) -> dict[str, Tensor]:
    """The weights alone of one checkpoint.

    Raises:
        TrainingError: they are missing or damaged.
    """
    folder = folder_of(checkpoints, step)
    try:
        return load_file(folder / "model.safetensors")
    except (OSError, safetensors.SafetensorError) as error:
        raise damaged(folder, error) from error


def model_shapes(checkpoints: Path, step: int) -> dict[str, torch.Size]:
    """The shapes of the weights of one checkpoint, of which no number is read.

    Raises:
        TrainingError: they are missing or damaged.
    """
    folder = folder_of(checkpoints, step)
    try:
        with safetensors.safe_open(folder / "model.safetensors", "pt") as file:
            return {name: torch.Size(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError) as error:
        raise damaged(folder, error) from error


def steps_saved(checkpoints: Path) -> list[int]:
    """The steps of the whole checkpoints there are, in order."""
    if not checkpoints.is_dir():
        return []
    found = (_NAME.fullmatch(path.name) for path in checkpoints.iterdir() if (path / "state.json").is_file())
    return sorted(int(match[1]) for match in found if match)


def recover_checkpoints(checkpoints: Path) -> None:
    """Put back a checkpoint that a kill left aside while a newer state of the same step was about to take its place."""
    for aside in checkpoints.glob(".step-*.old"):
        recover_folder(checkpoints / aside.name.removeprefix(".").removesuffix(".old"))


def remove_checkpoints(checkpoints: Path, *, keep: set[int]) -> None:
    """Remove every checkpoint but these, and what a kill left half-written."""
    if not checkpoints.is_dir():
        return
    for path in checkpoints.iterdir():
        match = _NAME.fullmatch(path.name)
        if path.name.startswith(".step-") or (match and int(match[1]) not in keep):
            shutil.rmtree(path)


def random_state() -> dict[str, Tensor]:
    """The states of the generators that training draws from."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def set_random_state(states: Mapping[str, Tensor]) -> None:
    """Put generators back.

    Raises:
        ValueError: these are no states of them.
    """
    if "cpu" not in states:
        raise ValueError("it has no state of the generator 'cpu'")
    try:
        torch.set_rng_state(states["cpu"])
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state(states["cuda"])
    except (RuntimeError, TypeError) as error:
        raise ValueError(str(error)) from error
