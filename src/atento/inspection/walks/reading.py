"""A recurrent encoder reads word by word, and what it ends with becomes the decoder's beginning (S2 and S3).

Layer by layer, direction by direction, in the order in which each reads; then, for each decoder layer, the bridge.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from atento.applications.translator import Translator
from atento.inspection.walks.cells import EQUATIONS_OF, GATE_NAMES, Steps
from atento.inspection.walks.draft import Draft
from atento.inspection.walks.record import Array, Focus, Part, Walk
from atento.inspection.walks.subject import about, attends, read, recurrent
from atento.models.passes import Pass
from atento.models.reading import stack_name
from atento.models.recurrent import RecurrentConfig


def walk(translator: Translator, text: str, *, name: str = "") -> Walk:
    """Follow a source through a recurrent encoder and over the bridge.

    Raises:
        DataError: the text is empty or too long.
    """
    bundle = translator.bundle
    config = cast("RecurrentConfig", recurrent(bundle))
    texts = read(translator, text)
    done = texts.pass_through(bundle, "hidden", "gates", "cells", "contexts", "inputs")
    encoder, decoder = (stack_name(bundle.model, side) for side in ("source", "target"))
    draft = Draft()
    _read(draft, config, done, encoder)
    _hand_over(draft, config, done, f"{decoder}.bridge")
    return draft.finish("reading", about(translator, name), **texts.sides(bundle))


def _read(draft: Draft, config: RecurrentConfig, done: Pass, encoder: str) -> None:
    assert done.encoding is not None
    entering = done.trace.all(encoder, "hidden")  # what enters the first layer, then what leaves each one
    below = draft.keep("embeddings", entering[0][0], "source", "embedding")
    draft.add("embed", Focus(side="source"), "recurrent.embedding", values={"embeddings": below})
    order = _order(done)
    for layer in range(config.num_encoder_layers):
        for direction in range(2 if config.bidirectional else 1):
            name = f"{encoder}.layers.{layer}.directions.{direction}"
            steps = Steps.of(done.trace, name, config.cell)
            focus = Focus(role="encoder", layer=layer, direction=direction, side="source")
            _follow(draft, config, steps, below, focus, order if direction == 0 else order[::-1])
        if config.bidirectional:
            below = draft.keep(f"annotations.{layer}", entering[layer + 1][0], "source", "annotation")
            focus = Focus(role="encoder", layer=layer, side="source")
            draft.add("concatenate", focus, "recurrent.annotation", values={"annotations": below})
        else:
            below = Part(array=f"hidden.{layer}.0")


def _order(done: Pass) -> list[int]:
    """The tokens in the order in which the forward direction reads them."""
    assert done.encoding is not None
    positions = done.encoding.positions
    return list(range(done.encoding.mask.shape[1])) if positions is None else positions[0].argsort().tolist()


def _follow(draft: Draft, config: RecurrentConfig, steps: Steps, below: Part, focus: Focus, order: list[int]) -> None:
    """One direction of one layer, a frame a token."""
    place = f"{focus.layer}.{focus.direction}"
    hidden = draft.keep(f"hidden.{place}", steps.hidden, "source", "units").array
    gates = cells = ""
    if steps.gates is not None:
        gates = draft.keep(f"gates.{place}", steps.gates, "source", "gates", "units").array
    if steps.cells is not None:
        cells = draft.keep(f"cells.{place}", steps.cells, "source", "units").array
    nothing = Array.of(torch.zeros_like(steps.hidden[0]), "units")
    for before, token in zip([None, *order], order, strict=False):
        values: dict[str, Array | Part] = {
            "input": Part(array=below.array, at=(token,)),
            "previous": nothing if before is None else Part(array=hidden, at=(before,)),
        }
        if cells:
            values["previous_cell"] = nothing if before is None else Part(array=cells, at=(before,))
        values |= {gate: Part(array=gates, at=(token, number)) for number, gate in enumerate(GATE_NAMES[config.cell])}
        if cells:
            values["cell"] = Part(array=cells, at=(token,))
        values["hidden"] = Part(array=hidden, at=(token,))
        seen = Focus(role="encoder", layer=focus.layer, direction=focus.direction, side="source", token=token)
        draft.add("read", seen, *EQUATIONS_OF[config.cell], values=values)


def _hand_over(draft: Draft, config: RecurrentConfig, done: Pass, bridge: str) -> None:
    trace = done.trace
    if not attends(config):
        context = draft.keep("context", trace.last(bridge, "contexts")[0], "annotation")
        summary = config.bridge == "summary"
        draft.add(
            "summarise",
            Focus(role="encoder", layer=config.num_encoder_layers - 1),
            "context.summary" if summary else "context.last",
            values={"context": context},
        )
    sources, hidden, cells = (trace.all(bridge, kind) for kind in ("inputs", "hidden", "cells"))
    for layer in range(config.num_decoder_layers):
        values: dict[str, Array | Part] = {"read": _vector(sources[layer][0, 0], "read")}
        equations = [f"bridge.{config.bridge}"]
        if cells:
            values["read_cell"] = _vector(sources[layer][0, 1], "read")
            values["cell"] = _vector(cells[layer][0], "units")
            equations += [] if config.bridge == "copy" else ["bridge.cell"]
        values["hidden"] = _vector(hidden[layer][0], "units")
        draft.add("hand_over", Focus(role="decoder", layer=layer), *equations, values=values)


def _vector(values: Tensor, axis: str) -> Array:
    return Array.of(values, axis)
