"""Training classifiers: from scratch and from pre-trained bodies, resumed, and what is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from atento.applications.classifier import TextClassifier
from atento.bundle import load_bundle, load_classifier, load_masked_language_model, save_bundle
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.core.files import sha256
from atento.models.weights import weights
from atento.training.recipe import Recipe, read_recipe
from atento.training.run import train

Make = Callable[..., Recipe]
StopAt = Callable[[float], dict[str, Any]]
SMALL = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=24", "tokenizer.kind=char", "tokenizer.vocab_size=60", "training.precision=float32",
    "training.batch_tokens=96",
)  # fmt: skip
STEPS = ("training.steps=6", "training.validate_every=3", "training.precision=float32", "training.batch_tokens=96")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "train.tsv"
    lines = [f"a vida é bela {number}\tpt\nla vida es bella {number}\tes\n" for number in range(24)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    lines = [f"a vida é bela {number}\nla vida es bella {number}\n" for number in range(24)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def make(labelled: Path) -> Make:
    return lambda *overrides: read_recipe("classify", train=[labelled], overrides=(*SMALL, *STEPS, *overrides))


@pytest.mark.parametrize("kind", ["bert", "gpt"])
def test_a_run_leaves_a_bundle_that_classifies(tmp_path: Path, make: Make, kind: str) -> None:
    overrides = () if kind == "bert" else ("model.kind=gpt", *SMALL)
    report = train(make(*overrides), tmp_path / "run")
    assert report.card["model"]["kind"] == "classifier"
    assert report.card["data"]["classes"] == {"es": 22, "pt": 22}
    assert report.outcome.state.scores[-1].measures.keys() == {"accuracy", "macro_f1"}
    bundle = load_classifier(tmp_path / "run")
    assert bundle.classes == ("es", "pt")
    found = TextClassifier(bundle).classify(["a vida é bela 3", "la vida es bella 77", ""])
    assert all(sum(each.probabilities.values()) == pytest.approx(1.0) for each in found)
    alone = [TextClassifier(bundle).classify(each.text) for each in found]
    assert [each.probabilities["pt"] for each in alone] == pytest.approx(
        [each.probabilities["pt"] for each in found], abs=1e-5
    )
    with pytest.raises(BundleError, match=r"holds a classifier.*use `atento classify`"):
        load_masked_language_model(tmp_path / "run")


def test_it_learns_what_is_easy(tmp_path: Path, make: Make) -> None:
    report = train(
        make("training.steps=60", "training.learning_rate=1e-2", "training.validate_every=20"), tmp_path / "r"
    )
    best = max(score.measures["accuracy"] for score in report.outcome.state.scores)
    assert best == 100.0
    classifier = TextClassifier.load(tmp_path / "r")
    assert [each.label for each in classifier.classify(["a vida é bela 99", "la vida es bella 99"])] == ["pt", "es"]


@pytest.mark.parametrize("recipe", ["bert-small", "gpt-small"])
def test_a_pretrained_body_is_where_it_begins(tmp_path: Path, text: Path, labelled: Path, recipe: str) -> None:
    train(read_recipe(recipe, train=[text], overrides=(*SMALL, *STEPS)), tmp_path / "first")
    tuned = read_recipe(
        "classify", train=[labelled], start=tmp_path / "first", overrides=(*STEPS, "training.learning_rate=1e-30")
    )
    report = train(tuned, tmp_path / "tuned")
    assert str(report.card["start"]).endswith("first/bundle")
    first, second = (weights(load_bundle(tmp_path / name).model) for name in ("first", "tuned"))
    shared = [name for name in first if f"body.{name}" in second]
    assert len(shared) > 5
    for name in shared:
        assert torch.allclose(first[name], second[f"body.{name}"], atol=1e-6), name
    again = read_recipe("classify", train=[labelled], start=tmp_path / "tuned", overrides=STEPS)
    train(again, tmp_path / "again")
    other = tmp_path / "other.tsv"
    other.write_text(labelled.read_text(encoding="utf-8").replace("\tpt", "\tgl"), encoding="utf-8")
    with pytest.raises(BundleError, match="tells es, pt apart, and the texts have 'gl', too"):
        train(read_recipe("classify", train=[other], start=tmp_path / "tuned", overrides=STEPS), tmp_path / "bad")


def test_a_classifier_that_is_trained_on_keeps_its_classes_and_their_order(
    tmp_path: Path, make: Make, labelled: Path
) -> None:
    train(make(), tmp_path / "first")
    bundle = load_classifier(tmp_path / "first")
    turned = dataclasses.replace(bundle, classes=("pt", "gl"))
    save_bundle(turned, tmp_path / "imported")
    texts = tmp_path / "texts.tsv"
    texts.write_text(labelled.read_text(encoding="utf-8").replace("\tes", "\tgl"), encoding="utf-8")
    settings = (*STEPS, "training.learning_rate=1e-30")
    train(read_recipe("classify", train=[texts], start=tmp_path / "imported", overrides=settings), tmp_path / "on")
    found = load_classifier(tmp_path / "on")
    assert found.classes == ("pt", "gl")
    first = TextClassifier(turned).classify("a vida é bela 3").probabilities
    assert TextClassifier(found).classify("a vida é bela 3").probabilities == pytest.approx(first, abs=1e-6)


def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, make: Make, stop_at: StopAt) -> None:
    recipe = make("training.keep=last")
    train(recipe, tmp_path / "whole")
    report = train(recipe, tmp_path / "parts", **stop_at(0.4))
    assert report.outcome.reason == "stopped"
    assert 0 < report.outcome.state.step < 6
    train(None, tmp_path / "parts", resume=True)
    files = [sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts")]
    assert files[0] == files[1]


def test_the_loss_is_the_cross_entropy_of_each_text_alone(tmp_path: Path, make: Make) -> None:
    from atento.data.labelled_batching import Framing, LabelledBatches
    from atento.data.labelled_dataset import open_labelled
    from atento.data.labelled_files import LabelledFiles, read_labelled
    from atento.training.objectives import ClassificationObjective

    train(make(), tmp_path / "run")
    bundle = load_classifier(tmp_path / "run")
    files = LabelledFiles(file=str(tmp_path / "train.tsv"))
    dataset = open_labelled([files], bundle.classes, bundle.tokenizer.encode_batch)
    batches = LabelledBatches(dataset, Framing(vocabulary=bundle.vocabulary, longest=24), budget=96, seed=1)
    found = sum(float(ClassificationObjective()(bundle.model, batch).likelihood) for batch in batches.epoch())
    expected = 0.0
    for each in read_labelled(files):
        ids = bundle.tokenizer.encode_batch([each.text])[0][:22]
        tokens = torch.tensor([[2, *ids, 3]])
        logits = bundle.model.logits(tokens, torch.ones_like(tokens, dtype=torch.bool))
        label = torch.tensor([bundle.classes.index(each.label)])
        expected += float(functional.cross_entropy(logits, label))
    assert found == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(found)


def test_all_of_a_small_file_may_be_on_one_side_of_the_split(tmp_path: Path, labelled: Path) -> None:
    small = tmp_path / "small.tsv"
    small.write_text("uma vida só\tpt\n", encoding="utf-8")
    recipe = read_recipe("classify", train=[labelled, small], overrides=(*SMALL, *STEPS))
    facts = train(recipe, tmp_path / "run").card["data"]
    assert facts["train_texts"] + facts["valid_texts"] == 49
    assert min(len(facts["train"]), len(facts["valid"])) == 1


def test_a_class_that_training_never_saw_is_refused(tmp_path: Path, labelled: Path) -> None:
    valid = tmp_path / "valid.tsv"
    valid.write_text("a vida\tpt\nla vida\tgl\n", encoding="utf-8")
    recipe = read_recipe("classify", train=[labelled], valid=[valid], overrides=(*SMALL, *STEPS))
    with pytest.raises(DataError, match=r"valid\.tsv, line 2: the class 'gl' is none of those of training \(es, pt\)"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_translator_does_not_classify(tmp_path: Path, labelled: Path) -> None:
    recipe = read_recipe("small", train=[labelled], overrides=("data.kind=labels",))
    with pytest.raises(ConfigurationError, match=r"'transformer' does not learn from data\.kind = 'labels'"):
        train(recipe, tmp_path / "run")


def test_texts_are_cut_as_in_training(tmp_path: Path, make: Make) -> None:
    train(make("data.context=10"), tmp_path / "run")
    classifier = TextClassifier.load(tmp_path / "run")
    assert classifier.framing.longest == 10
    first, second = classifier.classify(["a vida é bela", "a vida é outra"])
    assert first.cut
    assert first.probabilities == second.probabilities
