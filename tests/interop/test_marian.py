"""Marian and Pegasus from ``transformers`` and back: logits, translations, tokenizers; our own Transformers as them."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MarianTokenizer

from atento.applications.translator import Translator
from atento.bundle import Bundle, TranslationBundle, load_translation, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.decoding.configuration import DecodingConfig
from atento.interop.exporting import export_folder
from atento.interop.importing import import_folder, read_folder
from atento.models.build import build_model
from atento.models.recurrent import RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

MASK = torch.arange(7) < torch.tensor([7, 3, 5, 1]).unsqueeze(1)
SHAPES: list[dict[str, Any]] = [
    {},
    {"d_model": 24, "encoder_attention_heads": 3, "decoder_attention_heads": 3, "encoder_layers": 1},
    {"decoder_layers": 1, "activation_function": "gelu", "scale_embedding": False},
]


def logits(bundle: Bundle[Any], sources: Tensor, targets: Tensor) -> Tensor:
    memory = bundle.model.decoder.prepare(bundle.model.encoder(sources, MASK))
    hidden, _ = bundle.model.decoder(targets, memory, bundle.model.decoder.start(memory))
    return bundle.model.decoder.logits(hidden)  # type: ignore[no-any-return]


def agree(bundle: Bundle[Any], theirs: Any, atol: float = 1e-5) -> None:
    vocabulary = bundle.vocabulary
    sources = torch.where(MASK, torch.randint(2, vocabulary.source_size - 1, (4, 7)), vocabulary.pad)
    targets = torch.randint(2, vocabulary.target_size - 1, (4, 6))
    targets[:, 0] = vocabulary.decoder_start
    wanted = theirs(input_ids=sources, attention_mask=MASK.long(), decoder_input_ids=targets).logits
    torch.testing.assert_close(logits(bundle, sources, targets), wanted, atol=atol, rtol=1e-5)


def their_tokenizer(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends a library for punctuation
        return MarianTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("kind", ["Marian", "Pegasus"])
@pytest.mark.parametrize("shape", SHAPES)
def test_logits_agree(make: ModuleType, tmp_path: Path, kind: str, shape: dict[str, Any]) -> None:
    theirs = make.marian(tmp_path, kind=kind, **shape)
    bundle = read_folder(tmp_path).bundle
    agree(bundle, theirs)
    size = bundle.vocabulary.target_size
    assert (
        bundle.model.num_parameters == theirs.num_parameters(only_trainable=True) + size
    )  # theirs keep it as a buffer


@pytest.mark.parametrize("tied", [True, False])
def test_embeddings_of_their_own(make: ModuleType, tmp_path: Path, tied: bool) -> None:
    theirs = make.marian(tmp_path, share_encoder_decoder_embeddings=False, tie_word_embeddings=tied)
    bundle = read_folder(tmp_path).bundle
    assert isinstance(bundle.model_config, TransformerConfig)
    assert bundle.model_config.tied_embeddings == ("decoder" if tied else "none")
    agree(bundle, theirs)
    export_folder(bundle, tmp_path / "out")
    agree(bundle, AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out").eval())


@pytest.mark.parametrize("pieces", ["unigram", "bpe"])
def test_tokenizers_agree(make: ModuleType, tmp_path: Path, pieces: str) -> None:
    """Source and target, pieces that vocab.json lacks, a language's code; decoded text."""
    make.marian(tmp_path / "in", pieces=pieces)
    import_folder(tmp_path / "in", tmp_path / "run")
    bundle = load_translation(tmp_path / "run")
    theirs = their_tokenizer(tmp_path / "in")
    [absent] = [piece for piece in make.pieces_of(tmp_path / "in" / "source.spm") if piece not in theirs.encoder]
    assert theirs(absent)["input_ids"].count(1) == 1
    for text in [*make.HARD, absent, f"x{absent}{absent}y", ">>es<< a vida", ">>es<<"]:
        ids = theirs(text)["input_ids"]
        assert bundle.source_tokenizer.template.single(bundle.source_tokenizer.encode_batch([text])[0]) == ids
        target = theirs(text_target=text)["input_ids"]
        assert bundle.target_tokenizer.template.single(bundle.target_tokenizer.encode_batch([text])[0]) == target
        if 1 not in target:
            decoded = theirs.decode(target, skip_special_tokens=True)
            assert bundle.target_tokenizer.decode(target) == bundle.target_tokenizer.surface(target).text == decoded
    assert bundle.source_tokenizer.size == bundle.target_tokenizer.size == len(theirs.encoder)
    assert bundle.vocabulary.shared
    assert (bundle.vocabulary.decoder_start, bundle.vocabulary.eos) == (len(theirs.encoder) - 1, 0)


