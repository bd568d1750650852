"""Recurrent layers: they hold the parameters, choose between fast kernels and plain equations, and report.

While nobody listens and gradients are wanted, all steps run in one hand-written kernel (``kernels.py``); otherwise the
plain equations run (``equations.py``). Both give the same numbers.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from atento.nn.capture import Kind, Observable, Role
from atento.nn.linear import linear
from atento.nn.recurrent import attentional, kernels
from atento.nn.recurrent.cells import GATES, CellKind, CellState
from atento.nn.recurrent.equations import (
    AdditiveReader,
    AttentionalRun,
    Recurrent,
    Run,
    attentional_recurrence,
    recurrence,
)
from atento.nn.recurrent.packing import Packing


class RecurrentLayer(Observable):
    """One direction of one recurrent layer, over packed inputs.

    Its parameters are those of a layer of ``torch.nn.RNN``, ``LSTM`` or ``GRU``, in the same order of gates, without
    the biases that are there twice: only a GRU's candidate needs the second one. While listened to it reports
    ``hidden`` [rows, steps, units], ``gates`` [rows, steps, gates · units], activated, and of an LSTM ``cells``
    [rows, steps, units].
    """

    def __init__(self, kind: CellKind, input_size: int, units: int, role: Role | None = None) -> None:
        super().__init__()
        self.kind = kind
        self.role = role
        self.units = units
        gates = GATES[kind] * units
        self.weight_input = nn.Parameter(torch.empty(gates, input_size))
        self.weight_hidden = nn.Parameter(torch.empty(gates, units))
        self.bias = nn.Parameter(torch.zeros(gates))
        self.bias_candidate = nn.Parameter(torch.zeros(units)) if kind == "gru" else None
        self._initialise()

    def _initialise(self) -> None:
        """Orthogonal recurrent matrices (Bahdanau et al. 2015, B.1), Glorot's for inputs, forget gates open."""
        for block in torch.split(self.weight_hidden.detach(), self.units):
            nn.init.orthogonal_(block)
        for block in torch.split(self.weight_input.detach(), self.units):
            nn.init.xavier_uniform_(block)
        if self.kind == "lstm":  # Jozefowicz et al. 2015
            nn.init.ones_(self.bias.detach()[self.units : 2 * self.units])

    def initial_state(self, rows: int) -> CellState:
        """Zeros."""
        zeros = self.weight_hidden.new_zeros(rows, self.units)
        return CellState(zeros, zeros if self.kind == "lstm" else None)

    @property
    def recurrent(self) -> Recurrent:
        """The recurrent parameters."""
        return Recurrent(self.kind, self.weight_hidden, self.bias_candidate)

    def forward(
        self,
        inputs: Float[Tensor, "real input"],
        packing: Packing,
        initial: CellState,
        constant: Float[Tensor, "rows gates"] | None = None,
        reading: Tensor | None = None,
    ) -> Run:
        """Run over all steps.

        Args:
            inputs: packed.
            packing: where each element stands.
            initial: the state before the first step, rows in the packing's order.
            constant: what is added to every step's pre-activations of a row (a projected context that stays the
                same), rows in the packing's order.
            reading: the permutation of the packed elements that the inputs and outputs are in, for the reports.
        """
        projected = linear(inputs, self.weight_input, self.bias)
        if constant is not None:
            projected = add_constant(projected, constant, packing)
        if self.listener is None and kernels.applies(packing):
            return kernels.recurrence(projected, self.recurrent, initial, packing)
        run = recurrence(projected, self.recurrent, initial, packing)
        report_run(self, run, packing, reading)
        return run


