"""The training loop of all model families.

Everything that affects weights (batches, dropout, validation, early stopping, averaging) is keyed to steps and drawn
from generators that checkpoints hold; timed checkpoints are resume points only. So a run on CPU that is killed at any
instant and resumed ends with the same bits as one that was not, under a budget in steps or epochs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec
import torch
from torch import Tensor

from atento.core.errors import DivergedError, TrainingError
from atento.core.progress import Progress, Stop
from atento.models.model import Model
from atento.models.weights import check_shapes, is_finite, load_weights, shapes_of, weights
from atento.training.averaging import MovingAverage, mean
from atento.training.checkpoint import (
    Checkpoint,
    Environment,
    RunState,
    Score,
    Sums,
    damaged,
    folder_of,
    load_checkpoint,
    load_model_weights,
    model_shapes,
    random_state,
    recover_checkpoints,
    remove_checkpoints,
    save_checkpoint,
    set_random_state,
    steps_saved,
)
from atento.training.configuration import TrainingConfig
from atento.training.inheritance import RECIPE
from atento.training.metrics_log import MetricsLog
from atento.training.objectives import Objective
from atento.training.optimiser import build_optimiser, load_optimiser_tensors, optimiser_tensors
from atento.training.precision import Precision, autocast
from atento.training.schedule import learning_rate
from atento.training.stream import BatchSource, BatchStream, BatchType, EntryType
from atento.training.validation import Validator

ModelType = TypeVar("ModelType", bound=Model)
_ADVICE = 'lower training.learning_rate, or set training.precision = "float32"'
"""What helps where training diverges."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended."""

    state: RunState
    reason: Literal["budget", "patience", "stopped"]
    values: Mapping[str, Tensor]
    """The weights that the bundle gets, as ``training.keep`` says."""


