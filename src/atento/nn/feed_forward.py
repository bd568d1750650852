"""Position-wise feed-forward networks: ReLU (Vaswani et al. 2017, eq. 2), GELU, and SwiGLU (Shazeer 2020)."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from atento.nn.dropout import dropout
from atento.nn.linear import Linear, Product

Activation = Literal["relu", "gelu", "swiglu"]


class FeedForward(nn.Module):
    """max(0, x W₁ + b₁) W₂ + b₂, or with GELU, or (silu(x W_g) ⊙ x W₁) W₂.

    SwiGLU's hidden size is taken as given; for equal parameters give it two thirds of the others'.
    """

    def __init__(self, model_size: int, hidden_size: int, activation: Activation, dropout: float) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.input = Linear(model_size, 2 * hidden_size if activation == "swiglu" else hidden_size)
        self.output = Linear(hidden_size, model_size)

    def bind(self) -> Product:
        """All but the last linear layer, ``output``, of every position on its own: [*, D] → [*, hidden]."""
        inner = self._bind_inner()
        probability = self.dropout if self.training else 0.0
        return inner if probability == 0.0 else lambda inputs: dropout(inner(inputs), probability, training=True)

    def _bind_inner(self) -> Product:
        match self.activation:
            case "relu":
                return self.input.bind_rectified()
            case "gelu":
                project = self.input.bind()
                return lambda inputs: F.gelu(project(inputs))
            case "swiglu":
                return _gated(self.input.bind())


def _gated(project: Product) -> Product:
    def gated(inputs: Tensor) -> Tensor:
        gate, value = project(inputs).chunk(2, dim=-1)
        return F.silu(gate) * value

    return gated
