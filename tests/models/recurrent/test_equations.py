"""The models against the papers' equations, read plainly: one sentence, one token, one vector at a time, no batches.

GRUs reset after the product (PyTorch's convention, see ``nn.recurrent.cells``); everything else is as printed.
"""

import itertools

import msgspec
import pytest
import torch
from torch import Tensor, nn

from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig
from atento.nn.recurrent.cells import CellKind

VOCABULARY = Vocabulary(source_size=13, target_size=11)
SMALL = RecurrentConfig(
    embedding_size=4, hidden_size=6, attention=AdditiveAttentionConfig(size=5), dropout=0, tied_embeddings="none"
)
SUTSKEVER = msgspec.structs.replace(
    SMALL, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False, reverse_source=True,
    attention=NoAttention(), context_in_state=False, context_in_output=False, bridge="copy", output="linear",
)  # fmt: skip
DECK = msgspec.structs.replace(
    SMALL, cell="rnn", bidirectional=False, attention=NoAttention(), context_in_state=False, context_in_output=True,
    bridge="copy", output="linear",
)  # fmt: skip
CHO = msgspec.structs.replace(
    SMALL, cell="gru", bidirectional=False, attention=NoAttention(), bridge="summary", output="maxout",
    output_size=3,
)  # fmt: skip
CHO_STATE_ONLY = msgspec.structs.replace(CHO, context_in_output=False)
BAHDANAU = msgspec.structs.replace(
    SMALL, cell="gru", bridge="backward", output="maxout", output_reads="previous", output_size=3
)
BAHDANAU_MAIN_TEXT = msgspec.structs.replace(BAHDANAU, output_reads="current")
MODERN = msgspec.structs.replace(SMALL, num_decoder_layers=2, num_encoder_layers=2)
CASES = {
    "sutskever": SUTSKEVER, "deck": DECK, "cho": CHO, "cho-state-only": CHO_STATE_ONLY, "bahdanau": BAHDANAU,
    "bahdanau-main-text": BAHDANAU_MAIN_TEXT, "modern": MODERN,
    "cho-lstm-two-ways": msgspec.structs.replace(CHO, cell="lstm", bidirectional=True, num_decoder_layers=2,
                                                 num_encoder_layers=2),
    "bahdanau-lstm": msgspec.structs.replace(BAHDANAU, cell="lstm"),
    "bahdanau-rnn": msgspec.structs.replace(BAHDANAU, cell="rnn"),
}  # fmt: skip
# Luong et al.: every score and window, with and without input feeding, each with another stack of layers
LUONG = msgspec.structs.replace(  # the paper's
    SMALL, num_encoder_layers=2, num_decoder_layers=2, bidirectional=False, reverse_source=True, bridge="copy"
)
LUONG_STACKS = [
    LUONG,
    msgspec.structs.replace(SMALL, encoder_hidden_size=3, output_size=5),
    msgspec.structs.replace(LUONG, cell="gru", reverse_source=False),
    msgspec.structs.replace(
        SMALL, cell="rnn", encoder_hidden_size=3, num_encoder_layers=3, num_decoder_layers=3, reverse_source=True
    ),
    msgspec.structs.replace(SMALL, cell="gru", encoder_hidden_size=3, bridge="backward", reverse_source=True),
]
for number, (score, window, feeding) in enumerate(
    itertools.product(["location", "dot", "general", "concat"], ["global", "local-m", "local-p"], [True, False])
):
    attention = LuongAttentionConfig(
        score=score, window=window, input_feeding=feeding, half_width=1 + number % 2, size=3, max_source_length=7
    )
    CASES[f"luong-{score}-{window}-{'fed' if feeding else 'unfed'}"] = msgspec.structs.replace(
        LUONG_STACKS[number % len(LUONG_STACKS)], attention=attention
    )


def cell(
    kind: CellKind, layer: nn.Module, x: Tensor, h: Tensor, c: Tensor, more: Tensor | float = 0
) -> tuple[Tensor, Tensor]:
    """One step; ``more`` is what the context adds to W x."""
    p = dict(layer.named_parameters())
    wx, uh, size = p["weight_input"] @ x + p["bias"] + more, p["weight_hidden"] @ h, len(h)
    if kind == "rnn":
        return torch.tanh(wx + uh), c
    if kind == "lstm":
        a = wx + uh
        i, f, o = torch.sigmoid(a[:size]), torch.sigmoid(a[size : 2 * size]), torch.sigmoid(a[3 * size :])
        c = f * c + i * torch.tanh(a[2 * size : 3 * size])
        return o * torch.tanh(c), c
    r = torch.sigmoid(wx[:size] + uh[:size])
    z = torch.sigmoid(wx[size : 2 * size] + uh[size : 2 * size])
    n = torch.tanh(wx[2 * size :] + r * (uh[2 * size :] + p["bias_candidate"]))
    return z * h + (1 - z) * n, c


