"""Which published figures belong beside which measured metric. Papers name metrics freely; their words decide."""

from __future__ import annotations

import msgspec

from atento.study.configuration import Metric, Published
from atento.study.results import StudyReport

_WORDS: dict[Metric, tuple[str, ...]] = {
    "bleu": ("bleu",),
    "chrf": ("chrf",),
    "exact": ("exact", "accuracy"),
    "perplexity": ("perplexity", "ppl"),
    "aer": ("aer", "alignment error"),
    "training_loss": ("training loss", "training cost"),
}


def figures(report: StudyReport) -> tuple[Published, ...]:
    """The published figures of a report."""
    return tuple(msgspec.convert(figure, Published) for figure in report.published)


def belongs(figure: Published, metric: Metric) -> bool:
    """Whether a figure is, in its paper's words, of this metric."""
    name = figure.metric.casefold()
    return any(word in name for word in _WORDS.get(metric, ()))
