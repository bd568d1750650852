"""What is refused of a study before anything runs: numbers out of range, names that are not there, and claims or charts
that no run could ever give a figure.

Whether each variant's recipe fits is checked in ``variants``, which knows models.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from atento.core.configuration import nearest
from atento.core.errors import ConfigurationError
from atento.core.vocabulary import SPECIAL_TOKENS
from atento.study.tasks import MOST_WORDS

if TYPE_CHECKING:
    from atento.study.configuration import Chart, Claim, LabelledData, Study, Variant
from atento.study.metrics import METRICS, Metric, Subject

FILE_NAME = re.compile(r"[\w-][\w.-]*")
"""What names of variants, test sets and charts may be, as they become names of files."""
_LONGEST_NAME = 80
"""Of what becomes a part of a file's name; systems take 255 bytes of a whole one."""
_LARGEST_SEED = 2**63 - 1
_FINITE = "give a finite number"
_BY_LENGTH: tuple[Metric, ...] = ("bleu", "chrf")
"""What is measured by length, too."""


def check_study(study: Study) -> None:
    """Refuse what cannot be run or decided.

    Raises:
        ConfigurationError: unknown or repeated names, numbers out of range, or a measure that no run has.
    """
    _check_variants(study)
    _check_numbers(study)
    _check_data(study)
    _check_tests(study)
    for claim in study.claims:
        _check_claim(study, claim)
    _refuse_alike("charts", [chart.name for chart in study.charts])
    for chart in study.charts:
        _check_chart(study, chart)


def _check_variants(study: Study) -> None:
    if not study.variants:
        raise ConfigurationError("a study needs variants; give [[variants]]")
    names = [variant.name for variant in study.variants]
    _refuse_odd(names)
    _refuse_alike("variants", names)
    _refuse_twice("labels of variants", [variant.title for variant in study.variants])
    mentioned = [
        (f"the claim {claim.statement!r}", name) for claim in study.claims for name in (claim.variant, claim.baseline)
    ]
    mentioned += [("[[published]]", figure.variant) for figure in study.published]
    mentioned += [("match.to", study.match.to)] if study.match else []
    for who, name in mentioned:
        if name not in names:
            raise ConfigurationError(f"{who}: there is no variant {name!r}{nearest(name, names)}")
    for variant in study.variants:
        _check_variant(study, variant)
    if study.pretraining and all(variant.pretraining is None for variant in study.variants):
        raise ConfigurationError("no variant begins pre-trained; give one pretraining = {}, or leave [pretraining] out")


def _check_variant(study: Study, variant: Variant) -> None:
    for key, value in (("pairs", variant.pairs), ("max_words", variant.max_words)):
        _require(value is None or value >= 1, f"{key} of the variant {variant.name!r}", value, "give 1 or more")
        if value is not None and study.measures_speed:
            raise ConfigurationError(f"{key} of the variant {variant.name!r}: random tokens are no pairs; leave it out")
        if value is not None and study.subject == "classification":
            advice = "labelled texts are no pairs; limit them with texts, or data.train_texts"
            raise ConfigurationError(f"{key} of the variant {variant.name!r}: {advice}")
    _require_some(f"texts of the variant {variant.name!r}", variant.texts)
    for key, given in (("texts", variant.texts), ("pretraining", variant.pretraining)):
        if given is not None and study.subject != "classification":
            raise ConfigurationError(
                f"{key} of the variant {variant.name!r}: only classifiers have it (data.kind = 'labelled' or "
                "'builtin-languages'); leave it out"
            )
    _require(variant.x is None or math.isfinite(variant.x), f"x of the variant {variant.name!r}", variant.x, _FINITE)


