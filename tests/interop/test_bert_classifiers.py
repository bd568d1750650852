"""BERT's and RoBERTa's classifiers from ``transformers`` and back, and what is fine-tuned from an imported model."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

from atento.applications.classifier import TextClassifier
from atento.bundle import Bundle, load_bundle, load_classifier, vocabulary_of
from atento.cli import main
from atento.core.errors import ConfigurationError, DataError
from atento.interop.exporting import export_folder
from atento.interop.importing import import_folder, read_folder
from atento.models.build import build_classifier
from atento.models.gpt import GPTConfig
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer
from atento.training.recipe import read_recipe
from atento.training.run import train

LABELS = {0: "prosa", 1: "verso", 2: "carta"}
SHAPES: list[dict[str, Any]] = [
    {},
    {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 1, "hidden_act": "relu"},
    {"type_vocab_size": 1, "layer_norm_eps": 1e-3, "tie_word_embeddings": False},
]
MASK = torch.arange(9) < torch.tensor([9, 4, 6, 1]).unsqueeze(1)
STEP = (
    "training.steps=1", "training.batch_tokens=60", "training.validate_every=1", "training.precision=float32",
    "training.warmup_steps=1", "training.learning_rate=0.01",
)  # fmt: skip


def inputs(bundle: Bundle[Any]) -> Tensor:
    return torch.where(MASK, torch.randint(5, bundle.vocabulary.target_size, (4, 9)), bundle.vocabulary.pad)


def same_bundles(found: Bundle[Any], wanted: Bundle[Any]) -> None:
    """All that a bundle is, but its card."""
    for name in ("model_config", "vocabulary", "decoding", "classes", "paired", "context"):
        assert getattr(found, name) == getattr(wanted, name), name
    assert found.tokenizer.to_json() == wanted.tokenizer.to_json()
    values = weights(wanted.model)
    assert weights(found.model).keys() == values.keys()
    assert all(torch.equal(tensor, values[name]) for name, tensor in weights(found.model).items())


@pytest.mark.parametrize("family", ["bert", "roberta"])
@pytest.mark.parametrize("shape", SHAPES)
def test_classifiers_come_in_and_go_out(make: ModuleType, tmp_path: Path, family: str, shape: dict[str, Any]) -> None:
    """With padding: the same logits here and there, the same bits and names of classes after both ways."""
    theirs = getattr(make, family)(tmp_path / "in", "ForSequenceClassification", id2label=LABELS, **shape)
    imported = import_folder(tmp_path / "in", tmp_path / "run")
    first = load_classifier(tmp_path / "run")
    assert first.classes == tuple(LABELS.values())
    assert any("single texts or pairs" in note for note in imported.notes)
    tokens = inputs(first)
    wanted = theirs(tokens, attention_mask=MASK.long()).logits
    torch.testing.assert_close(first.model.logits(tokens, MASK), wanted, atol=1e-5, rtol=1e-5)
    export_folder(first, tmp_path / "out")
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    assert type(again) is type(theirs)
    assert again.config.id2label == LABELS
    assert torch.equal(again(tokens, attention_mask=MASK.long()).logits, wanted)
    same_bundles(read_folder(tmp_path / "out").bundle, first)


@pytest.mark.parametrize("pairs", [False, True])
def test_pairs_are_read_where_somebody_says_so(make: ModuleType, tmp_path: Path, pairs: bool) -> None:
    """Raw text, single and in pairs: the probabilities that the other library gives."""
    theirs = make.bert(tmp_path / "in", "ForSequenceClassification", id2label=LABELS)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "in")
    options = ["--pairs"] if pairs else []
    assert main(["import", str(tmp_path / "in"), "-o", str(tmp_path / "run"), *options]) == 0
    classifier = TextClassifier.load(tmp_path / "run")
    assert classifier.bundle.paired is pairs
    text = ("a vida é bela", "onde fica a casa?") if pairs else ("a vida é bela",)
    logits = theirs(**tokenizer(*text, return_tensors="pt")).logits[0]
    wanted = dict(zip(LABELS.values(), logits.softmax(-1).tolist(), strict=True))
    found = classifier.classify(text if pairs else text[0])  # type: ignore[call-overload]
    assert found.probabilities == pytest.approx(wanted, abs=1e-5)


def test_pairs_are_only_for_classifiers(make: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.bert(tmp_path / "in", "ForMaskedLM")
    assert main(["import", str(tmp_path / "in"), "-o", str(tmp_path / "run"), "--pairs"]) == 2
    assert "is no classifier" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"problem_type": "multi_label_classification"}, "problem_type = 'multi_label_classification'"),
        ({"id2label": {"0": "a", "2": "b"}}, "id2label gives no name of its own to each of 0 … 1"),
        ({"id2label": {"0": "a", "1": "a", "2": "b"}}, "id2label gives no name of its own"),
        ({"id2label": {"0": "a"}}, "a single output"),
        ({"id2label": {"0": "a\tb", "1": "c"}}, "the class 'a\\tb' is empty, or holds a tab or a line break"),
        ({"id2label": {"0": "", "1": "c"}}, "the class '' is empty, or holds a tab or a line break"),
        ({"id2label": {"0": "b", "1": " "}}, "the class ' ' is empty, or holds a tab or a line break"),
        ({"id2label": None, "num_labels": 10**12}, "num_labels = 1000000000000: it must be at most 16,777,216"),
        ({"id2label": {"0": "a", "1": "b"}}, "'classifier.weight' has the shape (3, 16)"),
        ({"id2label": ["a", "b"]}, "id2label: Expected `object | null`, got `array`"),
        ({"atento": 7}, "atento: Expected `object`, got `int`"),
        ({"atento": {"context": -1}}, "atento: context: Expected `int` >= 3"),
        ({"architectures": None}, "belongs to nothing"),
    ],
)
def test_damaged_classifiers_are_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    make.bert(tmp_path, "ForSequenceClassification", id2label=LABELS)
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, **change})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)


def test_classes_without_names_have_their_usual_ones(make: ModuleType, tmp_path: Path) -> None:
    make.bert(tmp_path, "ForSequenceClassification")
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {k: v for k, v in table.items() if k not in ("id2label", "label2id")})
    assert read_folder(tmp_path).bundle.classes == ("LABEL_0", "LABEL_1")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.tsv"
    lines = ["prosa\ta vida é bela", "verso\tdiga lá, meu irmão", "carta\tonde fica a casa?"] * 12
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("a vida é bela\no que é a vida\ndiga lá, meu irmão\n" * 12, encoding="utf-8")
    return path


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_a_classifier_made_of_an_imported_model_goes_back(
    make: ModuleType, tmp_path: Path, labelled: Path, family: str
) -> None:
    """Trained a step: as the family it came from, with the same probabilities of raw text; and in again unchanged."""
    getattr(make, family)(tmp_path / "in", "ForMaskedLM")
    import_folder(tmp_path / "in", tmp_path / "run")
    recipe = read_recipe(
        "classify", train=[labelled], valid=[labelled], start=tmp_path / "run", overrides=(*STEP, "data.context=12")
    )
    train(recipe, tmp_path / "classifier")
    bundle = load_classifier(tmp_path / "classifier")
    assert (bundle.card or {})["imported"] == {"format": "huggingface", "folder": "in", "model_type": family}
    exported = export_folder(bundle, tmp_path / "out")
    assert exported.architecture == f"{make.PREFIXES[family]}ForSequenceClassification"
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.model_max_length == 12
    for text in ("a vida é bela", "a vida é bela e não sei quando ele vem à estação do gato preto"):
        logits = theirs(**tokenizer(text, truncation=True, return_tensors="pt")).logits[0]
        wanted = {theirs.config.id2label[number]: value for number, value in enumerate(logits.softmax(-1).tolist())}
        assert TextClassifier(bundle).classify(text).probabilities == pytest.approx(wanted, abs=1e-5)
    same_bundles(read_folder(tmp_path / "out").bundle, bundle)


def test_a_classifier_of_pairs_trained_here_goes_out_and_in(make: ModuleType, tmp_path: Path) -> None:
    make.bert(tmp_path / "in", "ForPreTraining", tie_word_embeddings=False)
    pretrained = read_folder(tmp_path / "in").bundle
    path = tmp_path / "pairs.jsonl"
    rows = [("a vida", "é bela", "sim"), ("o gato", "não sei", "não")] * 15
    lines = [make.json.dumps({"text": first, "second": second, "label": label}) for first, second, label in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    import_folder(tmp_path / "in", tmp_path / "run")
    train(
        read_recipe("classify", train=[path], valid=[path], start=tmp_path / "run", overrides=STEP),
        tmp_path / "classifier",
    )
    bundle = load_classifier(tmp_path / "classifier")
    assert bundle.paired
    assert bundle.tokenizer.checksum == pretrained.tokenizer.checksum
    export_folder(bundle, tmp_path / "out")
    same_bundles(read_folder(tmp_path / "out").bundle, bundle)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    batch = AutoTokenizer.from_pretrained(tmp_path / "out")("a vida", "é bela", return_tensors="pt")
    wanted = dict(zip(bundle.classes, theirs(**batch).logits[0].softmax(-1).tolist(), strict=True))
    assert TextClassifier(bundle).classify(("a vida", "é bela")).probabilities == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_an_imported_model_that_read_on_goes_back(make: ModuleType, tmp_path: Path, text: Path, family: str) -> None:
    """Trained twice in a row: where it came from is not forgotten on the way, nor when a run is resumed."""
    getattr(make, family)(tmp_path / "in", "ForMaskedLM")
    import_folder(tmp_path / "in", tmp_path / "0")
    for number in (1, 2):
        start = tmp_path / str(number - 1)
        train(read_recipe("fine-tune", train=[text], start=start, overrides=STEP), tmp_path / str(number))
    train(None, tmp_path / "2", resume=True)
    bundle = load_bundle(tmp_path / "2")
    exported = export_folder(bundle, tmp_path / "out")
    assert exported.architecture == f"{make.PREFIXES[family]}ForMaskedLM"
    theirs = AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    tokens = inputs(bundle)
    found = bundle.model.head.logits(bundle.model.encoder(tokens, MASK).annotations)
    wanted = theirs(tokens, attention_mask=MASK.long()).logits
    torch.testing.assert_close(found[MASK], wanted[MASK], atol=1e-5, rtol=1e-5)
    first = weights(load_bundle(tmp_path / "0").model)
    assert any(not torch.equal(tensor, first[name]) for name, tensor in weights(bundle.model).items())


def test_a_run_of_our_own_goes_back_to_nothing(text: Path, tmp_path: Path) -> None:
    small = (
        "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
        "model.max_positions=16", "tokenizer.kind=char", "tokenizer.vocab_size=60",
    )  # fmt: skip
    train(read_recipe("bert-small", train=[text], overrides=(*STEP, *small)), tmp_path / "run")
    assert "imported" not in (load_bundle(tmp_path / "run").card or {})
    assert export_folder(load_bundle(tmp_path / "run"), tmp_path / "out").architecture == "BertForMaskedLM"


def test_a_classifier_made_of_a_gpt_stays_here(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(["a vida é bela"], TokenizerConfig(kind="char"))
    config = GPTConfig(model_size=8, num_heads=2, num_layers=1, feed_forward_size=8)
    model = build_classifier(config, vocabulary_of(tokenizer, tokenizer), 2, seed=1)
    bundle = Bundle(
        model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer, classes=("a", "b")
    )
    with pytest.raises(ConfigurationError, match="a classifier made of a GPT cannot be exported"):
        export_folder(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()
