"""Every layer's vectors: of each family, against direct computations, and whatever stands beside a text."""

import pytest
import torch
import transformers
from torch import Tensor, nn

from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertConfig
from atento.models.build import AnyModel, ModelConfig, build_classifier, build_model
from atento.models.gpt import GPTConfig
from atento.models.reading import Reading, Rows, Side, frame, input_embedding, read, sides
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import load_weights, weights
from atento.nn.capture import capture

VOCABULARY = Vocabulary(source_size=20, target_size=20, shared=True)
SIZES = {"model_size": 16, "num_heads": 4, "feed_forward_size": 20}
CONFIGS: dict[str, ModelConfig] = {
    "transformer": TransformerConfig(**SIZES, num_encoder_layers=2, num_decoder_layers=3),
    "post": TransformerConfig(**SIZES, num_encoder_layers=2, num_decoder_layers=3, layer_norm="post"),
    "gpt": GPTConfig(**SIZES, num_layers=2, max_positions=32),
    "bert": BertConfig(**SIZES, num_layers=2, max_positions=32),
    "bahdanau": RecurrentConfig(
        embedding_size=8, hidden_size=6, num_encoder_layers=2, num_decoder_layers=3, cell="gru",
        attention=AdditiveAttentionConfig(size=4), tied_embeddings="none",
    ),
    "bottleneck": RecurrentConfig(
        embedding_size=8, hidden_size=6, num_encoder_layers=2, num_decoder_layers=3, bidirectional=False,
        reverse_source=True, attention=NoAttention(), tied_embeddings="none",
    ),
    **{f"luong-{feeding}": RecurrentConfig(
        embedding_size=8, hidden_size=6, num_encoder_layers=2, num_decoder_layers=3,
        attention=LuongAttentionConfig(input_feeding=feeding), tied_embeddings="none",
    ) for feeding in (True, False)},
}  # fmt: skip
CASES: list[tuple[str, Side]] = [(name, "source") for name in CONFIGS] + [
    (name, "target") for name, config in CONFIGS.items() if not isinstance(config, GPTConfig | BertConfig)
]


def model_of(config: ModelConfig) -> AnyModel:
    model = build_model(config, VOCABULARY, seed=5).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def rows_of(*rows: list[int], width: int = 0) -> Rows:
    lengths = torch.tensor([len(row) for row in rows])
    width = max(width, int(lengths.max()))
    mask = torch.arange(width) < lengths.unsqueeze(1)
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    tokens[mask] = torch.tensor([token for row in rows for token in row])
    return Rows(tokens, mask)


def layers_of(reading: Reading, row: int, length: int) -> list[Tensor]:
    return [layer[row, :length] for layer in reading.layers]


@pytest.mark.parametrize(("name", "side"), CASES)
def test_neither_padding_nor_neighbours_change_a_text(name: str, side: Side) -> None:
    model = model_of(CONFIGS[name])
    texts, sources = [[2, 5, 6, 7, 3], [2, 9, 3], [2, 8, 8, 5, 10, 11, 3]], [[4, 5, 3], [6, 7, 8, 9, 3], [5, 3]]
    sourced = rows_of(*sources) if side == "target" else None
    together = read(model, side, rows_of(*texts, width=9), sourced)
    for row, text in enumerate(texts):
        its_source = rows_of(sources[row]) if side == "target" else None
        alone = read(model, side, rows_of(text), its_source)
        torch.testing.assert_close(layers_of(together, row, len(text)), layers_of(alone, 0, len(text)))
        if alone.finals is not None:
            assert together.finals is not None
            torch.testing.assert_close([each[row] for each in together.finals], [each[0] for each in alone.finals])


@pytest.mark.parametrize("name", ["gpt", "bert"])
def test_a_classifier_reads_as_the_model_that_it_was_made_of(name: str) -> None:
    config = CONFIGS[name]
    assert isinstance(config, GPTConfig | BertConfig)
    model = model_of(config)
    classifier = build_classifier(config, VOCABULARY, 2, seed=1).double().eval()
    load_weights(classifier, classifier.with_pretrained(weights(model)))
    rows = rows_of([2, 5, 6, 7, 3], [2, 9, 3])
    assert frame(classifier, "source").both_directions is (name == "bert")
    for one, other in zip(read(model, "source", rows).layers, read(classifier, "source", rows).layers, strict=True):
        torch.testing.assert_close(one[rows.mask], other[rows.mask])
    assert torch.equal(input_embedding(model, "source").weight, input_embedding(classifier, "source").weight)