def _check_numbers(study: Study) -> None:
    if not study.seeds:
        raise ConfigurationError("a study needs seeds; give some (with less than two nothing is decided)")
    for seed in study.seeds:
        _require(0 <= seed <= _LARGEST_SEED, "seeds", seed, "give whole numbers from 0")
    _refuse_twice("seeds", study.seeds)
    for rate in study.learning_rates:
        _require(0 < rate < math.inf, "learning_rates", rate, "give numbers above 0")
    _refuse_twice("learning_rates", [f"{rate:g}" for rate in study.learning_rates])
    _require(study.extra_rates >= 0, "extra_rates", study.extra_rates, "give 0 or more")
    if study.learning_rates and study.measures_speed:
        raise ConfigurationError("learning_rates: a study of speed learns nothing; leave them out")
    _require(study.threads is None or study.threads >= 1, "threads", study.threads, "give 1 or more")
    if (match := study.match) is not None:
        _require(match.multiple >= 1, "match.multiple", match.multiple, "give 1 or more")
        _require(0 <= match.tolerance < 1, "match.tolerance", match.tolerance, "give a fraction, such as 0.05")
    for figure in study.published:
        _require(
            math.isfinite(figure.value), f"the published {figure.metric} of {figure.variant}", figure.value, _FINITE
        )


def _check_data(study: Study) -> None:
    from atento.study.configuration import (
        BuiltinData,
        CorpusData,
        DiagnosticData,
        LabelledData,
        LanguagesData,
        RandomData,
    )

    match study.data:
        case DiagnosticData() as data:
            _require(data.pairs >= 1, "data.pairs", data.pairs, "give 1 or more")
            _check_lengths("data", data.min_words, data.max_words)
            _require(1 <= data.vocabulary <= MOST_WORDS, "data.vocabulary", data.vocabulary, f"give 1 to {MOST_WORDS}")
            _require(data.seed >= 0, "data.seed", data.seed, "give 0 or more")
            for test in data.tests:
                _require(test.pairs >= 1, f"pairs of the test set {test.name!r}", test.pairs, "give 1 or more")
                _check_lengths(f"the test set {test.name!r}", test.min_words, test.max_words)
        case BuiltinData() as data:
            _require(data.composed >= 0, "data.composed", data.composed, "give 0 or more")
            _require(data.names >= 0, "data.names", data.names, "give 0 or more")
            _require_some("data.test_pairs", data.test_pairs)
        case CorpusData() as data:
            for key, files in (("data.train", data.train), ("data.valid", data.valid)):
                _require(files, key, [], "give at least one corpus")
            _require_some("data.valid_pairs", data.valid_pairs)
            for each in data.tests:
                _require_some(f"pairs of the test set {each.name!r}", each.pairs)
        case RandomData() as data:
            _require(data.lengths, "data.lengths", [], "give at least one length, in tokens")
            for length in data.lengths:
                _require(length >= 1, "data.lengths", length, "give 1 or more")
            least = len(SPECIAL_TOKENS) + 1
            _require(data.vocabulary >= least, "data.vocabulary", data.vocabulary, f"give {least} or more")
            _require(data.sentences >= 1, "data.sentences", data.sentences, "give 1 or more")
            _require(0 <= data.seconds < math.inf, "data.seconds", data.seconds, "give 0 or more")
            _require(data.passes >= 1, "data.passes", data.passes, "give 1 or more")
            _require_some("data.longest_decoding", data.longest_decoding)
        case LanguagesData() as data:
            _require(data.composed >= 0, "data.composed", data.composed, "give 0 or more")
            _require_some("data.train_texts", data.train_texts)
            _require_some("data.test_texts", data.test_texts)
        case LabelledData() as data:
            _check_labelled(study, data)