class Trainer(Generic[ModelType, EntryType, BatchType]):
    """Trains one model; ``run`` is the loop."""

    def __init__(
        self,
        model: ModelType,
        objective: Objective[ModelType, BatchType],
        batches: BatchSource[EntryType, BatchType],
        validator: Validator,
        config: TrainingConfig,
        *,
        run: Path,
        precision: Precision,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self.model, self.objective, self.validator, self.config = model, objective, validator, config
        self.precision, self.progress, self.stop = precision, progress, stop
        self.device = next(model.parameters()).device
        self.recipe_path, self.checkpoints = run / RECIPE, run / "checkpoints"
        self.environment = Environment.current(precision, self.device)
        self.optimiser = build_optimiser(model, config)
        self.average = MovingAverage(model, config.ema_decay) if config.keep == "ema" else None
        self.state = RunState()
        self._resume()
        self.stream = BatchStream(batches, self.state.epoch, self.state.batch)
        self.log = MetricsLog(run, after_step=self.state.step)
        self._window = _Window(self.state.logged_since)
        self._note = ""

    def run(self) -> Outcome:
        """Train until the budget, patience, or a wish to stop.

        Raises:
            DivergedError: too many steps in a row were not finite, or what they led to is not.
            TrainingError: a checkpoint whose weights the bundle gets is damaged.
            OutputError: a checkpoint cannot be written.
        """
        self.model.train()
        self._started = time.perf_counter() - self.state.seconds
        self._last_save = time.perf_counter()
        self.progress.start("training", 1.0, stoppable=True)
        self.progress.advance(self._used())
        reason: Literal["budget", "patience", "stopped"] = "budget"
        while not self.state.finished and self._used() < 1.0:
            if self.stop.wanted:
                reason = "stopped"
                break
            before = self._used()
            self._step()
            self._after_step()
            self.progress.advance(min(1.0, self._used()) - min(1.0, before), note=self._note)
            if self._out_of_patience():
                reason = "patience"
                break
        if reason != "stopped" and not self.state.finished:
            if not self.state.scores or self.state.scores[-1].step != self.state.step:
                self._validate()
            self._update(finished=True)
        self._save()
        self.progress.finish()
        self.log.close()
        kept = sorted(self._steps_to_keep())
        values = self._kept_weights(kept)
        self._refuse_diverged(values, kept, ended=reason != "stopped")
        return Outcome(state=self.state, reason=reason, values=values)

    def _step(self) -> None:
        """One step of the optimiser."""
        step = self.state.step + 1
        used = self._used()
        rate = learning_rate(self.config, step, used, self.state.used_at_warmup_end)
        group = [self.stream.next() for _ in range(self.config.accumulate)]
        count = sum(batch.count for batch in group)
        losses = [self._accumulate(batch, count) for batch in group]
        likelihood = sum(each for each, _ in losses)
        bound = self.config.clip_norm or math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), bound, foreach=True))
        finite = math.isfinite(norm) and math.isfinite(likelihood)
        if finite:
            for parameters in self.optimiser.param_groups:
                parameters["lr"] = rate
            self.optimiser.step()
            if self.average is not None:
                self.average.update(step)
        self.optimiser.zero_grad(set_to_none=True)
        if finite:
            self._window.add(likelihood, count, [parts for _, parts in losses], sum(batch.tokens for batch in group))
        self._window.rate, self._window.norm = rate, norm
        self._update(
            step=step,
            epoch=self.stream.epoch,
            batch=self.stream.batch,
            tokens=self.state.tokens + sum(batch.tokens for batch in group),
            seconds=time.perf_counter() - self._started,
            skipped=self.state.skipped + (not finite),
            skipped_in_a_row=0 if finite else self.state.skipped_in_a_row + 1,
        )
        if step == self.config.warmup_steps:
            self._update(used_at_warmup_end=self._used())

    def _accumulate(self, batch: BatchType, count: int) -> tuple[float, Mapping[str, Tensor]]:
        """Add a batch's gradients, normalised by the step's predictions; gives its sum of likelihoods and its parts."""
        batch = batch.to(self.device)
        with autocast(self.precision, self.device):
            loss = self.objective(self.model, batch)
        (loss.total / count).backward()  # type: ignore[no-untyped-call]
        return float(loss.likelihood), loss.parts

    def _after_step(self) -> None:
        """Log, validate and save when it is time to."""
        step = self.state.step
        if self.state.skipped_in_a_row >= self.config.max_skipped_steps:
            raise DivergedError(
                f"the last {self.state.skipped_in_a_row} steps had a loss or gradient that is not finite; {_ADVICE}"
            )
        if step % self.config.log_every == 0:
            values, self._note = self._window.summary()
            self._window = _Window()
            self.log.write(step, {"epoch": round(self.stream.epochs, 4), **values, "seconds": self.state.seconds})
        minutes = (time.perf_counter() - self._last_save) / 60
        if step % self.config.validate_every == 0:
            self._validate()
            self._save()
        elif self.config.save_every_minutes and minutes >= self.config.save_every_minutes:
            self._save()

    def _validate(self) -> None:
        """Validate the weights that would be kept, and say how good they are."""
        with self._averaged():
            result = self.validator.run()
        step = self.state.step
        score = Score(step=step, loss=result.loss, measures=dict(result.measures))
        self._update(scores=(*self.state.scores, score), seconds=time.perf_counter() - self._started)
        self.log.write(
            step,
            {
                "valid_loss": result.loss,
                "valid_perplexity": result.perplexity,
                **{f"valid_{name}": value for name, value in result.measures.items()},
            },
        )
        self.progress.message(f"step {step}, epoch {self.stream.epochs:.1f}: {result}")
        for sample in result.samples:
            self.progress.message(sample)
        self._window = _Window(self._window.sums())  # validating is no time of training

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The moving average in the model's place, if there is one."""
        if self.average is None:
            yield
            return
        own = {name: value.clone() for name, value in weights(self.model).items()}
        load_weights(self.model, self.average.values)
        try:
            yield
        finally:
            load_weights(self.model, own)

    def _save(self) -> None:
        """Write a checkpoint and remove those that nothing needs any more."""
        self._update(logged_since=self._window.sums())
        self._last_save = time.perf_counter()
        save_checkpoint(
            self.checkpoints,
            Checkpoint(
                state=self.state,
                environment=self.environment,
                model=weights(self.model),
                optimiser=optimiser_tensors(self.optimiser, self.model),
                ema=self.average.values if self.average is not None else None,
                random=random_state(),
            ),
        )
        remove_checkpoints(self.checkpoints, keep={self.state.step, *self._steps_to_keep()})

    def _resume(self) -> None:
        """Go on from the latest checkpoint, if there is one.

        Raises:
            TrainingError: it is damaged or another model's, or so is an older one whose weights the bundle may get.
        """
        recover_checkpoints(self.checkpoints)
        steps = steps_saved(self.checkpoints)
        if not steps:
            torch.manual_seed(self.config.seed)
            return
        folder = folder_of(self.checkpoints, steps[-1])
        checkpoint = load_checkpoint(folder)
        for difference in self.environment.differences(checkpoint.environment):
            self.progress.message(f"warning: resumed under other conditions, so the result may differ ({difference})")
        self._refuse_other_model(folder, shapes_of(checkpoint.model))
        load_weights(self.model, checkpoint.model)
        try:
            self._restore(checkpoint)
        except ValueError as error:
            raise damaged(folder, error) from error
        for step in sorted(self._steps_to_keep() - {steps[-1]}):
            self._refuse_other_model(folder_of(self.checkpoints, step), model_shapes(self.checkpoints, step))

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Put back what a checkpoint holds beside the weights.

        Raises:
            ValueError: it does not fit the run.
        """
        state, metric = checkpoint.state, self.config.keep_metric
        if not checkpoint.optimiser and state.step > state.skipped:
            raise ValueError("optimiser.safetensors is empty")
        load_optimiser_tensors(self.optimiser, self.model, checkpoint.optimiser)
        if self.average is not None:
            if checkpoint.ema is None:
                raise ValueError("it has no ema.safetensors")
            self.average.load(checkpoint.ema)
        if metric != "loss" and any(metric not in score.measures for score in state.scores):
            raise ValueError(f"state.json has a validation without {metric}")
        set_random_state(checkpoint.random)
        self.state = state

    def _refuse_other_model(self, folder: Path, shapes: Mapping[str, torch.Size]) -> None:
        """Refuse a checkpoint whose weights, of these shapes, do not fit the model.

        Raises:
            TrainingError: they do not.
        """
        try:
            check_shapes(shapes, shapes_of(weights(self.model)))
        except ValueError as error:
            raise TrainingError(
                f"the checkpoint {folder} does not fit {self.recipe_path} ({error}); put the recipe back as it was, or "
                "begin another run; if it was not changed, remove the checkpoint"
            ) from error

    def _steps_to_keep(self) -> set[int]:
        """The validated steps whose weights the bundle may get; a checkpoint that somebody has removed is missing."""
        saved = set(steps_saved(self.checkpoints))
        match self.config.keep:
            case "best":
                scores = [score for score in self.state.scores if score.step in saved]
                return {self._best(scores).step} if scores else set()
            case "average":
                return saved & {score.step for score in self.state.scores[-self.config.average :]}
            case "last" | "ema":
                return set()

    def _kept_weights(self, kept: Sequence[int]) -> Mapping[str, Tensor]:
        match self.config.keep:
            case "ema" if self.average is not None:
                return self.average.values
            case "best" if kept:
                return load_model_weights(self.checkpoints, kept[0])
            case "average" if kept:
                return mean([load_model_weights(self.checkpoints, step) for step in kept])
            case _:
                return weights(self.model)

    def _refuse_diverged(self, values: Mapping[str, Tensor], kept: Sequence[int], *, ended: bool) -> None:
        """Refuse weights to keep that are of no use.

        Raises:
            DivergedError: no step was taken, or the validation of these weights or they themselves are not finite.
        """
        state, best = self.state, kept if self.config.keep == "best" else ()
        scores = [score for score in state.scores if score.step in best] or state.scores
        advice = f"begin another run: {_ADVICE}"
        if ended and state.skipped == state.step > 0:
            raise DivergedError(f"all {state.step} steps had a loss or gradient that is not finite; {advice}")
        if ended and not math.isfinite(scores[-1].loss):
            raise DivergedError(f"validation at step {scores[-1].step} gave a loss that is not finite; {advice}")
        if not all(map(is_finite, values.values())):
            raise DivergedError(f"the weights to keep after step {state.step} are not finite; {advice}")

    def _best(self, scores: Sequence[Score]) -> Score:
        """The best validation; of equals the earliest."""
        return max(scores, key=lambda score: score.value(self.config.keep_metric))

    def _out_of_patience(self) -> bool:
        if self.config.patience is None or not self.state.scores:
            return False
        best = self._best(self.state.scores).step
        after_best = [score for score in self.state.scores if score.step > best]
        return len(after_best) >= self.config.patience

    def _used(self) -> float:
        """The part of the budget that is used: of several, the first to be reached counts; ``min_steps`` hold it up."""
        config, state = self.config, self.state
        seconds = state.seconds / 60
        parts = (
            (state.step, config.steps),
            (self.stream.epochs, config.epochs),
            (state.tokens, config.tokens),
            (seconds, config.minutes),
        )
        used = max(done / budget for done, budget in parts if budget is not None)
        return used if config.min_steps is None else min(used, state.step / config.min_steps)

    def _update(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)


class _Window:
    """Averages over the steps since the last log line; ``rate`` and ``norm`` are the last step's."""

    def __init__(self, sums: Sums | None = None) -> None:
        sums = sums or Sums()
        self._begun = time.perf_counter()
        self._likelihood, self._count, self._parts = sums.likelihood, sums.count, dict(sums.parts)
        self._tokens = 0  # since this process began, as its time is
        self.rate = self.norm = 0.0

    def add(self, likelihood: float, count: int, parts: Sequence[Mapping[str, Tensor]], tokens: int) -> None:
        """Take in a step."""
        self._likelihood += likelihood
        self._count += count
        self._tokens += tokens
        for batch in parts:
            for name, part in batch.items():
                self._parts[name] = self._parts.get(name, 0.0) + float(part)

    def sums(self) -> Sums:
        """What a resumed run has to go on with."""
        return Sums(likelihood=self._likelihood, count=self._count, parts=dict(self._parts))

    def summary(self) -> tuple[dict[str, float | int | None], str]:
        """The values to log and a note to show."""
        seconds = time.perf_counter() - self._begun
        loss = self._likelihood / self._count if self._count else None
        speed = self._tokens / seconds
        values: dict[str, float | int | None] = {
            "loss": loss,
            **{name: total / self._count for name, total in self._parts.items() if self._count},
            "learning_rate": self.rate,
            "gradient_norm": self.norm,
            "tokens_per_second": speed,
        }
        note = f"loss {loss:.3f} · {speed:,.0f} tokens/s" if loss is not None else "loss not finite"
        return values, note
