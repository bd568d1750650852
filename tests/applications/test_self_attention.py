"""Self-attention of one text: the equation's, Hugging Face's and the search's, whatever is read beside it."""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig as TheirBertConfig
from transformers import BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from atento.applications.passages import Passage, to_read, to_translate, to_write
from atento.applications.self_attention import explain_read, explain_written
from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.bundle import Bundle
from atento.core.errors import DataError
from atento.decoding.configuration import DecodingConfig
from atento.figures.attention import Attention
from atento.models.bert import BertConfig
from atento.models.gpt import GPTConfig
from atento.models.weights import load_weights, weights
from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import capture

SIZES: dict[str, Any] = {"model_size": 16, "num_heads": 4, "feed_forward_size": 24, "num_layers": 2}
GPTS = {
    "gpt-2": GPTConfig(**SIZES),
    "llama": GPTConfig(**SIZES, num_key_value_heads=2, norm="rms", position="rotary", activation="swiglu", bias=False),
}
BERT = BertConfig(**SIZES)
TEXTS = ["a vida é bela", "o que é a vida, meu irmão?", "là", "", "diga lá"]


@pytest.fixture(scope="module", params=GPTS)
def gpt(request: pytest.FixtureRequest, tiny: ModuleType) -> Bundle:
    return tiny.reader_of(GPTS[request.param])


@pytest.fixture(scope="module")
def bert(tiny: ModuleType) -> Bundle:
    return tiny.reader_of(BERT)


def same(one: Attention, other: Attention, tolerance: float = 1e-5) -> None:
    assert (one.source, one.target, one.read) == (other.source, other.target, other.read)
    assert one.weights.keys() == other.weights.keys()
    for role in one.weights:
        np.testing.assert_allclose(one.array(role), other.array(role), atol=tolerance)


def test_a_writers_record_is_a_target_alone_and_looks_at_nothing_to_come(gpt: Bundle) -> None:
    for text, record in zip(TEXTS, explain_written(gpt, to_write(gpt, TEXTS)), strict=True):
        tokens = gpt.tokenizer.encode(text)
        labels = tuple(gpt.tokenizer.label(token) for token in tokens.ids)
        assert (record.source, record.source_text, record.target_text) == ((), "", text)
        assert record.labels() == record.labels("decoder") == ((*labels, "</s>"), ("<s>", *labels))
        assert record.target_spans == (*tokens.spans, None)
        assert record.reading.spans == (None, *tokens.spans)
        array = record.array()
        assert array.shape == (2, 4, len(labels) + 1, len(labels) + 1)
        np.testing.assert_allclose(array.sum(-1), 1, atol=1e-5)
        assert not np.triu(array, 1).any()
        np.testing.assert_array_equal(record.visible(), np.tril(np.ones(array.shape[2:], bool)))
        assert (array[..., record.visible()] > 0).all()


def test_a_readers_record_is_a_source_alone_and_looks_both_ways(bert: Bundle) -> None:
    for text, record in zip(TEXTS, explain_read(bert, to_read(bert, TEXTS)), strict=True):
        tokens = bert.tokenizer.encode(text)
        labels = ("<s>", *(bert.tokenizer.label(token) for token in tokens.ids), "</s>")
        assert (record.target, record.target_text, record.source_text) == ((), "", text)
        assert record.labels() == record.labels("encoder") == (labels, labels)
        assert record.source_spans == (None, *tokens.spans, None)
        np.testing.assert_allclose(record.array().sum(-1), 1, atol=1e-5)
        assert (record.array() > 0).all()
        assert record.visible().all()


def direct(trace_of: Any, names: list[str], mask: Tensor | None) -> np.ndarray:
    """softmax(QKᵀ/√d_k) of each layer, from the queries and keys that the layer reported."""
    layers = []
    for name in names:
        queries, keys, values = (trace_of.last(name, kind) for kind in ("queries", "keys", "values"))
        layers.append(attend(scaled_dot_product_scores(queries, keys), values, mask)[1][0].numpy())
    return np.stack(layers)


