"""What a run of a study came to, and what is made of all of them. Plain data: ``result.json`` and ``report.json``."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from atento.evaluation.report import Report
from atento.study.configuration import Form, Measure, Published
from atento.study.metrics import Metric, Subject

FORMAT = 1
"""Version of ``report.json``."""


class Bucket(Report, frozen=True, kw_only=True):
    """Quality of the sentences of some lengths."""

    label: str
    sentences: int
    mean_words: float
    metrics: dict[Metric, float]


class TestResult(Report, frozen=True, kw_only=True):
    """A run on a test set; the metrics' units are those of ``metrics.METRICS``."""

    sentences: int
    metrics: dict[Metric, float]
    buckets: tuple[Bucket, ...] = ()
    """By length, where the study asks for it."""


class Cost(Report, frozen=True, kw_only=True):
    """What a run cost."""

    parameters: int
    minutes: float = 0.0
    """Of training, validation included."""
    steps: int = 0
    target_tokens: int = 0
    tokens_per_second: float = 0.0
    peak_memory: float | None = None
    """Of the whole process at its largest, or what it held of a GPU's memory, in MiB; None where nothing tells."""
    threads: int = 1
    scoring_minutes: float = 0.0
    """Of translating (or classifying) dev and the test sets and measuring them."""
    left_out: int = 0
    """Training pairs that were empty or too long for the recipe."""


class RunResult(Report, frozen=True, kw_only=True):
    """One trained (or timed) model."""

    variant: str
    seed: int
    learning_rate: float | None
    """None: the study tries no rates."""
    fingerprint: str
    """Of recipe, texts and tokenizers, and of the run that it begins with; not of versions, machine or device."""
    weights: str = ""
    """Fingerprint of what its weights depend on: runs that share it differ in decoding alone and were trained once."""
    scored_on: str = ""
    """Checksum of the test sets; a run whose test sets have changed is scored anew."""
    recipe: dict[str, Any]
    """Exactly what was run, without the places of files."""
    tests: dict[str, TestResult] = msgspec.field(default_factory=dict)
    dev_loss: float | None = None
    """Nats a token (of classifiers, a text); what learning rates are chosen by."""
    training_loss: float | None = None
    """Likewise, not smoothed, of the last tenth of the run."""
    training_curve: tuple[tuple[int, float], ...] = ()
    """(step, loss) as logged."""
    skipped_steps: int = 0
    failure: str | None = None
    """Why training broke off (losses that are not finite); such a run has no tests."""
    cost: Cost
    signatures: dict[str, str] = msgspec.field(default_factory=dict)
    """sacreBLEU's, by metric."""
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    """Of what it was made with, its machine and device; no part of the fingerprint, as ``cost.threads`` is none."""

    @property
    def diverged(self) -> bool:
        """Whether training broke off, or ended with a higher loss than it began with."""
        if self.failure is not None:
            return True
        return (
            self.training_loss is not None
            and len(self.training_curve) > 1
            and self.training_loss >= self.training_curve[0][1]
        )

    def value(self, measure: Measure) -> float | None:
        """The measure's number; None where this run does not have it, or has one that is not finite."""
        if measure.metric == "training_loss":
            return self.training_loss
        values = [self._metric(measure.metric, name) for name in measure.tests]
        match values:
            case [float(value)]:
                return value
            case [float(value), float(other)]:
                return value - other if measure.minus is not None else value / other if other else None
            case _:
                return None

    def _metric(self, metric: Metric, test: str) -> float | None:
        result = self.tests.get(test)
        value = None if result is None else result.metrics.get(metric)
        return value if value is not None and math.isfinite(value) else None


class Estimate(Report, frozen=True, kw_only=True):
    """A mean over seeds with its 95 % interval (Student's t); one seed has no interval."""

    mean: float
    low: float | None
    high: float | None
    values: tuple[float, ...]
    """One a seed, in the seeds' order."""


