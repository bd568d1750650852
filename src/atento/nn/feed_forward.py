"""Position-wise feed-forward networks: ReLU (Vaswani et al. 2017, eq. 2), GELU, SiLU, and SwiGLU (Shazeer 2020)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.nn.capture import Observable
from atento.nn.dropout import dropout
from atento.nn.linear import Linear, Product

Activation = Literal["relu", "gelu", "gelu-tanh", "silu", "swiglu"]
"""``gelu-tanh`` is GPT-2's approximation of GELU (Hendrycks and Gimpel 2016), ``silu`` what Marian calls swish."""


class FeedForward(Observable):
    """max(0, x W₁ + b₁) W₂ + b₂, or with GELU or SiLU, or (silu(x W_g) ⊙ x W₁) W₂.

    SwiGLU's hidden size is taken as given; for equal parameters give it two thirds of the others'. Bound while it is
    listened to, it reports ``activations`` [*, hidden], what W₂ multiplies.
    """

    def __init__(
        self, model_size: int, hidden_size: int, activation: Activation, dropout: float, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.input = Linear(model_size, 2 * hidden_size if activation == "swiglu" else hidden_size, bias)
        self.output = Linear(hidden_size, model_size, bias)

    def bind(self) -> Product:
        """All but the last linear layer, ``output``, of every position on its own: [*, D] → [*, hidden]."""
        inner = self._bind_inner()
        if self.listener is not None:
            inner = self._telling(inner)
        probability = self.dropout if self.training else 0.0
        return inner if probability == 0.0 else lambda inputs: dropout(inner(inputs), probability, training=True)

    def _telling(self, inner: Product) -> Product:
        def telling(inputs: Tensor) -> Tensor:
            hidden = inner(inputs)
            self.tell("activations", hidden)
            return hidden

        return telling

    def _bind_inner(self) -> Product:
        match self.activation:
            case "relu":
                return self.input.bind_rectified()
            case "swiglu":
                return _gated(self.input.bind())
            case simple:
                project, activation = self.input.bind(), activate(simple)
                return lambda inputs: activation(project(inputs))


def activate(activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function of each element alone.

    Raises:
        ValueError: SwiGLU is none; its gate needs elements of its own.
    """
    match activation:
        case "relu":
            return F.relu
        case "gelu":
            return F.gelu
        case "gelu-tanh":
            return partial(F.gelu, approximate="tanh")
        case "silu":
            return F.silu
        case "swiglu":
            raise ValueError("swiglu is a gate, not a function of each element")


def _gated(project: Product) -> Product:
    def gated(inputs: Tensor) -> Tensor:
        gate, value = project(inputs).chunk(2, dim=-1)
        return F.silu(gate) * value

    return gated