def generated(theirs: Any, tokenizer: Any, texts: list[str], **options: Any) -> Any:
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    pad = theirs.config.pad_token_id
    return theirs.generate(**inputs, do_sample=False, bad_words_ids=[[pad]], return_dict_in_generate=True, **options)


def written(row: list[int]) -> tuple[int, ...]:
    body = row[1:]
    return tuple(body[: body.index(0) + 1] if 0 in body else body)


@pytest.mark.parametrize("kind", ["Marian", "Pegasus"])
def test_greedy_translations_are_theirs(make: ModuleType, tmp_path: Path, kind: str) -> None:
    theirs = make.marian(tmp_path, kind=kind, seed=4)
    translator = Translator(read_folder(tmp_path).bundle)  # type: ignore[arg-type]
    tokenizer, texts = their_tokenizer(tmp_path), make.TEXTS[:6]
    wanted = generated(theirs, tokenizer, texts, num_beams=1, max_new_tokens=15, no_repeat_ngram_size=3)
    decoding = DecodingConfig(beam_size=1, max_length=15, max_length_ratio=None, no_repeat_ngram_size=3)
    found = [translation.candidates[0] for translation in translator.translate(texts, decoding=decoding)]
    assert [each.ids for each in found] == [written(row) for row in wanted.sequences.tolist()]
    assert len({each.ids for each in found}) > 1
    for each in found:
        assert each.text == tokenizer.decode(each.ids, skip_special_tokens=True) or 1 in each.ids


@pytest.mark.parametrize("num_beams", [2, 4])
@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.6, 1.0])
def test_a_narrow_beam_finds_what_theirs_finds(make: ModuleType, tmp_path: Path, alpha: float, num_beams: int) -> None:
    """All n best in a batch, where all, some or none can end before the limit; wide beams: tests/models/transformer."""
    theirs = make.marian(tmp_path, seed=5)
    tokenizer, texts = their_tokenizer(tmp_path), make.TEXTS[:6]
    options = {"num_beams": num_beams, "num_return_sequences": num_beams, "length_penalty": alpha}
    decoding = DecodingConfig(
        beam_size=num_beams, n_best=num_beams, beam="full", length_penalty=alpha, max_length=8, max_length_ratio=None
    )
    endings = set()
    for by in (5.0, 1.0, 1.0):
        theirs.final_logits_bias[0, 0] += by
        theirs.save_pretrained(tmp_path)
        translator = Translator(read_folder(tmp_path).bundle)  # type: ignore[arg-type]
        assert translator.bundle.decoding.beam == "full"
        wanted = generated(
            theirs, tokenizer, texts, max_new_tokens=8, early_stopping="never", output_scores=True, **options
        )
        found = [each for result in translator.translate(texts, decoding=decoding) for each in result.candidates]
        assert [each.ids for each in found] == [written(row[:9]) for row in wanted.sequences.tolist()]
        scores = torch.tensor([each.score for each in found])
        torch.testing.assert_close(scores, wanted.sequences_scores, atol=1e-4, rtol=0)
        endings |= {(len(each.ids), each.finished) for each in found}
    assert len({length for length, finished in endings if finished}) > 1, "hypotheses end at various lengths"
    assert (8, False) in endings, "and the limit cuts some off"


