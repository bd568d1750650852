"""What a study measures: each metric's name for people, its unit, its range, and which way is better."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Metric = Literal[
    "bleu",
    "chrf",
    "exact",
    "perplexity",
    "aer",
    "accuracy",
    "macro_f1",
    "training_loss",
    "training_tokens_per_second",
    "training_milliseconds_per_token",
    "training_memory",
    "decoding_tokens_per_second",
    "decoding_milliseconds_per_token",
    "decoding_memory",
]

Subject = Literal["translation", "classification", "speed"]
"""What a study is about."""


class MetricInfo(NamedTuple):
    """A metric."""

    unit: str
    """What it is called on axes and in tables."""
    lower_is_better: bool = False
    decimals: int | None = None
    """As many are written; None: as many as leave three significant digits."""
    least: float = 0.0
    greatest: float = math.inf
    subjects: tuple[Subject, ...] = ("translation",)
    """The studies that have it."""


_SPEED: tuple[Subject, ...] = ("speed",)
METRICS: dict[Metric, MetricInfo] = {
    "bleu": MetricInfo("BLEU", decimals=1, greatest=100.0),
    "chrf": MetricInfo("chrF", decimals=1, greatest=100.0),
    "exact": MetricInfo("exactly right, %", decimals=1, greatest=100.0),
    "perplexity": MetricInfo("perplexity", lower_is_better=True, decimals=2, least=1.0),
    "aer": MetricInfo("AER, %", lower_is_better=True, decimals=1, greatest=100.0),
    "accuracy": MetricInfo("accuracy, %", decimals=1, greatest=100.0, subjects=("classification",)),
    "macro_f1": MetricInfo("macro-F1, %", decimals=1, greatest=100.0, subjects=("classification",)),
    "training_loss": MetricInfo(
        "training loss, nats", lower_is_better=True, decimals=3, subjects=("translation", "classification")
    ),
    "training_tokens_per_second": MetricInfo("training, target tokens/s", decimals=0, subjects=_SPEED),
    "training_milliseconds_per_token": MetricInfo("training, ms a target token", lower_is_better=True, subjects=_SPEED),
    "training_memory": MetricInfo("memory of a training step, MiB", lower_is_better=True, subjects=_SPEED),
    "decoding_tokens_per_second": MetricInfo("decoding, tokens/s", decimals=0, subjects=_SPEED),
    "decoding_milliseconds_per_token": MetricInfo("decoding, ms a token", lower_is_better=True, subjects=_SPEED),
    "decoding_memory": MetricInfo("memory of decoding, MiB", lower_is_better=True, subjects=_SPEED),
}
"""In the order of reports."""
