"""Going on from a trained run: its weights and tokenizers, new text, and what does not fit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atento.bundle import load_bundle
from atento.core.errors import BundleError, ConfigurationError
from atento.core.files import sha256
from atento.core.progress import Silent
from atento.models.weights import weights
from atento.training.recipe import Recipe, read_recipe
from atento.training.run import train

Make = Callable[..., Recipe]
TEXTS = {
    "gpt": ("gpt-small", ["model.max_positions=16", "tokenizer.kind=char", "tokenizer.vocab_size=60"]),
    "bert": ("bert-small", ["model.max_positions=16", "tokenizer.kind=char", "tokenizer.vocab_size=60"]),
}
SMALL = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "training.steps=3", "training.batch_tokens=64", "training.validate_every=3", "training.precision=float32",
)  # fmt: skip
STEPS = ("training.steps=3", "training.batch_tokens=64", "training.validate_every=3", "training.precision=float32")


class Told(Silent):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("a vida é bela\no que é a vida\ndiga lá, meu irmão\n" * 12, encoding="utf-8")
    return path


def begun(family: str, text: Path, folder: Path, corpus: tuple[Path, Path], tiny_recipe: Make) -> Path:
    if family in TEXTS:
        name, options = TEXTS[family]
        train(read_recipe(name, train=[text], overrides=(*SMALL, *options)), folder)
    else:
        train(tiny_recipe(family), folder)
    return folder


@pytest.mark.parametrize("family", ["transformer", "recurrent", "gpt", "bert"])
def test_a_run_begins_with_the_weights_and_tokenizers_of_another(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make, family: str
) -> None:
    first = begun(family, text, tmp_path / "first", corpus, tiny_recipe)
    data = [text] if family in TEXTS else list(corpus)
    recipe = read_recipe("fine-tune", train=data, start=first, overrides=("training.learning_rate=1e-30", *STEPS))
    train(recipe, tmp_path / "second")
    before, after = (load_bundle(tmp_path / name) for name in ("first", "second"))
    assert after.model_config == before.model_config
    assert after.target_tokenizer.checksum == before.target_tokenizer.checksum
    assert after.source_tokenizer.checksum == before.source_tokenizer.checksum
    for name, value in weights(before.model).items():
        assert torch.allclose(weights(after.model)[name], value, atol=1e-6), name
    moved = read_recipe("fine-tune", train=data, start=first, overrides=("training.learning_rate=1e-2", *STEPS))
    train(moved, tmp_path / "third")
    third = weights(load_bundle(tmp_path / "third").model)
    assert any(not torch.allclose(third[name], value) for name, value in weights(before.model).items())


def test_a_fine_tuned_run_is_resumed_to_the_same_bits(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make
) -> None:
    first = begun("gpt", text, tmp_path / "first", corpus, tiny_recipe)
    recipe = read_recipe("fine-tune", train=[text], start=first, overrides=(*STEPS, "training.steps=6"))
    train(recipe, tmp_path / "whole")
    train(recipe, tmp_path / "parts")
    steps = sorted((tmp_path / "parts" / "checkpoints").iterdir())
    shutil.rmtree(steps[-1])
    shutil.rmtree(tmp_path / "parts" / "bundle")
    train(None, tmp_path / "parts", resume=True)
    files = [sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts")]
    assert files[0] == files[1]


def test_dropout_may_change_and_nothing_else(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make
) -> None:
    first = begun("gpt", text, tmp_path / "first", corpus, tiny_recipe)

    def read(*overrides: str) -> Recipe:
        return read_recipe("fine-tune", train=[text], start=first, overrides=(*STEPS, *overrides))

    assert read("model.dropout=0.4").model.dropout == 0.4  # type: ignore[union-attr]
    with pytest.raises(ConfigurationError, match=r"model\.num_layers = 2, but .* has 1"):
        read("model.num_layers=2")
    with pytest.raises(ConfigurationError, match=r"model\.kind = 'bert', but .* has 'gpt'"):
        read("model.kind=bert")
    with pytest.raises(ConfigurationError, match=r"keeps its tokenizer; leave \[tokenizer\] out"):
        read("tokenizer.vocab_size=50")
    with pytest.raises(BundleError, match="does not exist"):
        read_recipe("fine-tune", train=[text], start=tmp_path / "nowhere")


def test_a_classifier_starts_classifiers_alone(tmp_path: Path, text: Path) -> None:
    labelled = tmp_path / "labelled.tsv"
    labelled.write_text("".join(f"a vida {n}\ta\no que {n}\tb\n" for n in range(20)), encoding="utf-8")
    _, options = TEXTS["bert"]
    train(read_recipe("classify", train=[labelled], overrides=(*SMALL, *options)), tmp_path / "first")
    with pytest.raises(ConfigurationError, match="is a classifier, and this recipe learns something else"):
        read_recipe("fine-tune", train=[text], start=tmp_path / "first")


def test_a_recipe_file_names_its_start_relative_to_itself(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make
) -> None:
    begun("gpt", text, tmp_path / "first", corpus, tiny_recipe)
    path = tmp_path / "more.toml"
    path.write_text('start = "first"\n[training]\nsteps = 1\nbatch_tokens = 64\n', encoding="utf-8")
    recipe = read_recipe(str(path), train=[text])
    assert recipe.start == str((tmp_path / "first" / "bundle").absolute())


def test_text_that_the_tokenizer_does_not_know_is_told_of(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make
) -> None:
    first = begun("gpt", text, tmp_path / "first", corpus, tiny_recipe)
    other = tmp_path / "other.txt"
    other.write_text("Жизнь прекрасна и коротка\n" * 20, encoding="utf-8")
    for path, warned in ((text, False), (other, True)):
        told = Told()
        recipe = read_recipe("fine-tune", train=[path], start=first, overrides=STEPS)
        train(recipe, tmp_path / path.stem, progress=told)
        warnings = [message for message in told.messages if message.startswith("warning: the text fits")]
        assert bool(warnings) is warned
        if warned:
            assert "of the tokens are unknown" in warnings[0]


def test_text_that_is_cut_finer_than_the_runs_own_is_told_of(tmp_path: Path, text: Path) -> None:
    sizes = ("model.max_positions=16", "tokenizer.kind=byte-bpe", "tokenizer.vocab_size=286")
    train(read_recipe("gpt-small", train=[text], overrides=(*SMALL, *sizes)), tmp_path / "first")
    other = tmp_path / "other.txt"
    other.write_text("wo ist der zug nach bonn\nhier wohnt niemand\n" * 12, encoding="utf-8")
    for path, warned in ((text, False), (other, True)):
        told = Told()
        train(
            read_recipe("fine-tune", train=[path], start=tmp_path / "first", overrides=STEPS),
            tmp_path / path.stem,
            progress=told,
        )
        warnings = [message for message in told.messages if "fits the tokenizer badly (a token holds" in message]
        assert bool(warnings) is warned
        assert not any("a word is cut" in message for message in told.messages)  # that is for starts of unknown texts


def test_a_start_whose_tokenizer_was_replaced_is_refused(
    tmp_path: Path, text: Path, corpus: tuple[Path, Path], tiny_recipe: Make
) -> None:
    first = begun("gpt", text, tmp_path / "first", corpus, tiny_recipe)
    recipe = read_recipe("fine-tune", train=[text], start=first, overrides=STEPS)
    train(recipe, tmp_path / "second")
    shutil.rmtree(tmp_path / "second" / "checkpoints")
    shutil.rmtree(first)
    name, options = TEXTS["gpt"]
    train(
        read_recipe(
            name, train=[text], overrides=(*SMALL, *options, "tokenizer.kind=byte-bpe", "tokenizer.vocab_size=262")
        ),
        first,
    )
    with pytest.raises(BundleError, match="has other tokenizers"):
        train(None, tmp_path / "second", resume=True)
