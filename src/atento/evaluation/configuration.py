"""What is measured, and how surely."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError

MetricName = Literal["bleu", "chrf", "ter"]


class MetricsConfig(Configuration, frozen=True, kw_only=True):
    """Metrics and their settings; the defaults are those of the ``sacrebleu`` command.

    Raises:
        ConfigurationError: no metric, one named twice, or a number out of range.
    """

    metrics: tuple[MetricName, ...] = ("bleu", "chrf", "ter")
    lowercase: bool = False
    """Ignore case, as ``--lowercase --chrf-lowercase`` do; TER ignores it in any case."""
    tokenize: Literal["13a", "intl", "zh", "char", "none"] = "13a"
    """How BLEU cuts words: ``zh`` for Chinese, ``char`` for other scripts without spaces."""
    chrf_word_order: int = 0
    """2 is chrF++."""
    resamples: int = 1000
    """Bootstrap resamples for confidence intervals and paired tests; 0 leaves the intervals out."""
    seed: int = 12345
    """Sacrebleu's own default."""

    def __post_init__(self) -> None:
        if not self.metrics or len(set(self.metrics)) != len(self.metrics):
            raise ConfigurationError(f"metrics = {list(self.metrics)}: name one or more of bleu, chrf, ter, each once")
        for name in ("chrf_word_order", "resamples", "seed"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} = {getattr(self, name)}: it must not be negative")
