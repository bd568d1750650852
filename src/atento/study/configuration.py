"""What a study file says: variants, data, budget, seeds, the claims, the published figures, and the tests that decide.

All of it is written before anything runs. A file may have two forms, ``[small]`` and ``[full]``, whose tables are laid
over the rest; see ``reading``.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.data.corpus_files import CorpusFiles
from atento.data.labelled_files import LabelledFiles
from atento.study.metrics import METRICS, Metric, Subject
from atento.study.tasks import Task
from atento.text.words import How


class Variant(Configuration, frozen=True, kw_only=True):
    """One of the systems that a study compares."""

    name: str
    label: str = ""
    """For people; empty: the name."""
    recipe: dict[str, Any] = msgspec.field(default_factory=dict)
    """Laid over the study's recipe; a table with another ``kind`` takes the place of the whole table."""
    pairs: int | None = None
    """Train on so many pairs only, drawn once for all variants (a smaller draw is part of a larger one)."""
    max_words: int | None = None
    """Train only on pairs whose source has at most so many words (here and below, signs such as commas count too)."""
    texts: int | None = None
    """Train a classifier on so many texts of each class only, drawn likewise; none: ``train_texts`` of the data."""
    pretraining: dict[str, Any] | None = None
    """Its runs begin with a run on unlabelled text, of the same model and seed. The table is laid over the study's
    ``pretraining``; none: they begin with random weights."""
    matched: bool = True
    """Brought to the parameters of the study's ``match.to``."""
    group: str = ""
    """The line that this variant belongs to, in charts of kind ``series``."""
    x: float | None = None
    """Its horizontal place there; none: the number of pairs (or labelled texts) that it trains on."""

    @property
    def title(self) -> str:
        """Its label, or its name."""
        return self.label or self.name


class Match(Configuration, frozen=True, kw_only=True):
    """How variants get equally many parameters: one key of the model is changed until they do."""

    to: str
    """The variant whose parameters are the measure."""
    key: str = "hidden_size"
    """A whole number in ``[model]``."""
    multiple: int = 4
    """Its values are multiples of this."""
    tolerance: float = 0.025
    """How far off a variant may stay from ``to``, as a fraction of its parameters. Two that are matched to it may
    differ by twice as much, and a little more: with 0.025 by 5.13 % (1.025 / 0.975)."""


class DiagnosticData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="diagnostic"):
    """Random sequences whose right translation is known exactly; see ``tasks``."""

    task: Task = "copy"
    pairs: int = 10_000
    """To train on; a tenth of it, at most 500, is for validation."""
    min_words: int = 3
    max_words: int = 12
    vocabulary: int = 60
    """How many different words there are."""
    tests: tuple[DiagnosticTest, ...] = ()
    seed: int = 1


class DiagnosticTest(Configuration, frozen=True, kw_only=True):
    """A test set of a diagnostic task."""

    name: str
    pairs: int = 200
    min_words: int = 3
    max_words: int = 12


class BuiltinData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="builtin"):
    """The built-in Portuguese–Spanish corpus with its gold alignments; tests ``handwritten`` and ``composed``."""

    composed: int = 20_000
    test_pairs: int | None = None
    """Pairs of each test set, at most."""
    names: int = 0
    """Pairs of the diagnostic task ``rare-names`` to train on besides; if any, names that training never saw are the
    test set ``names``."""


class CorpusData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="corpus"):
    """Files; paths are relative to the study file (a shipped study's to ``--data``)."""

    train: tuple[CorpusFiles, ...]
    valid: tuple[CorpusFiles, ...]
    """Several are put together."""
    valid_pairs: int | None = 1000
    """Validation pairs in all, at most, spread evenly."""
    tests: tuple[CorpusTest, ...]
    lowercase: bool = False
    """All text, that of the tests, too, gets small letters."""
    words_apart: bool = False
    """All text gets spaces between words and signs, as word-aligned corpora have them; what has links that count what
    spaces divide keeps its own."""


class CorpusTest(Configuration, frozen=True, kw_only=True):
    """A test set in files.

    Raises:
        ConfigurationError: it says how to read links, and has none.
    """

    name: str
    source: str
    reference: str
    alignment: str | None = None
    """Gold links between words: a Pharaoh file (``i-j`` sure, ``i?j`` possible) with one line for each pair."""
    words: How = "whitespace"
    """What the links count: what stands between spaces, or ``words`` with punctuation marks apart."""
    one_based: bool = False
    """They count from 1."""
    inverted: bool = False
    """They are target-source."""
    alignment_kind: Literal["gold", "derived", "silver"] = "gold"
    """``gold``: made by hand; ``derived`` from other links; ``silver``: made by a machine. Reports say which."""
    note: str = ""
    """What a reader of the report should know of the test set."""
    pairs: int | None = None
    """Pairs to test on, at most, spread evenly."""

    def __post_init__(self) -> None:
        if self.alignment is None and (self.one_based or self.inverted):
            raise ConfigurationError(
                f"one_based and inverted of the test set {self.name!r} tell how to read alignment; give it too"
            )


