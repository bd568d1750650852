"""One step of each cell without its matrix products, in place, forwards and backwards.

``kernels.py`` calls these once a step on slices of tensors that it made beforehand. The forward step turns
pre-activations into activated gates where they lie; the backward step turns those and ∂L/∂h into ∂L/∂(pre-activations).
Equations: ``cells.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from atento.nn.recurrent.cells import CellKind

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


@dataclass(slots=True)
class ForwardStep:
    """The tensors of one forward step."""

    gates: Float[Tensor, "rows gates"]
    """Pre-activations, activated in place."""
    recurrent: Float[Tensor, "rows gates"] | None
    """U h + b′, for a cell that wants it apart."""
    previous_hidden: Float[Tensor, "rows units"]
    previous_kept: Float[Tensor, "rows units"] | None
    hidden: Float[Tensor, "rows units"]
    """Written."""
    kept: Float[Tensor, "rows units"] | None
    """Written: what else the backward step needs, an LSTM's cell state or U h + b′ of a GRU's candidate."""


@dataclass(slots=True)
class BackwardStep:
    """The tensors of one backward step."""

    gates: Float[Tensor, "rows gates"]
    previous_hidden: Float[Tensor, "rows units"]
    previous_kept: Float[Tensor, "rows units"] | None
    kept: Float[Tensor, "rows units"] | None
    d_hidden: Float[Tensor, "rows units"]
    """∂L/∂hₜ; a GRU leaves in it the part of ∂L/∂h₍t₋₁₎ that does not go through U, other cells have no such part."""
    d_cell: Float[Tensor, "rows units"] | None
    """∂L/∂cₜ of an LSTM; becomes ∂L/∂c₍t₋₁₎."""
    d_gates: Float[Tensor, "rows gates"]
    """Written."""
    d_recurrent: Float[Tensor, "rows gates"] | None
    """Written, for a cell that wants U h apart."""
    scratch: Float[Tensor, "2 rows units"]


class Pointwise(Protocol):
    """A cell's pointwise work."""

    keeps: bool
    """Whether it keeps one more vector of ``units`` a step."""
    separate: bool
    """Whether U h must be given apart from the inputs (else it is added to the pre-activations)."""

    def forward(self, step: ForwardStep) -> None:
        """From pre-activations to gates and states."""
        ...

    def backward(self, step: BackwardStep) -> None:
        """From the derivatives by states to those by pre-activations and the previous states."""
        ...


class _Rnn:
    keeps = False
    separate = False

    def forward(self, step: ForwardStep) -> None:
        step.hidden.copy_(tanh_(step.gates))

    def backward(self, step: BackwardStep) -> None:
        _tanh_backward(step.d_hidden, step.gates, grad_input=step.d_gates)


class _Lstm:
    keeps = True
    separate = False

    def forward(self, step: ForwardStep) -> None:
        assert step.previous_kept is not None
        assert step.kept is not None
        i, f, g, o = torch.chunk(step.gates, 4, dim=1)
        g.mul_(2)
        step.gates.sigmoid_()
        g.mul_(2).sub_(1)  # tanh(x) = 2σ(2x) − 1; see tanh_
        torch.mul(f, step.previous_kept, out=step.kept)
        step.kept.addcmul_(i, g)
        step.hidden.copy_(step.kept)
        tanh_(step.hidden).mul_(o)

    def backward(self, step: BackwardStep) -> None:
        assert step.kept is not None
        assert step.previous_kept is not None
        assert step.d_cell is not None
        i, f, g, o = torch.chunk(step.gates, 4, dim=1)
        d_i, d_f, d_g, d_o = torch.chunk(step.d_gates, 4, dim=1)
        squashed, work = step.scratch
        tanh_(squashed.copy_(step.kept))
        torch.mul(step.d_hidden, squashed, out=work)
        _sigmoid_backward(work, o, grad_input=d_o)
        torch.mul(step.d_hidden, o, out=work)
        _tanh_backward(work, squashed, grad_input=work)
        step.d_cell.add_(work)
        torch.mul(step.d_cell, g, out=work)
        _sigmoid_backward(work, i, grad_input=d_i)
        torch.mul(step.d_cell, i, out=work)
        _tanh_backward(work, g, grad_input=d_g)
        torch.mul(step.d_cell, step.previous_kept, out=work)
        _sigmoid_backward(work, f, grad_input=d_f)
        step.d_cell.mul_(f)


class _Gru:
    keeps = True
    separate = True

    def forward(self, step: ForwardStep) -> None:
        assert step.recurrent is not None
        assert step.kept is not None
        units = step.hidden.shape[1]
        r, z, n = torch.chunk(step.gates, 3, dim=1)
        step.gates[:, : 2 * units].add_(step.recurrent[:, : 2 * units]).sigmoid_()
        step.kept.copy_(step.recurrent[:, 2 * units :])
        tanh_(n.addcmul_(r, step.kept))
        torch.sub(step.previous_hidden, n, out=step.hidden)
        step.hidden.mul_(z).add_(n)

    def backward(self, step: BackwardStep) -> None:
        assert step.kept is not None
        assert step.d_recurrent is not None
        units = step.d_hidden.shape[1]
        r, z, n = torch.chunk(step.gates, 3, dim=1)
        d_r, d_z, d_n = torch.chunk(step.d_gates, 3, dim=1)
        by_z, work = step.scratch
        torch.mul(step.d_hidden, z, out=by_z)
        torch.sub(step.d_hidden, by_z, out=work)
        _tanh_backward(work, n, grad_input=d_n)
        torch.sub(step.previous_hidden, n, out=work)
        work.mul_(step.d_hidden)
        _sigmoid_backward(work, z, grad_input=d_z)
        torch.mul(d_n, step.kept, out=work)
        _sigmoid_backward(work, r, grad_input=d_r)
        step.d_recurrent[:, : 2 * units].copy_(step.d_gates[:, : 2 * units])
        torch.mul(d_n, r, out=step.d_recurrent[:, 2 * units :])
        step.d_hidden.copy_(by_z)


def tanh_(values: Tensor) -> Tensor:
    """tanh in place; on CPU as 2σ(2x) − 1, because ATen's vectorised tanh takes five times as long as its σ.

    The absolute error stays about that of one rounding; 2 M float32 numbers on two cores took 2.5 ms and 0.5 ms.
    """
    if values.device.type != "cpu":
        return values.tanh_()
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)


POINTWISE: dict[CellKind, Pointwise] = {"rnn": _Rnn(), "lstm": _Lstm(), "gru": _Gru()}