@pytest.mark.parametrize("kind", ["Marian", "Pegasus"])
@pytest.mark.parametrize("shape", SHAPES)
def test_export_of_an_imported_model(make: ModuleType, tmp_path: Path, kind: str, shape: dict[str, Any]) -> None:
    theirs = make.marian(tmp_path / "in", kind=kind, **shape)
    first = read_folder(tmp_path / "in").bundle
    exported = export_folder(first, tmp_path / "out")
    assert not any("beams" in note for note in exported.notes), "it came with a full one"
    assert exported.notes, "of two tokenizers"
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out").eval()
    assert type(again) is type(theirs)
    state = theirs.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.state_dict().items())
    source = AutoTokenizer.from_pretrained(tmp_path / "out")
    target = AutoTokenizer.from_pretrained(tmp_path / "out" / "target_tokenizer")
    tokenizer = their_tokenizer(tmp_path / "in")
    known = [
        text for text in make.TEXTS if 1 not in tokenizer(text)["input_ids"] + tokenizer(text_target=text)["input_ids"]
    ]
    assert len(known) > 1
    for text in known:
        assert source(text)["input_ids"] == tokenizer(text)["input_ids"]
        assert target(text)["input_ids"] == tokenizer(text_target=text)["input_ids"]
        assert target.decode(target(text)["input_ids"], skip_special_tokens=True) == text
    second = read_folder(tmp_path / "out").bundle
    assert (second.model_config, second.vocabulary) == (first.model_config, first.vocabulary)
    assert second.target_tokenizer.to_json() == first.target_tokenizer.to_json()
    assert all(torch.equal(tensor, weights(first.model)[name]) for name, tensor in weights(second.model).items())


@pytest.mark.parametrize("layer_norm", ["post", "pre"])
@pytest.mark.parametrize("layout", ["halves", "interleaved"])
@pytest.mark.parametrize("bias", [True, False])
def test_export_of_one_trained_here(make: ModuleType, tmp_path: Path, layer_norm: Any, layout: Any, bias: bool) -> None:
    """Alternating sines and cosines become halves by another order of the components: the same function."""
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind="bpe", vocab_size=320))
    config = TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=2, num_decoder_layers=1,
        layer_norm=layer_norm, position_layout=layout, output_bias=bias,
    )  # fmt: skip
    bundle = _made_here(make, config, tokenizer, tokenizer)
    exported = export_folder(bundle, tmp_path)
    assert any("beams stay full there" in note for note in exported.notes) is (bundle.decoding.beam == "shrinking")
    assert exported.architecture == ("MarianMTModel" if layer_norm == "post" else "PegasusForConditionalGeneration")
    theirs = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).eval()
    agree(bundle, theirs)
    their_tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    texts = make.TEXTS[:4]
    inputs = their_tokenizer(texts, return_tensors="pt", padding=True)
    expected = [[*ids, tokenizer.eos] for ids in tokenizer.encode_batch(texts)]
    assert [row[: len(ids)] for row, ids in zip(inputs["input_ids"].tolist(), expected, strict=True)] == expected
    wanted = theirs.generate(**inputs, num_beams=1, max_new_tokens=12).tolist()
    decoding = DecodingConfig(beam_size=1, max_length=12, max_length_ratio=None)
    for translation, row in zip(Translator(bundle).translate(texts, decoding=decoding), wanted, strict=True):
        assert translation.text == their_tokenizer.decode(row, skip_special_tokens=True)
    back = read_folder(tmp_path).bundle
    assert back.vocabulary == bundle.vocabulary
    assert back.decoding == bundle.decoding
    assert back.target_tokenizer.to_json() == tokenizer.to_json()
    if layout == "halves" and bias:
        assert back.model_config == config
        assert all(torch.equal(tensor, weights(bundle.model)[name]) for name, tensor in weights(back.model).items())
    agree(back, theirs)


