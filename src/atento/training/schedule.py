"""The learning rate as a pure function of the step and of how much of the budget is used."""

from __future__ import annotations

import math

from atento.training.configuration import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, used: float, used_at_warmup_end: float) -> float:
    """The rate of step ``step`` (counted from 1).

    Args:
        config: peak, warm-up and shape.
        step: the step about to be made.
        used: the part of the budget that is used, 0 … 1.
        used_at_warmup_end: the part that was used when warm-up ended; decay begins there.
    """
    if step <= config.warmup_steps:
        return config.learning_rate * step / config.warmup_steps
    final = config.final_learning_rate
    done = min(1.0, max(0.0, (used - used_at_warmup_end) / max(1e-9, 1.0 - used_at_warmup_end)))
    match config.schedule:
        case "inverse-square-root":  # Vaswani et al. 2017, eq. 3, with its peak as a parameter
            return config.learning_rate * math.sqrt(max(1, config.warmup_steps) / step)
        case "cosine":  # Loshchilov and Hutter 2017, eq. 5, without restarts
            return config.learning_rate * (final + (1 - final) * (1 + math.cos(math.pi * done)) / 2)
        case "linear":
            return config.learning_rate * (1 - (1 - final) * done)
        case "constant":
            return config.learning_rate
