"""GPT-2 from ``transformers`` and back: the same logits, the same continuations, the same weights."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from atento.applications.writer import Writer
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.decoding.configuration import DecodingConfig
from atento.inspection.embeddings import Embedder
from atento.interop.exporting import export_folder
from atento.interop.importing import import_folder, read_folder
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.models.weights import weights
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.training import train_tokenizer

SHAPES: list[dict[str, Any]] = [
    {},
    {"n_embd": 24, "n_head": 3, "n_layer": 1, "n_inner": 20, "activation_function": "gelu"},
    {"n_layer": 3, "tie_word_embeddings": False, "layer_norm_epsilon": 1e-3, "activation_function": "relu"},
]


def logits(bundle: Bundle[Any], tokens: Tensor) -> Tensor:
    decoder = bundle.model.decoder
    memory = decoder.prepare(nothing_to_read(len(tokens)))
    return decoder.logits(decoder(tokens, memory, decoder.start(memory))[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", SHAPES)
def test_logits_agree(make: ModuleType, tmp_path: Path, shape: dict[str, Any]) -> None:
    theirs = make.gpt2(tmp_path, **shape)
    bundle = read_folder(tmp_path).bundle
    tokens = torch.randint(bundle.vocabulary.target_size, (3, 32))
    torch.testing.assert_close(logits(bundle, tokens), theirs(tokens).logits, atol=1e-5, rtol=1e-5)
    assert bundle.model.num_parameters == theirs.num_parameters()


def test_a_padded_batch_agrees(make: ModuleType, tmp_path: Path) -> None:
    theirs = make.gpt2(tmp_path)
    bundle = read_folder(tmp_path).bundle
    mask = torch.arange(7) < torch.tensor([7, 3, 5]).unsqueeze(1)
    tokens = torch.randint(1, bundle.vocabulary.target_size, (3, 7)) * mask
    decoder = bundle.model.decoder
    memory = decoder.prepare(nothing_to_read(3))
    found = decoder.logits(decoder(tokens, memory, decoder.start(memory), valid=mask)[0])
    wanted = theirs(input_ids=tokens, attention_mask=mask.long()).logits
    torch.testing.assert_close(found[mask], wanted[mask], atol=1e-5, rtol=1e-5)


def test_what_is_written_is_what_generate_writes(make: ModuleType, tmp_path: Path) -> None:
    """Prompts with nothing before them, an empty one with <|endoftext|>; alone and in a batch."""
    theirs = make.gpt2(tmp_path / "gpt2", seed=1)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "gpt2")
    import_folder(tmp_path / "gpt2", tmp_path / "run")
    writer = Writer.load(tmp_path / "run")
    prompts = ["a vida", "", "onde fica o gato 你", "x"]
    found = writer.write(prompts, max_tokens=12, decoding=DecodingConfig(beam_size=1))
    written = set()
    for prompt, writing in zip(prompts, found, strict=True):
        ids = torch.tensor([tokenizer(prompt)["input_ids"] or [0]], dtype=torch.long)
        wanted = theirs.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=0
        )
        [ours] = writing.continuations
        assert ours.ids == tuple(wanted[0, ids.shape[1] :].tolist())
        assert writing.text == tokenizer.decode(
            [*(ids[0].tolist() if prompt else []), *ours.ids], skip_special_tokens=True
        )
        written.add(ours.ids)
    assert len(written) > 1, "what is written depends on the prompt"


STEPS = (2.0, 0.5, 0.5)
"""By how much the end token becomes likelier, again and again."""


def likelier_end(theirs: Any, folder: Path, by: float) -> Path:
    """The same folder with the end token's logit so much higher, whatever was read."""
    end = theirs.transformer.wte.weight[0]
    with torch.no_grad():
        theirs.transformer.ln_f.bias += by * end / end.square().sum()
    theirs.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("num_beams", [2, 4])
