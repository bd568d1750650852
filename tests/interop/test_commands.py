"""``atento import`` and ``atento export``: what they print, and one line for whatever is wrong, nothing being left."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file, save_file

import atento
from atento.bundle import load_bundle
from atento.cli import main
from atento.core.files import sha256
from atento.data.builtin.corpus import handwritten_pairs
from atento.figures.attention import Attention


@pytest.fixture(scope="module")
def source(make: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "gpt2"
    make.gpt2(folder)
    return folder


def test_a_model_goes_in_and_out(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out, text = tmp_path / "runs" / "it", tmp_path / "out", tmp_path / "text.txt"
    assert main(["import", str(source), "-o", str(run)]) == 0
    told = capsys.readouterr().out
    assert f"{run}: gpt2, 12," in told
    assert f"Next:  atento write {run}" in told
    imported = (load_bundle(run).card or {})["imported"]
    assert imported["folder"] == "gpt2"
    assert imported["architectures"] == ["GPT2LMHeadModel"]
    assert imported["checksums"]["model.safetensors"] == sha256(source / "model.safetensors")
    assert {"vocab.json", "merges.txt", "config.json"} <= imported["checksums"].keys()
    text.write_text("a vida é bela\n" * 5, encoding="utf-8")
    assert main(["evaluate", str(run), str(text), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] > 0
    assert main(["write", str(run), "a vida", "--max-tokens", "5"]) == 0
    assert capsys.readouterr().out.startswith("a vida")
    assert main(["tokenizer", "show", str(run), "diga lá", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokenizer"]["losses"] == []
    assert main(["export", str(run), "--to", "huggingface", "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["architecture"] == "GPT2LMHeadModel"
    assert {path.name for path in out.iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip


def test_an_import_is_a_start_and_says_what_it_takes_and_what_does_not_suit(
    make: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [pair.source for pair in handwritten_pairs()]
    make.gpt2(tmp_path / "gpt2", entries=2500, texts=lines[::2])
    run, known, strange = tmp_path / "run", tmp_path / "known.txt", tmp_path / "strange.txt"
    known.write_text("\n".join(lines[1:400:2]), encoding="utf-8")
    strange.write_text(
        "Die Nachbarin wohnte schon seit dreißig Jahren in demselben Haus am Ende der Straße.\n"
        "Wahrscheinlich hatte er zwischen den Rechnungen eine Ansichtskarte gefunden.\n" * 20,
        encoding="utf-8",
    )
    assert main(["import", str(tmp_path / "gpt2"), "-o", str(run)]) == 0
    capsys.readouterr()
    steps = [f"--set=training.{setting}" for setting in ("steps=1", "batch_tokens=128", "validate_every=1")]
    for path, suits in ((known, True), (strange, False)):
        out = tmp_path / path.stem
        assert main(["train", "--from", str(run), "--train", str(path), *steps, "-o", str(out)]) == 0
        told = capsys.readouterr().err
        assert "a plain text file is one document (data.documents = 'file')" in told
        assert ("warning: the text fits the tokenizer badly (a word is cut into " in told) is not suits
        assert "label_smoothing = 0.0" in (out / "recipe.toml").read_text(encoding="utf-8")


def test_a_translator_works_at_once(make: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.marian(tmp_path / "opus")
    make.write_json(tmp_path / "opus" / "tokenizer_config.json", {"source_lang": "pt", "target_lang": "es"})
    run, files = tmp_path / "run", [tmp_path / "a.pt", tmp_path / "a.es"]
    for path in files:
        path.write_text("a vida é bela\no gato\n", encoding="utf-8")
    assert main(["import", str(tmp_path / "opus"), "-o", str(run)]) == 0
    assert atento.load(run).bundle.source_language == "pt"
    capsys.readouterr()
    picture = tmp_path / "attention.json"
    assert main(["translate", str(run), "a vida é bela", "--json", "--attention", str(picture)]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "a vida é bela"
    assert Attention.from_json(picture.read_text(encoding="utf-8").splitlines()[0]).source[-1] == "</s>"
    assert main(["evaluate", str(run), *map(str, files), "--json", "--resamples", "0"]) == 0
    assert main(["tokenizer", "show", str(run), "o gato", "--side", "target"]) == 0
    assert main(["export", str(run), "-o", str(tmp_path / "out")]) == 0
    assert "target_tokenizer" in capsys.readouterr().err


def test_a_bert_without_a_mask_token(make: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It comes in with a note; whatever hides tokens says what is missing, and its vectors can be used."""
    folder, run, text = tmp_path / "bert", tmp_path / "run", tmp_path / "text.txt"
    make.bert(folder, "ForMaskedLM")
    entries = (folder / "vocab.txt").read_text(encoding="utf-8").replace("[MASK]", "[unused0]")
    (folder / "vocab.txt").write_text(entries, encoding="utf-8")
    text.write_text("a vida é bela\n" * 5, encoding="utf-8")
    assert main(["import", str(folder), "-o", str(run)]) == 0
    told = capsys.readouterr()
    assert "has no token that masks others (mask_token)" in told.err
    assert "atento fill" not in told.out
    for words in (
        ["fill", str(run), "--score", "a vida é bela"],
        ["fill", str(run), "--score", ""],
        ["fill", str(run), "a vida é [MASK]"],
        ["evaluate", str(run), str(text)],
    ):
        assert main(words) == 2
        told = capsys.readouterr()
        assert told.out == ""
        [line] = told.err.splitlines()
        assert line.startswith("error: ")
        assert "tokenizer has no mask token" in line
    assert main(["embed", str(run), "a vida", "-o", str(tmp_path / "vectors.npz")]) == 0
    assert main(["export", str(run), "-o", str(tmp_path / "out")]) == 0
    assert "nothing can be filled in there either" in capsys.readouterr().err


