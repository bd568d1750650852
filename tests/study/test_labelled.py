from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atento.core.configuration import convert
from atento.core.errors import DataError
from atento.data.builtin.corpus import builtin_corpus
from atento.study.configuration import LanguagesData, Study
from atento.study.labelled import few_of, read_texts, texts_of

TEXTS = [(f"{label} {number}", label) for number in range(30) for label in ("a", "b", "c")]


def test_a_draw_has_as_many_of_each_class_and_smaller_ones_are_parts_of_larger_ones() -> None:
    few, more = few_of(TEXTS, 4, 7), few_of(TEXTS, 11, 7)
    assert Counter(label for _, label in few) == {"a": 4, "b": 4, "c": 4}
    assert set(few) < set(more) < set(TEXTS)
    assert few == [each for each in TEXTS if each in set(few)], "in their order"
    assert few != few_of(TEXTS, 4, 8)
    assert few_of(TEXTS, None, 7) == TEXTS
    with pytest.raises(DataError, match="'a' has 30 texts to train on of the 31 that are wanted"):
        few_of(TEXTS, 31, 7)


def written(folder: Path, name: str, *lines: str) -> str:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(folder / name)


@pytest.fixture
def files(classes: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A study with a plain file for each class and part."""
    data: dict[str, Any] = {"kind": "labelled", "classes": []}
    for label in ("sun", "rain"):
        parts = {
            "train": [written(tmp_path, f"{label}.train", *(f"{label}  {number}" for number in range(9)))],
            "valid": [written(tmp_path, f"{label}.dev", f"{label} 8", f"{label} new")],
            "test": [written(tmp_path, f"{label}.test", *(f"{label} {number} test" for number in range(7)), "")],
        }
        data["classes"].append({"label": label, **parts})
    data["unlabelled"] = [written(tmp_path, "more", "sun\tand  rain", "rain 3 test", "sun 2")]
    return {**classes, "data": data}


def test_classes_of_plain_files_have_a_text_a_line(files: dict[str, Any]) -> None:
    texts = read_texts(convert(files, Study, where="x"))
    assert texts.classes == ("rain", "sun")
    assert texts.train[:2] == [("sun 0", "sun"), ("sun 1", "sun")]
    assert texts.dev == [("sun 8", "sun"), ("sun new", "sun"), ("rain 8", "rain"), ("rain new", "rain")]
    assert len(texts.test) == 14


def test_what_stands_in_dev_or_test_is_trained_on_nowhere(files: dict[str, Any]) -> None:
    files["data"]["test_texts"] = 2
    texts = read_texts(convert(files, Study, where="x"))
    assert len(texts.train) == 2 * 8
    assert texts.unlabelled == ["sun and rain", "sun 2"], "texts that the limit left out of the test set, neither"
    assert texts.left_out == 3
    files["data"]["train_unlabelled"] = True
    whole = read_texts(convert(files, Study, where="x"))
    assert whole.unlabelled == ["sun and rain", "sun 2", *(text for text, _ in texts.train)]
    assert whole.left_out == 3


def test_tests_are_spread_evenly_over_each_class(files: dict[str, Any]) -> None:
    files["data"] |= {"test_texts": 3, "valid_texts": 1}
    texts = read_texts(convert(files, Study, where="x"))
    assert [text for text, label in texts.test if label == "sun"] == ["sun 0 test", "sun 3 test", "sun 6 test"]
    assert Counter(label for _, label in texts.dev) == {"sun": 1, "rain": 1}


def test_a_variant_may_see_fewer_texts_than_the_others(files: dict[str, Any]) -> None:
    files["data"]["train_texts"] = 5
    files["variants"][1]["texts"] = 3
    study = convert(files, Study, where="x")
    assert [texts_of(study, variant) for variant in study.variants] == [5, 3]


@pytest.mark.parametrize(
    ("part", "line", "message"),
    [
        ("test", "a text\tsnow", "a test text has the class 'snow', of which there is none to train on"),
        ("valid", "a text\tsnow", "a validation text has the class 'snow'"),
        ("train", "one\ttwo\tsun", "a pair of texts; a study classifies single ones"),
    ],
)
def test_what_does_not_fit_is_refused(
    classes: dict[str, Any], tmp_path: Path, part: str, line: str, message: str
) -> None:
    parts = {"train": ["a\tsun", "b\train"], "valid": ["c\tsun"], "test": ["d\train"]}
    data = {
        name: [{"file": written(tmp_path, f"{name}.tsv", *([line] if name == part else lines))}]
        for name, lines in parts.items()
    }
    table = {**classes, "data": {"kind": "labelled", "train_unlabelled": True, **data}}
    with pytest.raises(DataError, match=message):
        read_texts(convert(table, Study, where="x"))


def test_one_class_alone_is_nothing_to_tell_apart(classes: dict[str, Any], tmp_path: Path) -> None:
    data = {name: [{"file": written(tmp_path, f"{name}.tsv", f"{name}\tsun")}] for name in ("train", "valid", "test")}
    table = {**classes, "data": {"kind": "labelled", "train_unlabelled": True, **data}}
    with pytest.raises(DataError, match="texts of 1 class to train on"):
        read_texts(convert(table, Study, where="x"))


def test_the_built_in_languages_keep_the_parts_of_the_corpus_apart(classes: dict[str, Any]) -> None:
    study = convert(
        {**classes, "data": {"kind": "builtin-languages", "composed": 120, "test_texts": 30}}, Study, where="x"
    )
    assert isinstance(study.data, LanguagesData)
    texts, corpus = read_texts(study), builtin_corpus(120)
    assert texts.classes == ("es", "mixed", "pt")
    assert Counter(label for _, label in texts.test) == {"es": 30, "mixed": 30, "pt": 30}
    assert len(texts.unlabelled) == len(texts.train) > 3000
    sides = {side for pair in corpus.train.pairs for side in (pair.source, pair.target)}
    assert {text for text, label in texts.train if label != "mixed"} <= sides
    assert not {text for text, _ in (*texts.test, *texts.dev)} & set(texts.unlabelled)
    held = {side for part in (corpus.dev, corpus.test) for pair in part.pairs for side in (pair.source, pair.target)}
    assert not held & set(texts.unlabelled)
