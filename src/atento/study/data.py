"""The data of a study as files that runs read: training texts (whole, or the part that a variant sees), dev, tests.

DIR/data/train.source|target      diagnostic and built-in data; a user's own files are read where they lie
DIR/data/corpora/N.source|target  the same of files whose text is written anew, lower-cased for instance
DIR/data/train-N-M.source|target  the part for variants with ``pairs = N`` and ``max_words = M``
DIR/data/dev.source|target        and dev-M, the part of it for variants with ``max_words = M``
DIR/data/tests/NAME.source|reference|align

Of classifiers:

DIR/data/train-all.tsv, train-N.tsv  labelled texts, all and N of each class
DIR/data/dev.tsv                     and tests/test.source|reference: texts and their classes
DIR/data/unlabelled.txt              texts to pre-train on, where there are some; unlabelled-dev.txt to validate that on

The folder is made at once and found again; it is made anew when what it is made of has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from atento import __version__
from atento.core.errors import DataError
from atento.core.files import atomic_folder, read_lines, sha256
from atento.core.parsing import decode_json
from atento.core.progress import Progress
from atento.data.corpus_files import CorpusFiles
from atento.data.labelled_files import LabelledFiles
from atento.data.pharaoh import format_links, read_alignments
from atento.data.readers import read_pairs
from atento.data.text_files import TextFiles
from atento.study.configuration import (
    BuiltinData,
    CorpusData,
    DiagnosticData,
    LabelledData,
    LanguagesData,
    Study,
    Subset,
    Variant,
)
from atento.study.corpora import (
    Pair,
    corpus_tests,
    dev_pairs,
    training_files,
    training_pairs,
)
from atento.study.corpora import write_training as write_corpora
from atento.study.generated import builtin_pairs, diagnostic_pairs
from atento.study.labelled import (
    UNLABELLED,
    UNLABELLED_DEV,
    Facts,
    LabelledTexts,
    labelled_paths,
    limits,
    read_texts,
    train_name,
    write_labelled,
)
from atento.study.testset import TestSet
from atento.text.words import How, segment, words_of

Found = TypeVar("Found")

_DRAW = 20_15
"""The seed of what variants with fewer ``pairs`` see: one order for all of them."""
_PLAIN = CorpusFiles(source="", target="")
"""How a corpus is read that says nothing of it."""
_FACTS, _WORDS = "facts.json", "words.json"


@dataclass(frozen=True)
class Materials:
    """The folder ``DIR/data``, with what stands elsewhere."""

    folder: Path
    train: tuple[CorpusFiles, ...]

    scored_on: str = ""
    """Checksum of the test sets and of how their sentences are put into buckets."""

    def valid_of(self, variant: Variant) -> CorpusFiles:
        """What a variant's learning rate is chosen on: dev, as far as it is like what the variant is trained on."""
        return _files(self.folder / _dev_name(variant))

    def train_of(self, variant: Variant) -> tuple[CorpusFiles, ...]:
        """What a variant is trained on."""
        return self.train if whole(variant) else (_files(self.folder / _part_name(variant)),)

    def labelled_train(self, texts: int | None) -> LabelledFiles:
        """So many labelled texts of each class; None: all."""
        return LabelledFiles(file=str(self.folder / train_name(texts)))

    @property
    def labelled_valid(self) -> LabelledFiles:
        """Labelled texts to choose learning rates on."""
        return LabelledFiles(file=str(self.folder / "dev.tsv"))

    @property
    def unlabelled(self) -> tuple[TextFiles, TextFiles] | None:
        """Texts to pre-train on, and to validate that on; None where there are none."""
        train, valid = (self.folder / name for name in (UNLABELLED, UNLABELLED_DEV))
        return (TextFiles(text=str(train)), TextFiles(text=str(valid))) if train.exists() else None

    @property
    def facts(self) -> Facts:
        """What there is to say of a classifier's data.

        Raises:
            DataError: its file is damaged.
        """
        return _read(self.folder / _FACTS, Facts)

    @property
    def words(self) -> dict[str, How]:
        """What the links of each test set count as a word.

        Raises:
            DataError: their file is damaged.
        """
        return _read(self.folder / "tests" / _WORDS, dict[str, How])

    def test_files(self, name: str) -> CorpusFiles:
        """A test set's files."""
        stem = self.folder / "tests" / name
        return CorpusFiles(source=f"{stem}.source", target=f"{stem}.reference")

    def has(self, name: str) -> bool:
        """Whether a test set has sentences: a subset may have none."""
        return (self.folder / "tests" / f"{name}.source").exists()

    def test(self, name: str) -> TestSet:
        """A test set."""
        stem = self.folder / "tests" / name
        links = stem.with_name(f"{name}.align")
        return TestSet(
            name=name,
            sources=tuple(read_lines(stem.with_name(f"{name}.source"))),
            references=tuple(read_lines(stem.with_name(f"{name}.reference"))),
            links=tuple(read_alignments(links)) if links.exists() else None,
            words=self.words[name],
        )