class AdditiveAttention(Observable):
    """The parameters of Bahdanau et al.'s additive score: W, U, v (A.1.2).

    While listened to it reports ``weights``, ``scores`` [rows, 1, steps, source] (one head, the same shape as a
    Transformer's), ``queries`` (W s) [rows, 1, steps, attention] and ``contexts`` [rows, 1, steps, annotation]; when
    the sources are prepared, also ``keys`` (U h) [sources, 1, source, attention] and ``values`` (h).
    """

    role = "cross"

    def __init__(self, query_size: int, annotation_size: int, size: int) -> None:
        super().__init__()
        self.weight_query = nn.Parameter(torch.empty(size, query_size))
        self.weight_key = nn.Parameter(torch.empty(size, annotation_size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.vector = nn.Parameter(torch.empty(size))
        nn.init.xavier_uniform_(self.weight_query)
        nn.init.xavier_uniform_(self.weight_key)
        nn.init.normal_(self.vector, std=1 / math.sqrt(size))

    def prepare(
        self, annotations: Float[Tensor, "sources source annotation"]
    ) -> Float[Tensor, "sources source attention"]:
        """U h (with a bias, as is usual), made once a source."""
        keys = linear(annotations, self.weight_key, self.bias)
        self.tell("keys", keys.unsqueeze(1))
        self.tell("values", annotations.unsqueeze(1))
        return keys

    def report(self, run: AttentionalRun, packing: Packing) -> None:
        """Tell the listener, if there is one."""
        if self.listener is None or run.weights is None or run.scores is None or run.queries is None:
            return
        self.listener.report("weights", packing.unpack(run.weights).unsqueeze(1))
        self.listener.report("scores", packing.unpack(run.scores).unsqueeze(1))
        self.listener.report("queries", packing.unpack(run.queries).unsqueeze(1))
        self.listener.report("contexts", packing.unpack(run.contexts).unsqueeze(1))


class AttentionalLayer(RecurrentLayer):
    """A recurrent layer whose state is driven by a context, read at every step with its previous state."""

    def __init__(self, kind: CellKind, input_size: int, units: int, annotation_size: int, attention_size: int) -> None:
        super().__init__(kind, input_size, units, "decoder")
        self.attention = AdditiveAttention(units, annotation_size, attention_size)
        self.weight_context = nn.Parameter(torch.empty(GATES[kind] * units, annotation_size))
        for block in torch.split(self.weight_context.detach(), units):
            nn.init.xavier_uniform_(block)

    def reader(
        self,
        keys: Float[Tensor, "sources source attention"],
        values: Float[Tensor, "sources source annotation"],
        mask: Bool[Tensor, "sources source"] | None,
    ) -> AdditiveReader:
        """What the recurrence needs to look at these sources."""
        attention = self.attention
        return AdditiveReader(keys, values, mask, attention.weight_query, attention.vector, self.weight_context)

    def attend(
        self, inputs: Float[Tensor, "real input"], packing: Packing, initial: CellState, reader: AdditiveReader
    ) -> AttentionalRun:
        """Run over all steps; the reader's sources and the states stand in the packing's order of rows."""
        projected = linear(inputs, self.weight_input, self.bias)
        heard = self.listener is not None or self.attention.listener is not None
        if not heard and attentional.applies(packing, reader):
            return attentional.attentional_recurrence(projected, self.recurrent, reader, initial, packing)
        run = attentional_recurrence(projected, self.recurrent, reader, initial, packing)
        report_run(self, run, packing, None)
        self.attention.report(run, packing)
        return run


def add_constant(
    projected: Float[Tensor, "real gates"], constant: Float[Tensor, "rows gates"], packing: Packing
) -> Float[Tensor, "real gates"]:
    """Add one (sorted) row's vector to each of its packed elements."""
    if packing.uniform:
        return (projected.view(packing.steps, packing.rows, -1) + constant).flatten(0, 1)
    return projected + packing.spread(constant)


def report_run(layer: Observable, run: Run, packing: Packing, reading: Tensor | None) -> None:
    """Tell a layer's listener its hidden states, gates and cells, in the caller's order of rows and tokens."""
    if layer.listener is None:
        return
    reports: tuple[tuple[Kind, Tensor | None], ...] = (
        ("hidden", run.hidden),
        ("gates", run.gates),
        ("cells", run.cells),
    )
    for kind, packed in reports:
        if packed is not None:
            layer.listener.report(kind, packing.unpack(packed if reading is None else packed[reading]))