def encode(
    model: EncoderDecoder, config: RecurrentConfig, source: list[int]
) -> tuple[list[Tensor], list[list[tuple[Tensor, Tensor]]]]:
    """Annotations in the user's order and the last states [layer][direction]."""
    order = list(range(len(source)))
    if config.reverse_source:  # the words turned around, </s> last
        order = order[:-1][::-1] + order[-1:]
    vectors = [model.encoder_module.embedding.weight[source[place]] for place in order]  # type: ignore[union-attr, index]
    finals = []
    for layer in model.encoder_module.layers:  # type: ignore[union-attr]
        outputs, last = [], []
        for index, direction in enumerate(layer.directions):  # type: ignore[union-attr, arg-type]
            h = c = torch.zeros(config.encoder_units).double()
            read: dict[int, Tensor] = {}
            places = range(len(vectors)) if index == 0 else reversed(range(len(vectors)))
            for place in places:
                h, c = cell(config.cell, direction, vectors[place], h, c)
                read[place] = h
            outputs.append(read)
            last.append((h, c))
        vectors = [torch.cat([read[place] for read in outputs]) for place in range(len(vectors))]
        finals.append(last)
    annotations = [vectors[order.index(place)] for place in range(len(source))]
    return annotations, finals


def context(model: EncoderDecoder, config: RecurrentConfig, finals: list[list[tuple[Tensor, Tensor]]]) -> Tensor:
    """The fixed context of a model without attention."""
    last = torch.cat([state[0] for state in finals[-1]])
    if config.bridge != "summary":
        return last
    v = model.decoder_module.bridge.summary
    return torch.tanh(v.weight @ last + v.bias)  # type: ignore[union-attr, operator]


def first_states(
    model: EncoderDecoder, config: RecurrentConfig, finals: list[list[tuple[Tensor, Tensor]]]
) -> list[tuple[Tensor, Tensor]]:
    bridge = model.decoder_module.bridge
    states = []
    for layer in range(config.num_decoder_layers):
        last = finals[layer]
        if config.bridge == "copy":
            states.append(last[0])
            continue
        if config.bridge == "summary":
            last = [(context(model, config, finals),) * 2]
        h = last[1][0] if config.bridge == "backward" else torch.cat([state[0] for state in last])
        c = last[1][1] if config.bridge == "backward" else torch.cat([state[1] for state in last])
        w = bridge.hidden[layer]  # type: ignore[union-attr, index]
        start = torch.tanh(w.weight @ h + w.bias)  # type: ignore[union-attr, operator]
        start_cell = torch.zeros_like(start)
        if config.cell == "lstm":
            v = bridge.cell[layer]  # type: ignore[union-attr, index]
            start_cell = v.weight @ c + v.bias  # type: ignore[union-attr, operator]
        states.append((start, start_cell))
    return states