def prepare(study: Study, folder: Path, progress: Progress) -> Materials:
    """Write, or find again, what the study's runs read; ``folder`` is ``DIR/data``.

    Raises:
        DataError: a file cannot be read or does not fit, a test set would be empty, or what was written is damaged.
        OutputError: the folder cannot be written.
    """
    train = training_files(study.data, folder) if isinstance(study.data, CorpusData) else (_files(folder / "train"),)
    description = _description(study)
    if _is_written(study, folder, description):
        return Materials(folder, train, _scored_on(study, folder))
    progress.message(f"writing the study's data to {folder} …")
    labelled = read_texts(study) if study.subject == "classification" else None
    pairs, dev, tests = _make(study) if labelled is None else _of_labelled(labelled)
    empty = [f"the test set {name!r} has" for name, test in tests.items() if not len(test)]
    for what in [*(() if dev else ("the validation data have",)), *empty]:
        raise DataError(f"{what} no sentence; give some, or leave it out")
    with atomic_folder(folder) as temporary:
        if labelled is None:
            _write_training(temporary, study, pairs, dev)
        else:
            write_labelled(temporary, study, labelled, seed=_DRAW)
            if labelled.left_out:
                progress.message(f"left out, for standing in dev or the test set, too: {labelled.left_out:,} texts")
        (temporary / "tests").mkdir()
        made = {subset.name: _subset(subset, tests, pairs) for subset in study.subsets}
        for name in (name for name, test in made.items() if test is None):
            progress.message(f"no sentence fits the subset {name!r}: whatever is measured on it stays undecided")
        every = [*tests.values(), *(test for test in made.values() if test is not None)]
        for test in every:
            _write_test(temporary / "tests", test)
        words = json.dumps({test.name: test.words for test in every})
        (temporary / "tests" / _WORDS).write_text(words, encoding="utf-8")
        (temporary / "description.json").write_text(description, encoding="utf-8")
    return Materials(folder, train, _scored_on(study, folder))


def _is_written(study: Study, folder: Path, description: str) -> bool:
    """Whether what the description says stands in the folder.

    Raises:
        DataError: a file of it is damaged.
    """
    known, classified = folder / "description.json", study.subject == "classification"
    needed = (folder / "tests" / _WORDS, *((folder / _FACTS,) if classified else ()))
    if not all(path.exists() for path in (known, *needed)):
        return False
    if known.read_text(encoding="utf-8", errors="replace") != description:
        return False
    materials = Materials(folder, ())
    tests = {path.stem for path in (folder / "tests").glob("*.source")}
    if missing := sorted(tests - materials.words.keys()):
        raise _damaged(folder / "tests" / _WORDS, f"it lacks {missing[0]!r}")
    if classified:
        _ = materials.facts
    return True


def _read(path: Path, kind: type[Found]) -> Found:
    try:
        return decode_json(path.read_bytes(), kind)
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, reason: object) -> DataError:
    return DataError(f"{path} is damaged ({reason}); remove it and start the study again: it is made anew")


