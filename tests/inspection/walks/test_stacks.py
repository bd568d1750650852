"""Walks through the Transformer, GPT and BERT: every number is the papers' equations', read plainly."""

from __future__ import annotations

import math
from types import ModuleType

import msgspec
import pytest
import torch
from torch import Tensor

from atento.decoding.configuration import NO_SAMPLING
from atento.inspection.walks import walk, walks_of
from atento.inspection.walks.record import Frame, Walk
from atento.models.bert import BertConfig
from atento.models.gpt import GPTConfig
from atento.models.transformer import StackConfig, TransformerConfig

Numbers = dict[str, Tensor]
LAYER_NUMBERS = (0, 1)


def activation(kind: str, a: Tensor) -> Tensor:
    match kind:
        case "relu":
            return a.clamp(min=0)
        case "gelu":
            return a * (1 + torch.erf(a / math.sqrt(2))) / 2
        case "gelu-tanh":
            return a / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3)))
        case "silu":
            return a / (1 + torch.exp(-a))
    gate, value = a.chunk(2, dim=-1)
    return gate / (1 + torch.exp(-gate)) * value


def turned(x: Tensor) -> Tensor:
    """Rotary positions: component i and i + K/2 of the vector at each position, turned together [T, K]."""
    half = x.shape[1] // 2
    result = x.clone()
    for place in range(len(x)):
        for i in range(half):
            angle = place / 10000 ** (2 * i / x.shape[1])
            first, second = x[place, i], x[place, i + half]
            result[place, i] = first * math.cos(angle) - second * math.sin(angle)
            result[place, i + half] = second * math.cos(angle) + first * math.sin(angle)
    return result