class RandomData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="random"):
    """Random tokens of given lengths: nothing is learned, speed and memory are measured. A test set is a length."""

    lengths: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    longest_decoding: int | None = None
    """Longer sentences are trained on and not written, which takes a step a token. None: all are written."""
    vocabulary: int = 8000
    sentences: int = 8
    """Sentences of a training batch, the same at every length."""
    seconds: float = 2.0
    """How long each thing is measured, at least."""
    passes: int = 5
    """In how many passes over all lengths, so that a machine that is busy for a while disturbs no length alone."""

    def writes(self, length: int) -> bool:
        """Whether decoding is measured at this length."""
        return self.longest_decoding is None or length <= self.longest_decoding


class LabelledData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="labelled"):
    """Texts with classes, in plain files by class or in labelled files, or both; the one test set is ``test``.

    Paths are relative to the study file (a shipped study's to ``--data``). A text is one line: whatever white space is
    in it becomes single spaces. What stands in dev or the test set is trained on nowhere.
    """

    classes: tuple[LabelledClass, ...] = ()
    train: tuple[LabelledFiles, ...] = ()
    valid: tuple[LabelledFiles, ...] = ()
    test: tuple[LabelledFiles, ...] = ()
    train_texts: int | None = None
    """Texts of each class to train on, drawn once (a smaller draw is part of a larger one). None: all."""
    valid_texts: int | None = None
    """Texts of each class to validate on, at most, spread evenly."""
    test_texts: int | None = None
    """Texts of each class to test on, likewise."""
    unlabelled: tuple[str, ...] = ()
    """Plain texts to pre-train on."""
    train_unlabelled: bool = False
    """Whether all texts of ``classes`` and ``train`` are pre-trained on, too, without their classes."""


class LabelledClass(Configuration, frozen=True, kw_only=True):
    """A class, and plain files of its texts, a text a line."""

    label: str
    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]


class LanguagesData(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="builtin-languages"):
    """The built-in corpus, each pair as one text in Portuguese, in Spanish, or half in each: which of the three is it?

    All training texts are there to pre-train on, whatever the limit.
    """

    composed: int = 20_000
    train_texts: int | None = None
    test_texts: int | None = None
    """As of labelled data."""


StudyData = DiagnosticData | BuiltinData | CorpusData | RandomData | LabelledData | LanguagesData


class Subset(Configuration, frozen=True, kw_only=True):
    """A test set made of others: their sentences put together, and perhaps only some of them."""

    name: str
    of: tuple[str, ...]
    min_words: int | None = None
    max_words: int | None = None
    """Words of the source."""
    rare_below: int | None = None
    """Only sentences with a source word (of letters) that training saw less often than this."""

    @property
    def has_limits(self) -> bool:
        """Whether it leaves out any sentence of what it is made of."""
        return any(limit is not None for limit in (self.min_words, self.max_words, self.rare_below))


class Measure(Configuration, frozen=True, kw_only=True):
    """A number that a run gives: a metric on a test set, or how it changes from one test set to another."""

    metric: Metric
    on: str = ""
    """A test set; none for ``training_loss``."""
    minus: str | None = None
    """Take the metric on ``on`` less the metric on this test set."""
    per: str | None = None
    """Take the metric on ``on`` divided by the metric on this test set."""

    @property
    def text(self) -> str:
        """For people."""
        unit = METRICS[self.metric].unit
        if self.minus is not None:
            return f"{unit}, {self.on} less {self.minus}"
        if self.per is not None:
            return f"{unit}, {self.on} / {self.per}"
        return f"{unit} on {self.on}" if self.on else unit

    @property
    def tests(self) -> tuple[str, ...]:
        """The test sets that it reads."""
        return tuple(name for name in (self.on, self.minus, self.per) if name)


class Claim(Configuration, frozen=True, kw_only=True):
    """A statement, and the test that decides it: a 95 % interval of the paired difference over seeds against a margin.

    better: variant is better than baseline by more than the margin; equal: they differ by less than the margin.
    """

    statement: str
    source: str
    """Who claims it, and where."""
    variant: str
    baseline: str
    measure: Measure
    relation: Literal["better", "equal"] = "better"
    margin: float = 0.0
    """In the measure's unit."""
    published: float | None = None
    """The published difference, positive where the variant is better."""
    published_note: str = ""
    """What it was measured on."""
    caveat: str = ""
    """What may keep it from holding here (size, data); a report shows it where the claim does not hold."""


