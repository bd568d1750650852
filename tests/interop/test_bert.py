"""BERT and RoBERTa from ``transformers`` and back, with whatever heads a folder has."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForPreTraining,
    AutoTokenizer,
)

from atento.bundle import Bundle, load_bundle, load_masked_language_model, vocabulary_of
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.interop.exporting import export_folder
from atento.interop.importing import import_folder, read_folder
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

SHAPES: list[dict[str, Any]] = [
    {},
    {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 1, "intermediate_size": 20},
    {"tie_word_embeddings": False, "layer_norm_eps": 1e-3, "type_vocab_size": 3},
]
LENGTHS = torch.tensor([9, 4, 6, 1])
MASK = torch.arange(9) < LENGTHS.unsqueeze(1)


def inputs(size: int, pad: int) -> Tensor:
    return torch.where(MASK, torch.randint(5, size, (4, 9)), pad)


def predictions(bundle: Bundle[Any], tokens: Tensor, types: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Vectors and logits at the real tokens."""
    vectors = bundle.model.encoder(tokens, MASK, types=types).annotations
    return vectors[MASK], bundle.model.head.logits(vectors)[MASK]


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
@pytest.mark.parametrize("shape", SHAPES)
def test_berts_logits_agree(make: ModuleType, tmp_path: Path, shape: dict[str, Any], activation: str) -> None:
    """With padding and types of text; the next-sentence head as well."""
    theirs = make.bert(tmp_path, "ForPreTraining", hidden_act=activation, **shape)
    bundle = read_folder(tmp_path).bundle
    tokens, types = inputs(bundle.vocabulary.target_size, 0), torch.randint(2, (4, 9))
    wanted = theirs(tokens, attention_mask=MASK.long(), token_type_ids=types)
    vectors, logits = predictions(bundle, tokens, types)
    close(logits, wanted.prediction_logits[MASK])
    close(vectors, theirs.bert(tokens, attention_mask=MASK.long(), token_type_ids=types).last_hidden_state[MASK])
    annotations = bundle.model.encoder(tokens, MASK, types=types).annotations
    close(bundle.model.next_sentence.logits(annotations), wanted.seq_relationship_logits)
    close(predictions(bundle, tokens)[1], theirs(tokens, attention_mask=MASK.long()).prediction_logits[MASK])
    if theirs.config.tie_word_embeddings:  # else theirs has a second bias of the output layer, which nothing reads
        assert bundle.model.num_parameters == theirs.num_parameters()


@pytest.mark.parametrize("shape", [{}, {"type_vocab_size": 1, "num_hidden_layers": 1}, {"tie_word_embeddings": False}])
def test_robertas_logits_agree(make: ModuleType, tmp_path: Path, shape: dict[str, Any]) -> None:
    """Its positions begin after the padding's id."""
    theirs = make.roberta(tmp_path, "ForMaskedLM", **shape)
    bundle = read_folder(tmp_path).bundle
    tokens = inputs(bundle.vocabulary.target_size, bundle.vocabulary.pad)
    _, logits = predictions(bundle, tokens)
    close(logits, theirs(tokens, attention_mask=MASK.long()).logits[MASK])
    assert bundle.model.max_length == theirs.config.max_position_embeddings - 2
    assert bundle.tokenizer.mask == 4


def test_a_masked_pair_as_their_tokenizer_lays_it_out(make: ModuleType, tmp_path: Path) -> None:
    for name in ("bert", "roberta"):
        theirs = getattr(make, name)(tmp_path / name, "ForMaskedLM")
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / name)
        bundle = read_folder(tmp_path / name).bundle
        first, second = bundle.tokenizer.encode_batch(["a casa é", "o gato"])
        assert bundle.tokenizer.mask is not None
        ids, types = bundle.tokenizer.template.pair([*first, bundle.tokenizer.mask], second)
        wanted = tokenizer(f"a casa é{tokenizer.mask_token}", "o gato", return_tensors="pt")
        assert ids == wanted["input_ids"][0].tolist()
        tokens = torch.tensor([ids])
        vectors = bundle.model.encoder(tokens, torch.ones_like(tokens).bool(), types=torch.tensor([types])).annotations
        close(bundle.model.head.logits(vectors), theirs(**wanted).logits)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["Model", "ForMaskedLM", "ForPreTraining", "ForNextSentencePrediction"])