@pytest.mark.parametrize(("name", "side"), CASES)
def test_the_first_layer_is_the_input_and_the_last_what_is_handed_over(name: str, side: Side) -> None:
    model = model_of(CONFIGS[name])
    rows, sources = rows_of([2, 5, 6, 7, 3]), rows_of([4, 5, 3])
    reading = read(model, side, rows, sources)
    layers = 3 if side == "target" else 2
    assert len(reading.layers) == layers + 1
    looked_up = input_embedding(model, side)(rows.tokens)
    if isinstance(CONFIGS[name], RecurrentConfig):
        assert torch.equal(reading.layers[0], looked_up)
        assert (reading.finals is None) == (side == "target")
        encoding = model.encoder(*rows)
        if side == "source":
            torch.testing.assert_close(reading.layers[-1], encoding.annotations)
            assert reading.finals is not None
            torch.testing.assert_close(reading.finals[-1], torch.cat(list(encoding.final.hidden[-1]), dim=-1))
        return
    assert reading.finals is None
    if name in ("transformer", "post"):
        stack = model.encoder_module if side == "source" else model.decoder_module
        torch.testing.assert_close(reading.layers[0], stack.embedding.undropped(rows.tokens, 0, None))
    if sides(model) and side == "source":
        torch.testing.assert_close(reading.layers[-1], model.encoder(*rows).annotations)
    if sides(model) and side == "target":
        memory = model.decoder.prepare(model.encoder(*sources))
        hidden, _ = model.decoder(rows.tokens, memory, model.decoder.start(memory))
        torch.testing.assert_close(reading.layers[-1], hidden)


@pytest.mark.parametrize(("name", "side"), [case for case in CASES if isinstance(CONFIGS[case[0]], RecurrentConfig)])
def test_recurrent_layers_are_what_each_direction_reports(name: str, side: Side) -> None:
    model = model_of(CONFIGS[name])
    rows, sources = rows_of([2, 5, 6, 7, 3], [2, 9, 3]), rows_of([4, 5, 3], [7, 3])
    reading = read(model, side, rows, sources)
    with torch.no_grad(), capture(model, ("hidden",)) as trace:
        memory = model.decoder.prepare(model.encoder(*(rows if side == "source" else sources)))
        model.decoder(rows.tokens, memory, model.decoder.start(memory), valid=rows.mask)
    stack = "encoder_module" if side == "source" else "decoder_module"
    for number, layer in enumerate(reading.layers[1:]):
        names = [each for each in trace.names("hidden") if each.startswith(f"{stack}.layers.{number}")]
        torch.testing.assert_close(layer, torch.cat([trace.last(each, "hidden") for each in names], dim=-1))


def test_reading_leaves_no_listener_and_no_report_changes_what_is_computed() -> None:
    for name, side in CASES:
        model = model_of(CONFIGS[name])
        first = read(model, side, rows_of([2, 5, 3]), rows_of([4, 3]))
        again = read(model, side, rows_of([2, 5, 3]), rows_of([4, 3]))
        assert all(torch.equal(a, b) for a, b in zip(first.layers, again.layers, strict=True))


def test_the_frames_are_those_that_the_families_are_trained_with() -> None:
    translator, gpt, bert = (model_of(CONFIGS[name]) for name in ("transformer", "gpt", "bert"))
    assert (frame(translator, "source").before, frame(translator, "source").after) == ((), (3,))
    assert (frame(translator, "target").before, frame(translator, "target").after) == ((2,), ())
    assert (frame(gpt, "source").before, frame(gpt, "source").after, frame(gpt, "source").longest) == ((2,), (), 32)
    assert (frame(bert, "source").before, frame(bert, "source").after, frame(bert, "source").longest) == (
        (2,),
        (3,),
        32,
    )
    assert [frame(each, "source").both_directions for each in (translator, gpt, bert)] == [True, False, True]