def _check_labelled(study: Study, data: LabelledData) -> None:
    for key in ("train_texts", "valid_texts", "test_texts"):
        _require_some(f"data.{key}", getattr(data, key))
    _require(data.classes or data.train, "data.classes", [], "give [[data.classes]], or train, valid and test files")
    labels = [" ".join(each.label.split()) for each in data.classes]
    _refuse_twice("data.classes", labels)
    _require(all(labels), "label of [[data.classes]]", "", "give the class a name")
    for part in ("train", "valid", "test"):
        for each in data.classes:
            _require(getattr(each, part), f"{part} of the class {each.label!r}", [], "give at least one file")
        if bool(getattr(data, part)) != bool(data.train):
            raise ConfigurationError("data.train, valid and test go together; give all of them, or none")
    _require(data.train or len(labels) > 1, "data.classes", labels, "give at least two classes")
    pretrained = [variant.name for variant in study.variants if variant.pretraining is not None]
    if pretrained and not data.unlabelled and not data.train_unlabelled:
        raise ConfigurationError(
            f"the variant {pretrained[0]!r} is pre-trained, and there is no unlabelled text; give data.unlabelled, "
            "or data.train_unlabelled = true"
        )


def _check_lengths(where: str, fewest: int, most: int) -> None:
    if not 1 <= fewest <= most:
        raise ConfigurationError(f"{where}: min_words = {fewest}, max_words = {most}: give 1 ≤ min_words ≤ max_words")


def _check_tests(study: Study) -> None:
    names = study.test_names
    _refuse_alike("test sets", names)
    _refuse_odd(names)
    if study.measures_speed and (study.subsets or study.by_length):
        raise ConfigurationError("subsets and by_length go with sentences, and random tokens are none; leave them out")
    if study.subject == "classification" and study.by_length:
        raise ConfigurationError("by_length: BLEU and chrF are measured by length, and classes are not; leave it out")
    own = names[: len(names) - len(study.subsets)]
    for subset in study.subsets:
        who = f"the subset {subset.name!r}"
        _refuse_unknown(who, subset.of, own)
        _refuse_twice(f"{who}: of", subset.of)
        _require(subset.of, f"{who}: of", [], "give the test sets that it is made of")
        fewest, most = subset.min_words or 0, subset.max_words
        if fewest < 0 or (most is not None and most < max(1, fewest)):
            raise ConfigurationError(f"{who}: no sentence has {fewest} to {most} words; change its bounds")
        _require_some(f"{who}: rare_below", subset.rare_below)
    _refuse_unknown("by_length", [study.by_length] if study.by_length else [], names)
    bounds = study.length_bounds
    rising = all(low < high for low, high in itertools.pairwise(bounds))
    if not bounds or bounds[0] != 1 or not rising:
        raise ConfigurationError(f"length_bounds = {list(bounds)}: they must begin with 1 and rise")
    _require(study.smallest_bucket >= 1, "smallest_bucket", study.smallest_bucket, "give 1 or more")


def _check_claim(study: Study, claim: Claim) -> None:
    who, measure = f"the claim {claim.statement!r}", claim.measure
    if claim.variant == claim.baseline:
        raise ConfigurationError(f"{who} compares {claim.variant!r} with itself; name two variants")
    if not math.isfinite(claim.margin) or claim.margin < 0 or (claim.relation == "equal" and claim.margin == 0):
        raise ConfigurationError(
            f"margin = {claim.margin} of {who}: give 0 or more ('equal': more than 0), the difference that matters"
        )
    _require(claim.published is None or math.isfinite(claim.published), f"published of {who}", claim.published, _FINITE)
    _refuse_unknown(who, measure.tests, study.test_names)
    if measure.metric == "training_loss":
        if measure.tests:
            raise ConfigurationError(f"{who}: training_loss is of no test set; leave on, minus and per out")
        return
    if not measure.on:
        raise ConfigurationError(f"{who}: on which test set? give on{nearest('', study.test_names)}")
    if measure.minus is not None and measure.per is not None:
        raise ConfigurationError(f"{who}: minus and per are two ways to measure a change; give one of them")
    if measure.on in (measure.minus, measure.per):
        raise ConfigurationError(f"{who} compares the test set {measure.on!r} with itself; name another one")
    for test in measure.tests:
        _refuse_unmeasured(study, who, measure.metric, test)


