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
    "training_loss",
    "training_tokens_per_second",
    "training_milliseconds_per_token",
    "training_memory",
    "decoding_tokens_per_second",
    "decoding_milliseconds_per_token",
    "decoding_memory",
]


class MetricInfo(NamedTuple):
    """A metric."""

    unit: str
    """What it is called on axes and in tables."""
    lower_is_better: bool = False
    decimals: int | None = None
    """As many are written; None: as many as leave three significant digits."""
    least: float = 0.0
    greatest: float = math.inf
    speed: bool = False
    """Measured on random tokens; all else needs sentences."""


METRICS: dict[Metric, MetricInfo] = {
    "bleu": MetricInfo("BLEU", decimals=1, greatest=100.0),
    "chrf": MetricInfo("chrF", decimals=1, greatest=100.0),
    "exact": MetricInfo("exactly right, %", decimals=1, greatest=100.0),
    "perplexity": MetricInfo("perplexity", lower_is_better=True, decimals=2, least=1.0),
    "aer": MetricInfo("AER, %", lower_is_better=True, decimals=1, greatest=100.0),
    "training_loss": MetricInfo("training loss, nats a token", lower_is_better=True, decimals=3),
    "training_tokens_per_second": MetricInfo("training, target tokens/s", decimals=0, speed=True),
    "training_milliseconds_per_token": MetricInfo("training, ms a target token", lower_is_better=True, speed=True),
    "training_memory": MetricInfo("memory of a training step, MiB", lower_is_better=True, speed=True),
    "decoding_tokens_per_second": MetricInfo("decoding, tokens/s", decimals=0, speed=True),
    "decoding_milliseconds_per_token": MetricInfo("decoding, ms a token", lower_is_better=True, speed=True),
    "decoding_memory": MetricInfo("memory of decoding, MiB", lower_is_better=True, speed=True),
}
"""In the order of reports."""