def _write_training(folder: Path, study: Study, pairs: Sequence[Pair], dev: Sequence[Pair]) -> None:
    if isinstance(study.data, CorpusData):
        write_corpora(study.data, folder)
    else:
        _write_pairs(folder / "train", pairs)
    for variant in study.variants:
        _write_pairs(folder / _dev_name(variant), _dev_part(dev, variant))
        if not whole(variant):
            _write_pairs(folder / _part_name(variant), _part(pairs, variant))


def _of_labelled(texts: LabelledTexts) -> tuple[list[Pair], list[Pair], dict[str, TestSet]]:
    """As ``_make`` gives them: texts are sources, and their classes references."""
    test = TestSet(
        name="test", sources=tuple(text for text, _ in texts.test), references=tuple(label for _, label in texts.test)
    )
    return texts.train, texts.dev, {"test": test}


def _scored_on(study: Study, folder: Path) -> str:
    """See ``Materials.scored_on``."""
    files = sorted((folder / "tests").iterdir())
    parts = [f"{path.name} {sha256(path)}" for path in files]
    parts += [f"{study.by_length} {study.length_bounds} {study.smallest_bucket}"]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def count_pairs(files: Sequence[CorpusFiles]) -> int:
    """How many pairs these corpora have.

    Raises:
        DataError: a file cannot be read.
    """
    return sum(1 for corpus in files for _ in read_pairs(corpus))


def _make(study: Study) -> tuple[list[Pair], list[Pair], dict[str, TestSet]]:
    """Training pairs, dev pairs, and the test sets but for subsets."""
    match study.data:
        case DiagnosticData():
            return diagnostic_pairs(study.data)
        case BuiltinData():
            return builtin_pairs(study.data)
        case CorpusData():
            needed = any(not whole(variant) for variant in study.variants) or any(
                subset.rare_below is not None for subset in study.subsets
            )
            read = (pair for corpus in study.data.train for pair in training_pairs(corpus, study.data))
            pairs = list(read) if needed else []
            return pairs, dev_pairs(study.data), {test.name: test for test in corpus_tests(study.data)}
        case _:
            raise AssertionError("random tokens need no files, and labelled texts are no pairs")


def _subset(subset: Subset, tests: dict[str, TestSet], pairs: Sequence[Pair]) -> TestSet | None:
    """Sentences of several sets that the subset asks for; None if there is none."""
    seen = Counter(word for source, _ in pairs for word in words_of(source)) if subset.rare_below is not None else None

    def wanted(source: str) -> bool:
        length = len(segment(source))
        if not (subset.min_words or 0) <= length <= (subset.max_words or length):
            return False
        if seen is None or subset.rare_below is None:
            return True
        return any(seen[word] < subset.rare_below for word in words_of(source) if word[0].isalpha())

    members = [(tests[name], place) for name in subset.of for place in range(len(tests[name]))]
    members = [(test, place) for test, place in members if wanted(test.sources[place])]
    if not members:
        return None
    links = [test.links[place] for test, place in members if test.links is not None]
    units = {test.words for test, _ in members}
    return TestSet(
        name=subset.name,
        sources=tuple(test.sources[place] for test, place in members),
        references=tuple(test.references[place] for test, place in members),
        links=tuple(links) if len(links) == len(members) and len(units) == 1 else None,
        words=min(units),
    )


def whole(variant: Variant) -> bool:
    """Whether a variant is trained on all that there is."""
    return variant.pairs is None and variant.max_words is None


def _part_name(variant: Variant) -> str:
    return f"train-{variant.pairs or 'all'}-{variant.max_words or 'all'}"


def _dev_name(variant: Variant) -> str:
    return "dev" if variant.max_words is None else f"dev-{variant.max_words}"


