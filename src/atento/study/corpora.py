"""A study's corpora in files: read, written in the form that the study asks for, and their test sets with links.

Word-aligned corpora are mostly lower-cased, with spaces between words and signs, and strange to a model that has read
other text. With ``lowercase`` and ``words_apart`` all text of a study takes their form. Links that count what spaces
divide stay right: their corpus or test set keeps its spaces as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from atento.core.errors import DataError
from atento.data.corpus_files import CorpusFiles
from atento.data.pharaoh import check_links, read_alignments
from atento.data.readers import read_pairs
from atento.data.records import sides_of
from atento.study.configuration import CorpusData
from atento.study.labelled import spread
from atento.study.testset import TestSet
from atento.text.words import segment, words_of

Pair = tuple[str, str]


def training_files(data: CorpusData, folder: Path) -> tuple[CorpusFiles, ...]:
    """What is trained on: the user's files where they lie, or ours in ``folder`` (DIR/data), if their form changes."""
    if not _changes(data):
        return data.train
    return tuple(_written(corpus, folder / "corpora" / str(number)) for number, corpus in enumerate(data.train, 1))


def write_training(data: CorpusData, folder: Path) -> None:
    """Write the files that ``training_files`` names, if they are ours.

    Raises:
        DataError: a file cannot be read.
    """
    if not _changes(data):
        return
    (folder / "corpora").mkdir()
    for corpus, ours in zip(data.train, training_files(data, folder), strict=True):
        source, target = ours.paths
        with (
            source.open("w", encoding="utf-8", newline="\n") as sources,
            target.open("w", encoding="utf-8", newline="\n") as targets,
        ):
            for pair in training_pairs(corpus, data):
                sources.write(f"{pair[0]}\n")
                targets.write(f"{pair[1]}\n")


def training_pairs(corpus: CorpusFiles, data: CorpusData) -> Iterator[Pair]:
    """The pairs of a corpus to train or to validate on.

    Raises:
        DataError: a file cannot be read.
    """
    counted = corpus.alignment is not None and corpus.alignment_words == "whitespace"
    for pair in read_pairs(corpus):
        yield _in_form(pair.source, data, counted=counted), _in_form(pair.target, data, counted=counted)


def dev_pairs(data: CorpusData) -> list[Pair]:
    """The pairs to choose learning rates on.

    Raises:
        DataError: a file cannot be read.
    """
    pairs = [pair for corpus in data.valid for pair in training_pairs(corpus, data)]
    return [pairs[place] for place in spread(len(pairs), data.valid_pairs)]


def corpus_tests(data: CorpusData) -> Iterator[TestSet]:
    """The test sets, with their links.

    Raises:
        DataError: a file cannot be read, or links do not fit their sentences.
    """
    for test in data.tests:
        pairs = list(read_pairs(CorpusFiles(source=test.source, target=test.reference)))
        counted = test.alignment is not None and test.words == "whitespace"
        sources, references = ([_in_form(text, data, counted=counted) for text in side] for side in sides_of(pairs))
        links = None
        if test.alignment is not None:
            links = read_alignments(Path(test.alignment), one_based=test.one_based, invert=test.inverted)
            try:
                check_links(
                    links, *([len(segment(text, test.words)) for text in side] for side in (sources, references))
                )
            except DataError as error:
                raise DataError(f"{test.alignment}: {error}") from error
        places = spread(len(pairs), test.pairs)
        yield TestSet(
            name=test.name,
            sources=tuple(sources[place] for place in places),
            references=tuple(references[place] for place in places),
            links=None if links is None else tuple(links[place] for place in places),
            words="words" if links is None else test.words,
        )


def describe_form(data: CorpusData) -> str:
    """What is done to the texts, for a report; empty if nothing is."""
    parts = ["lower-cased"] * data.lowercase + ["with spaces between words and signs"] * data.words_apart
    return f" (all text {', '.join(parts)})" if parts else ""


def describe_test(data: CorpusData, names: tuple[str, ...], *, linked: bool) -> str:
    """What there is to know of a test set, made of those with these names, for a report; it may be nothing."""
    tests = [test for test in data.tests if test.name in names]
    parts = []
    if linked:
        kinds = sorted({test.alignment_kind for test in tests})
        parts.append(f"with {' and '.join(kinds)} word alignments{'' if 'gold' in kinds else ', which are not gold'}")
    parts += [test.note for test in tests if test.note]
    return "; ".join(parts)


def _changes(data: CorpusData) -> bool:
    return data.lowercase or data.words_apart


def _written(corpus: CorpusFiles, stem: Path) -> CorpusFiles:
    """The same corpus in two files of ours; its links stay where they are."""
    plain = CorpusFiles(source=f"{stem}.source", target=f"{stem}.target")
    kept = ("weight", "alignment", "alignment_words", "alignment_one_based")
    return msgspec.structs.replace(plain, **{name: getattr(corpus, name) for name in kept})


def _in_form(text: str, data: CorpusData, *, counted: bool) -> str:
    """A text as the study wants it; ``counted``: links count what its spaces divide."""
    if data.words_apart and not counted:
        text = " ".join(words_of(text))
    return text.lower() if data.lowercase else text
