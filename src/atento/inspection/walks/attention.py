"""One step of a recurrent decoder with attention: query, keys, scores, softmax, weighted sum, context, next word.

Bahdanau et al. 2015 look with the state of the step before, and the context drives the new state (A.2.2); Luong et al.
2015 make the new state first and look with it (section 3). So the frames of the two come in another order.
"""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from atento.applications.translator import Translator
from atento.core.errors import DataError
from atento.figures.attention import Role
from atento.inspection.walks.cells import EQUATIONS_OF, GATE_NAMES, Steps
from atento.inspection.walks.draft import Draft, best
from atento.inspection.walks.record import Action, Array, Choice, Focus, Part, Walk
from atento.inspection.walks.subject import about, recurrent, translated
from atento.models.passes import Pass
from atento.models.reading import stack_name
from atento.models.recurrent import LuongAttentionConfig, RecurrentConfig
from atento.nn.capture import Kind
from atento.nn.luong import gaussian

Values = dict[str, Array | Part]


def walk(
    translator: Translator, text: str, *, target: str | None = None, step: int = 0, top: int = 8, name: str = ""
) -> Walk:
    """Follow one step of a decoder that looks at the source.

    Args:
        translator: with a recurrent model that has attention.
        text: the source.
        target: its translation, as the decoder reads it; None: what greedy search finds.
        step: which of the target's tokens is predicted, from 0.
        top: how many of the most probable tokens are shown.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long, or there is no such step.
    """
    bundle = translator.bundle
    config = cast("RecurrentConfig", recurrent(bundle))
    texts = translated(translator, text, target)
    assert texts.target is not None
    if not 0 <= step < len(texts.target.ids):
        last = len(texts.target.ids) - 1
        raise DataError(f"there is no step {step}: the translation has {last + 1} tokens; give 0 to {last}")
    done = texts.pass_through(
        bundle, "hidden", "gates", "cells", "queries", "keys", "values", "scores", "weights", "contexts", "centres",
        "alignments",
    )  # fmt: skip
    walking = _Walking(config, done, stack_name(bundle.model, "target"), step)
    walking.look_and_update()
    walking.output()
    choices = {"forced" if target is not None else "free": best(bundle.target_tokenizer, walking.decoded, step, top)}
    ids = [choice.id for each in choices.values() for choice in each]
    logits = Array.of(walking.decoded.logits[step][ids], "choices")
    walking.add("predict", "predict", values={"logits": logits}, choices=choices)
    return walking.draft.finish("attention", about(translator, name), **texts.sides(bundle))


