"""Labelled texts: read from TSV and JSON Lines, split by class, encoded, framed and batched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError
from atento.core.vocabulary import Vocabulary
from atento.data.labelled_batching import Framing, LabelledBatches, text_rows
from atento.data.labelled_dataset import classes_of, open_labelled
from atento.data.labelled_files import LabelledFiles, LabelledText, read_labelled
from atento.data.labelled_split import split_labelled

VOCABULARY = Vocabulary(source_size=300, target_size=300, shared=True)


def written(folder: Path, name: str, text: str) -> LabelledFiles:
    (folder / name).write_text(text, encoding="utf-8")
    return LabelledFiles(file=str(folder / name))


def encode(texts: list[str]) -> list[list[int]]:
    return [[5 + ord(character) % 200 for character in text] for text in texts]


def test_tsv_has_two_or_three_columns(tmp_path: Path) -> None:
    single = list(read_labelled(written(tmp_path, "a.tsv", 'a "vida\tpt\n\nla vida\tes \n')))
    assert single == [LabelledText('a "vida', None, "pt", 1), LabelledText("la vida", None, "es", 3)]
    pairs = list(read_labelled(written(tmp_path, "b.tsv", "a\tb\tyes\n")))
    assert pairs == [LabelledText("a", "b", "yes", 1)]
    chosen = LabelledFiles(file=str(tmp_path / "b.tsv"), columns=(3, 1))
    assert list(read_labelled(chosen)) == [LabelledText("yes", None, "a", 1)]


def test_json_lines_have_keys(tmp_path: Path) -> None:
    lines = [{"text": "a", "second": "b", "label": 1}, {"text": "c", "second": "d", "label": "x"}]
    files = written(tmp_path, "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert [tuple(each) for each in read_labelled(files)] == [("a", "b", "1", 1), ("c", "d", "x", 2)]
    nested = written(tmp_path, "b.jsonl", '{"in": {"s": "a"}, "class": true}\n')
    named = LabelledFiles(file=nested.file, keys=("in.s", "class"))
    assert next(read_labelled(named)) == LabelledText("a", None, "True", 1)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.tsv", "", "there is no labelled text in it"),
        ("a.tsv", "a\n", "line 1: 1 tab-separated columns"),
        ("a.tsv", "a\tb\n\na\tb\tc\n", "line 3: two texts, unlike the lines before"),
        ("a.tsv", "a\tb\tc\na\tb\n", "line 2: one text, unlike the lines before"),
        ("a.tsv", "a\t \n", "line 1: there is no class"),
        ("a.jsonl", "{\n", "line 1: not valid JSON"),
        ("a.jsonl", '{"text": "a", "label": "b"}\n{"text": "a", "second": "c", "label": "b"}\n', "line 2: two texts"),
        ("a.jsonl", '{"text": "a", "second": "c", "label": "b"}\n{"text": "a", "label": "b"}\n', "line 2: one text"),
        ("a.jsonl", '{"text": "a"}\n', "line 1: no text under the key 'label'"),
        ("a.jsonl", '{"text": 3, "label": "a"}\n', "line 1: no text under the key 'text'"),
        ("a.jsonl", '{"text": "a", "label": "b\\tc"}\n', "line 1: the class 'b.*' holds a tab or a line break"),
        ("a.jsonl", '{"text": "a", "label": "b\\nc"}\n', "line 1: the class 'b.*' holds a tab or a line break"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        list(read_labelled(written(tmp_path, name, text)))


@pytest.mark.parametrize("options", [{"columns": (1,)}, {"columns": (0, 1)}, {"keys": ("a",)}, {"weight": 0.0}])
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        LabelledFiles(file="a.tsv", **options)  # type: ignore[arg-type]


def test_a_split_holds_the_same_share_of_every_class_and_no_text_on_both_sides(tmp_path: Path) -> None:
    lines = [f"text {number % 40} of {label}\t{label}\n" for label in ("a", "b") for number in range(60)]
    files = written(tmp_path, "a.tsv", "".join(lines))
    more = written(tmp_path, "more.tsv", "".join(lines[:30]))
    split_labelled([files], 0.2, tmp_path / "first", seed=3)
    split_labelled([files, more], 0.2, tmp_path / "again", seed=3)
    parts = {}
    for name in ("train", "dev"):
        paths = [tmp_path / folder / "0" / f"{name}.jsonl" for folder in ("first", "again")]
        assert paths[0].read_bytes() == paths[1].read_bytes()
        parts[name] = list(read_labelled(LabelledFiles(file=str(paths[0]))))
    assert len(parts["train"]) + len(parts["dev"]) == 120
    assert not {each.text for each in parts["train"]} & {each.text for each in parts["dev"]}
    for label in ("a", "b"):
        assert len({each.text for each in parts["dev"] if each.label == label}) == 8
    second = read_labelled(LabelledFiles(file=str(tmp_path / "again" / "1" / "train.jsonl")))
    assert not {each.text for each in second} & {each.text for each in parts["dev"]}
    single = written(tmp_path, "b.tsv", "x\ta\nx\ta\ny\tb\n")
    with pytest.raises(DataError, match="too few texts"):
        split_labelled([single], 0.5, tmp_path / "second", seed=1)
    few = written(tmp_path, "c.tsv", "x\ta\ny\ta\nz\tb\nw\tb\n")
    split_labelled([few], 0.9, tmp_path / "third", seed=1)
    left = read_labelled(LabelledFiles(file=str(tmp_path / "third" / "0" / "train.jsonl")))
    assert {each.label for each in left} == {"a", "b"}


def test_classes_are_those_of_training_in_order(tmp_path: Path) -> None:
    files = written(tmp_path, "a.tsv", "x\tb\ny\ta\nz\tb\n")
    assert classes_of([files]) == ("a", "b")
    dataset = open_labelled([files], ("a", "b"), encode)
    assert dataset.labels.tolist() == [1, 0, 1]
    with pytest.raises(DataError, match=r"line 2: the class 'a' is none of those of training \(b, c\)"):
        open_labelled([files], ("b", "c"), encode)
    with pytest.raises(DataError, match="every text has the class 'b'"):
        classes_of([written(tmp_path, "b.tsv", "x\tb\ny\tb\n")])
    pairs = written(tmp_path, "c.tsv", "x\ty\tb\n")
    with pytest.raises(DataError, match="some have pairs of texts and others single ones"):
        open_labelled([files, pairs], ("a", "b"), encode)


@given(st.lists(st.integers(5, 99), max_size=12), st.lists(st.integers(5, 99), max_size=12), st.integers(8, 20))
def test_rows_are_framed_and_the_longer_text_is_cut_first(first: list[int], second: list[int], longest: int) -> None:
    framing = Framing(vocabulary=VOCABULARY, longest=longest)
    row, end = framing.frame(first, None)
    assert row == [2, *first[: longest - 2], 3]
    assert end == len(row)
    row, end = framing.frame(first, second)
    assert len(row) == min(longest, len(first) + len(second) + 3)
    assert row[0] == 2
    assert row[end - 1] == row[-1] == 3
    kept, other = row[1 : end - 1], row[end:-1]
    assert kept == first[: len(kept)]
    assert other == second[: len(other)]
    if len(kept) < len(first) and len(other) < len(second):
        assert abs(len(kept) - len(other)) <= 1
    elif len(kept) < len(first):
        assert len(kept) >= len(other) - 1


def test_types_tell_two_texts_apart_where_the_model_has_them() -> None:
    texts = [([7, 8], [9]), ([7], [8, 9])]
    rows = text_rows(texts, Framing(vocabulary=VOCABULARY, longest=None))
    assert rows.tokens.tolist() == [[2, 7, 8, 3, 9, 3], [2, 7, 3, 8, 9, 3]]
    assert rows.types is not None
    assert rows.types.tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]]
    bare = text_rows(texts, Framing(vocabulary=VOCABULARY, longest=None, separators=2, has_types=False))
    assert bare.types is None
    assert bare.tokens.tolist()[1] == [2, 7, 3, 3, 8, 9, 3]


def test_an_epoch_reads_every_text_once_within_the_budget(tmp_path: Path) -> None:
    lines = [f"{'x' * (number % 9 + 1)}{number}\t{'ab'[number % 2]}\n" for number in range(40)]
    files = written(tmp_path, "a.tsv", "".join(lines))
    dataset = open_labelled([files], ("a", "b"), encode)
    framing = Framing(vocabulary=VOCABULARY, longest=10)
    batches = LabelledBatches(dataset, framing, budget=60, seed=1)
    assert batches.cut == sum(len(line.split("\t")[0]) > 8 for line in lines)
    seen = np.concatenate(list(batches.plan(0)))
    assert sorted(seen.tolist()) == list(range(40))
    for batch in batches.epoch():
        assert batch.rows.tokens.numel() <= 60
        assert batch.count == len(batch.rows.tokens)
    with pytest.raises(DataError, match="does not fit into a batch of 9"):
        LabelledBatches(dataset, framing, budget=9, seed=1)