def _check_chart(study: Study, chart: Chart) -> None:
    names = study.test_names
    who = f"the chart {chart.name!r}"
    _refuse_odd([chart.name])
    _refuse_unknown(who, [chart.on] if chart.on else [], names)
    if chart.kind == "training" or chart.metric == "training_loss":
        return
    if chart.kind == "lengths":
        if study.by_length is None:
            raise ConfigurationError(f"{who} is drawn by length: give by_length, the test set that it shows")
        if chart.metric not in _BY_LENGTH:
            raise ConfigurationError(f"{who}: {chart.metric} is not measured by length; known: {', '.join(_BY_LENGTH)}")
        if chart.on not in ("", study.by_length):
            raise ConfigurationError(
                f"{who}: only {study.by_length!r} is measured by length; leave on out, or change by_length"
            )
    if chart.kind == "series" and not any(variant.group for variant in study.variants):
        raise ConfigurationError(f"{who} is a series of variants, and none has a group; give variants group (and x)")
    if chart.kind == "series" and not chart.on:
        raise ConfigurationError(f"{who}: on which test set? give on{nearest('', names)}")
    if chart.kind == "tests" and not any(name.isdecimal() for name in names):
        raise ConfigurationError(f"{who} is drawn by test sets whose names are numbers, and there are none")
    tests = [chart.on] if chart.on else names
    if not any(study.measures(chart.metric, test) for test in tests):
        _refuse_unmeasured(study, who, chart.metric, tests[0] if tests else "")


def _refuse_unmeasured(study: Study, who: str, metric: Metric, test: str) -> None:
    if study.measures(metric, test):
        return
    if study.measures_speed and "speed" in METRICS[metric].subjects:
        why = "sentences over data.longest_decoding are not written"
    elif study.measures_speed:
        why = "random tokens are measured for speed and memory only"
    elif "speed" in METRICS[metric].subjects:
        why = 'speed and memory are measured with data.kind = "random" only'
    elif study.subject == "classification":
        why = f"classifiers are measured by {_listed('classification')}"
    elif metric == "aer":
        why = f"the test set {test!r} has no gold word alignments"
    else:
        why = "only classifiers (data.kind = 'labelled' or 'builtin-languages') have it"
    raise ConfigurationError(f"{who} asks for {metric}, and {why}; take another metric")


def _listed(subject: Subject) -> str:
    """The metrics of such studies that test sets have."""
    return " and ".join(name for name, each in METRICS.items() if each.subjects == (subject,))


def _require(fits: object, what: str, value: object, advice: str) -> None:
    if not fits:
        raise ConfigurationError(f"{what} = {value!r}: {advice}")


def _require_some(what: str, value: int | None) -> None:
    _require(value is None or value >= 1, what, value, "give 1 or more, or leave it out")


def _refuse_twice(what: str, names: Sequence[object]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigurationError(f"{what}: {name!r} appears twice; rename one, or leave it out")


def _refuse_alike(what: str, names: Sequence[str]) -> None:
    """Refuse names of files that are equal, or are on systems that do not tell small letters from capitals."""
    _refuse_twice(what, names)
    known: dict[str, str] = {}
    for name in names:
        if (other := known.setdefault(name.casefold(), name)) != name:
            raise ConfigurationError(f"{what}: {other!r} and {name!r} differ in case alone; rename one")


def _refuse_odd(names: Iterable[str]) -> None:
    for name in names:
        if not FILE_NAME.fullmatch(name):
            raise ConfigurationError(
                f"the name {name!r} is used in file names: use only letters, digits, '-', '_' and '.'"
            )
        if len(name.encode()) > _LONGEST_NAME:
            raise ConfigurationError(f"the name {name!r} is used in file names: use {_LONGEST_NAME} letters at most")


def _refuse_unknown(who: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{who} names an unknown test set {name!r}{nearest(name, known)}")