def test_weights_are_the_equations(gpt: Bundle, bert: Bundle) -> None:
    """The text alone, its queries and keys captured, and the equation on them."""
    kinds: tuple[Literal["queries", "keys", "values"], ...] = ("queries", "keys", "values")
    for bundle, role, passages in (
        (gpt, "decoder", to_write(gpt, TEXTS)),
        (bert, "encoder", to_read(bert, TEXTS)),
    ):
        explain: Any = explain_written if role == "decoder" else explain_read
        for passage, record in zip(passages, explain(bundle, passages), strict=True):
            with capture(bundle.model, (*kinds, "weights")) as trace:
                explain_alone(bundle, passage)
            length = len(passage.ids)
            mask = torch.ones(length, length, dtype=torch.bool).tril() if role == "decoder" else None
            np.testing.assert_allclose(record.array(), direct(trace, trace.names("queries"), mask), atol=1e-5)


def explain_alone(bundle: Bundle, passage: Passage) -> None:
    """One plain pass of the model over a text."""
    from atento.models.gpt import nothing_to_read

    with torch.no_grad():
        if hasattr(bundle.model, "decoder"):
            memory = bundle.model.decoder.prepare(nothing_to_read(1))
            read = torch.tensor([[bundle.vocabulary.decoder_start, *passage.ids[:-1]]])
            bundle.model.decoder(read, memory, bundle.model.decoder.start(memory))
        else:
            read = torch.tensor([passage.ids])
            bundle.model.encoder(read, torch.ones_like(read, dtype=torch.bool))


GPT2_NAMES = {
    "self_attention.input": "attn.c_attn", "self_attention.output": "attn.c_proj", "self_residual.norm": "ln_1",
    "feed_forward.input": "mlp.c_fc", "feed_forward.output": "mlp.c_proj", "feed_forward_residual.norm": "ln_2",
}  # fmt: skip
BERT_NAMES = {
    "self_attention.output": "attention.output.dense", "self_residual.norm": "attention.output.LayerNorm",
    "feed_forward.input": "intermediate.dense", "feed_forward.output": "output.dense",
    "feed_forward_residual.norm": "output.LayerNorm",
}  # fmt: skip


def from_gpt2(name: str, state: dict[str, Tensor]) -> Tensor:
    match name.removeprefix("decoder_module.").split("."):
        case ["embedding", which, _]:
            return state[f"transformer.{'wte' if which == 'tokens' else 'wpe'}.weight"]
        case ["norm", kind]:
            return state[f"transformer.ln_f.{kind}"]
        case ["layers", number, part, inner, kind]:
            value = state[f"transformer.h.{number}.{GPT2_NAMES[f'{part}.{inner}']}.{kind}"]
            return value.t() if value.dim() == 2 else value
    return state["lm_head.weight"]


def from_bert(name: str, state: dict[str, Tensor]) -> Tensor:
    whole = {
        "encoder.embedding.tokens": "bert.embeddings.word_embeddings",
        "encoder.embedding.positions": "bert.embeddings.position_embeddings",
        "encoder.types": "bert.embeddings.token_type_embeddings", "encoder.embedding_norm": "bert.embeddings.LayerNorm",
        "head.dense": "cls.predictions.transform.dense", "head.norm": "cls.predictions.transform.LayerNorm",
        "head.output": "cls.predictions.decoder",
    }  # fmt: skip
    stem, kind = name.rsplit(".", 1)
    if stem in whole:
        return state[f"{whole[stem]}.{kind}"]
    _, _, number, part = stem.split(".", 3)
    layer = f"bert.encoder.layer.{number}"
    if part == "self_attention.input":
        return torch.cat([state[f"{layer}.attention.self.{each}.{kind}"] for each in ("query", "key", "value")])
    return state[f"{layer}.{BERT_NAMES[part]}.{kind}"]


def scattered(theirs: nn.Module) -> dict[str, Tensor]:
    """Random weights far from where training begins, so that heads look somewhere."""
    for name, parameter in theirs.named_parameters():
        nn.init.normal_(parameter, mean=float("norm" in name.lower() or ".ln_" in name), std=0.4)
    return theirs.eval().state_dict()