def test_a_folder_with_any_heads(make: ModuleType, tmp_path: Path, kind: str) -> None:
    """What it has comes in and goes out again; what is left out or missing is said."""
    theirs = make.bert(tmp_path / "in", kind)
    imported = import_folder(tmp_path / "in", tmp_path / "run")
    config = imported.bundle.model_config
    assert isinstance(config, BertConfig)
    assert config.masked_head is (kind in ("ForMaskedLM", "ForPreTraining"))
    assert config.next_sentence is (kind in ("ForPreTraining", "ForNextSentencePrediction"))
    assert any("pooler.dense" in note for note in imported.notes) is (kind == "Model")
    assert any("cannot fill" in note for note in imported.notes) is not config.masked_head
    bundle = load_bundle(tmp_path / "run")
    tokens = inputs(bundle.vocabulary.target_size, 0)
    body = theirs if kind == "Model" else theirs.bert
    wanted = body(tokens, attention_mask=MASK.long()).last_hidden_state
    close(bundle.model.encoder(tokens, MASK).annotations[MASK], wanted[MASK])  # type: ignore[operator]
    if config.masked_head:
        load_masked_language_model(tmp_path / "run")
    else:
        with pytest.raises(BundleError, match="without a head for masked tokens"):
            load_masked_language_model(tmp_path / "run")
    exported = export_folder(bundle, tmp_path / "out")
    assert exported.architecture == f"Bert{kind}"
    again = getattr(transformers, exported.auto_class).from_pretrained(tmp_path / "out", **(
        {"add_pooling_layer": False} if kind == "Model" else {}
    ))  # fmt: skip
    state = theirs.state_dict()
    assert type(again).__name__ == f"Bert{kind}"
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.state_dict().items())


def test_the_first_berts_names_and_pytorchs_file(make: ModuleType, tmp_path: Path) -> None:
    """gamma and beta, copies of tied matrices, numbers of positions: as BERTimbau's and BETO's files have them."""
    theirs = make.bert(tmp_path, "ForPreTraining")
    (tmp_path / "model.safetensors").unlink()
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    state = {}
    for name, tensor in theirs.state_dict().items():
        for new, before in old.items():
            name = name.replace(new, before)
        state[name] = tensor
    state["bert.embeddings.position_ids"] = torch.arange(24).unsqueeze(0)
    assert "cls.predictions.decoder.weight" in state
    torch.save(state, tmp_path / "pytorch_model.bin")
    bundle = read_folder(tmp_path).bundle
    tokens = inputs(bundle.vocabulary.target_size, 0)
    close(predictions(bundle, tokens)[1], theirs(tokens, attention_mask=MASK.long()).prediction_logits[MASK])
    state["cls.predictions.decoder.weight"] = state["cls.predictions.decoder.weight"] + 1
    torch.save(state, tmp_path / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"'cls.predictions.decoder.weight' and .* differ"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["bert", "roberta"])
@pytest.mark.parametrize("shape", SHAPES)
def test_export_of_an_imported_model(make: ModuleType, tmp_path: Path, name: str, shape: dict[str, Any]) -> None:
    theirs = getattr(make, name)(tmp_path / "in", "ForMaskedLM", **shape)
    first = read_folder(tmp_path / "in").bundle
    export_folder(first, tmp_path / "out")
    again = AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    assert type(again) is type(theirs)
    tokens = inputs(first.vocabulary.target_size, first.vocabulary.pad)
    wanted = theirs(tokens, attention_mask=MASK.long()).logits[MASK]
    assert torch.equal(again(tokens, attention_mask=MASK.long()).logits[MASK], wanted)
    before, after = (AutoTokenizer.from_pretrained(tmp_path / folder) for folder in ("in", "out"))
    for text in make.HARD:
        assert before(text)["input_ids"] == after(text)["input_ids"]
        assert before(text, "o gato")["input_ids"] == after(text, "o gato")["input_ids"]
    assert after.mask_token_id == first.tokenizer.mask
    assert before(f"a{before.mask_token} b")["input_ids"] == after(f"a{after.mask_token} b")["input_ids"]
    second = read_folder(tmp_path / "out").bundle
    assert (second.model_config, second.vocabulary) == (first.model_config, first.vocabulary)
    assert second.tokenizer.to_json() == first.tokenizer.to_json()
    assert all(torch.equal(tensor, weights(first.model)[key]) for key, tensor in weights(second.model).items())