def _dev_part(dev: Sequence[Pair], variant: Variant) -> list[Pair]:
    """Dev without what is longer than anything that the variant is trained on.

    Raises:
        DataError: nothing is left.
    """
    limit = variant.max_words
    kept = [pair for pair in dev if limit is None or len(segment(pair[0])) <= limit]
    if not kept:
        raise DataError(
            f"no sentence of dev has at most the {limit} words of the variant {variant.name!r}; give it more "
            "max_words, or dev shorter sentences"
        )
    return kept


def _part(pairs: Sequence[Pair], variant: Variant) -> list[Pair]:
    """What a variant sees, in the order of the corpus.

    Raises:
        DataError: there are not as many pairs.
    """
    order = np.random.default_rng(_DRAW).permutation(len(pairs)).tolist()
    limit = variant.max_words
    fitting = [place for place in order if limit is None or len(segment(pairs[place][0])) <= limit]
    count = variant.pairs if variant.pairs is not None else len(fitting)
    if len(fitting) < max(count, 1):
        raise DataError(
            f"the variant {variant.name!r} wants {max(count, 1):,} pairs of {len(fitting):,} that fit it; "
            "give more text, or change its pairs or max_words"
        )
    return [pairs[place] for place in sorted(fitting[:count])]


def _files(stem: Path) -> CorpusFiles:
    return CorpusFiles(
        source=str(stem.with_name(f"{stem.name}.source")), target=str(stem.with_name(f"{stem.name}.target"))
    )


def _write_pairs(stem: Path, pairs: Sequence[Pair]) -> None:
    for side, suffix in enumerate(("source", "target")):
        text = "".join(f"{pair[side]}\n" for pair in pairs)
        stem.with_name(f"{stem.name}.{suffix}").write_text(text, encoding="utf-8")


def _write_test(folder: Path, test: TestSet) -> None:
    texts = {"source": test.sources, "reference": test.references}
    if test.links is not None:
        texts["align"] = tuple(format_links(each) for each in test.links)
    for suffix, lines in texts.items():
        (folder / f"{test.name}.{suffix}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _description(study: Study) -> str:
    """Everything that the folder depends on: files by their content, what Atento makes by Atento's version."""
    files: dict[str, str] = {}
    if isinstance(study.data, CorpusData):
        paths = [path for corpus in (*study.data.train, *study.data.valid) for path in corpus.paths]
        paths += [Path(corpus.alignment) for corpus in study.data.train if corpus.alignment is not None]
        paths += [Path(p) for test in study.data.tests for p in (test.source, test.reference, test.alignment) if p]
        files = {str(path): sha256(path) for path in paths}
    if isinstance(study.data, LabelledData):
        files = {str(path): sha256(path) for path in labelled_paths(study.data)}
    if study.subject == "classification":
        parts = [train_name(count) for count in limits(study)]
    else:
        parts = sorted({_part_name(variant) for variant in study.variants if not whole(variant)})
        parts += sorted({_dev_name(variant) for variant in study.variants})
    table = {
        "data": msgspec.to_builtins(study.data),
        "subsets": msgspec.to_builtins(study.subsets),
        "parts": parts,
        "files": files,
        "atento": __version__ if isinstance(study.data, DiagnosticData | BuiltinData | LanguagesData) else "",
    }
    return json.dumps(table, sort_keys=True, indent=1) + "\n"


def digest(files: Sequence[CorpusFiles]) -> str:
    """A checksum of what these corpora hold and how they are read, wherever they lie."""
    whole = hashlib.sha256()
    for corpus in files:
        for path in (*corpus.paths, *([Path(corpus.alignment)] if corpus.alignment is not None else [])):
            whole.update(bytes.fromhex(sha256(path)))
        placeless = dict.fromkeys(("source", "target", "file", "alignment"))
        reading = {
            name: value
            for name, value in msgspec.structs.asdict(corpus).items()
            if name not in placeless and value != getattr(_PLAIN, name)
        }
        if reading:
            whole.update(json.dumps(reading, sort_keys=True).encode())
    return whole.hexdigest()