def test_weights_are_hugging_faces_gpt_2s(tiny: ModuleType) -> None:
    bundle = tiny.reader_of(GPTConfig(**SIZES, max_positions=40))
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=bundle.vocabulary.target_size, n_positions=40, n_embd=16, n_layer=2, n_head=4, n_inner=24,
            attn_implementation="eager", bos_token_id=2, eos_token_id=3,
        )
    )  # fmt: skip
    state = scattered(theirs)
    load_weights(bundle.model, {name: from_gpt2(name, state) for name in weights(bundle.model)})
    passages = to_write(bundle, TEXTS)
    for passage, record in zip(passages, explain_written(bundle, passages), strict=True):
        read = torch.tensor([[bundle.vocabulary.decoder_start, *passage.ids[:-1]]])
        with torch.no_grad():
            wanted = theirs(input_ids=read, output_attentions=True).attentions
        np.testing.assert_allclose(record.array(), torch.cat(wanted).numpy(), atol=1e-5)


def test_weights_are_hugging_faces_berts(tiny: ModuleType) -> None:
    bundle = tiny.reader_of(BertConfig(**SIZES, max_positions=40))
    theirs = BertForMaskedLM(
        TheirBertConfig(
            vocab_size=bundle.vocabulary.target_size, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=24, max_position_embeddings=40, attn_implementation="eager", pad_token_id=0,
        )
    )  # fmt: skip
    state = scattered(theirs)
    load_weights(bundle.model, {name: from_bert(name, state) for name in weights(bundle.model)})
    passages = to_read(bundle, TEXTS)
    longest = max(len(passage.ids) for passage in passages)
    tokens = torch.tensor([[*passage.ids, *[0] * (longest - len(passage.ids))] for passage in passages])
    with torch.no_grad():
        wanted = theirs(input_ids=tokens, attention_mask=(tokens != 0).long(), output_attentions=True).attentions
    for number, (passage, record) in enumerate(zip(passages, explain_read(bundle, passages), strict=True)):
        length = len(passage.ids)
        layers = torch.stack([layer[number, :, :length, :length] for layer in wanted])
        np.testing.assert_allclose(record.array(), layers.numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_neighbours_and_padding_change_nothing(gpt: Bundle, bert: Bundle, size: int) -> None:
    written, read = to_write(gpt, TEXTS), to_read(bert, TEXTS)
    for passage, record in zip(written, explain_written(gpt, written, batch_size=size), strict=True):
        same(record, explain_written(gpt, [passage])[0])
    for passage, record in zip(read, explain_read(bert, read, batch_size=size), strict=True):
        same(record, explain_read(bert, [passage])[0])
    assert explain_written(gpt, []) == explain_read(bert, []) == []


def test_rows_may_be_labelled_by_what_is_read(gpt: Bundle) -> None:
    writer = Writer(gpt)
    for predicted, given in zip(writer.explain(TEXTS), writer.explain(TEXTS, rows="input"), strict=True):
        assert given.labels() == (given.reading.tokens,) * 2
        assert given.target == ("<s>", *predicted.target[:-1])
        np.testing.assert_array_equal(given.array(), predicted.array())
        assert predicted.with_rows("input").labels() == given.labels()
        assert predicted.with_rows("input").target_spans == given.target_spans
        assert given.with_rows("predicted").labels() == predicted.labels()


def test_a_model_that_reads_nothing_before_a_prompt_reads_its_first_token_first(gpt: Bundle) -> None:
    vocabulary = msgspec.structs.replace(gpt.vocabulary, prompt_first=True)
    passage = dataclasses.replace(Passage.of_text(gpt.tokenizer, "a vida é bela"), given=2).as_read_by(vocabulary)
    [predicted] = explain_written(gpt, [passage])
    [given] = explain_written(gpt, [passage], rows="input")
    assert given.target[0] == gpt.tokenizer.label(gpt.tokenizer.encode("a").ids[0]) != "<s>"
    assert predicted.with_rows("input").labels() == given.labels() == (given.reading.tokens,) * 2
    assert predicted.with_rows("input").target_spans == given.target_spans
    assert given.target_spans[0] is not None
    assert given.with_rows("predicted").target[:-1] == predicted.target[:-1]


SETTINGS = {
    "greedy": DecodingConfig(beam_size=1),
    "beam": DecodingConfig(beam_size=3, n_best=2),
    "drawn": DecodingConfig(sampling=True, samples=2, top_p=0.9),
}


@pytest.mark.parametrize("decoding", SETTINGS.values(), ids=SETTINGS)
def test_a_continuation_is_explained_from_its_ids_with_its_prompt(gpt: Bundle, decoding: DecodingConfig) -> None:
    writer = Writer(gpt)
    prompts = ["a vida", "", "o que é là"]
    for writing in writer.write(prompts, max_tokens=9, decoding=decoding, attention=True):
        prompt = gpt.tokenizer.encode_batch([writing.prompt])[0]
        assert writing.attention is writing.continuations[0].attention
        for each in writing.continuations:
            assert each.attention is not None
            ids = (*prompt, *each.ids)
            assert each.attention.target == tuple(gpt.tokenizer.label(token) for token in ids)
            assert each.attention.target_text == gpt.tokenizer.decode(ids)
            assert (each.attention.target_spans[-1] is None) is each.ended
            same(each.attention, explain_written(gpt, [Passage.of_ids(gpt.tokenizer, ids)])[0])
    assert writer.write("a", max_tokens=3, decoding=decoding).continuations[0].attention is None


def test_it_is_the_attention_that_the_search_had(gpt: Bundle) -> None:
    """The prompt in one call, then a token at a time with the cache."""
    writer, prompt = Writer(gpt), "o que é a vida"
    options: dict[str, Any] = {"max_tokens": 8, "decoding": SETTINGS["greedy"]}
    with capture(gpt.model) as trace:
        writer.write(prompt, **options)
    [found] = writer.write(prompt, attention=True, **options).continuations
    assert found.attention is not None
    array = found.attention.array()
    given = len(gpt.tokenizer.encode_batch([prompt])[0])
    for layer, name in zip(array, trace.names("weights"), strict=True):
        first, *steps = trace.all(name, "weights")
        np.testing.assert_allclose(layer[:, : given + 1, : given + 1], first[0].numpy(), atol=1e-5)
        assert len(steps) >= len(found.ids) - 1
        for row, step in enumerate(steps[: len(found.ids) - 1], given + 1):
            np.testing.assert_allclose(layer[:, row, : row + 1], step[0, :, 0].numpy(), atol=1e-5)


def test_a_translators_encoder_alone_is_its_part_of_a_translation(translators: dict[str, Translator]) -> None:
    translator = translators["transformer"]
    texts = ["o que é a vida", "nosso irmão"]
    found = explain_read(translator.bundle, to_translate(translator.bundle, texts))
    for record, translation in zip(found, translator.translate(texts, attention=True), strict=True):
        assert translation.attention is not None
        same(record, translation.attention.alone("encoder"))
        assert record.source_spans == translation.attention.source_spans
        decoder = translation.attention.alone("decoder")
        assert decoder.labels() == (translation.attention.target, ("<s>", *translation.attention.target[:-1]))
        assert (decoder.source, decoder.source_text, set(decoder.weights)) == ((), "", {"decoder"})
    recurrent = translators["recurrent"].bundle
    assert explain_read(recurrent, to_translate(recurrent, texts))[0].weights == {}


def test_texts_that_are_too_long_are_refused_by_their_number(tiny: ModuleType) -> None:
    gpt = tiny.reader_of(GPTConfig(**SIZES, max_positions=8), "char")
    bert = tiny.reader_of(BertConfig(**SIZES, max_positions=8), "char")
    assert len(to_write(gpt, ["a vida "])[0].ids) == 8
    explain_written(gpt, to_write(gpt, ["a vida "]))
    with pytest.raises(DataError, match="text 2 has 9 tokens with the special ones, and this model reads at most 8"):
        to_write(gpt, ["a", "a vida é"])
    assert len(to_read(bert, ["a vida"])[0].ids) == 8
    explain_read(bert, to_read(bert, ["a vida"]))
    with pytest.raises(DataError, match="text 1 has 9 tokens"):
        to_read(bert, ["a vida "])
    with pytest.raises(DataError, match="1,000,001 characters"):
        to_write(gpt, ["a" * 1_000_001])
