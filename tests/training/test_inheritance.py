"""What a run takes over from the training of the one that it starts from, and what it takes where nobody knows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from atento.bundle import find_bundle, load_bundle, read_bundle_config
from atento.core.errors import ConfigurationError
from atento.core.progress import Silent
from atento.data.masking import MaskingConfig
from atento.training.guided_alignment import GuidedAlignmentConfig
from atento.training.inheritance import documents_of
from atento.training.recipe import LabelledDataConfig, PairDataConfig, Recipe, TextDataConfig, read_recipe
from atento.training.run import train

STEPS = ("training.steps=2", "training.batch_tokens=64", "training.validate_every=2", "training.precision=float32")
SMALL = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=16", "tokenizer.kind=char", "tokenizer.vocab_size=60", "data.context=12", *STEPS,
)  # fmt: skip


class Told(Silent):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    lines = ["a vida é bela", "o que é a vida\n", "diga lá, meu irmão", "onde fica a casa\n"]
    path.write_text("".join(f"{n} {line}\n" for n in range(12) for line in lines), encoding="utf-8")
    return path


def texts_of(recipe: Recipe) -> TextDataConfig:
    assert isinstance(recipe.data, TextDataConfig)
    return recipe.data


def alone(run: Path, folder: Path) -> Path:
    """A bundle without its run, as one is handed on, or as an import is."""
    return Path(shutil.copytree(find_bundle(run), folder))


@pytest.mark.parametrize(
    ("name", "overrides", "documents"),
    [
        ("gpt-char", (), "file"),
        ("gpt-small", ("data.documents=blank-line",), "blank-line"),
        ("gpt", ("data.context=12",), "blank-line"),
        ("bert-small", (), "line"),
        ("bert", ("data.context=12",), "blank-line"),
    ],
)
def test_language_models_go_on_with_the_form_of_their_texts(
    tmp_path: Path, text: Path, name: str, overrides: tuple[str, ...], documents: str
) -> None:
    first = tmp_path / "first"
    train(read_recipe(name, train=[text], overrides=(*SMALL, "training.accumulate=1", *overrides)), first)
    for start in (first, first / "bundle"):
        recipe = read_recipe("fine-tune", train=[text], start=start, overrides=STEPS)
        assert texts_of(recipe).documents == documents
        assert texts_of(recipe).context == 12  # the positions after it were never trained
        assert recipe.training.label_smoothing == 0.0
        assert documents_of(start) == documents
    told = Told()
    train(recipe, tmp_path / "second", progress=told)
    assert any(f"(data.documents = '{documents}')" in message for message in told.messages)
    assert documents_of(tmp_path / "second") == documents


def test_masking_goes_over_and_a_key_of_the_recipe_over_it(tmp_path: Path, text: Path) -> None:
    first = tmp_path / "first"
    masking = ("training.masking.whole_words=true", "training.masking.rate=0.3")
    train(read_recipe("bert-small", train=[text], overrides=(*SMALL, *masking, "training.label_smoothing=0.05")), first)

    def read(*overrides: str) -> Recipe:
        return read_recipe("fine-tune", train=[text], start=first, overrides=(*STEPS, *overrides))

    assert read().training.masking == MaskingConfig(rate=0.3, whole_words=True)
    assert read().training.label_smoothing == 0.05
    assert read("training.masking.rate=0.2").training.masking == MaskingConfig(rate=0.2, whole_words=True)
    assert read("training.label_smoothing=0").training.label_smoothing == 0
    assert texts_of(read("data.documents=file")).documents == "file"
    assert texts_of(read("data.context=8")).context == 8
    classes = tmp_path / "classes.tsv"
    classes.write_text("".join(f"a vida {n}\ta\no que {n}\tb\n" for n in range(9)), encoding="utf-8")
    classifier = read_recipe("classify", train=[classes], start=first, overrides=("data.context=9", *STEPS))
    assert classifier.training.masking is None
    assert classifier.training.label_smoothing == 0.0
    train(classifier, tmp_path / "classifier")
    again = read_recipe("classify", train=[classes], start=tmp_path / "classifier", overrides=STEPS)
    moved = read_recipe("classify", train=[classes], start=alone(tmp_path / "classifier", tmp_path / "c"))
    for recipe in (again, moved):
        assert isinstance(recipe.data, LabelledDataConfig)
        assert recipe.data.context == 9


@pytest.mark.parametrize(
    ("name", "overrides", "documents"),
    [
        ("gpt-small", (), "file"),
        ("bert-small", ("data.documents=file",), "line"),
        ("bert-small", ("model.next_sentence=true", "data.documents=file"), "blank-line"),
    ],
)
def test_of_a_bundle_without_its_run_the_family_says_what_is_usual(
    tmp_path: Path, text: Path, name: str, overrides: tuple[str, ...], documents: str
) -> None:
    train(read_recipe(name, train=[text], overrides=(*SMALL, *overrides)), tmp_path / "first")
    start = alone(tmp_path / "first", tmp_path / "handed-on")
    recipe = read_recipe("fine-tune", train=[text], start=start, overrides=STEPS)
    assert texts_of(recipe).documents == documents_of(start) == documents
    assert recipe.training.label_smoothing == 0.0
    told = Told()
    train(recipe, tmp_path / "second", progress=told)
    assert any(f"(data.documents = '{documents}')" in message for message in told.messages)


def test_a_translator_goes_on_as_it_was_guided(tmp_path: Path, corpus: tuple[Path, Path]) -> None:
    links = tmp_path / "train.align"
    count = len(corpus[0].read_text(encoding="utf-8").splitlines())
    links.write_text("0-0\n" * count, encoding="utf-8")
    guided = GuidedAlignmentConfig(weight=0.2, layer=-1, head=1)
    keys = [f"training.guided_alignment.{key}={getattr(guided, key)}" for key in ("weight", "layer", "head")]
    changed = ("data.max_length=20", "training.label_smoothing=0.2", *keys)
    recipe = read_recipe(
        "small", train=corpus, alignment=links,
        overrides=(
            "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_encoder_layers=1",
            "model.num_decoder_layers=1", "tokenizer.kind=word", "tokenizer.vocab_size=15", "data.held_out=4",
            "training.validation_sentences=0", *STEPS, *changed,
        ),
    )  # fmt: skip
    train(recipe, tmp_path / "first")
    plain = read_recipe("fine-tune", train=corpus, start=tmp_path / "first", overrides=("data.held_out=4", *STEPS))
    assert plain.training.guided_alignment is None  # nothing could use it
    assert plain.training.label_smoothing == 0.2
    assert isinstance(plain.data, PairDataConfig)
    assert plain.data.max_length == 20
    more = read_recipe("fine-tune", train=corpus, alignment=links, start=tmp_path / "first", overrides=STEPS)
    assert more.training.guided_alignment == guided
    train(plain, tmp_path / "second")
    before, after = (load_bundle(tmp_path / name) for name in ("first", "second"))
    assert (after.aligning_head.layer, after.aligning_head.head) == (-1, 1)
    assert after.aligning_head == before.aligning_head
    usual = read_recipe("fine-tune", train=corpus, start=alone(tmp_path / "first", tmp_path / "b"), overrides=STEPS)
    assert usual.training.label_smoothing == 0.1


def test_a_damaged_recipe_of_the_start_is_named(tmp_path: Path, text: Path) -> None:
    first = tmp_path / "first"
    train(read_recipe("gpt-small", train=[text], overrides=SMALL), first)
    for damage, words in (("[data", "not valid TOML"), ("data = 3", "data is no table")):
        (first / "recipe.toml").write_text(damage, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=words):
            read_recipe("fine-tune", train=[text], start=first, overrides=STEPS)
        with pytest.raises(ConfigurationError, match=words):
            documents_of(first)
    assert read_bundle_config(first)[1].classes == ()