class Published(Configuration, frozen=True, kw_only=True):
    """A published figure of a variant.

    Raises:
        ConfigurationError: it says neither which metric it is nor what the paper calls it.
    """

    variant: str
    metric: Metric | None = None
    """Which of ours it is; none: one that we do not measure."""
    name: str = ""
    """What the paper calls it; empty: the metric's name."""
    value: float
    note: str
    """Data, and where it stands."""

    def __post_init__(self) -> None:
        if self.metric is None and not self.name:
            raise ConfigurationError("a published figure needs metric (one of ours), or name (what the paper calls it)")

    @property
    def title(self) -> str:
        """Its metric, for people."""
        return self.name or (METRICS[self.metric].unit if self.metric is not None else "")


class Chart(Configuration, frozen=True, kw_only=True):
    """A figure of the report.

    variants: each variant's mean and interval, seeds as dots; lengths: by the source's words; series: variants with
    ``group``, by their ``x``; tests: by test sets whose names are numbers; training: loss by step.
    """

    kind: Literal["variants", "lengths", "series", "tests", "training"]
    name: str
    """Of the files."""
    title: str
    metric: Metric = "bleu"
    on: str = ""
    x: str = ""
    """What the horizontal axis of ``series`` and ``tests`` is."""
    logarithmic: bool = False
    """Both axes; only the horizontal one for ``series``."""
    published: bool = True
    """Whether published figures of the metric stand beside, in ``variants``."""


Form = Literal["small", "full", "only"]
"""Which form of a study was taken; ``only``: its file has no ``[full]``, so the rest of it was taken as it is."""


class Study(Configuration, frozen=True, kw_only=True):
    """A whole study.

    Raises:
        ConfigurationError: unknown or repeated names, numbers out of range, or a measure that no run has.
    """

    title: str
    question: str
    """What is at stake, in a few sentences."""
    notes: str = ""
    """What differs from the papers."""
    recipe: dict[str, Any]
    """``[recipe.model]``, ``[recipe.training]``, … as in a recipe, without data. The budget stands in it."""
    pretraining: dict[str, Any] = msgspec.field(default_factory=dict)
    """Laid over the recipe for the runs that others begin with: ``training``, and ``context`` and ``documents`` of
    ``data``."""
    variants: tuple[Variant, ...]
    data: StudyData
    subsets: tuple[Subset, ...] = ()
    by_length: str | None = None
    """The test set whose quality is also given by length."""
    length_bounds: tuple[int, ...] = (1, 6, 11, 16, 21, 31, 41, 51)
    """The fewest words of each bucket; buckets under ``smallest_bucket`` sentences are merged."""
    smallest_bucket: int = 50
    seeds: tuple[int, ...] = (1, 2, 3)
    learning_rates: tuple[float, ...] = ()
    """Each variant is trained with all of them and the first seed, and with the one that is best on dev by the others.
    None: the recipe's own."""
    extra_rates: int = 2
    """How many more are tried, one after the other, where a variant's best one is the lowest or the highest so far."""
    match: Match | None = None
    claims: tuple[Claim, ...]
    published: tuple[Published, ...] = ()
    charts: tuple[Chart, ...] = ()
    threads: int | None = None
    """CPU threads of one run; as many runs go on at once as the cores allow. None: one run at a time, on all cores."""

    def __post_init__(self) -> None:
        from atento.study.checks import check_study  # it knows the classes of this module

        check_study(self)

    @property
    def test_names(self) -> tuple[str, ...]:
        """All test sets, subsets last."""
        match self.data:
            case DiagnosticData(tests=tests) | CorpusData(tests=tests):
                own = tuple(test.name for test in tests)
            case BuiltinData(names=names):
                own = ("handwritten", "composed", *(("names",) if names else ()))
            case RandomData(lengths=lengths):
                own = tuple(map(str, lengths))
            case LabelledData() | LanguagesData():
                own = ("test",)
        return own + tuple(subset.name for subset in self.subsets)

    @property
    def subject(self) -> Subject:
        """What it is about, which its data tell."""
        match self.data:
            case RandomData():
                return "speed"
            case LabelledData() | LanguagesData():
                return "classification"
            case _:
                return "translation"

    @property
    def measures_speed(self) -> bool:
        """Whether nothing is learned, and speed and memory are all that is measured."""
        return self.subject == "speed"

    def measures(self, metric: Metric, test: str) -> bool:
        """Whether runs can have this metric on this test set (AER: if their models attend)."""
        if isinstance(self.data, RandomData) and metric.startswith("decoding") and not self.data.writes(int(test)):
            return False
        return self.subject in METRICS[metric].subjects and (metric != "aer" or self._has_links(test))

    def _has_links(self, test: str) -> bool:
        """Whether a test set has gold word alignments; a subset needs them of all its parts, of the same words."""
        if not isinstance(self.data, CorpusData):
            return True
        parts = {subset.name: subset.of for subset in self.subsets}.get(test, (test,))
        members = [each for each in self.data.tests if each.name in parts]
        return all(each.alignment is not None for each in members) and len({each.words for each in members}) == 1
