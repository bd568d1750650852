"""What a study was trained and tested on, in lines for its report, without the places of files."""

from __future__ import annotations

from collections import Counter

from atento.study.configuration import (
    BuiltinData,
    CorpusData,
    DiagnosticData,
    LabelledData,
    LanguagesData,
    RandomData,
    Study,
)
from atento.study.corpora import describe_form, describe_test
from atento.study.data import Materials, count_pairs
from atento.study.labelled import describe_labelled
from atento.study.testset import TestSet
from atento.text.words import segment


def describe(study: Study, materials: Materials) -> tuple[str, ...]:
    """The lines."""
    match study.data:
        case DiagnosticData(task=task, pairs=pairs, vocabulary=size, min_words=low, max_words=high, seed=seed):
            own = f"the diagnostic task {task}: {pairs:,} pairs of {low} to {high} words out of {size} (seed {seed})"
        case BuiltinData(composed=composed, names=names):
            trained = count_pairs(materials.train) - names
            own = (
                f"the built-in Portuguese–Spanish corpus: its hand-written and {composed:,} composed pairs, of which "
                f"{trained:,} are trained on"
            )
            own += f", and {names:,} pairs of the diagnostic task rare-names" if names else ""
        case CorpusData(train=train):
            files = ", ".join(" and ".join(path.name for path in corpus.paths) for corpus in train)
            own = f"trained on {files}: {count_pairs(train):,} pairs{describe_form(study.data)}"
        case RandomData(lengths=lengths, vocabulary=size, sentences=sentences):
            return (
                f"random tokens (of {size:,}) in sentences of {', '.join(map(str, lengths))} tokens, "
                f"{sentences:,} of them in a training batch",
            )
        case LabelledData() | LanguagesData():
            return (*describe_labelled(study, materials.facts), *_describe_tests(study, materials))
    return (own, *_describe_tests(study, materials))


def _describe_tests(study: Study, materials: Materials) -> list[str]:
    lines = []
    for name in study.test_names:
        if not materials.has(name):
            lines.append(f"test set {name}: no sentence fits it")
            continue
        test = materials.test(name)
        words = sum(len(segment(source)) for source in test.sources) / len(test)
        more = _more(study, test)
        if study.subject == "classification":
            often = 100 * max(Counter(test.references).values()) / len(test)
            more = f"; whoever always guesses the most frequent class is right in {often:.1f} %"
        lines.append(f"test set {name}: {len(test):,} sentences of {words:.1f} words on average{more}")
    return lines


def _more(study: Study, test: TestSet) -> str:
    """What else there is to know of a test set."""
    if not isinstance(study.data, CorpusData):
        return ", with gold word alignments" if test.links else ""
    members = {subset.name: subset.of for subset in study.subsets}.get(test.name, (test.name,))
    told = describe_test(study.data, members, linked=test.links is not None)
    return f", {told}" if told else ""