@pytest.mark.parametrize("next_sentence", [True, False])
def test_export_of_one_trained_here(make: ModuleType, tmp_path: Path, next_sentence: bool) -> None:
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind="wordpiece", vocab_size=90, mask=True))
    config = BertConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, max_positions=60, next_sentence=next_sentence
    )
    model = make.scatter(build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)).requires_grad_(False)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    export_folder(bundle, tmp_path)
    auto = AutoModelForPreTraining if next_sentence else AutoModelForMaskedLM
    theirs, their_tokenizer = auto.from_pretrained(tmp_path).eval(), AutoTokenizer.from_pretrained(tmp_path)
    pair = their_tokenizer("a vida", "diga lá", return_tensors="pt")
    ids, types = tokenizer.template.pair(*tokenizer.encode_batch(["a vida", "diga lá"]))
    assert (pair["input_ids"][0].tolist(), pair["token_type_ids"][0].tolist()) == (ids, types)
    vectors = model.encoder(pair["input_ids"], pair["attention_mask"].bool(), types=pair["token_type_ids"]).annotations
    wanted = theirs(**pair)
    close(model.head.logits(vectors), wanted.prediction_logits if next_sentence else wanted.logits)
    if next_sentence:
        close(model.next_sentence.logits(vectors), wanted.seq_relationship_logits)
    back = read_folder(tmp_path).bundle
    assert (back.model_config, back.vocabulary) == (bundle.model_config, bundle.vocabulary)
    assert back.tokenizer.to_json() == tokenizer.to_json()
    assert all(torch.equal(tensor, weights(model)[name]) for name, tensor in weights(back.model).items())


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("bert", {"is_decoder": True}, "is_decoder = True"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type = 'relative_key'"),
        ("bert", {"hidden_act": "mish"}, "hidden_act = 'mish'"),
        ("bert", {"type_vocab_size": 5}, "'bert.embeddings.token_type_embeddings.weight' has the shape (2, 16)"),
        ("bert", {"vocab_size": 5000}, "'bert.embeddings.word_embeddings.weight' has the shape"),
        ("roberta", {"hidden_act": "relu"}, "RoBERTa's head has GELU"),
        ("roberta", {"pad_token_id": 3}, "pad_token_id = 3"),
        ("bert", {"model_type": "electra"}, "'electra'"),
        ("bert", {"architectures": 7}, "architectures: Expected `array | null`, got `int`"),
    ],
)
def test_what_we_do_not_have_is_refused(
    make: ModuleType, tmp_path: Path, name: str, change: dict[str, Any], words: str
) -> None:
    getattr(make, name)(tmp_path, "ForMaskedLM")
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, **change})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize("kind", ["ForTokenClassification", "ForMultipleChoice", "ForQuestionAnswering"])
def test_other_heads_are_refused(make: ModuleType, tmp_path: Path, kind: str) -> None:
    """Also those whose weights are called like a classifier's."""
    make.bert(tmp_path, kind)
    with pytest.raises(DataError, match=r"'(classifier|qa_outputs).bias' among its weights belongs to nothing"):
        read_folder(tmp_path)


@pytest.mark.parametrize("change", [{"layer_norm": "pre"}, {"position": "rotary"}, {"activation": "swiglu"}])
def test_what_they_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any]) -> None:
    tokenizer = train_tokenizer(make.TEXTS, TokenizerConfig(kind="char", vocab_size=60, mask=True))
    config = BertConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=1, **change)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    [(key, value)] = change.items()
    with pytest.raises(ConfigurationError, match=f"BERT's format cannot say model.{key} = {value!r}"):
        export_folder(bundle, tmp_path / "out")


def test_a_model_without_heads_loads_as_auto_model(make: ModuleType, tmp_path: Path) -> None:
    make.roberta(tmp_path / "in", "Model")
    export_folder(read_folder(tmp_path / "in").bundle, tmp_path / "out")
    first, second = (AutoModel.from_pretrained(tmp_path / name, add_pooling_layer=False) for name in ("in", "out"))
    tokens = inputs(99, 1)
    found, wanted = (model.eval()(tokens, attention_mask=MASK.long()).last_hidden_state for model in (second, first))
    assert torch.equal(found[MASK], wanted[MASK])