class VariantResult(Report, frozen=True, kw_only=True):
    """A variant over its seeds, with the learning rate that was best on dev."""

    name: str
    title: str
    learning_rate: float | None
    at_edge: bool = False
    """Whether that is the least or the greatest rate tried, so that a better one may lie beyond."""
    fitting_rate: float | None = None
    """The rate with the lowest training loss, where a claim is about that."""
    fitting_at_edge: bool = False
    """As ``at_edge``, of ``fitting_rate``."""
    rates: dict[str, float | None] = msgspec.field(default_factory=dict)
    """Learning rate → dev loss (None: the run broke off)."""
    runs: tuple[RunResult, ...]
    """One a seed, with the chosen rate."""
    other_runs: tuple[RunResult, ...] = ()
    """Those with the other rates: of the first seed, and of every seed with ``fitting_rate``."""
    pretraining: tuple[RunResult, ...] = ()
    """The runs on unlabelled text that these begin with, one a seed; none: they begin with random weights."""
    diverged: int = 0
    """Runs that diverged, all learning rates included."""
    trained: int = 0
    """All runs of the variant, all learning rates included."""
    group: str = ""
    """The line that it belongs to, in charts of kind ``series``."""
    x: float | None = None
    """Its horizontal place there."""
    metrics: dict[str, dict[Metric, Estimate]] = msgspec.field(default_factory=dict)
    """Test set → metric → estimate; ``training_loss`` stands under ``""``."""
    parameters: int = 0
    minutes: float = 0.0
    """Mean over the runs that did not break off, as are ``tokens_per_second`` and ``peak_memory``; without
    pre-training."""
    tokens_per_second: float = 0.0
    """Target tokens in training."""
    peak_memory: float | None = None
    """MiB."""

    def runs_for(self, measure: Measure) -> tuple[RunResult, ...]:
        """The runs that a claim with this measure compares: with the learning rate that is best for it."""
        if measure.metric != "training_loss" or self.fitting_rate is None:
            return self.runs
        every = (*self.runs, *self.other_runs)
        return tuple(run for run in every if run.learning_rate == self.fitting_rate)

    def at_edge_for(self, measure: Measure) -> bool:
        """Whether their learning rate is the least or the greatest tried."""
        return self.fitting_at_edge if measure.metric == "training_loss" else self.at_edge


class Verdict(Report, frozen=True, kw_only=True):
    """What became of a claim."""

    statement: str
    source: str
    test: str
    """The test in words, as it was fixed before."""
    verdict: Literal["holds", "does not hold", "undecided"]
    difference: Estimate | None
    """Positive where the variant is better."""
    relation: Literal["better", "equal"] = "better"
    measure: Measure | None = None
    """What was compared; it gives the difference its unit."""
    variant: str = ""
    baseline: str = ""
    """For people: whose difference from whom."""
    margin: float
    published: float | None
    published_note: str
    reason: str
    """In one sentence, how the verdict follows from the interval."""
    caveat: str = ""
    """What may keep the claim from holding; empty where it holds."""


class StudyReport(Report, frozen=True, kw_only=True):
    """Everything that a report shows."""

    format: int = FORMAT
    name: str
    form: Form
    own_corpus: bool = False
    """Whether a user's corpus stood in the place of the study's data."""
    title: str
    question: str
    notes: str
    command: str
    """What to type to make it again."""
    command_note: str = ""
    """What has to be known for that, in a sentence; may be empty."""
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    extra_rates: int = 0
    """How many more a variant may have tried, beyond an end that was best."""
    subject: Subject = "translation"
    budget: str
    data: tuple[str, ...]
    """Lines that describe the data."""
    tests: dict[str, int]
    """Test set → sentences."""
    variants: tuple[VariantResult, ...]
    verdicts: tuple[Verdict, ...]
    published: tuple[Published, ...]
    total_minutes: float
    finished: bool
    """False while runs are missing."""
    machine: str
    """Of all runs, as are the versions: where they were not the same, every one of them."""
    versions: dict[str, str]
    signatures: dict[str, str]

    @property
    def kind(self) -> str:
        """The form and the corpus, for people; may be empty."""
        form = "" if self.form == "only" else f"{self.form} form"
        return ", ".join(filter(None, (form, "on another corpus" if self.own_corpus else "")))

    @property
    def rates_text(self) -> str:
        """The learning rates that were tried, for people."""
        if self.subject == "speed":
            return "none, nothing is trained"
        if not self.learning_rates:
            return "each recipe’s own"
        beyond = f", and up to {self.extra_rates} beyond an end that was best" if self.extra_rates else ""
        return ", ".join(map(str, self.learning_rates)) + beyond

    def tests_with(self, metric: Metric) -> list[str]:
        """The test sets that some variant has this metric on, in the report's order; lengths by their size."""
        found = {test for variant in self.variants for test, metrics in variant.metrics.items() if metric in metrics}
        others = sorted(found - set(self.tests), key=lambda test: (as_number(test), test))
        return [test for test in self.tests if test in found] + others


def as_number(text: str) -> float:
    """The number that a name is (a length, a learning rate); infinite where it is none, so that it is sorted last."""
    try:
        return float(text)
    except ValueError:
        return math.inf
