"""Unknown words are replaced wherever a run translates, by option or as its recipe says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.bundle import load_bundle, save_bundle

Atento = Callable[..., Any]
Written = Callable[..., Path]
Corpus = tuple[Path, Path]


@pytest.fixture
def ignorant(run: Path, tmp_path: Path) -> Path:
    """The run with an output bias that lets it write nothing but <unk>."""
    bundle = load_bundle(run)
    bias = bundle.model.decoder.output.bias
    bias[bundle.vocabulary.unk] += 100.0
    save_bundle(bundle, tmp_path / "ignorant")
    return tmp_path / "ignorant"


def test_translate_copies_or_looks_up_the_aligned_word(atento: Atento, ignorant: Path, written: Written) -> None:
    plain = atento("translate", ignorant, "McGato").out
    assert set(plain.split()) == {"<unk>"}
    assert set(atento("translate", ignorant, "McGato", "--replace-unknown").out.split()) == {"McGato"}
    names = written("names.tsv", "mcgato\tGatito", "cão\tperro")
    assert set(atento("translate", ignorant, "McGato", "--dictionary", names).out.split()) == {"Gatito"}
    assert atento("translate", ignorant, "McGato", "--keep-unknown").out == plain


def test_json_and_n_best_name_every_replacement(atento: Atento, ignorant: Path) -> None:
    found = json.loads(atento("translate", ignorant, "McGato", "--replace-unknown", "--n-best", 2, "--json").out)
    assert len(found["candidates"]) == 2
    for candidate in found["candidates"]:
        places = [place for place, token in enumerate(candidate["tokens"]) if token == "<unk>"]
        assert candidate["replaced"] == [{"position": n, "source": "McGato", "text": "McGato"} for n in places]
        assert places
    lines = atento("translate", ignorant, "McGato", "--replace-unknown", "--n-best", 2).out.splitlines()
    assert [line.split("\t")[2] for line in lines] == [candidate["text"] for candidate in found["candidates"]]


def test_evaluate_and_compare_replace_too(atento: Atento, ignorant: Path, corpus: Corpus, tmp_path: Path) -> None:
    options = ("--replace-unknown", "--resamples", 20, "--metrics", "chrf")
    saved = tmp_path / "saved"
    atento("evaluate", ignorant, *corpus, *options, "-o", saved)
    text = saved.read_text(encoding="utf-8")
    assert "<unk>" not in text
    found = json.loads(atento("compare", ignorant, saved, *corpus, *options, "--json").out)
    [difference] = found["comparison"]["differences"]
    assert difference["difference"] == 0.0
    assert difference["baseline"]["value"] > 5.0  # some words are the same in both languages


def test_a_recipe_may_say_it_once_for_all(
    atento: Atento, tiny: Callable[..., list[str]], corpus: Corpus, tmp_path: Path
) -> None:
    place, setting = tmp_path / "run", "decoding.replace_unknown=true"
    words = ("train", "small", "--train", *corpus, "-o", place)
    assert atento(*words, *tiny(setting, "training.steps=2")).code == 0
    assert load_bundle(place).decoding.replace_unknown
    assert "<unk>" not in atento("translate", place, "Xavier", "--prefix", "Xavier").out
    assert "<unk>" in atento("translate", place, "Xavier", "--prefix", "Xavier", "--keep-unknown").out


def test_what_cannot_be_done_is_one_line(
    atento: Atento, tiny: Callable[..., list[str]], run: Path, corpus: Corpus, written: Written, tmp_path: Path
) -> None:
    place = tmp_path / "run"
    words = ("train", "small", "--train", *corpus, "-o", place)
    settings = ("decoding.replace_unknown=true", "tokenizer.kind=bpe", "tokenizer.vocab_size=285")
    result = atento(*words, *tiny(*settings))
    assert result.code == 2
    assert "target tokenizer is of kind 'bpe'" in result.err.splitlines()[-1]
    assert not place.exists()
    result = atento(*words, *tiny("decoding.replace_unknown=true", 'model.attention={kind="none"}'))
    assert "no attention" in result.err.splitlines()[-1]
    assert not place.exists()
    names = written("names.tsv", "um dois")
    assert "names.tsv, line 1 is no entry" in atento("translate", run, "o", "--dictionary", names).error
    assert "leave it or" in atento("translate", run, "o", "--dictionary", names, "--keep-unknown").error
    assert "line 1 is no entry" in atento("evaluate", run, *corpus, "--dictionary", names).error