@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.6, 1.0])
def test_a_narrow_beam_finds_what_theirs_finds(make: ModuleType, tmp_path: Path, alpha: float, num_beams: int) -> None:
    """All n best with prompts of several lengths, where all, some or none can end before the limit."""
    theirs = make.gpt2(tmp_path, seed=2)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    options = {"num_beams": num_beams, "num_return_sequences": num_beams, "length_penalty": alpha}
    ours = {"sampling": False, "beam_size": num_beams, "n_best": num_beams, "length_penalty": alpha}
    prompts = ["", "a vida", "onde fica o gato 你", "x"]
    endings = set()
    for by in STEPS:
        writer = Writer(read_folder(likelier_end(theirs, tmp_path, by)).bundle)  # type: ignore[arg-type]
        assert writer.bundle.decoding.beam == "full"
        for prompt, writing in zip(prompts, writer.write(prompts, max_tokens=9, **ours), strict=True):
            ids = torch.tensor([tokenizer(prompt)["input_ids"] or [0]], dtype=torch.long)
            wanted = theirs.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, pad_token_id=0, max_new_tokens=9,
                early_stopping="never", return_dict_in_generate=True, output_scores=True, **options,
            )  # fmt: skip
            rows = [tuple(row[ids.shape[1] :]) for row in wanted.sequences.tolist()]
            assert [each.ids for each in writing.continuations] == [
                row[: row.index(0) + 1] if 0 in row else row for row in rows
            ]
            scores = torch.tensor([each.total / len(each.ids) ** alpha for each in writing.continuations])
            torch.testing.assert_close(scores, wanted.sequences_scores, atol=1e-4, rtol=0)
            endings |= {(len(each.ids), each.ended) for each in writing.continuations}
    assert len({length for length, ended in endings if ended}) > 2, "hypotheses end at various lengths"
    assert (9, False) in endings, "and the limit cuts some off"


def test_a_shrinking_beam_is_another_one(make: ModuleType, tmp_path: Path) -> None:
    """So the setting that comes with a folder matters; where nothing may end before the limit both are the same."""
    likelier_end(make.gpt2(tmp_path, seed=9), tmp_path, STEPS[0])
    writer = Writer(read_folder(tmp_path).bundle)  # type: ignore[arg-type]

    def ids(beam: str, **settings: Any) -> list[tuple[int, ...]]:
        found = writer.write(make.TEXTS, max_tokens=9, sampling=False, beam=beam, beam_size=2, **settings)
        return [each.continuations[0].ids for each in found]

    assert ids("full") != ids("shrinking")
    assert ids("full", min_length=31) == ids("shrinking", min_length=31)


def test_a_beam_as_wide_as_the_space_finds_what_theirs_finds(make: ModuleType, tmp_path: Path) -> None:
    torch.manual_seed(3)
    size, length = 5, 4
    config = GPT2Config(
        vocab_size=size, n_embd=8, n_layer=1, n_head=2, n_positions=8, bos_token_id=0, eos_token_id=0, pad_token_id=0
    )
    theirs = make.scatter(GPT2LMHeadModel(config))
    theirs.save_pretrained(tmp_path)
    make.write_json(tmp_path / "vocab.json", {"<|endoftext|>": 0, "a": 1, "b": 2, "c": 3, "d": 4})
    (tmp_path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    writer = Writer(read_folder(tmp_path).bundle)  # type: ignore[arg-type]
    for prompt in ("a", "bd"):
        ids = torch.tensor([["_abcd".index(letter) for letter in prompt]])
        wanted = theirs.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=size**length, length_penalty=0.0,
            early_stopping="never", max_new_tokens=length,
        )[0, len(prompt) :].tolist()  # fmt: skip
        decoding = DecodingConfig(beam_size=size**length, length_penalty=0.0, beam="full")
        [found] = writer.write(prompt, max_tokens=length, decoding=decoding).continuations
        assert found.ids == tuple(wanted[: wanted.index(0) + 1] if 0 in wanted else wanted)


