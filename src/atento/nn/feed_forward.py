"""Position-wise feed-forward networks: ReLU (Vaswani et al. 2017, eq. 2), GELU, and SwiGLU (Shazeer 2020)."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from atento.nn.dropout import dropout
from atento.nn.linear import Linear

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

    def hidden(self, inputs: Float[Tensor, "*any model"]) -> Float[Tensor, "*any hidden"]:
        """Apply the network, all but the last linear layer, ``output``, to every position on its own."""
        match self.activation:
            case "relu":
                hidden = self.input.rectified(inputs)
            case "gelu":
                hidden = F.gelu(self.input(inputs))
            case "swiglu":
                gate, value = self.input(inputs).chunk(2, dim=-1)
                hidden = F.silu(gate) * value
        return dropout(hidden, self.dropout, self.training)