def sinusoids(count: int, size: int, layout: str) -> Tensor:
    """Vaswani et al. 2017, section 3.5."""
    table = torch.zeros(count, size).double()
    for place in range(count):
        for i in range(size // 2):
            angle = place / 10000 ** (2 * i / size)
            first, second = (2 * i, 2 * i + 1) if layout == "interleaved" else (i, i + size // 2)
            table[place, first], table[place, second] = math.sin(angle), math.cos(angle)
    return table


class Direct:
    """A stack of layers by its equations, in double precision."""

    def __init__(self, config: StackConfig, p: Numbers, name: str, ids: tuple[int, ...], source: Tensor | None) -> None:
        self.config, self.p, self.name, self.source = config, p, name, source
        self.causal = name == "decoder_module"
        self.shown: list[dict[str, Tensor]] = []
        """Of each layer, everything by name."""
        self.embed(ids)
        self.mask = torch.ones(len(ids), len(ids)).double()
        if self.causal:
            self.mask = self.mask.tril()
        x = self.embedded["entering"]
        self.outputs = []
        for layer in range(self.num_layers):
            x = self.layer(layer, x)
            self.outputs.append(x)
        self.last = self.norm(f"{name}.norm", x) if config.layer_norm == "pre" else x

    @property
    def num_layers(self) -> int:
        if isinstance(self.config, TransformerConfig):
            return self.config.num_decoder_layers if self.causal else self.config.num_encoder_layers
        assert isinstance(self.config, GPTConfig | BertConfig)
        return self.config.num_layers

    def embed(self, ids: tuple[int, ...]) -> None:
        config, size = self.config, self.config.model_size
        embeddings = torch.stack([self.p[f"{self.name}.embedding.tokens.weight"][token] for token in ids])
        scaled = embeddings * math.sqrt(size) if config.embedding_scale else embeddings
        self.embedded = {"embeddings": embeddings, "scaled": scaled, "vectors": scaled, "sums": scaled}
        if config.position in ("sinusoidal", "learned"):
            table = f"{self.name}.embedding.positions.weight"
            matrix = self.p[table] if table in self.p else sinusoids(64, size, config.position_layout)
            self.embedded |= {"matrix": matrix[:64], "positions": matrix[: len(ids)]}
            self.embedded["sums"] = scaled + matrix[: len(ids)]
        entering = self.embedded["sums"]
        if isinstance(config, BertConfig):
            entering = self.norm(f"{self.name}.embedding_norm", entering + self.p[f"{self.name}.types.weight"][0])
        self.embedded["entering"] = entering

    def norm(self, name: str, x: Tensor) -> Tensor:
        if self.config.norm == "rms":
            return self.p[f"{name}.weight"] * x / (x.pow(2).mean(-1, keepdim=True) + self.config.norm_epsilon).sqrt()
        mean = x.mean(-1, keepdim=True)
        variance = (x - mean).pow(2).mean(-1, keepdim=True)
        normal = (x - mean) / (variance + self.config.norm_epsilon).sqrt() * self.p[f"{name}.weight"]
        return normal + self.p[f"{name}.bias"] if f"{name}.bias" in self.p else normal

    def linear(self, name: str, x: Tensor) -> Tensor:
        product = x @ self.p[f"{name}.weight"].T
        return product + self.p[f"{name}.bias"] if f"{name}.bias" in self.p else product

    def layer(self, number: int, x: Tensor) -> Tensor:
        shown: dict[str, Tensor] = {}
        self.shown.append(shown)
        name = f"{self.name}.layers.{number}"
        sublayers = ["self", *(["cross"] if self.source is not None else []), "feed_forward"]
        for sublayer in sublayers:
            shown[f"{sublayer}.inputs"] = x
            entering = x
            if self.config.layer_norm == "pre":
                entering = shown[f"{sublayer}.normalised"] = self.norm(f"{name}.{sublayer}_residual.norm", x)
            if sublayer == "feed_forward":
                hidden = activation(self.config.activation, self.linear(f"{name}.feed_forward.input", entering))
                shown["feed_forward.hidden"] = hidden
                outputs = self.linear(f"{name}.feed_forward.output", hidden)
            else:
                outputs = self.attend(name, sublayer, entering, shown)
            x = shown[f"{sublayer}.outputs"] = outputs
            x = shown[f"{sublayer}.sums"] = shown[f"{sublayer}.inputs"] + outputs
            if self.config.layer_norm == "post":
                x = shown[f"{sublayer}.normalised"] = self.norm(f"{name}.{sublayer}_residual.norm", x)
        return x

    def attend(self, layer: str, sublayer: str, x: Tensor, shown: dict[str, Tensor]) -> Tensor:
        """Multi-head attention, head by head."""
        config, name = self.config, f"{layer}.{sublayer}_attention"
        heads, key_size = config.num_heads, config.head_key_size
        value_size = config.model_size // heads if config.value_size is None else config.value_size
        fewer = (config.num_key_value_heads or heads) if isinstance(config, GPTConfig) else heads
        looked_at = x if sublayer == "self" else self.source
        assert looked_at is not None
        if sublayer == "self":
            widths = [heads * key_size, fewer * key_size, fewer * value_size]
            q, k, v = torch.split(self.linear(f"{name}.input", x), widths, dim=-1)
        else:
            q = self.linear(f"{name}.query", x)
            k, v = torch.split(self.linear(f"{name}.key_value", looked_at), [heads * key_size, heads * value_size], -1)
        mask = self.mask if sublayer == "self" else torch.ones(len(x), len(looked_at)).double()
        contexts = []
        for head in range(heads):
            shared = head * fewer // heads
            query = q[:, head * key_size : (head + 1) * key_size]
            keys = k[:, shared * key_size : (shared + 1) * key_size]
            values = v[:, shared * value_size : (shared + 1) * value_size]
            key = f"{sublayer}.{head}."
            shown |= {key + "unturned_queries": query, key + "unturned_keys": keys}
            if config.position == "rotary" and sublayer == "self":
                query, keys = turned(query), turned(keys)
            products = query @ keys.T
            scores = products / math.sqrt(key_size)
            exponentials = scores.exp() * mask
            weights = exponentials / exponentials.sum(-1, keepdim=True)
            shown |= {key + "queries": query, key + "keys": keys, key + "values": values, key + "products": products}
            shown |= {key + "scores": scores, key + "weights": weights, key + "contexts": weights @ values}
            contexts.append(weights @ values)
        shown[f"{sublayer}.weights"] = torch.stack([shown[f"{sublayer}.{head}.weights"] for head in range(heads)])
        shown[f"{sublayer}.heads"] = torch.stack(contexts, dim=1)  # [T, H, d_v]
        return self.linear(f"{name}.output", torch.cat(contexts, dim=-1))


def direct(tiny: ModuleType, name: str, made: Walk, role: str) -> Direct:
    """The stack that has this role."""
    config, p = tiny.CONFIGS[name], tiny.parameters(name)
    if isinstance(config, BertConfig):
        assert made.source is not None
        return Direct(config, p, "encoder", made.source.ids, None)
    if isinstance(config, GPTConfig):
        assert made.inputs is not None
        return Direct(config, p, "decoder_module", made.inputs.ids, None)
    assert made.source is not None
    encoder = Direct(config, p, "encoder_module", made.source.ids, None)
    if role == "encoder":
        return encoder
    assert made.inputs is not None
    return Direct(config, p, "decoder_module", made.inputs.ids, encoder.last)


def cases(tiny: ModuleType, kind: str) -> list[tuple[str, str]]:
    """Every model and role that has the walk."""
    return [
        (name, role)
        for name in (*tiny.TRANSFORMERS, *tiny.GPTS, *tiny.BERTS)
        if kind in walks_of(tiny.subject(name)).walks
        for role in walks_of(tiny.subject(name)).roles[kind]
    ]


def target(tiny: ModuleType, name: str, role: str) -> str | None:
    return tiny.TARGET if role != "encoder" and name in tiny.TRANSFORMERS else None


def logits_of(computed: Direct) -> Tensor:
    tied = isinstance(computed.config, GPTConfig) and computed.config.tied_embeddings
    if tied:
        return computed.last @ computed.p[f"{computed.name}.embedding.tokens.weight"].T
    return computed.linear("decoder_module.output", computed.last)


def test_every_number_of_an_encoding_is_the_equations(tiny: ModuleType) -> None:
    for name in (*tiny.TRANSFORMERS, *tiny.GPTS, *tiny.BERTS):
        made = walk(tiny.subject(name), "encoding", tiny.TEXT)
        computed = direct(tiny, name, made, "encoder")

        def expected(frame: Frame, computed: Direct = computed) -> Numbers:
            layer = frame.focus.layer or 0
            match frame.name:
                case "embed":
                    return {"vectors": computed.embedded["entering"]}
                case "attend":
                    masks = {"mask": computed.mask} if computed.causal else {}
                    return {"weights": computed.shown[layer]["self.weights"], **masks}
                case "layer":
                    return {"vectors": computed.outputs[layer]}
                case "normalise":
                    return {"vectors": computed.last}
            raise AssertionError(frame.name)

        tiny.check(made, expected)
        actions = ["embed", "attend", "layer", "attend", "layer"]
        actions += ["normalise"] if computed.config.layer_norm == "pre" else []
        assert [frame.name for frame in made.frames] == actions


def test_every_number_of_decoding_is_the_equations(tiny: ModuleType) -> None:
    for name in (*tiny.TRANSFORMERS, *tiny.GPTS):
        made = walk(tiny.subject(name), "decoding", tiny.TEXT, target=target(tiny, name, "decoder"), top=3)
        computed = direct(tiny, name, made, "decoder")

        def expected(frame: Frame, computed: Direct = computed) -> Numbers:
            step = frame.focus.token
            assert step is not None
            if frame.name == "read":
                return {"vector": computed.embedded["entering"][step]}
            if frame.name != "attend":
                return {}
            part = "cross" if frame.focus.role == "cross" else "self"
            weights = torch.stack([shown[f"{part}.weights"][:, step] for shown in computed.shown])
            return {"weights": weights} | ({"mask": computed.mask[step]} if part == "self" else {})

        tiny.check(made, expected)
        assert made.target is not None
        looks = ["attend", "attend"] if name in tiny.TRANSFORMERS else ["attend"]
        assert [frame.name for frame in made.frames] == ["read", *looks, "predict", "choose"] * len(made.target.ids)
        logits = logits_of(computed)
        for frame in made.frames:
            step = frame.focus.token
            assert step is not None
            probabilities = logits[step].softmax(-1)
            if frame.name == "choose":
                assert frame.choices["forced"][0].id == made.target.ids[step]
            for choice in (choice for each in frame.choices.values() for choice in each):
                assert math.isclose(choice.probability, probabilities[choice.id], abs_tol=2e-5)
                assert choice.rank == int((logits[step] > logits[step][choice.id]).sum()) + 1


@pytest.mark.parametrize(("layer", "head", "position"), [(0, 1, 0), (1, 0, 2)])
def test_every_number_of_a_head_is_the_equations(tiny: ModuleType, layer: int, head: int, position: int) -> None:
    for name, role in cases(tiny, "head"):
        options = {"target": target(tiny, name, role), "role": role, "layer": layer, "head": head}
        made = walk(tiny.subject(name), "head", tiny.TEXT, position=position, **options)
        computed = direct(tiny, name, made, role)
        config, part = computed.config, "cross" if role == "cross" else "self"
        of = computed.shown[layer]
        its = {key.removeprefix(f"{part}.{head}."): value for key, value in of.items()}
        x = of[f"{part}.normalised"] if config.layer_norm == "pre" else of[f"{part}.inputs"]
        looked_at = x if part == "self" else computed.source
        assert looked_at is not None
        scores, weights = its["scores"][position], its["weights"][position]
        weighted = weights.unsqueeze(1) * its["values"]
        query, keys, asked, asked_keys = (
            its["queries"][position], its["keys"], its["unturned_queries"][position], its["unturned_keys"],
        )  # fmt: skip
        masks = {"mask": computed.mask[position]} if part == "self" and computed.causal else {}
        root = torch.tensor(math.sqrt(config.head_key_size)).double()
        heads = of[f"{part}.heads"][position]
        frames = [
            ("query", {"input": x[position], "query": asked}),
            ("keys", {"inputs": looked_at, "keys": asked_keys}),
            ("values", {"inputs": looked_at, "values": its["values"]}),
            ("score", {"query": query, "keys": keys, "products": its["products"][position]}),
            ("divide", {"products": its["products"][position], "root": root, "scores": scores}),
            ("softmax", {"scores": scores, **masks, "weights": weights}),
            ("weigh", {"weights": weights, "values": its["values"], "weighted": weighted}),
            ("sum", {"weighted": weighted, "context": its["contexts"][position]}),
            ("concatenate", {"heads": heads}),
            ("output", {"heads": heads, "output": of[f"{part}.outputs"][position]}),
        ]
        if config.layer_norm == "pre":
            frames.insert(0, ("normalise", {"inputs": of[f"{part}.inputs"], "normalised": x}))
        places = [action for action, _ in frames]
        if masks:
            frames.insert(places.index("softmax"), ("mask", {"scores": scores, **masks}))
        if config.position == "rotary" and part == "self":
            both = {"query": asked, "turned_query": query, "keys": asked_keys, "turned_keys": keys}
            frames.insert(places.index("score"), ("turn", both))
        assert [frame.name for frame in made.frames] == [action for action, _ in frames], (name, role)
        shown = iter(frames)
        tiny.check(made, lambda frame, shown=shown: next(shown)[1], 5e-5)
        if masks:
            assert not weights[masks["mask"] == 0].any()


@pytest.mark.parametrize("layer", LAYER_NUMBERS)
def test_every_number_of_a_block_is_the_equations(tiny: ModuleType, layer: int) -> None:
    for name, role in cases(tiny, "block"):
        made = walk(
            tiny.subject(name), "block", tiny.TEXT, target=target(tiny, name, role), role=role, layer=layer, position=1
        )
        computed = direct(tiny, name, made, role)
        of, pre = computed.shown[layer], computed.config.layer_norm == "pre"
        frames: list[tuple[str, Numbers]] = []
        for part in ("self", "cross", "feed_forward"):
            if f"{part}.inputs" not in of:
                continue
            x, outputs, sums = (of[f"{part}.{kind}"] for kind in ("inputs", "outputs", "sums"))
            normalised = of[f"{part}.normalised"]
            entering = normalised if pre else x
            if pre:
                frames.append(("normalise", {"inputs": x, "normalised": normalised}))
            if part == "feed_forward":
                frames.append(("widen", {"inputs": entering, "hidden": of["feed_forward.hidden"]}))
                frames.append(("output", {"hidden": of["feed_forward.hidden"], "outputs": outputs}))
            else:
                frames.append(("attend", {"inputs": entering, "outputs": outputs}))
            frames.append(("add", {"inputs": x, "outputs": outputs, "sums": sums}))
            if not pre:
                frames.append(("normalise", {"inputs": sums, "normalised": normalised}))
        if pre and layer == computed.num_layers - 1:
            frames.append(("normalise", {"inputs": computed.outputs[layer], "normalised": computed.last}))
        assert [frame.name for frame in made.frames] == [action for action, _ in frames], (name, role)
        shown = iter(frames)
        tiny.check(made, lambda frame, shown=shown: next(shown)[1], 5e-5)


def test_every_number_of_positions_is_the_equations(tiny: ModuleType) -> None:
    for name, role in cases(tiny, "positions"):
        rotary = {"layer": 1, "head": 1} if tiny.CONFIGS[name].position == "rotary" else {}
        made = walk(tiny.subject(name), "positions", tiny.TEXT, target=target(tiny, name, role), role=role, **rotary)
        computed = direct(tiny, name, made, role)
        config, its = computed.config, computed.embedded
        frames: list[tuple[str, Numbers]] = [("embed", {"embeddings": its["embeddings"]})]
        if config.embedding_scale:
            root = torch.tensor(math.sqrt(config.model_size)).double()
            frames.append(("scale", {"embeddings": its["embeddings"], "root": root, "scaled": its["scaled"]}))
        if rotary:
            places, pairs = torch.arange(len(its["embeddings"])).double(), config.head_key_size // 2
            angles = torch.stack([places / 10000 ** (2 * i / config.head_key_size) for i in range(pairs)], dim=1)
            of = computed.shown[1]
            frames += [
                ("place", {"cosine": angles.cos(), "sine": angles.sin()}),
                ("turn", {"queries": of["self.1.unturned_queries"], "turned": of["self.1.queries"]}),
            ]
        else:
            frames += [
                ("place", {"matrix": its["matrix"], "positions": its["positions"]}),
                ("add", {"vectors": its["vectors"], "positions": its["positions"], "sums": its["sums"]}),
            ]
        if isinstance(config, BertConfig):
            kind = computed.p["encoder.types.weight"][0]
            frames += [("add", {"vectors": its["sums"], "type": kind}), ("normalise", {"normalised": its["entering"]})]
        assert [frame.name for frame in made.frames] == [action for action, _ in frames], (name, role)
        shown = iter(frames)
        tiny.check(made, lambda frame, shown=shown: next(shown)[1])


def test_generation_is_the_equations(tiny: ModuleType) -> None:
    for name in ("pre", "rotary", "gpt-2", "llama"):
        made = walk(tiny.subject(name), "generation", tiny.TEXT, target=tiny.TARGET, top=3)
        assert made.target is not None
        assert made.reference_inputs is not None
        free = logits_of(direct(tiny, name, made, "decoder"))
        reading = msgspec.structs.replace(made, target=made.reference, inputs=made.reference_inputs)
        forced = logits_of(direct(tiny, name, reading, "decoder"))
        for frame in made.frames:
            step = frame.focus.token
            assert step is not None
            for key, choices in frame.choices.items():
                logits = (free if key == "free" else forced)[step]
                for choice in choices:
                    assert math.isclose(choice.probability, logits.softmax(-1)[choice.id], abs_tol=2e-5)
                    assert choice.rank == int((logits > logits[choice.id]).sum()) + 1
        chosen = [
            frame.choices["free"][0].id for frame in made.frames if "free" in frame.choices and frame.name == "choose"
        ]
        assert chosen == list(made.target.ids[len(made.target.ids) - len(chosen) :])


def test_what_a_writer_continues_is_its_own_greedy_text(tiny: ModuleType) -> None:
    for name in tiny.GPTS:
        writer = tiny.subject(name)
        made = walk(writer, "generation", tiny.TEXT)
        given = writer.bundle.tokenizer.encode_batch([tiny.TEXT])[0]
        greedy = msgspec.structs.replace(writer.bundle.decoding, beam_size=1, **NO_SAMPLING)
        found = writer.write(tiny.TEXT, max_tokens=100 - len(given), decoding=greedy).continuations[0]
        assert made.target is not None
        assert made.inputs is not None
        begin = given[:1] if name == "prompt-first" else []  # which reads the first token with nothing before it
        assert (*begin, *made.target.ids) == (*given, *found.ids)
        assert made.inputs.ids == (*(begin or [2]), *made.target.ids[:-1])
        predicted = [frame for frame in made.frames if frame.name == "predict"]
        assert len(predicted) == len(found.ids)
        assert predicted[0].focus.token == len(given) - len(begin)


def test_stacks_say_what_they_have(tiny: ModuleType) -> None:
    translator, gpt, bert = (walks_of(tiny.subject(name)) for name in ("pre", "llama", "bert"))
    assert translator.walks == ("generation", "encoding", "decoding", "head", "block", "positions")
    assert translator.roles["head"] == ("encoder", "decoder", "cross")
    assert translator.roles["block"] == translator.roles["positions"] == ("encoder", "decoder")
    assert translator.layers == translator.heads == {"encoder": 2, "decoder": 2, "cross": 2}
    assert gpt.walks == translator.walks
    assert (gpt.layers, gpt.heads, gpt.roles["head"]) == ({"decoder": 2}, {"decoder": 4}, ("decoder",))
    assert bert.walks == ("encoding", "head", "block", "positions")
    assert (bert.layers, bert.heads) == ({"encoder": 2}, {"encoder": 2})
    assert "positions" not in walks_of(tiny.subject("bag")).walks
