"""Results of an evaluation as plain data: nothing here prints; the command line draws tables of ``rows()``."""

from __future__ import annotations

import msgspec

from atento.evaluation.configuration import MetricName


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every result."""

    def to_json(self) -> str:
        """All fields as one line of JSON."""
        return msgspec.json.encode(self).decode()


class Interval(Report, frozen=True, kw_only=True):
    """A 95 % bootstrap confidence interval, in the score's unit."""

    low: float
    high: float
    mean: float
    """Of the resamples."""

    @property
    def half_width(self) -> float:
        """What sacrebleu prints after ±."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        return f"{self.low:.1f} … {self.high:.1f}"


class Score(Report, frozen=True, kw_only=True):
    """A corpus's score in percent."""

    metric: MetricName
    name: str
    """As sacrebleu writes it: BLEU, chrF2, TER."""
    value: float
    higher_is_better: bool
    signature: str
    """Without it a figure cannot be compared."""
    interval: Interval | None = None
    """None where no resamples were asked for."""
    details: dict[str, float] = {}

    def line(self, width: int = 1) -> str:
        """The line that ``sacrebleu --format text`` prints (BLEU without its details)."""
        text = f"{self.name}|{self.signature} = {self.value:.{width}f}"
        if self.interval is not None:
            text += f" (μ = {self.interval.mean:.{width}f} ± {self.interval.half_width:.{width}f})"
        return text


class Evaluation(Report, frozen=True, kw_only=True):
    """The scores of one system's translations."""

    scores: tuple[Score, ...]
    sentences: int
    references: int
    """How many references each sentence has."""
    notes: tuple[str, ...] = ()
    """Reasons to doubt the figures, for people to read."""

    def score(self, metric: MetricName) -> Score:
        """The score of one metric.

        Raises:
            KeyError: it was not measured.
        """
        for score in self.scores:
            if score.metric == metric:
                return score
        raise KeyError(metric)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """A table: metric, score, 95 % interval, signature."""
        return [
            (score.name, f"{score.value:.1f}", "" if score.interval is None else str(score.interval), score.signature)
            for score in self.scores
        ]