def copy_linear(ours: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    ours.weight.copy_(weight)
    ours.bias.copy_(bias)


@torch.no_grad()
def test_gpts_layers_are_hugging_faces_hidden_states() -> None:
    config = transformers.GPT2Config(
        vocab_size=20, n_positions=32, n_embd=16, n_layer=2, n_head=4, n_inner=20, attn_pdrop=0, resid_pdrop=0
    )
    torch.manual_seed(3)
    theirs = transformers.GPT2Model(config).double().eval()
    for parameter in theirs.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
    ours = model_of(CONFIGS["gpt"])
    decoder = ours.decoder_module
    decoder.embedding.tokens.weight.copy_(theirs.wte.weight)
    decoder.embedding.positions.weight.copy_(theirs.wpe.weight)
    for mine, block in zip(decoder.layers, theirs.h, strict=True):
        copy_linear(mine.self_attention.input, block.attn.c_attn.weight.T, block.attn.c_attn.bias)
        copy_linear(mine.self_attention.output, block.attn.c_proj.weight.T, block.attn.c_proj.bias)
        copy_linear(mine.feed_forward.input, block.mlp.c_fc.weight.T, block.mlp.c_fc.bias)
        copy_linear(mine.feed_forward.output, block.mlp.c_proj.weight.T, block.mlp.c_proj.bias)
        mine.self_residual.norm.load_state_dict(block.ln_1.state_dict())
        mine.feed_forward_residual.norm.load_state_dict(block.ln_2.state_dict())
    decoder.norm.load_state_dict(theirs.ln_f.state_dict())
    rows = rows_of([2, 5, 6, 7], [2, 9])
    wanted = theirs(rows.tokens, attention_mask=rows.mask.long(), output_hidden_states=True).hidden_states
    found = read(ours, "source", rows)
    assert len(found.layers) == len(wanted) == 3
    for ours_layer, theirs_layer in zip(found.layers, wanted, strict=True):
        torch.testing.assert_close(ours_layer[rows.mask], theirs_layer[rows.mask])


@torch.no_grad()
def test_berts_layers_are_hugging_faces_hidden_states() -> None:
    config = transformers.BertConfig(
        vocab_size=20, max_position_embeddings=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=20, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
    )  # fmt: skip
    torch.manual_seed(3)
    theirs = transformers.BertModel(config, add_pooling_layer=False).double().eval()
    for parameter in theirs.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
    ours = model_of(CONFIGS["bert"])
    encoder, embeddings = ours.encoder, theirs.embeddings
    encoder.embedding.tokens.weight.copy_(embeddings.word_embeddings.weight)
    encoder.embedding.positions.weight.copy_(embeddings.position_embeddings.weight)
    encoder.types.weight.copy_(embeddings.token_type_embeddings.weight)
    encoder.embedding_norm.load_state_dict(embeddings.LayerNorm.state_dict())
    for mine, layer in zip(encoder.layers, theirs.encoder.layer, strict=True):
        parts = [getattr(layer.attention.self, name) for name in ("query", "key", "value")]
        weight, bias = (torch.cat([getattr(part, name) for part in parts]) for name in ("weight", "bias"))
        copy_linear(mine.self_attention.input, weight, bias)
        copy_linear(mine.self_attention.output, layer.attention.output.dense.weight, layer.attention.output.dense.bias)
        copy_linear(mine.feed_forward.input, layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        copy_linear(mine.feed_forward.output, layer.output.dense.weight, layer.output.dense.bias)
        mine.self_residual.norm.load_state_dict(layer.attention.output.LayerNorm.state_dict())
        mine.feed_forward_residual.norm.load_state_dict(layer.output.LayerNorm.state_dict())
    rows = rows_of([2, 5, 6, 7, 3], [2, 9, 3])
    wanted = theirs(rows.tokens, attention_mask=rows.mask.long(), output_hidden_states=True).hidden_states
    found = read(ours, "source", rows)
    assert len(found.layers) == len(wanted) == 3
    for ours_layer, theirs_layer in zip(found.layers, wanted, strict=True):
        torch.testing.assert_close(ours_layer[rows.mask], theirs_layer[rows.mask])
