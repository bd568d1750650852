"""LLaMA from ``transformers`` and back: grouped queries, rotary positions, SwiGLU; and our modern GPTs as it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from atento.applications.writer import Writer
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.decoding.configuration import DecodingConfig
from atento.interop.exporting import export_folder
from atento.interop.importing import read_folder
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

SHAPES: list[dict[str, Any]] = [
    {},
    {"num_key_value_heads": 2, "tie_word_embeddings": True, "num_hidden_layers": 1},
    {"num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-3},
]
MODERN: dict[str, Any] = {
    "model_size": 16, "num_heads": 4, "feed_forward_size": 24, "num_layers": 2, "norm": "rms", "position": "rotary",
    "activation": "swiglu", "bias": False,
}  # fmt: skip


def logits(bundle: Bundle[Any], tokens: Tensor) -> Tensor:
    decoder = bundle.model.decoder
    memory = decoder.prepare(nothing_to_read(len(tokens)))
    return decoder.logits(decoder(tokens, memory, decoder.start(memory))[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_goes_in_and_out(make: ModuleType, tmp_path: Path, shape: dict[str, Any]) -> None:
    theirs = make.llama(tmp_path / "in", **shape)
    first = read_folder(tmp_path / "in").bundle
    tokens = torch.randint(first.vocabulary.target_size, (3, 20))
    torch.testing.assert_close(logits(first, tokens), theirs(tokens).logits, atol=1e-5, rtol=1e-5)
    assert first.model.num_parameters == theirs.num_parameters()
    export_folder(first, tmp_path / "out")
    again, state = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval(), theirs.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.state_dict().items())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in make.HARD:
        assert tokenizer(text)["input_ids"] == [1, *first.tokenizer.encode_batch([text])[0]]
    second = read_folder(tmp_path / "out").bundle
    assert (second.model_config, second.vocabulary) == (first.model_config, first.vocabulary)
    assert second.tokenizer.to_json() == first.tokenizer.to_json()
    assert all(torch.equal(tensor, weights(first.model)[name]) for name, tensor in weights(second.model).items())


def test_what_is_written_is_what_generate_writes(make: ModuleType, tmp_path: Path) -> None:
    """Its prompts begin with <s>."""
    theirs = make.llama(tmp_path, num_key_value_heads=2)
    bundle = read_folder(tmp_path).bundle
    assert not bundle.vocabulary.prompt_first
    writer, prompts = Writer(bundle), ["a vida", "", "o gato é"]  # type: ignore[arg-type]
    for writing in writer.write(prompts, max_tokens=10, decoding=DecodingConfig(beam_size=1)):
        ids = torch.tensor([[1, *bundle.tokenizer.encode_batch([writing.prompt])[0]]])
        wanted = theirs.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=10, do_sample=False, pad_token_id=2,
            suppress_tokens=[1],
        )  # fmt: skip
        assert writing.continuations[0].ids == tuple(wanted[0, ids.shape[1] :].tolist())


@pytest.mark.parametrize("more", [{}, {"num_key_value_heads": 2, "tied_embeddings": False, "dropout": 0.25}])
def test_export_of_one_trained_here(make: ModuleType, tmp_path: Path, more: dict[str, Any]) -> None:
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind="byte-bpe", vocab_size=300))
    config = GPTConfig(**MODERN, **more)
    model = make.scatter(build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)).requires_grad_(False)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    assert export_folder(bundle, tmp_path).architecture == "LlamaForCausalLM"
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    inputs = AutoTokenizer.from_pretrained(tmp_path)("diga lá", return_tensors="pt")
    assert inputs["input_ids"].tolist() == [[2, *tokenizer.encode_batch(["diga lá"])[0]]]
    found = logits(bundle, inputs["input_ids"])
    torch.testing.assert_close(found, theirs(**inputs).logits, atol=1e-5, rtol=1e-5)
    back = read_folder(tmp_path).bundle
    assert (back.model_config, back.vocabulary) == (bundle.model_config, bundle.vocabulary)
    assert back.tokenizer.to_json() == tokenizer.to_json()
    assert all(torch.equal(tensor, weights(model)[name]) for name, tensor in weights(back.model).items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
        ({"attention_bias": True}, "attention_bias = True"),
        ({"rope_theta": 500000.0, "rope_parameters": None}, "rope_theta = 500000.0"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0}}, "of type 'llama3'"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": None}, "of type 'linear'"),
    ],
)
def test_what_we_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    make.llama(tmp_path)
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, **change})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)


def test_a_mixture_of_both_is_refused_with_what_each_lacks(make: ModuleType, tmp_path: Path) -> None:
    tokenizer = train_tokenizer(make.TEXTS, TokenizerConfig(kind="char", vocab_size=60))
    config = GPTConfig(**{**MODERN, "bias": True})
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    with pytest.raises(
        ConfigurationError, match=r"GPT-2 has no model.norm = 'rms', .*; LLaMA has no model.bias = True"
    ):
        export_folder(bundle, tmp_path / "out")