def decode(model: EncoderDecoder, config: RecurrentConfig, source: list[int], target: list[int]) -> Tensor:
    """The logits at every target position [T, V]."""
    if isinstance(config.attention, LuongAttentionConfig):
        return decode_luong(model, config, config.attention, source, target)
    decoder = model.decoder_module
    p = dict(decoder.named_parameters())
    annotations, finals = encode(model, config, source)
    states = first_states(model, config, finals)
    rows = []
    for token in target:
        word = p["embedding.weight"][token]
        before = states[-1][0]
        if config.attention == NoAttention():
            c = context(model, config, finals)
            drive = p["weight_context"] @ c if config.context_in_state else 0
        else:
            a = {name.removeprefix("layers.0.attention."): value for name, value in p.items() if "attention" in name}
            s = states[0][0]
            e = [a["vector"] @ torch.tanh(a["weight_query"] @ s + a["weight_key"] @ h + a["bias"]) for h in annotations]
            alpha = [torch.exp(score) / sum(torch.exp(other) for other in e) for score in e]
            c = torch.stack([weight * h for weight, h in zip(alpha, annotations, strict=True)]).sum(0)
            drive = p["layers.0.weight_context"] @ c
        x = word
        for index, layer in enumerate(decoder.layers):  # type: ignore[arg-type]
            states[index] = cell(config.cell, layer, x, *states[index], drive if index == 0 else 0)
            x = states[index][0]
        s = before if config.output_reads == "previous" else states[-1][0]
        if config.output == "linear":
            z = torch.cat([word, s, c]) if config.context_in_output else s
        else:
            z = p["output_layer.weight_state"] @ s + p["output_layer.weight_word"] @ word + p["output_layer.bias"]
            if config.context_in_output:
                z = z + p["output_layer.weight_context"] @ c
            if config.output == "tanh":
                z = torch.tanh(z)
            else:
                z = torch.stack([torch.maximum(z[2 * j], z[2 * j + 1]) for j in range(len(z) // 2)])
        rows.append(p["output.weight"] @ z + p["output.bias"])
    return torch.stack(rows)


def luong_score(kind: str, p: dict[str, Tensor], h: Tensor, annotation: Tensor, s: int) -> Tensor:
    """score(hₜ, h̄ₛ)."""
    if kind == "location":
        return (p["attention.weight_query"] @ h)[s]
    if kind == "dot":
        return h @ annotation
    if kind == "general":
        return h @ (p["attention.weight_key"] @ annotation)
    both = torch.cat([p["attention.weight_query"], p["attention.weight_key"]], dim=1)  # W_a
    return p["attention.vector"] @ torch.tanh(both @ torch.cat([h, annotation]))


def luong_context(
    config: RecurrentConfig, attention: LuongAttentionConfig, p: dict[str, Tensor], h: Tensor, t: int,
    annotations: list[Tensor],
) -> Tensor:  # fmt: skip
    """cₜ: positions are counted in the order of reading, </s> included."""
    length, d = len(annotations), attention.half_width
    centre: float | Tensor = t
    if attention.window == "local-p":
        hidden = torch.tanh(p["attention.weight_centre"] @ h)
        centre = length / (1 + torch.exp(-(p["attention.vector_centre"] @ hidden)))
    window = [s for s in range(length) if attention.window == "global" or centre - d <= s <= centre + d]
    exponentials = {s: torch.exp(luong_score(attention.score, p, h, annotations[s], s)) for s in window}
    c = torch.zeros_like(annotations[0])
    for s in window:
        weight = exponentials[s] / sum(exponentials.values())
        if attention.window == "local-p":
            sigma = d / 2
            weight = weight * torch.exp(-((s - centre) ** 2) / (2 * sigma**2))
        c = c + weight * annotations[s]
    return c


def decode_luong(
    model: EncoderDecoder, config: RecurrentConfig, attention: LuongAttentionConfig, source: list[int],
    target: list[int],
) -> Tensor:  # fmt: skip
    """The logits at every target position [T, V], as Luong et al. 2015, sections 3.1 to 3.3, have them."""
    decoder = model.decoder_module
    p = dict(decoder.named_parameters())
    annotations, finals = encode(model, config, source)
    if config.reverse_source:
        annotations = annotations[:-1][::-1] + annotations[-1:]
    states = first_states(model, config, finals)
    fed = torch.zeros(config.predicting_size).double()
    rows = []
    for t, token in enumerate(target):
        x = p["embedding.weight"][token]
        more: Tensor | float = p["weight_feeding"] @ fed if attention.input_feeding else 0
        for index, layer in enumerate(decoder.layers):  # type: ignore[arg-type]
            states[index] = cell(config.cell, layer, x, *states[index], more if index == 0 else 0)
            x = states[index][0]
        c = luong_context(config, attention, p, x, t, annotations)
        fed = torch.tanh(p["weight_attentional"] @ torch.cat([c, x]))
        rows.append(p["output.weight"] @ fed + p["output.bias"])
    return torch.stack(rows)


def random_model(config: RecurrentConfig) -> EncoderDecoder:
    model = build_model(config, VOCABULARY, seed=1).double()
    torch.manual_seed(2)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model


@pytest.mark.parametrize("wanting_gradients", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_every_step_is_what_the_paper_says(name: str, wanting_gradients: bool) -> None:
    config = CASES[name]
    model = random_model(config)
    sources = [[5, 6, 7, 8, 3], [9, 3], [4, 5, 12, 3]]
    targets = [[2, 4, 5], [2, 9, 8, 7], [2]]
    source, target = torch.zeros(3, 6, dtype=torch.long), torch.zeros(3, 5, dtype=torch.long)
    for row in range(3):
        source[row, : len(sources[row])] = torch.tensor(sources[row])
        target[row, : len(targets[row])] = torch.tensor(targets[row])
    with torch.set_grad_enabled(wanting_gradients):
        encoding = model.encoder(source, source != 0)
        memory = model.decoder.prepare(encoding)
        hidden, _ = model.decoder(target, memory, model.decoder.start(memory), valid=target != 0)
        logits = model.decoder.logits(hidden)
    for row in range(3):
        annotations, finals = encode(model, config, sources[row])
        torch.testing.assert_close(encoding.annotations[row, : len(sources[row])], torch.stack(annotations))
        for layer, directions in enumerate(finals):
            for direction, (h, c) in enumerate(directions):
                assert encoding.final is not None
                torch.testing.assert_close(encoding.final.hidden[layer, direction, row], h)
                if encoding.final.cell is not None:
                    torch.testing.assert_close(encoding.final.cell[layer, direction, row], c)
        wanted = decode(model, config, sources[row], targets[row])
        torch.testing.assert_close(logits[row, : len(targets[row])], wanted)
