"""The texts of a study of classifiers: with their classes to learn from and to be judged by, or to pre-train on.

A text is one line: whatever white space is in it becomes single spaces. What stands in dev or the test set is taken out
of everything that is trained on, classified or not, so that no model has read what it is judged by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from atento.core.errors import DataError
from atento.core.files import read_lines
from atento.data.builtin.corpus import builtin_corpus
from atento.data.builtin.languages import dealt
from atento.data.labelled_files import LabelledFiles, read_labelled
from atento.study.configuration import LabelledData, LanguagesData, Study, Variant

Labelled = tuple[str, str]
"""A text and its class."""
UNLABELLED, UNLABELLED_DEV = "unlabelled.txt", "unlabelled-dev.txt"
"""Files of texts to pre-train on, and to validate that on."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Of a classifier's data: ``facts.json``."""

    classes: tuple[str, ...]
    train: int
    """Labelled texts to train on, before any limit."""
    valid: int
    unlabelled: int
    left_out: int
    """See ``LabelledTexts``."""


@dataclass(frozen=True, kw_only=True)
class LabelledTexts:
    """What a study of classifiers reads."""

    train: list[Labelled]
    """All of them; a variant may see a part."""
    dev: list[Labelled]
    test: list[Labelled]
    unlabelled: list[str]
    left_out: int
    """Texts to train on that were taken out because they stand in dev or the test set."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted({label for _, label in self.train}))


def read_texts(study: Study) -> LabelledTexts:
    """The texts of a study of classifiers.

    Raises:
        DataError: a file cannot be read or is of pairs of texts, or a part or a class has no text to train on.
    """
    match study.data:
        case LabelledData() as data:
            parts = {part: list(_labelled(data, part)) for part in ("train", "valid", "test")}
            valid_texts = data.valid_texts
            unlabelled = [text for path in data.unlabelled for text in _plain(path)]
            if data.train_unlabelled:
                unlabelled += [text for text, _ in parts["train"]]
        case LanguagesData() as data:
            corpus = builtin_corpus(data.composed)
            named = (("train", corpus.train), ("valid", corpus.dev), ("test", corpus.test))
            parts = {name: [(_line(text), label) for text, label in dealt(part.pairs)] for name, part in named}
            unlabelled, valid_texts = [text for text, _ in parts["train"]], None
        case _:
            raise AssertionError("a study of classifiers")
    dev, test = _evenly(parts["valid"], valid_texts), _evenly(parts["test"], data.test_texts)
    held = {text for text, _ in (*parts["valid"], *parts["test"])}
    train = [each for each in parts["train"] if each[0] not in held]
    known = {label for _, label in train}
    for part, texts in (("validation", dev), ("test", test)):
        for _, label in texts:
            if label not in known:
                raise DataError(f"a {part} text has the class {label!r}, of which there is none to train on; mend it")
    if len(known) < 2:
        raise DataError(f"there are texts of {len(known)} class to train on; a classifier needs two classes")
    kept = [text for text in unlabelled if text not in held]
    left_out = len(held & {*unlabelled, *(text for text, _ in parts["train"])})
    return LabelledTexts(train=train, dev=dev, test=test, unlabelled=kept, left_out=left_out)


def texts_of(study: Study, variant: Variant) -> int | None:
    """How many texts of each class a variant is trained on; None: all."""
    if variant.texts is not None or not isinstance(study.data, LabelledData | LanguagesData):
        return variant.texts
    return study.data.train_texts


def few_of(train: Sequence[Labelled], count: int | None, seed: int) -> list[Labelled]:
    """So many texts of each class, in their order; a smaller draw is part of a larger one.

    Raises:
        DataError: a class has not as many.
    """
    if count is None:
        return list(train)
    places = _by_class(train)
    for label, own in places.items():
        if len(own) < count:
            raise DataError(
                f"the class {label!r} has {len(own):,} texts to train on of the {count:,} that are wanted; bring more, "
                "or set data.train_texts (or texts of a variant) lower"
            )
    drawn = [
        own[place] for own in places.values() for place in np.random.default_rng(seed).permutation(len(own))[:count]
    ]
    return [train[place] for place in sorted(drawn)]


def write_labelled(folder: Path, study: Study, texts: LabelledTexts, *, seed: int) -> None:
    """All training texts, the parts that variants see, dev, and what is pre-trained on.

    Args:
        folder: where they go.
        study: whose variants see them.
        texts: all of them.
        seed: of the draw of parts.

    Raises:
        DataError: a class has fewer texts than a variant wants.
    """
    files = {train_name(count): few_of(texts.train, count, seed) for count in (None, *limits(study))}
    for name, part in {**files, "dev.tsv": texts.dev}.items():
        (folder / name).write_text("".join(f"{text}\t{label}\n" for text, label in part), encoding="utf-8")
    if texts.unlabelled:
        for name, lines in ((UNLABELLED, texts.unlabelled), (UNLABELLED_DEV, [text for text, _ in texts.dev])):
            (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    facts = Facts(
        classes=texts.classes,
        train=len(texts.train),
        valid=len(texts.dev),
        unlabelled=len(texts.unlabelled),
        left_out=texts.left_out,
    )
    (folder / "facts.json").write_bytes(msgspec.json.encode(facts))


def limits(study: Study) -> list[int]:
    """How many texts of each class variants see, where they do not see all."""
    return sorted({count for variant in study.variants if (count := texts_of(study, variant)) is not None})


def train_name(texts: int | None) -> str:
    """The file of so many texts of each class; None: of all."""
    return f"train-{'all' if texts is None else texts}.tsv"


def describe_labelled(study: Study, facts: Facts) -> tuple[str, ...]:
    """Lines for a report."""
    own = ""
    if isinstance(study.data, LanguagesData):
        own = "the built-in corpus, each pair as one text, in Portuguese, in Spanish, or half in each: "
    counts = [f"{count:,}" for count in limits(study)]
    counts += ["all"] if any(texts_of(study, variant) is None for variant in study.variants) else []
    lines = [
        f"{own}{facts.train:,} labelled texts of {len(facts.classes)} classes ({', '.join(facts.classes)}), of which "
        f"{' or '.join(counts)} of each class are trained on; {facts.valid:,} to validate on"
    ]
    if facts.unlabelled:
        lines.append(f"{facts.unlabelled:,} texts without classes, for the tokenizers and to pre-train on")
    if facts.left_out:
        lines.append(f"not trained on, for standing in dev or the test set, too: {facts.left_out:,} texts")
    return tuple(lines)


def labelled_paths(data: LabelledData) -> list[Path]:
    """Every file that labelled data name."""
    paths = [file.file for file in (*data.train, *data.valid, *data.test)]
    paths += [path for each in data.classes for path in (*each.train, *each.valid, *each.test)]
    return [Path(path) for path in (*paths, *data.unlabelled)]


def _labelled(data: LabelledData, part: str) -> Iterator[Labelled]:
    files: Sequence[LabelledFiles] = getattr(data, part)
    for file in files:
        for each in read_labelled(file):
            if each.second is not None:
                raise DataError(f"{file.file}, line {each.line}: a pair of texts; a study classifies single ones")
            if text := _line(each.text):
                yield text, _line(each.label)
    for group in data.classes:
        paths: Sequence[str] = getattr(group, part)
        yield from ((text, _line(group.label)) for path in paths for text in _plain(path))


def _plain(path: str) -> Iterator[str]:
    return filter(None, map(_line, read_lines(Path(path))))


def _line(text: str) -> str:
    return " ".join(text.split())


def _evenly(texts: Sequence[Labelled], most: int | None) -> list[Labelled]:
    """At most so many texts of each class, spread evenly."""
    if most is None:
        return list(texts)
    chosen = {own[place] for own in _by_class(texts).values() for place in spread(len(own), most)}
    return [each for place, each in enumerate(texts) if place in chosen]


def _by_class(texts: Iterable[Labelled]) -> dict[str, list[int]]:
    """Class → places of its texts."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, (_, label) in enumerate(texts):
        places[label].append(place)
    return dict(places)


def spread(count: int, most: int | None) -> list[int]:
    """At most so many of ``count`` places, spread evenly."""
    if most is None or count <= most:
        return list(range(count))
    places: list[int] = np.unique(np.linspace(0, count - 1, most, dtype=np.int64)).tolist()
    return places
