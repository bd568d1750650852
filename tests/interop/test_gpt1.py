"""GPT-1 from ``transformers`` and back: our GPT with norms after the sub-layers computes what theirs does."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from atento.applications.writer import Writer
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.interop.exporting import export_folder
from atento.interop.importing import read_folder
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.models.weights import load_weights, weights
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

SIZE = 41
SHAPES: list[dict[str, Any]] = [
    {},
    {"n_embd": 24, "n_head": 3, "n_layer": 1, "afn": "relu"},
    {"n_layer": 3, "layer_norm_epsilon": 1e-3, "afn": "silu", "n_head": 1},
]


def theirs_of(make: ModuleType, **shape: Any) -> Any:
    options = {"vocab_size": SIZE, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32, **shape}
    torch.manual_seed(1)
    return make.scatter(OpenAIGPTLMHeadModel(OpenAIGPTConfig(**options)))


def hidden(model: Any, tokens: Tensor, valid: Tensor | None = None) -> Tensor:
    memory = model.decoder.prepare(nothing_to_read(len(tokens)))
    return model.decoder(tokens, memory, model.decoder.start(memory), valid=valid)[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_gpt_with_norms_after_the_sub_layers_is_gpt_1(make: ModuleType, shape: dict[str, Any]) -> None:
    """Weights copied one by one, with names written down here: vectors and logits agree, with padding too."""
    theirs = theirs_of(make, **shape)
    config = theirs.config
    ours = GPTConfig(
        model_size=config.n_embd, num_heads=config.n_head, num_layers=config.n_layer, max_positions=32,
        feed_forward_size=4 * config.n_embd, layer_norm="post", norm_epsilon=config.layer_norm_epsilon,
        activation={"gelu": "gelu-tanh"}.get(config.afn, config.afn),
    )  # fmt: skip
    model = build_model(ours, Vocabulary(source_size=SIZE, target_size=SIZE, shared=True), seed=2)
    state = theirs.state_dict()
    values = {
        "decoder_module.embedding.tokens.weight": state["transformer.tokens_embed.weight"],
        "decoder_module.embedding.positions.weight": state["transformer.positions_embed.weight"],
    }
    for number in range(config.n_layer):
        layer, its = f"decoder_module.layers.{number}", f"transformer.h.{number}"
        for kind in ("weight", "bias"):
            values |= {
                f"{layer}.self_attention.input.{kind}": state[f"{its}.attn.c_attn.{kind}"].t(),
                f"{layer}.self_attention.output.{kind}": state[f"{its}.attn.c_proj.{kind}"].t(),
                f"{layer}.self_residual.norm.{kind}": state[f"{its}.ln_1.{kind}"],
                f"{layer}.feed_forward.input.{kind}": state[f"{its}.mlp.c_fc.{kind}"].t(),
                f"{layer}.feed_forward.output.{kind}": state[f"{its}.mlp.c_proj.{kind}"].t(),
                f"{layer}.feed_forward_residual.norm.{kind}": state[f"{its}.ln_2.{kind}"],
            }
    assert values.keys() == weights(model).keys(), "it has no norm after the last layer, and no other weight"
    load_weights(model, values)
    model.eval().requires_grad_(False)
    tokens = torch.randint(SIZE, (3, 32))
    wanted = theirs.transformer(tokens).last_hidden_state
    torch.testing.assert_close(hidden(model, tokens), wanted, atol=1e-5, rtol=1e-5)
    logits = model.decoder.logits(hidden(model, tokens))
    torch.testing.assert_close(logits, theirs(tokens).logits, atol=1e-5, rtol=1e-5)
    mask = torch.arange(32) < torch.tensor([32, 5, 19]).unsqueeze(1)
    found, wanted = hidden(model, tokens, mask), theirs.transformer(tokens, attention_mask=mask.long())[0]
    torch.testing.assert_close(found[mask], wanted[mask], atol=1e-5, rtol=1e-5)


def bundle_of(make: ModuleType, **changes: Any) -> tuple[Bundle[Any], Tokenizer]:
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind="bpe", vocab_size=310))
    options = {
        "model_size": 16, "num_heads": 2, "feed_forward_size": 64, "num_layers": 2, "max_positions": 60,
        "layer_norm": "post", **changes,
    }  # fmt: skip
    config = GPTConfig(**options)
    model = make.scatter(build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)).requires_grad_(False)
    return Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer), tokenizer


@pytest.mark.parametrize("changes", [{}, {"tied_embeddings": False, "num_layers": 1}, {"activation": "relu"}])
def test_export_of_one_trained_here(make: ModuleType, tmp_path: Path, changes: dict[str, Any]) -> None:
    """The same logits and the same greedy text there; coming back, everything is as it was."""
    bundle, tokenizer = bundle_of(make, **changes)
    assert export_folder(bundle, tmp_path).architecture == "OpenAIGPTLMHeadModel"
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    inputs = AutoTokenizer.from_pretrained(tmp_path)("a vida é", return_tensors="pt")
    assert inputs["input_ids"][0].tolist() == [tokenizer.bos, *tokenizer.encode_batch(["a vida é"])[0]]
    logits = bundle.model.decoder.logits(hidden(bundle.model, inputs["input_ids"]))
    torch.testing.assert_close(logits, theirs(**inputs).logits, atol=1e-5, rtol=1e-5)
    written = Writer(bundle).write("a vida é", max_tokens=10, decoding=DecodingConfig(beam_size=1)).continuations[0]
    generated = theirs.generate(**inputs, max_new_tokens=10, do_sample=False, num_beams=1)
    assert tuple(generated[0, inputs["input_ids"].shape[1] :].tolist()) == written.ids
    back = read_folder(tmp_path).bundle
    assert (back.model_config, back.vocabulary) == (bundle.model_config, bundle.vocabulary)
    assert back.tokenizer.to_json() == tokenizer.to_json()
    values = weights(bundle.model)
    assert all(torch.equal(tensor, values[name]) for name, tensor in weights(back.model).items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"activation": "gelu"}, "GPT-1 has no model.activation = 'gelu'"),
        ({"feed_forward_size": 24}, "GPT-1 has no model.feed_forward_size = 24"),
    ],
)
def test_what_it_does_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        export_folder(bundle_of(make, **change)[0], tmp_path / "out")


def test_openais_own_vocabulary_has_no_end(make: ModuleType, tmp_path: Path) -> None:
    """A padding and an unknown token, but nothing that ends a text: refused, and what is missing is said."""
    export_folder(bundle_of(make)[0], tmp_path)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        (tmp_path / name).unlink()
    table = make.json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    text = make.json.dumps({**table, "post_processor": None}).replace("</s>", "</w>")
    (tmp_path / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="has no token that ends a text"):
        read_folder(tmp_path)


def test_an_activation_it_does_not_have_is_refused(make: ModuleType, tmp_path: Path) -> None:
    export_folder(bundle_of(make)[0], tmp_path)
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, "afn": "gelu_new"})
    with pytest.raises(DataError, match="afn = 'gelu_new' is no activation of GPT-1's"):
        read_folder(tmp_path)
