"""Walks through recurrent models: every number is the papers' equations', read plainly, one vector at a time.

GRUs reset after the product (PyTorch's convention, see ``nn.recurrent.cells``); everything else is as printed.
"""

from __future__ import annotations

import math
from types import ModuleType

import pytest
import torch
from torch import Tensor

from atento.inspection.walks import walk, walks_of
from atento.inspection.walks.record import Frame, Walk
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig

Numbers = dict[str, Tensor]
STEPS = (0, 2)


class Direct:
    """A recurrent translator by its equations, in double precision."""

    def __init__(self, config: RecurrentConfig, p: Numbers, source: tuple[int, ...], inputs: tuple[int, ...]) -> None:
        self.config, self.p = config, p
        self.luong = config.attention if isinstance(config.attention, LuongAttentionConfig) else None
        self.order = list(range(len(source)))
        if config.reverse_source:  # the words turned around, </s> last
            self.order = self.order[:-1][::-1] + self.order[-1:]
        self.read: dict[tuple[int, int, int], Numbers] = {}
        """(layer, direction, token) → what its frame shows."""
        self.embeddings = torch.stack([p["encoder_module.embedding.weight"][token] for token in source])
        self.annotations: list[Tensor] = []
        self.finals: list[list[Numbers]] = []
        self.encode()
        self.bridges = [self.bridge(layer) for layer in range(config.num_decoder_layers)]
        self.decoded: list[list[tuple[str, Numbers]]] = []
        """Of each step, what its frames show."""
        self.logits: list[Tensor] = []
        self.decode(inputs)

    def cell(self, name: str, x: Tensor, before: Numbers, more: Tensor | float = 0) -> Numbers:
        """One step of a layer; ``more`` is what is added to W x."""
        layer = {key.removeprefix(name + "."): value for key, value in self.p.items() if key.startswith(name + ".")}
        h, size = before["hidden"], len(before["hidden"])
        wx, uh = layer["weight_input"] @ x + layer["bias"] + more, layer["weight_hidden"] @ h
        shown = {"input": x, "previous": h}
        if self.config.cell == "rnn":
            return shown | {"hidden": torch.tanh(wx + uh)}
        if self.config.cell == "lstm":
            i, f, g, o = (torch.split(wx + uh, size)[number] for number in range(4))
            i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
            c = f * before["cell"] + i * g
            gates = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o}
            return shown | {"previous_cell": before["cell"], **gates, "cell": c, "hidden": o * torch.tanh(c)}
        r = torch.sigmoid(wx[:size] + uh[:size])
        z = torch.sigmoid(wx[size : 2 * size] + uh[size : 2 * size])
        n = torch.tanh(wx[2 * size :] + r * (uh[2 * size :] + layer["bias_candidate"]))
        return shown | {"reset_gate": r, "update_gate": z, "candidate": n, "hidden": z * h + (1 - z) * n}

    def encode(self) -> None:
        below = self.embeddings
        for layer in range(self.config.num_encoder_layers):
            directions, finals = [], []
            for direction in range(2 if self.config.bidirectional else 1):
                name = f"encoder_module.layers.{layer}.directions.{direction}"
                zero = torch.zeros(self.config.encoder_units).double()
                state = {"hidden": zero, "cell": zero}
                for token in self.order if direction == 0 else self.order[::-1]:
                    state = self.read[layer, direction, token] = self.cell(name, below[token], state)
                directions.append([self.read[layer, direction, token]["hidden"] for token in range(len(below))])
                finals.append(state)
            below = torch.stack([torch.cat(several) for several in zip(*directions, strict=True)])
            self.annotations.append(below)
            self.finals.append(finals)

    @property
    def context(self) -> Tensor:
        """The source in one vector."""
        last = torch.cat([state["hidden"] for state in self.finals[-1]])
        if self.config.bridge != "summary":
            return last
        name = "decoder_module.bridge.summary"
        return torch.tanh(self.p[f"{name}.weight"] @ last + self.p[f"{name}.bias"])

    def bridge(self, layer: int) -> Numbers:
        """What the frame of a decoder layer's beginning shows."""
        config, p = self.config, self.p
        above = max(0, config.num_encoder_layers - config.num_decoder_layers)  # a deeper encoder hands over its top
        finals = self.finals[min(layer + above, config.num_encoder_layers - 1)]
        kinds = ["hidden", "cell"] if config.cell == "lstm" else ["hidden"]
        shown = {}
        for kind in kinds:
            match config.bridge:
                case "summary":
                    read = self.context
                case "backward":
                    read = finals[1][kind]
                case _:
                    read = torch.cat([state[kind] for state in finals])
            made = read
            if config.bridge != "copy":
                name = f"decoder_module.bridge.{kind}.{layer}"
                made = p[f"{name}.weight"] @ read + p[f"{name}.bias"]
                made = torch.tanh(made) if kind == "hidden" else made
            shown |= {"read" if kind == "hidden" else "read_cell": read, kind: made}
        return shown

    def decode(self, inputs: tuple[int, ...]) -> None:
        states = [dict(each) for each in self.bridges]
        fed = torch.zeros(self.config.predicting_size).double()
        for t, token in enumerate(inputs):
            frames: list[tuple[str, Numbers]] = []
            word = self.p["decoder_module.embedding.weight"][token]
            before = states[-1]["hidden"]
            drive: Numbers = {}
            if self.luong is None:
                c = self.context
                if isinstance(self.config.attention, AdditiveAttentionConfig):
                    c = self.look_additively(states[0]["hidden"], frames)
                    drive = {"context": c}
                name = "decoder_module.layers.0.weight_context"
                name = name if name in self.p else "decoder_module.weight_context"
                more = self.p[name] @ c if self.config.context_in_state else 0
            else:
                drive = {"fed": fed} if self.luong.input_feeding else {}
                more = self.p["decoder_module.weight_feeding"] @ fed if drive else 0
            frames.append(("embed", {"word": word}))
            x = word
            for layer in range(self.config.num_decoder_layers):
                made = self.cell(f"decoder_module.layers.{layer}", x, states[layer], more if layer == 0 else 0)
                frames.append(("update", made | (drive if layer == 0 else {})))
                states[layer], x = made, made["hidden"]
            if self.luong is not None:
                c = self.look_luong(self.luong, x, t, frames)
                fed = torch.tanh(self.p["decoder_module.weight_attentional"] @ torch.cat([c, x]))
                frames.append(("output", {"state": x, "context": c, "predicting": fed}))
                z = fed
            else:
                z = self.output(before if self.config.output_reads == "previous" else x, word, c, frames)
            self.logits.append(self.p["decoder_module.output.weight"] @ z + self.p["decoder_module.output.bias"])
            self.decoded.append(frames)

    def look_additively(self, s: Tensor, frames: list[tuple[str, Numbers]]) -> Tensor:
        name, h = "decoder_module.layers.0.attention", self.annotations[-1]
        query = self.p[f"{name}.weight_query"] @ s
        keys = torch.stack([self.p[f"{name}.weight_key"] @ each + self.p[f"{name}.bias"] for each in h])
        joined = torch.stack([torch.tanh(query + key) for key in keys])
        scores = torch.stack([self.p[f"{name}.vector"] @ each for each in joined])
        frames += [
            ("query", {"state": s, "query": query}),
            ("keys", {"annotations": h, "keys": keys}),
            ("score", {"query": query, "keys": keys, "joined": joined, "scores": scores}),
        ]
        weights = torch.stack([score.exp() / scores.exp().sum() for score in scores])
        frames.append(("softmax", {"scores": scores, "weights": weights}))
        return self.weigh(weights, frames)

    def weigh(self, weights: Tensor, frames: list[tuple[str, Numbers]]) -> Tensor:
        h = self.annotations[-1]
        weighted = torch.stack([weight * each for weight, each in zip(weights, h, strict=True)])
        context = sum(weighted, torch.zeros_like(h[0]))
        frames += [
            ("weigh", {"weights": weights, "annotations": h, "weighted": weighted}),
            ("sum", {"weighted": weighted, "context": context}),
        ]
        return context

    def look_luong(self, config: LuongAttentionConfig, h: Tensor, t: int, frames: list[tuple[str, Numbers]]) -> Tensor:
        """Luong et al. 2015, sections 3.1 and 3.2; s counts in the order of reading."""
        name, annotations = "decoder_module.attention", self.annotations[-1]
        place = [self.order.index(token) for token in range(len(annotations))]
        query = self.p[f"{name}.weight_query"] @ h if config.score == "concat" else h
        shown = {"query": query}
        frames.append(("query", {"state": h, "query": query}))
        if config.score != "location":
            key = {
                "dot": lambda each: each,
                "general": lambda each: self.p[f"{name}.weight_key"] @ each,
                "concat": lambda each: self.p[f"{name}.weight_key"] @ each,
            }[config.score]
            keys = torch.stack([key(each) for each in annotations])
            frames.append(("keys", {"annotations": annotations, "keys": keys}))
            shown["keys"] = keys
        if config.score == "location":
            scores = torch.stack([(self.p[f"{name}.weight_query"] @ h)[s] for s in place])
        elif config.score == "concat":
            both = torch.cat([self.p[f"{name}.weight_query"], self.p[f"{name}.weight_key"]], dim=1)  # W_a
            joined = torch.stack([torch.tanh(both @ torch.cat([h, each])) for each in annotations])
            scores, shown["joined"] = joined @ self.p[f"{name}.vector"], joined
        else:
            scores = torch.stack([h @ key for key in keys])
        frames.append(("score", shown | {"scores": scores}))
        if config.window == "global":
            weights = torch.stack([score.exp() / scores.exp().sum() for score in scores])
            frames.append(("softmax", {"scores": scores, "weights": weights}))
            return self.weigh(weights, frames)
        centre = torch.tensor(float(t)).double()
        if config.window == "local-p":
            predicted = self.p[f"{name}.vector_centre"] @ torch.tanh(self.p[f"{name}.weight_centre"] @ h)
            centre = len(annotations) / (1 + torch.exp(-predicted))
        inside = torch.tensor([float(abs(s - centre) <= config.half_width) for s in place]).double()
        positions = torch.tensor(place).double()
        frames.append(("centre", {"centre": centre, "positions": positions, "inside": inside}))
        within = scores.exp() * inside
        alignments = within / within.sum() if within.any() else within
        frames.append(("softmax", {"scores": scores, "inside": inside, "weights": alignments}))
        if config.window == "local-m":
            return self.weigh(alignments, frames)
        sigma = config.half_width / 2
        curve = torch.stack([torch.exp(-((s - centre) ** 2) / (2 * sigma**2)) for s in place])
        frames.append(("narrow", {"alignments": alignments, "gaussian": curve, "weights": alignments * curve}))
        return self.weigh(alignments * curve, frames)

    def output(self, s: Tensor, word: Tensor, c: Tensor, frames: list[tuple[str, Numbers]]) -> Tensor:
        config, name = self.config, "decoder_module.output_layer"
        shown = {"state": s} | ({"context": c} if config.context_in_output else {})
        if config.output == "linear":
            z = torch.cat([word, s, c]) if config.context_in_output else s
            shown |= {"word": word} if config.context_in_output else {}
        else:
            shown["word"] = word
            z = self.p[f"{name}.weight_state"] @ s + self.p[f"{name}.weight_word"] @ word + self.p[f"{name}.bias"]
            if config.context_in_output:
                z = z + self.p[f"{name}.weight_context"] @ c
            if config.output == "tanh":
                z = torch.tanh(z)
            else:
                z = torch.stack([torch.maximum(z[2 * j], z[2 * j + 1]) for j in range(len(z) // 2)])
        frames.append(("output", shown | {"predicting": z}))
        return z


def direct(tiny: ModuleType, name: str, made: Walk) -> Direct:
    assert made.source is not None
    inputs = () if made.inputs is None else made.inputs.ids
    return Direct(tiny.RECURRENT[name], tiny.parameters(name), made.source.ids, inputs)


def names(tiny_configs: dict[str, RecurrentConfig], attending: bool) -> list[str]:
    return [name for name, config in tiny_configs.items() if (config.attention != NoAttention()) == attending]


def test_every_number_of_reading_is_the_equations(tiny: ModuleType) -> None:
    for name, config in list(tiny.RECURRENT.items())[:13]:  # Luong's attention reads nothing else
        made = walk(tiny.subject(name), "reading", tiny.TEXT)
        computed = direct(tiny, name, made)

        def expected(frame: Frame, computed: Direct = computed) -> Numbers:
            focus = frame.focus
            match frame.name:
                case "embed":
                    return {"embeddings": computed.embeddings}
                case "read":
                    assert focus.layer is not None
                    assert focus.direction is not None
                    assert focus.token is not None
                    return computed.read[focus.layer, focus.direction, focus.token]
                case "concatenate":
                    assert focus.layer is not None
                    return {"annotations": computed.annotations[focus.layer]}
                case "summarise":
                    return {"context": computed.context}
                case "hand_over":
                    assert focus.layer is not None
                    return computed.bridges[focus.layer]
            raise AssertionError(frame.name)

        tiny.check(made, expected)
        read = [frame.focus.token for frame in made.frames if frame.name == "read" and frame.focus.direction == 0]
        assert read == computed.order * config.num_encoder_layers, "words are read in the model's order"
        backwards = [frame.focus.token for frame in made.frames if frame.name == "read" and frame.focus.direction == 1]
        assert backwards == (computed.order[::-1] * config.num_encoder_layers if config.bidirectional else [])
        last = [frame.name for frame in made.frames[-config.num_decoder_layers :]]
        assert last == ["hand_over"] * config.num_decoder_layers
        assert ("summarise" in {frame.name for frame in made.frames}) is (config.attention == NoAttention())


@pytest.mark.parametrize("step", STEPS)
def test_every_number_of_an_attention_step_is_the_equations(tiny: ModuleType, step: int) -> None:
    for name in names(tiny.RECURRENT, attending=True):
        translator = tiny.subject(name)
        made = walk(translator, "attention", tiny.TEXT, target=tiny.TARGET, position=step, top=4)
        computed = direct(tiny, name, made)
        frames = computed.decoded[step]
        logits = computed.logits[step]
        best = made.frames[-1].choices["forced"]
        frames.append(("predict", {"logits": logits[[choice.id for choice in best]]}))
        assert [frame.name for frame in made.frames] == [action for action, _ in frames], name
        shown = iter(frames)
        tiny.check(made, lambda frame, shown=shown: next(shown)[1])
        same_distribution(made.frames[-1], "forced", logits)


def same_distribution(frame: Frame, key: str, logits: Tensor) -> None:
    """The frame's choices are the most probable tokens, with their probabilities."""
    wanted = logits.softmax(-1).sort(descending=True)
    for rank, choice in enumerate(frame.choices[key], 1):
        assert choice.rank == rank
        assert math.isclose(choice.probability, float(wanted.values[rank - 1]), abs_tol=2e-6)
        assert choice.id == int(wanted.indices[rank - 1])


def test_generation_is_the_equations_free_and_forced(tiny: ModuleType) -> None:
    for name in (*names(tiny.RECURRENT, attending=False), "rnn", "bahdanau", "luong-concat-local-p-fed"):
        translator = tiny.subject(name)
        made = walk(translator, "generation", tiny.TEXT, target=tiny.TARGET, top=3)
        assert made.target is not None
        assert made.reference is not None
        assert made.reference_inputs is not None
        assert made.source is not None
        free = direct(tiny, name, made).logits
        forced = Direct(tiny.RECURRENT[name], tiny.parameters(name), made.source.ids, made.reference_inputs.ids).logits
        texts = {"free": (made.target, free), "forced": (made.reference, forced)}
        steps = max(len(side.ids) for side, _ in texts.values())
        assert [frame.name for frame in made.frames] == ["read", "predict", "choose"] * steps
        for frame in made.frames:
            step = frame.focus.token
            assert step is not None
            alive = {key for key, (side, _) in texts.items() if step < len(side.ids)}
            if frame.name == "read":
                continue
            assert frame.choices.keys() == alive
            for key in alive:
                side, logits = texts[key]
                if frame.name == "predict":
                    same_distribution(frame, key, logits[step])
                else:
                    (choice,) = frame.choices[key]
                    assert (choice.id, choice.token) == (side.ids[step], side.tokens[step])
                    assert math.isclose(choice.probability, logits[step].softmax(-1)[choice.id], abs_tol=2e-6)
                    assert choice.rank == int((logits[step] > logits[step][choice.id]).sum()) + 1


def test_free_generation_is_greedy_search(tiny: ModuleType) -> None:
    for name in ("lstm", "cho", "luong-general-local-p-fed"):
        translator = tiny.subject(name)
        made = walk(translator, "generation", tiny.TEXT)
        found = translator.translate(tiny.TEXT, beam_size=1).candidates[0]
        assert made.target is not None
        assert made.target.ids == found.ids
        assert made.target.tokens == found.tokens
        chosen = [frame.choices["free"][0].probability for frame in made.frames if frame.name == "choose"]
        torch.testing.assert_close(torch.tensor(chosen).log(), torch.tensor(found.log_probabilities), atol=1e-5, rtol=0)
        assert made.inputs is not None
        assert made.inputs.ids == (2, *found.ids[:-1])


def test_recurrent_models_say_what_they_have(tiny: ModuleType) -> None:
    has = walks_of(tiny.subject("rnn"))
    assert has.walks == ("reading", "generation", "attention")
    assert (has.layers, has.heads) == ({"encoder": 2, "decoder": 2, "cross": 1}, {"cross": 1})
    without = walks_of(tiny.subject("cho"))
    assert without.walks == ("reading", "generation")
    assert (without.layers, without.heads) == ({"encoder": 1, "decoder": 1}, {})
