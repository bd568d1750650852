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

    def forward(self, inputs: Float[Tensor, "*any model"]) -> Float[Tensor, "*any model"]:
        """Apply the network to every position on its own."""
        hidden = self.input(inputs)
        match self.activation:
            case "relu":
                hidden = F.relu(hidden, inplace=not hidden.requires_grad)  # autograd copies around views
            case "gelu":
                hidden = F.gelu(hidden)
            case "swiglu":
                gate, value = hidden.chunk(2, dim=-1)
                hidden = F.silu(gate) * value
        return self.output(dropout(hidden, self.dropout, self.training))  # type: ignore[no-any-return]
