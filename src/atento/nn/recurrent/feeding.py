"""Input feeding (Luong et al. 2015, 3.3): stacked layers whose first one reads, beside the word, h̃ of the step before.

So attention, which follows the last layer, stands inside the loop over the steps, and all layers with it. The loop is
left to autograd: a training step takes 1.1 to 1.3 times as long as with additive attention and its hand-written kernel,
1.2 to 1.6 times with two layers, and 0.7 times without input feeding, which needs no loop here (one core, 320 units,
512 and 2048 target tokens; ``benchmarks/recurrent_training.py`` has the larger models). Everything is in the layout of
``packing.Packing``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor

from atento.nn.luong import LuongLook, LuongReader, attentional, look
from atento.nn.recurrent.cells import CellState, cell_step
from atento.nn.recurrent.equations import Recurrent, Run, join_cells, join_hidden
from atento.nn.recurrent.packing import Packing


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The parameters of all layers and of what ties them to the attention."""

    recurrent: tuple[Recurrent, ...]
    """Of each layer."""
    above: tuple[tuple[Float[Tensor, "gates units"], Float[Tensor, " gates"]], ...]
    """W and b of the layers above the first."""
    weight_feeding: Float[Tensor, "gates attentional"]
    """How h̃₍t₋₁₎ enters the first layer."""
    weight_attentional: Float[Tensor, "attentional read"]
    """W_c."""


@dataclass(frozen=True, kw_only=True)
class FeedingState:
    """What goes from step to step, rows sorted as the packing's."""

    layers: tuple[CellState, ...]
    attentional: Float[Tensor, "rows attentional"]
    """h̃₍t₋₁₎."""
    times: Int[Tensor, " rows"]
    """t of the first step."""


@dataclass(frozen=True, kw_only=True)
class FeedingRun:
    """What was computed, packed, and every row's last states (sorted)."""

    attentional: Float[Tensor, "real attentional"]
    layers: tuple[Run, ...]
    final_attentional: Float[Tensor, "rows attentional"]
    looks: tuple[LuongLook, ...]
    """One a step, of the rows that are alive."""


def feeding_recurrence(
    inputs: Float[Tensor, "real gates"],
    stack: Stack,
    reader: LuongReader,
    initial: FeedingState,
    packing: Packing,
    dropped: tuple[Float[Tensor, "real units"], ...] | None,
    *,
    heard: bool,
) -> FeedingRun:
    """All layers and the attention, step by step.

    Args:
        inputs: the words' part of the first layer's pre-activations.
        stack: the parameters.
        reader: the sources, sorted as the packing's rows; fewer than the rows where all rows have equal lengths.
        initial: what the first step goes on from.
        packing: where each element stands.
        dropped: what multiplies the states that each layer above the first reads (dropout); None: nothing does.
        heard: give the layers' gates and cells, too.
    """
    states, fed = list(initial.layers), initial.attentional
    news: list[list[CellState]] = [[] for _ in states]
    gates: list[list[Tensor]] = [[] for _ in states]
    vectors: list[Tensor] = []
    looks: list[LuongLook] = []
    group = fed.shape[0] // reader.values.shape[0]
    for step, (start, size) in enumerate(packing.slices()):
        now = slice(start, start + size)
        driven = inputs[now] + F.linear(fed[:size], stack.weight_feeding)
        for index, recurrent in enumerate(stack.recurrent):
            previous = states[index].first(size)
            projected = F.linear(previous.hidden, recurrent.weight, recurrent.whole_bias)
            new, activated = cell_step(recurrent.kind, driven, projected, previous)
            states[index] = states[index].replace_first(new)
            news[index].append(new)
            gates[index].append(activated)
            if index < len(stack.above):
                read = new.hidden if dropped is None else new.hidden * dropped[index][now]
                driven = F.linear(read, *stack.above[index])
        top, times = news[-1][-1].hidden, (initial.times[:size] + step).view(-1, group)
        seen = look(reader.first(size // group), top.view(*times.shape, -1), times)
        vector = attentional(seen.contexts.flatten(0, 1), top, stack.weight_attentional)
        fed = vector if size == fed.shape[0] else torch.cat([vector, fed[size:]])
        vectors.append(vector)
        looks.append(seen)
    return FeedingRun(
        attentional=torch.cat(vectors),
        layers=tuple(
            Run(join_hidden(each), state, torch.cat(active) if heard else None, join_cells(each) if heard else None)
            for each, state, active in zip(news, states, gates, strict=True)
        ),
        final_attentional=fed,
        looks=tuple(looks),
    )
