"""From the decoder's state to the vector that predicts a word, and to the scores of all words.

linear   zₜ = sₜ, or with the context in the output zₜ = [ŷ₍t₋₁₎; sₜ; c] (the course's second form)
tanh     zₜ = tanh(U_o s + V_o E y₍t₋₁₎ + C_o c + b)            (deep output, Pascanu et al. 2014)
maxout   zₜ = max over pairs of U_o s + V_o E y₍t₋₁₎ + C_o c + b  (Cho et al. 2014, A.1.2; Bahdanau et al. 2015, A.2.2)

and yₜ = softmax(W_o zₜ). A deep output always reads the previous word; C_o c only with ``context_in_output``.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from atento.models.recurrent.configuration import RecurrentConfig
from atento.nn.linear import linear


class OutputLayer(nn.Module):
    """The deep or linear output, without the projection onto the vocabulary."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.kind = config.output
        self.reads_context = config.context_in_output
        if config.output == "linear":
            return
        size = config.predicting_size * (2 if config.output == "maxout" else 1)
        self.weight_state = _matrix(size, config.hidden_size)
        self.weight_word = _matrix(size, config.embedding_size)
        self.weight_context = _matrix(size, config.annotation_size) if config.context_in_output else None
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(
        self,
        state: Float[Tensor, "*any units"],
        word: Float[Tensor, "*any embedding"],
        context: Float[Tensor, "*any annotation"] | None,
    ) -> Float[Tensor, "*any predicting"]:
        """Make the predicting vectors of any number of positions; ``context`` is None only where it is not read."""
        if self.kind == "linear":
            return state if context is None else torch.cat([word, state, context], dim=-1)
        hidden = linear(state, self.weight_state, self.bias) + linear(word, self.weight_word, None)
        if context is not None and self.weight_context is not None:
            hidden = hidden + linear(context, self.weight_context, None)
        if self.kind == "tanh":
            return torch.tanh(hidden)
        return torch.maximum(hidden[..., 0::2], hidden[..., 1::2])


def _matrix(outputs: int, inputs: int) -> nn.Parameter:
    matrix = nn.Parameter(torch.empty(outputs, inputs))
    nn.init.xavier_uniform_(matrix)
    return matrix