def test_export_with_a_tokenizer_for_each_language(make: ModuleType, tmp_path: Path) -> None:
    source, target = (
        train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind="unigram", vocab_size=size)) for size in (300, 310)
    )
    config = TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=1, num_decoder_layers=1, layer_norm="post"
    )
    bundle = _made_here(make, config, source, target)
    export_folder(bundle, tmp_path / "out")
    agree(bundle, AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out").eval())
    for tokenizer, place in ((source, tmp_path / "out"), (target, tmp_path / "out" / "target_tokenizer")):
        theirs = AutoTokenizer.from_pretrained(place)
        assert theirs("diga lá")["input_ids"] == [*tokenizer.encode_batch(["diga lá"])[0], tokenizer.eos]
    pre = TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=1, num_decoder_layers=1
    )
    with pytest.raises(ConfigurationError, match=r"Pegasus .* has model.tied_embeddings = 'decoder'"):
        export_folder(_made_here(make, pre, source, target), tmp_path / "no")


def _made_here(make: ModuleType, config: TransformerConfig, source: Any, target: Any) -> TranslationBundle:
    model = make.scatter(build_model(config, vocabulary_of(source, target), seed=1), 0.3).requires_grad_(False)
    return Bundle(model=model, model_config=config, source_tokenizer=source, target_tokenizer=target)


@pytest.mark.parametrize("change", [{"position": "rotary"}, {"norm": "rms"}, {"activation": "swiglu"}, {"bias": False}])
def test_what_they_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any]) -> None:
    tokenizer = train_tokenizer(make.TEXTS, TokenizerConfig(kind="char", vocab_size=60))
    config = TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=24, num_encoder_layers=1, num_decoder_layers=1, **change
    )
    [(key, value)] = change.items()
    with pytest.raises(ConfigurationError, match=f"has model.{key} = {value!r}"):
        export_folder(_made_here(make, config, tokenizer, tokenizer), tmp_path / "out")


def test_a_recurrent_model_is_refused(make: ModuleType, tmp_path: Path) -> None:
    tokenizer = train_tokenizer(make.TEXTS, TokenizerConfig(kind="char", vocab_size=60))
    config = RecurrentConfig(embedding_size=4, hidden_size=4)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    with pytest.raises(ConfigurationError, match=r"model.kind = 'recurrent': Hugging Face's library has no such"):
        export_folder(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decoder_attention_heads": 4}, "encoder_attention_heads = 2 and decoder_attention_heads = 4"),
        ({"decoder_ffn_dim": 4}, "encoder_ffn_dim = 24 and decoder_ffn_dim = 4"),
        ({"normalize_before": True}, "normalize_before = True"),
        ({"static_position_embeddings": False}, "static_position_embeddings = False"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings = False with embeddings"),
        ({"share_encoder_decoder_embeddings": False}, "'model.decoder.embed_tokens.weight' is missing"),
        ({"decoder_start_token_id": 999}, "decoder_start_token_id = 999"),
        ({"decoder_layers": 10**12}, "model.num_decoder_layers = 1000000000000: it must be at most 1,000"),
        ({"d_model": 10**12}, "model.model_size = 1000000000000: it must be at most 16,777,216"),
        ({"encoder_layers": 3}, "'model.encoder.layers.2.fc1.bias' is missing"),
    ],
)
def test_what_we_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    make.marian(tmp_path)
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, **change})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "target.spm").unlink(), "target.spm: No such file"),
        (lambda f: (f / "source.spm").write_bytes(b"\xff\xff"), "source.spm is damaged"),
        (lambda f: (f / "source.spm").write_bytes((f / "source.spm").read_bytes()[:500]), "source.spm is damaged"),
        (lambda f: (f / "vocab.json").unlink(), "vocab.json: No such file"),
        (lambda f: (f / "vocab.json").write_text('{"a": 0, "</s>": 2}'), "ids are not 0 to 1"),
        (lambda f: (f / "vocab.json").write_text('{"a": 0, "</s>": 1}'), "lacks <unk>"),
    ],
)
def test_damaged_tokenizers(make: ModuleType, tmp_path: Path, spoil: Any, words: str) -> None:
    make.marian(tmp_path)
    spoil(tmp_path)
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)
