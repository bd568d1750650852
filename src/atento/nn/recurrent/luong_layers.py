"""Luong's attention as modules: they hold the parameters, run the equations, and report.

The equations are in ``nn/luong.py`` (one look) and ``feeding.py`` (input feeding).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.core.errors import DataError
from atento.nn.capture import Kind, Observable
from atento.nn.linear import linear
from atento.nn.luong import LuongLook, LuongReader, Score, Window, look
from atento.nn.recurrent.cells import CellState
from atento.nn.recurrent.feeding import FeedingRun, FeedingState, Stack, feeding_recurrence
from atento.nn.recurrent.layers import RecurrentLayer, report_run
from atento.nn.recurrent.packing import Packing


class LuongAttention(Observable):
    """The parameters of one score and one window (Luong et al. 2015, 3.1 and 3.2).

    While listened to it reports ``weights``, ``scores`` [rows, 1, steps, source] (one head, the same shape as a
    Transformer's), ``queries`` [rows, 1, steps, query] and ``contexts`` [rows, 1, steps, annotation]. The weights are
    those that multiply the annotations: zero outside the window, and with local-p the softmax (``alignments``) times
    the Gaussian, so that they sum to less than one. Local windows also have ``centres`` [rows, 1, steps, 1]. When the
    sources are prepared, it reports ``values`` [sources, 1, source, annotation] and, but for location, ``keys``.
    """

    role = "cross"

    def __init__(
        self,
        score: Score,
        window: Window,
        *,
        half_width: int,
        units: int,
        annotation_size: int,
        size: int,
        max_source_length: int,
    ) -> None:
        super().__init__()
        self.score: Score = score
        self.window: Window = window
        self.half_width = half_width
        self.weight_key: nn.Parameter | None = None
        self.weight_query: nn.Parameter | None = None
        self.vector: nn.Parameter | None = None
        match score:
            case "location":
                self.weight_query = _matrix(max_source_length, units)
            case "general":
                self.weight_key = _matrix(units, annotation_size)
            case "concat":
                self.weight_key, self.weight_query = _matrix(size, annotation_size), _matrix(size, units)
                self.vector = _vector(size)
            case "dot":
                pass
        self.weight_centre = _matrix(size, units) if window == "local-p" else None
        self.vector_centre = _vector(size) if window == "local-p" else None

    def keys(
        self, annotations: Float[Tensor, "sources source annotation"]
    ) -> Float[Tensor, "sources source key"] | None:
        """What states are compared with, made once a source; None for location."""
        self.tell("values", annotations.unsqueeze(1))
        if self.score == "location":
            return None
        keys = annotations if self.weight_key is None else linear(annotations, self.weight_key, None)
        self.tell("keys", keys.unsqueeze(1))
        return keys

    def check_lengths(self, lengths: Int[Tensor, " sources"]) -> None:
        """See that location has a row of W_a for every token.

        Raises:
            DataError: a source is longer.
        """
        if self.score != "location" or lengths.numel() == 0:
            return
        assert self.weight_query is not None
        longest, limit = int(lengths.max()), self.weight_query.shape[0]
        if longest > limit:
            raise DataError(
                f"a source of {longest} tokens is longer than the {limit} that attention by location reads; shorten it "
                "or train with a larger model.attention.max_source_length"
            )

    def reader(
        self,
        values: Float[Tensor, "sources source annotation"],
        keys: Float[Tensor, "sources source key"] | None,
        mask: Bool[Tensor, "sources source"] | None,
        positions: Int[Tensor, "sources source"],
        lengths: Int[Tensor, " sources"],
    ) -> LuongReader:
        """What looks at these sources need."""
        return LuongReader(
            score=self.score,
            window=self.window,
            half_width=self.half_width,
            values=values,
            keys=keys,
            mask=mask,
            positions=positions,
            lengths=lengths,
            weight_query=self.weight_query,
            vector=self.vector,
            weight_centre=self.weight_centre,
            vector_centre=self.vector_centre,
        )

    def forward(
        self,
        states: Float[Tensor, "real units"],
        reader: LuongReader,
        times: Int[Tensor, " rows"],
        packing: Packing,
    ) -> Float[Tensor, "real annotation"]:
        """The contexts of all steps at once.

        Args:
            states: hₜ, packed.
            reader: the sources in the caller's order, rows grouped by source.
            times: t of each row's first step, in the caller's order.
            packing: where each element stands.
        """
        rows, steps, sources = packing.rows, packing.steps, reader.values.shape[0]
        padded = packing.unpack(states).reshape(sources, -1, states.shape[-1])  # [sources, group · steps, units]
        each = times.unsqueeze(1) + torch.arange(steps, device=times.device)
        seen = look(reader, padded, each.view(sources, -1))
        contexts = packing.pack(seen.contexts.reshape(rows, steps, -1))
        if self.listener is not None:
            for kind, part in _reports(seen):
                # padding is zero, as in every report
                real = packing.unpack(packing.pack(part.reshape(rows, steps, -1)))
                self.listener.report(kind, real.unsqueeze(1))
        return contexts

    def report(self, looks: Sequence[LuongLook], packing: Packing) -> None:
        """Tell the listener, if there is one, what was seen step by step, by the rows alive in the packing's order."""
        if self.listener is None:
            return
        for several in zip(*(_reports(seen) for seen in looks), strict=True):
            packed = torch.cat([part.flatten(0, 1) for _, part in several])
            self.listener.report(several[0][0], packing.unpack(packed).unsqueeze(1))


def feed(
    layers: list[RecurrentLayer],
    attention: LuongAttention,
    words: Float[Tensor, "real embedding"],
    weights: tuple[Float[Tensor, "gates attentional"], Float[Tensor, "attentional read"]],
    reader: LuongReader,
    initial: FeedingState,
    packing: Packing,
    dropped: tuple[Float[Tensor, "real units"], ...] | None,
) -> FeedingRun:
    """Input feeding over these layers; ``weights`` are those of ``Stack``, the rest is as in ``feeding_recurrence``."""
    first, above = layers[0], layers[1:]
    inputs = linear(words, first.weight_input, first.bias)
    stack = Stack(
        recurrent=tuple(layer.recurrent for layer in layers),
        above=tuple((layer.weight_input, layer.bias) for layer in above),
        weight_feeding=weights[0],
        weight_attentional=weights[1],
    )
    with torch.autocast(inputs.device.type, enabled=False):  # states stay exact over many steps
        dtype = first.weight_hidden.dtype
        exact, exact_initial = _in_type(reader, initial, dtype)
        heard = any(layer.listener is not None for layer in layers)
        run = feeding_recurrence(inputs.to(dtype), stack, exact, exact_initial, packing, dropped, heard=heard)
    for layer, its in zip(layers, run.layers, strict=True):
        report_run(layer, its, packing, None)
    attention.report(run.looks, packing)
    return run


def _in_type(reader: LuongReader, initial: FeedingState, dtype: torch.dtype) -> tuple[LuongReader, FeedingState]:
    """What autocast may have made in half precision, in the parameters' type."""

    def exact(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(dtype)

    layers = tuple(CellState(state.hidden.to(dtype), exact(state.cell)) for state in initial.layers)
    return (
        replace(reader, values=reader.values.to(dtype), keys=exact(reader.keys)),
        replace(initial, layers=layers, attentional=initial.attentional.to(dtype)),
    )


def _reports(seen: LuongLook) -> list[tuple[Kind, Float[Tensor, "sources queries any"]]]:
    parts: tuple[tuple[Kind, Tensor | None], ...] = (
        ("weights", seen.weights),
        ("scores", seen.scores),
        ("queries", seen.queries),
        ("contexts", seen.contexts),
        ("centres", None if seen.centres is None else seen.centres.unsqueeze(-1)),
        ("alignments", seen.alignments),
    )
    return [(kind, part) for kind, part in parts if part is not None]


def _matrix(outputs: int, inputs: int) -> nn.Parameter:
    matrix = nn.Parameter(torch.empty(outputs, inputs))
    nn.init.xavier_uniform_(matrix)
    return matrix


def _vector(size: int) -> nn.Parameter:
    vector = nn.Parameter(torch.empty(size))
    nn.init.normal_(vector, std=1 / math.sqrt(size))
    return vector