def test_names_without_the_bodys_prefix_and_pytorchs_file(make: ModuleType, tmp_path: Path) -> None:
    """As the first GPT-2 files are: no prefix, buffers among the weights, pickled."""
    theirs = make.gpt2(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    state = {name.removeprefix("transformer."): tensor for name, tensor in theirs.state_dict().items()}
    state |= {"h.0.attn.bias": torch.ones(1, 1, 32, 32).tril(), "h.1.attn.masked_bias": torch.tensor(-1e4)}
    torch.save(state, tmp_path / "pytorch_model.bin")
    tokens = torch.randint(99, (1, 9))
    torch.testing.assert_close(
        logits(read_folder(tmp_path).bundle, tokens), theirs(tokens).logits, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("pickled", [False, True])
def test_a_model_in_parts_and_in_half_precision(make: ModuleType, tmp_path: Path, pickled: bool) -> None:
    theirs = make.gpt2(tmp_path).to(torch.bfloat16)
    (tmp_path / "model.safetensors").unlink()
    if pickled:
        state = list(theirs.transformer.state_dict(prefix="transformer.").items())
        halves = {"pytorch_model-1.bin": dict(state[:9]), "pytorch_model-2.bin": dict(state[9:])}
        for name, part in halves.items():
            torch.save(part, tmp_path / name)
        index = {"weight_map": {tensor: name for name, part in halves.items() for tensor in part}}
        make.write_json(tmp_path / "pytorch_model.bin.index.json", index)
    else:
        theirs.save_pretrained(tmp_path, max_shard_size="8KB")
        assert (tmp_path / "model.safetensors.index.json").is_file()
    tokens = torch.randint(99, (1, 9))
    wanted = theirs.float()(tokens).logits
    torch.testing.assert_close(logits(read_folder(tmp_path).bundle, tokens), wanted, atol=1e-5, rtol=1e-5)


def test_a_model_with_more_ids_than_its_tokenizer_has_entries(make: ModuleType, tmp_path: Path) -> None:
    """Tables are often filled up to a round size; such ids stand for no text."""
    make.gpt2(tmp_path, vocab_size=384)
    writer = Writer(read_folder(tmp_path).bundle)  # type: ignore[arg-type]
    tokenizer = writer.bundle.tokenizer
    assert (tokenizer.size, writer.bundle.vocabulary.target_size) == (320, 384)
    assert writer.write("a vida", max_tokens=30, seed=1).continuations[0].ids
    [first, second] = tokenizer.encode_batch(["ab"])[0]
    ids = [first, 370, second]
    assert tokenizer.decode(ids) == tokenizer.surface(ids).text == "ab"
    assert tokenizer.surface(ids).spans == ((0, 1), (1, 1), (1, 2))
    assert [tokenizer.label(number) for number in ids] == ["a", "⟨370⟩", "b"]


@pytest.mark.parametrize("shape", SHAPES)
def test_export_of_an_imported_model(make: ModuleType, tmp_path: Path, shape: dict[str, Any]) -> None:
    theirs = make.gpt2(tmp_path / "in", **shape)
    first = read_folder(tmp_path / "in").bundle
    export_folder(first, tmp_path / "out")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    state = theirs.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.state_dict().items())
    both = [AutoTokenizer.from_pretrained(tmp_path / name) for name in ("in", "out")]
    for text in make.HARD:
        before, after = (tokenizer(text)["input_ids"] for tokenizer in both)
        assert before == after == first.tokenizer.encode_batch([text])[0]
        assert both[1].decode(after) == first.tokenizer.decode(after) == text
    second = read_folder(tmp_path / "out").bundle
    assert (second.model_config, second.vocabulary) == (first.model_config, first.vocabulary)
    assert second.tokenizer.to_json() == first.tokenizer.to_json()
    assert all(torch.equal(tensor, weights(first.model)[name]) for name, tensor in weights(second.model).items())


@pytest.mark.parametrize("kind", ["byte-bpe", "bpe", "unigram", "char", "word", "wordpiece"])
def test_export_of_one_trained_here(make: ModuleType, tmp_path: Path, kind: Kind) -> None:
    """The exported tokenizer begins with <s>, as the model does; coming back, everything is as it was."""
    size = {"byte-bpe": 300, "bpe": 310, "unigram": 310}.get(kind, 40 if kind == "word" else 90)
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind=kind, vocab_size=size))
    config = GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, max_positions=140)
    model = make.scatter(build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)).requires_grad_(False)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    export_folder(bundle, tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    theirs_tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    for text in make.TEXTS:
        ids = [tokenizer.bos, *tokenizer.encode_batch([text])[0]]
        assert theirs_tokenizer(text)["input_ids"] == ids
        if tokenizer.unk not in ids:  # which they leave out as well
            assert theirs_tokenizer.decode(ids, skip_special_tokens=True) == tokenizer.decode(ids)
        torch.testing.assert_close(
            logits(bundle, torch.tensor([ids])), theirs(torch.tensor([ids])).logits, atol=1e-5, rtol=1e-5
        )
    written = Writer(bundle).write("a vida", max_tokens=10, decoding=DecodingConfig(beam_size=1)).continuations[0]
    inputs = theirs_tokenizer("a vida", return_tensors="pt")
    generated = theirs.generate(**inputs, max_new_tokens=10, do_sample=False, num_beams=1)[
        0, inputs["input_ids"].shape[1] :
    ]
    assert tuple(generated.tolist()) == written.ids
    back = read_folder(tmp_path).bundle
    assert (back.model_config, back.vocabulary) == (bundle.model_config, bundle.vocabulary)
    assert back.tokenizer.to_json() == tokenizer.to_json()
    assert all(torch.equal(tensor, weights(model)[name]) for name, tensor in weights(back.model).items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx = True"),
        ({"scale_attn_weights": False}, "scale_attn_weights = False"),
        ({"activation_function": "quick_gelu"}, "'quick_gelu' is no activation"),
        ({"n_head": "two"}, "n_head: Expected `int`"),
        ({"n_head": 3}, "model_size = 16 is no multiple"),
        ({"n_layer": 3}, "'transformer.h.2.attn.c_attn.bias' is missing"),
        ({"n_layer": 1}, "'transformer.h.1.attn.c_attn.bias' among its weights belongs to nothing"),
        ({"n_inner": 20}, "'transformer.h.0.mlp.c_fc.weight' has the shape (16, 64)"),
        ({"n_positions": 33}, "'transformer.wpe.weight' has the shape (32, 16)"),
        ({"vocab_size": 99}, "ids up to 319, its model only 99"),
        ({"eos_token_id": 7}, "eos_token_id = 7"),
        ({"model_type": "mamba"}, "model_type = 'mamba' is an architecture that Atento does not have"),
        ({"model_type": None}, "model_type = None"),
        ({"n_embd": 10**12}, "model.model_size = 1000000000000: it must be at most 16,777,216"),
        ({"n_embd": 10**7, "n_inner": 16}, "'transformer.wte.weight' has the shape (320, 16)"),
        ({"n_layer": 10**12}, "model.num_layers = 1000000000000: it must be at most 1,000"),
        ({"vocab_size": 10**12}, "vocabulary.source_size = 1000000000000: it must be at most 16,777,216"),
    ],
)
def test_what_we_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    make.gpt2(tmp_path)
    table = make.json.loads((tmp_path / "config.json").read_text())
    make.write_json(tmp_path / "config.json", {**table, **change})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("change", [{"norm": "rms"}, {"position": "sinusoidal"}, {"layer_norm": "post"}])