class _Walking:
    """The frames of one step."""

    def __init__(self, config: RecurrentConfig, done: Pass, decoder: str, step: int) -> None:
        assert done.decoded is not None
        assert done.encoding is not None
        self.draft = Draft()
        self.config, self.trace, self.step, self.decoded = config, done.trace, step, done.decoded
        self.positions = done.encoding.positions
        self._decoder = decoder
        self._attention = done.trace.names("weights", "cross")[0]

    def add(
        self,
        name: Action,
        *equations: str,
        values: Values | None = None,
        choices: dict[str, tuple[Choice, ...]] | None = None,
        layer: int | None = None,
    ) -> None:
        """A frame of this step."""
        role: Role = "cross" if layer is None else "decoder"
        focus = Focus(role=role, layer=layer, side="target", token=self.step)
        self.draft.add(name, focus, *equations, values=values, choices=choices)

    def look_and_update(self) -> None:
        """All frames up to the new state and the context."""
        luong = self.config.attention if isinstance(self.config.attention, LuongAttentionConfig) else None
        annotations = self.draft.keep("annotations", self._of_source("values"), "source", "annotation")
        if luong is None:
            self._look("bahdanau.query", "bahdanau.key", "bahdanau.score", annotations, joins=True)
            self._softmax(self._now("weights"))
            self._weigh(annotations)
            self._update("recurrent.context", {"context": Array.of(self._now("contexts"), "annotation")})
            return
        fed: Values = {}
        if luong.input_feeding:
            hidden = self.decoded.hidden
            before = torch.zeros_like(hidden[0]) if self.step == 0 else hidden[self.step - 1]
            fed["fed"] = Array.of(before, "predicting")
        self._update("luong.feeding", fed)
        score, concat = luong.score, luong.score == "concat"
        query = "luong.query.concat" if concat else "luong.query"
        key = None if score == "location" else f"luong.key.{score}"
        self._look(query, key, f"luong.score.{score}", annotations, joins=concat)
        if luong.window == "global":
            self._softmax(self._now("weights"))
        else:
            self._window(luong)
        self._weigh(annotations)

    def output(self) -> None:
        """What predicts the word."""
        config, last = self.config, self.config.num_decoder_layers - 1
        state = (
            self._steps(last).hidden[self.step] if config.output_reads == "current" else self._before(last)["hidden"]
        )
        values: Values = {"state": Array.of(state, "units")}
        context = Array.of(self._now("contexts"), "annotation")
        if isinstance(config.attention, LuongAttentionConfig):
            equation, values = "luong.attentional", values | {"context": context}
        elif config.output == "linear" and not config.context_in_output:
            equation = "output.state"
        else:
            equation = f"output.{config.output}"
            values["word"] = self._word()
            values |= {"context": context} if config.context_in_output else {}
        values["predicting"] = Array.of(self.decoded.hidden[self.step], "predicting")
        self.add("output", equation, values=values)

    def _look(self, query: str, key: str | None, score: str, annotations: Part, *, joins: bool) -> None:
        asking = self._now("queries")
        axis = "attention" if joins else "query"
        state = self._query_state()
        self.add("query", query, values={"state": state, "query": Array.of(asking, axis)})
        values: Values = {"query": Array.of(asking, axis)}
        if key is not None:
            keys = self._of_source("keys")
            values["keys"] = self.draft.keep("keys", keys, "source", axis)
            self.add("keys", key, values={"annotations": annotations, "keys": values["keys"]})
            if joins:
                values["joined"] = Array.of(torch.tanh(asking + keys), "source", "attention")
        self.add("score", score, values=values | {"scores": Array.of(self._now("scores"), "source")})

    def _window(self, luong: LuongAttentionConfig) -> None:
        """A local window, its softmax, and local-p's Gaussian."""
        centre = self._now("centres").float()
        weights = self._now("weights")
        places = torch.arange(len(weights)) if self.positions is None else self.positions[0].cpu()
        distances = places - centre.cpu()
        inside = Array.of((distances.abs() <= luong.half_width).float(), "source")
        values: Values = {"positions": Array.of(places.float(), "source"), "inside": inside}
        self.add("centre", f"luong.centre.{luong.window}", values={"centre": Array.of(centre[0]), **values})
        if luong.window == "local-m":
            self._softmax(weights, inside=inside)
            return
        alignments = self._now("alignments")
        self._softmax(alignments, inside=inside)
        values = {
            "alignments": Array.of(alignments, "source"),
            "gaussian": Array.of(gaussian(distances, luong.half_width), "source"),
            "weights": Array.of(weights, "source"),
        }
        self.add("narrow", "luong.gaussian", values=values)

    def _softmax(self, weights: Tensor, **more: Array) -> None:
        scores = Array.of(self._now("scores"), "source")
        values: Values = {"scores": scores, **more, "weights": Array.of(weights, "source")}
        self.add("softmax", "attention.softmax", values=values)

    def _weigh(self, annotations: Part) -> None:
        weights = self._now("weights")
        weighted = Array.of(weights.unsqueeze(1) * self._of_source("values"), "source", "annotation")
        values: Values = {"weights": Array.of(weights, "source"), "annotations": annotations}
        self.add("weigh", values=values | {"weighted": weighted})
        context = Array.of(self._now("contexts"), "annotation")
        self.add("sum", "attention.context", values={"weighted": weighted, "context": context})

    def _update(self, driven: str, drive: Values) -> None:
        """The word, then the new state of each layer; ``drive`` is what the first one reads beside it."""
        self.add("embed", "recurrent.embedding", values={"word": self._word()})
        cell = self.config.cell
        for layer in range(self.config.num_decoder_layers):
            steps, before = self._steps(layer), self._before(layer)
            below = self._word() if layer == 0 else Array.of(self._steps(layer - 1).hidden[self.step], "units")
            values: Values = {"input": below}
            values |= drive if layer == 0 else {}
            values["previous"] = Array.of(before["hidden"], "units")
            if steps.cells is not None:
                values["previous_cell"] = Array.of(before["cells"], "units")
            if steps.gates is not None:
                gates = zip(GATE_NAMES[cell], steps.gates[self.step], strict=True)
                values |= {gate: Array.of(each, "units") for gate, each in gates}
            if steps.cells is not None:
                values["cell"] = Array.of(steps.cells[self.step], "units")
            values["hidden"] = Array.of(steps.hidden[self.step], "units")
            equations = [*([driven] if layer == 0 and drive else []), *EQUATIONS_OF[cell]]
            self.add("update", *equations, values=values, layer=layer)

    def _word(self) -> Array:
        return Array.of(self.trace.all(self._decoder, "hidden")[0][0, self.step], "embedding")

    def _query_state(self) -> Array:
        """The state that looks: of the first layer before the step, or of the last one after it."""
        if isinstance(self.config.attention, LuongAttentionConfig):
            return Array.of(self._steps(self.config.num_decoder_layers - 1).hidden[self.step], "units")
        return Array.of(self._before(0)["hidden"], "units")

    def _steps(self, layer: int) -> Steps:
        return Steps.of(self.trace, f"{self._decoder}.layers.{layer}", self.config.cell)

    def _before(self, layer: int) -> dict[str, Float[Tensor, " units"]]:
        """A layer's state before the step: the bridge's at the first one."""
        if self.step == 0:
            kinds: tuple[Kind, ...] = ("hidden", "cells") if self.config.cell == "lstm" else ("hidden",)
            return {kind: self.trace.all(f"{self._decoder}.bridge", kind)[layer][0] for kind in kinds}
        steps = self._steps(layer)
        before = {"hidden": steps.hidden[self.step - 1]}
        return before if steps.cells is None else before | {"cells": steps.cells[self.step - 1]}

    def _now(self, kind: Kind) -> Tensor:
        """What the attention reported of the step."""
        return self.trace.last(self._attention, kind)[0, 0, self.step]

    def _of_source(self, kind: Kind) -> Tensor:
        """What it reported of the source's tokens."""
        return self.trace.last(self._attention, kind)[0, 0]
