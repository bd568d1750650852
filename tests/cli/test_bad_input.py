"""Every kind of bad input: one clear line, exit code 2, no traceback, nothing half-written."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]
Tiny = Callable[..., list[str]]
Written = Callable[..., Path]
Here = Callable[[], list[str]]


def test_a_missing_file(atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here) -> None:
    for words in (
        ("translate", run, "-i", "none.pt", "-o", "out"),
        ("evaluate", run, "none.pt", corpus[1], "-o", "out"),
        ("align", run, "none.pt", corpus[1], "-o", "out"),
        ("train", "--train", "none.pt", corpus[1], *tiny(), "-o", "run"),
        ("corpus", "check", "none.pt", corpus[1]),
        ("corpus", "clean", "none.pt", corpus[1], "-o", "a", "b"),
        ("tokenizer", "train", "none.pt", "-o", "out"),
    ):
        line = atento(*words).error
        assert "none.pt" in line
        assert "check the path" in line
    assert here() == []


def test_an_empty_file(atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, written: Written) -> None:
    empty = written("empty")
    for words in (
        ("translate", run, "-i", empty, "-o", "out"),
        ("evaluate", run, empty, empty),
        ("train", "--train", empty, empty, *tiny(), "-o", "run"),
        ("train", "--train", empty, corpus[1], *tiny(), "-o", "run"),
        ("corpus", "check", empty, empty),
        ("tokenizer", "train", empty, "-o", "out"),
    ):
        assert "empty" in atento(*words).error or "no sentence pair" in atento(*words).error
    assert here() == []


def test_files_of_unequal_length(
    atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, written: Written
) -> None:
    short = written("short", "um", "dois")
    for words in (
        ("train", "--train", corpus[0], short, *tiny(), "-o", "run"),
        ("train", "--train", *corpus, "--valid", corpus[0], short, *tiny(), "-o", "run"),
        ("evaluate", run, corpus[0], short, "-o", "out"),
        ("align", run, corpus[0], short, "-o", "out"),
        ("corpus", "check", corpus[0], short),
        ("corpus", "split", corpus[0], short, "-o", "parts"),
    ):
        line = atento(*words).error
        assert "60 lines" in line or "has 60" in line
        assert "2 lines" in line
    assert [name for name in here() if not name.startswith("parts")] == []


def test_bytes_that_are_not_utf8(
    atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(corpus[0].read_bytes().replace("ê".encode(), b"\xea", 1))
    number = next(n for n, line in enumerate(corpus[0].read_text(encoding="utf-8").splitlines(), 1) if "ê" in line)
    for words in (
        ("translate", run, "-i", wrong, "-o", "out"),
        ("evaluate", run, wrong, corpus[1], "-o", "out"),
        ("train", "--train", wrong, corpus[1], *tiny(), "-o", "run"),
        ("tokenizer", "train", wrong, "-o", "out"),
        ("corpus", "split", wrong, corpus[1], "-o", "parts"),
    ):
        assert f"{wrong}, line {number}: byte 0xea" in atento(*words).error
    assert here() == []
    piped = atento("translate", run, stdin=b"o gato\n\xff\n")
    assert piped.error.startswith("error: standard input, line 2: byte 0xff")
    assert len(piped.out.splitlines()) == 1


def test_a_line_of_a_megabyte(atento: Atento, run: Path, here: Here, written: Written) -> None:
    file = written("long", "o gato", "x" * 1_000_000)
    assert f"{file}, line 2 has 1,000,000 characters" in atento("translate", run, "-i", file, "-o", "out").error
    assert "line 2" in atento("evaluate", run, file, file, "-o", "out").error
    assert "line 2" in atento("translate", run, stdin=b"o gato\n" + b"x" * 1_000_000).error
    assert here() == []


def test_a_corpus_smaller_than_a_batch(atento: Atento, corpus: Corpus, tiny: Tiny, here: Here) -> None:
    line = atento("train", "--train", *corpus, *tiny("training.batch_tokens=4096"), "-o", "run").err.splitlines()[-1]
    assert line.startswith("error: ")
    assert "fewer than one batch" in line
    assert "training.batch_tokens to" in line
    assert here() == []


def test_an_unknown_recipe_key(atento: Atento, corpus: Corpus, here: Here, written: Written) -> None:
    line = atento("train", "--train", *corpus, "--set", "model.num_layer=2", "-o", "run").error
    assert "did you mean 'num_" in line
    recipe = written("my.toml", "[training]", "step = 2")
    assert "did you mean 'steps'" in atento("train", recipe, "--train", *corpus, "-o", "run").error
    assert "did you mean 'small'" in atento("train", "smal", "--train", *corpus, "-o", "run").error
    assert "line 1" in atento("train", written("bad.toml", "= 3"), "--train", *corpus, "-o", "run").error
    assert here() == []


@pytest.mark.parametrize("part", ["model", "training", "data", "tokenizer", "decoding"])
def test_a_single_value_where_a_table_belongs(
    atento: Atento, run: Path, corpus: Corpus, here: Here, written: Written, part: str
) -> None:
    links, recipe = written("links", *["0-0"] * 60), written("my.toml", f"{part} = 3")
    train = ("train", "--train", *corpus, "-o", "run")
    for words in (
        (*train, "--set", f"{part}=3"),
        (*train, "--from", run, "--set", f"{part}=3"),
        (*train, "--alignment", links, "--set", f"{part}=3"),
        ("train", recipe, *train[1:], "--from", run),
    ):
        assert f"{part} = 3: it must be a table" in atento(*words).error
    assert here() == []


@pytest.mark.parametrize("value", ["[" * 3000, "9" * 5000], ids=["deep", "long"])
def test_a_setting_that_nothing_can_read(atento: Atento, corpus: Corpus, here: Here, value: str) -> None:
    line = atento("train", "--train", *corpus, "--set", f"training.steps={value}", "-o", "run").error
    assert line.startswith("error: --set training.steps: it ")
    assert here() == []


def test_a_path_that_no_file_can_have(atento: Atento, here: Here, written: Written) -> None:
    data = ["[model]", 'kind = "transformer"', "[training]", "steps = 2", "[[data.train]]"]
    recipe = written("my.toml", *data, 'source = "a\\u0000b"', 'target = "c"')
    assert "null byte; check the path" in atento("train", recipe, "-o", "run").error
    assert here() == []


@pytest.mark.parametrize("setting", ["num_encoder_layers=1000000000000", "model_size=1000000000000"])
def test_an_absurd_size(atento: Atento, corpus: Corpus, here: Here, setting: str) -> None:
    assert "must be at most" in atento("train", "--train", *corpus, "--set", f"model.{setting}", "-o", "run").error
    assert here() == []


def test_a_model_that_no_memory_holds(atento: Atento, corpus: Corpus, here: Here) -> None:
    settings = ("tokenizer.kind=word", "tokenizer.vocab_size=15", "tokenizer.min_frequency=1", "data.held_out=4")
    sizes = ("model.model_size=1048576", "model.position=none", "training.batch_tokens=120")
    options = [f"--set={setting}" for setting in (*settings, *sizes)]
    line = atento("train", "--train", *corpus, *options, "-o", "run").err.splitlines()[-1]
    assert "error: the model is too large for the memory there is; ask for a smaller one" in line
    assert here() == []


def test_a_vocabulary_larger_than_the_data_can_give(atento: Atento, corpus: Corpus, tiny: Tiny, here: Here) -> None:
    options = tiny("tokenizer.vocab_size=8000", "tokenizer.kind=bpe")
    result = atento("train", "--train", *corpus, "--valid", *corpus, *options, "-o", "run")
    assert "the data gives at most" in result.error
    assert here() == []


@pytest.mark.parametrize("damage", ["weights", "config", "foreign", "tokenizer", "missing", "other"])
def test_a_truncated_or_foreign_bundle(
    atento: Atento, run: Path, corpus: Corpus, tmp_path: Path, here: Here, damage: str
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(run / "bundle", bundle)
    match damage:
        case "weights":
            with (bundle / "model.safetensors").open("rb+") as stream:
                stream.truncate(1000)
        case "config":
            (bundle / "config.json").write_text('{"format": "atento.bun')
        case "foreign":
            (bundle / "config.json").write_text('{"model_type": "marian"}')
        case "tokenizer":
            file = bundle / "tokenizer.json"
            file.write_text(file.read_text(encoding="utf-8").replace("gato", "gata"), encoding="utf-8")
        case "missing":
            (bundle / "model.safetensors").unlink()
        case "other":
            shutil.rmtree(bundle)
            bundle.mkdir()
            (bundle / "pytorch_model.bin").touch()
    line = atento("translate", bundle, "o gato", "-o", "out").error
    assert str(bundle) in line
    assert "bundle" in atento("evaluate", bundle, *corpus, "-o", "out").error
    assert here() == []


def test_a_full_disk(
    atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    for words in (
        ("translate", run, "o gato", "-o", "out"),
        ("translate", run, "o gato", "--attention", "out.png"),
        ("evaluate", run, *corpus, "-o", "out", "--resamples", 0),
        ("align", run, *corpus, "-o", "out"),
        ("tokenizer", "train", *corpus, "--kind", "word", "--vocab-size", 9, "-o", "out"),
        ("corpus", "clean", *corpus, "-o", "a", "b"),
        ("train", "--train", *corpus, *tiny(), "-o", "run"),
    ):
        line = atento(*words).error
        assert "No space left" in line
        assert "free some space" in line
    assert [name for name in here() if name != "run"] == []


def test_a_disk_that_fills_during_training(
    atento: Atento, corpus: Corpus, tiny: Tiny, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(tensors: object, path: Path) -> None:
        raise OSError("I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr("atento.training.checkpoint.save_tensors", full)
        line = atento("train", "--train", *corpus, *tiny(), "-o", "run").err.splitlines()[-1]
    assert line.startswith("error: cannot write")
    assert "No space left" in line
    assert not any("step-" in name or "bundle" in name for name in here())
    assert atento("train", "--resume", "-o", "run").code == 0


def test_an_output_that_is_a_folder(
    atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("work had begun")

    monkeypatch.setattr("atento.cli.translate.load", loaded)
    Path("place").mkdir()
    for words in (
        ("translate", run, "o gato", "-o", "place"),
        ("evaluate", run, *corpus, "-o", "place"),
        ("align", run, *corpus, "-o", "place"),
        ("tokenizer", "train", *corpus, "-o", "place"),
        ("corpus", "clean", *corpus, "-o", "place", "b"),
        ("corpus", "clean", *corpus, "-o", "a", "b", "--rejects", "place"),
    ):
        assert "place: it is a folder" in atento(*words).error
    Path("file").touch()
    assert "file" in atento("train", "--train", *corpus, *tiny(), "-o", "file").error
    assert here() == ["file", "place"]


def test_what_nothing_can_be_made_of(
    atento: Atento, run: Path, corpus: Corpus, tiny: Tiny, here: Here, written: Written, tmp_path: Path
) -> None:
    """A pipe to train on, a beam that no memory holds, names that are none."""
    os.mkfifo(tmp_path / "pipe")
    for words, expected in (
        (
            ("train", "--train", tmp_path / "pipe", corpus[1], *tiny(), "-o", "run"),
            "pipe is a pipe, and training reads its files",
        ),
        (("translate", run, "o gato", "--beam-size", 10**9), "give 10,000 or less"),
        (("align", run, *corpus, "--layer", "foo"), "--layer foo: give a number, penultimate or mean"),
        (("align", run, *corpus, "--head", "foo"), "--head foo: give a number, mean"),
        (("evaluate", run, *corpus, "--metrics", "bleu,foo"), "--metrics bleu,foo: foo is none of bleu, chrf, ter"),
        (("compare", corpus[1], corpus[1], *corpus, "--resamples", 0), "--resamples"),
        (("compare", *corpus, "--a", corpus[1], "--b", "--resamples", 9), "--b needs a value"),
    ):
        assert expected in atento(*words).error
    result = atento("train", "--train", *corpus, "--alignment", written("no-links", *[""] * 60), *tiny(), "-o", "run")
    assert result.code == 2
    assert "no pair to train on has a link; give" in result.err.splitlines()[-1]
    (tmp_path / "pipe").unlink()
    assert here() == []


def test_the_present_folder_may_be_the_run(atento: Atento, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    assert atento("translate", ".", "o gato").code == 0
    monkeypatch.chdir(run.parent)
    for nowhere in (".", "", "/"):
        assert "is no bundle" in atento("translate", nowhere, "o gato").error


def test_standard_output_that_is_closed(run: Path, environment: dict[str, str]) -> None:
    words = f"{sys.executable} -m atento translate {run} 'o gato' >&-"
    found = subprocess.run(["sh", "-c", words], env=environment, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