def test_what_they_do_not_have_is_refused(make: ModuleType, tmp_path: Path, change: dict[str, Any]) -> None:
    tokenizer = train_tokenizer(make.TEXTS, TokenizerConfig(kind="char", vocab_size=60))
    config = GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=1, **change)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    [(key, value)] = change.items()
    with pytest.raises(ConfigurationError, match=f"GPT-2 has no model.{key} = {value!r}"):
        export_folder(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("family", ["gpt2", "roberta", "bert"])
def test_a_word_has_the_tokens_that_it_has_within_a_text(make: ModuleType, tmp_path: Path, family: str) -> None:
    """Byte-level vocabularies have other entries for words after a space; neighbours are sought for those."""
    getattr(make, family)(tmp_path / "in", *(() if family == "gpt2" else ("ForMaskedLM",)))
    import_folder(tmp_path / "in", tmp_path / "run")
    embedder = Embedder.load(tmp_path / "run")
    tokenizer = embedder.reader.tokenizer
    for word in ("vida", "é", "casa"):
        found = embedder.token_ids(word)
        assert tokenizer.encode(f"a {word} {word}").ids[-len(found) :] == found == embedder.token_ids(f" {word}")
        assert embedder.types([f"a {word}"], layer=None).labels == embedder.static(["a", word]).labels
        assert (embedder.static([word]).values == embedder.reader.matrix[list(found)].mean(axis=0)).all()
    if family != "bert":
        assert tokenizer.encode("vida").ids != embedder.token_ids("vida")