class Malicious:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, ("it-ran",)


def pickled(folder: Path, content: object) -> None:
    (folder / "model.safetensors").unlink()
    torch.save(content, folder / "pytorch_model.bin")


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-99])


DEEP = "[" * 100_000
"Nested more deeply than anything can read."


def deep(name: str, folder: Path) -> None:
    (folder / name).write_text(DEEP, encoding="utf-8")


def without_numbers(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["transformer.h.1.ln_1.bias"][3] = float("nan")
    save_file(tensors, folder / "model.safetensors")


def sharded(folder: Path, table: object) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(table), encoding="utf-8")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no configuration": (lambda f: (f / "config.json").unlink(), "config.json: No such file"),
    "a damaged configuration": (lambda f: shortened(f / "config.json"), "config.json is damaged"),
    "a list": (lambda f: (f / "config.json").write_text("[]"), "is no JSON object"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
    "truncated weights": (lambda f: shortened(f / "model.safetensors"), "model.safetensors is damaged"),
    "a pickle that runs something": (lambda f: pickled(f, Malicious()), "holds more than tensors"),
    "a pickle of something else": (lambda f: pickled(f, [1, 2]), "holds something else than tensors by name"),
    "a truncated pickle": (
        lambda f: (pickled(f, {"a": torch.ones(99)}), shortened(f / "pytorch_model.bin")), "pytorch_model.bin",
    ),
    "no pickle at all": (
        lambda f: ((f / "model.safetensors").unlink(), (f / "pytorch_model.bin").write_bytes(b"text")), "damaged",
    ),
    "an index without its files": (
        lambda f: sharded(f, {"weight_map": {"a": "model-1.safetensors"}}), "model-1.safetensors is missing",
    ),
    "an index that leads elsewhere": (
        lambda f: sharded(f, {"weight_map": {"a": "../secret.safetensors"}}), "which is no file beside it",
    ),
    "an index of numbers": (lambda f: sharded(f, {"weight_map": {"a": 1, "b": "c"}}), "/1 is missing"),
    "added entries that are no table": (lambda f: (f / "added_tokens.json").write_text("[1]"), "no table of entries"),
    "a damaged index": (lambda f: sharded(f, {"weight_map": 3}), "is no index of weights"),
    "no vocabulary": (lambda f: (f / "vocab.json").unlink(), "has no tokenizer"),
    "no merges": (lambda f: (f / "merges.txt").unlink(), "merges.txt: No such file"),
    "a damaged vocabulary": (lambda f: shortened(f / "vocab.json"), "vocab.json is damaged"),
    "ids that are no numbers": (lambda f: (f / "vocab.json").write_text('{"a": "b"}'), "no table of entries"),
    "merges of another vocabulary": (lambda f: (f / "merges.txt").write_text("zz zz\n"), "does not go with"),
    "merges that are no pairs": (lambda f: (f / "merges.txt").write_text("#version\na b c\n"), "merges.txt, line 2"),
    "a damaged tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer.json is damaged"),
    "weights that are no numbers": (without_numbers, "'transformer.h.1.ln_1.bias' holds NaN or infinite numbers"),
    "a deep index": (
        lambda f: ((f / "model.safetensors").unlink(), deep("model.safetensors.index.json", f)),
        "model.safetensors.index.json is no index of weights (it is nested too deeply)",
    ),
    **{
        f"a deep {name}": (partial(deep, name), f"{name} is damaged (it is nested too deeply)")
        for name in (
            "config.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "vocab.json",
        )
    },
    "decoding out of range": (
        lambda f: (f / "generation_config.json").write_text('{"num_beams": 0}'), "generation_config.json: decoding",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused_in_one_line(
    source: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(source, tmp_path / "in")
    spoil, words = DAMAGES[damage]
    spoil(tmp_path / "in")
    assert main(["import", "in", "-o", "run"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert [path.name for path in tmp_path.iterdir()] == ["in"], "nothing else is left, and nothing has run"


def test_wrong_places(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    run = tmp_path / "run"
    assert main(["import", str(source), "-o", str(run)]) == 0
    for words, expected in (
        (["import", str(tmp_path / "none"), "-o", "x"], "none is no folder"),
        (["import", str(source / "config.json"), "-o", "x"], "is no folder"),
        (["import", str(source), "-o", str(tmp_path / "full")], "full is there already"),
        (["export", str(run), "-o", str(tmp_path / "full")], "full is there already"),
        (
            ["export", str(run), "--to", "ctranslate2", "-o", str(tmp_path / "x")],
            "'ctranslate2' is not one of 'huggingface'",
        ),
        (["export", str(tmp_path / "none"), "-o", str(tmp_path / "x")], "does not exist"),
        (["translate", str(run), "a"], "use `atento write`"),
    ):
        capsys.readouterr()
        assert main(words) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert expected in line
    assert not (tmp_path / "x").exists()
