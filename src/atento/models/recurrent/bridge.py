"""How the decoder's first state is made of the encoder's last states (S3 of the course: h₀ᵈ from c = hₙᵉ).

"copy" is Sutskever et al. 2014's; "final" is the general one, tanh(W [→hₙ; ←h₁]) for each decoder layer; "summary" is
Cho et al. 2014's, c = tanh(V hₙ) and h₀ᵈ = tanh(V′ c) (A.1), where c is also the context that states and outputs read;
"backward" is Bahdanau et al. 2015's s₀ = tanh(W_s ←h₁) (A.2.2). An LSTM's cell state gets a matrix of its own, without
the tanh, because cells are not bounded. Decoder layer l reads encoder layer l where both have as many. A deeper encoder
hands over its top layers; decoder layers above a shallower encoder's last one all read that one.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from atento.models.recurrent.configuration import RecurrentConfig
from atento.nn.capture import Observable
from atento.nn.protocols import FinalStates
from atento.nn.recurrent.cells import CellState


class Bridge(Observable):
    """From the encoder's final states to the decoder's initial ones, one a layer.

    While listened to it reports the source in one vector, ``contexts`` [batch, annotation], and for each decoder layer
    ``inputs`` [batch, 1 or 2, read], what its first hidden state and an LSTM's first cell are made of, then ``hidden``
    [batch, units] and ``cells``.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.summary = _linear(config.annotation_size, config.annotation_size) if config.bridge == "summary" else None
        self.hidden = nn.ModuleList()
        self.cell = nn.ModuleList()
        if config.bridge == "copy":
            return
        size = config.encoder_units if config.bridge == "backward" else config.annotation_size
        for _ in range(config.num_decoder_layers):
            self.hidden.append(_linear(size, config.hidden_size))
            if config.cell == "lstm":
                self.cell.append(_linear(size, config.hidden_size))

    def context(self, final: FinalStates) -> Float[Tensor, "batch annotation"]:
        """The source in one vector, c: the last layer's last states of all directions, or their summary."""
        last = torch.cat(list(final.hidden[-1]), dim=-1)
        context = last if self.summary is None else torch.tanh(self.summary(last))
        self.tell("contexts", context)
        return context

    def forward(self, final: FinalStates, context: Float[Tensor, "batch annotation"]) -> tuple[CellState, ...]:
        """The decoder's initial states, rows as the encoder's."""
        states = []
        for layer in range(self.config.num_decoder_layers):
            source = self._source(layer)
            hidden = self._read(final.hidden[source], context)
            cell = None if final.cell is None else self._read(final.cell[source], context)
            self.tell("inputs", torch.stack([hidden] if cell is None else [hidden, cell], dim=1))
            if self.config.bridge != "copy":
                hidden = torch.tanh(self.hidden[layer](hidden))
                cell = None if cell is None else self.cell[layer](cell)
            self.tell("hidden", hidden)
            if cell is not None:
                self.tell("cells", cell)
            states.append(CellState(hidden, cell))
        return tuple(states)

    def _source(self, layer: int) -> int:
        encoder, decoder = self.config.num_encoder_layers, self.config.num_decoder_layers
        return min(layer + max(0, encoder - decoder), encoder - 1)

    def _read(self, states: Float[Tensor, "directions batch units"], context: Tensor) -> Float[Tensor, "batch read"]:
        """What a decoder layer's start is made of."""
        match self.config.bridge:
            case "backward":
                return states[-1]
            case "summary":
                return context
            case _:
                return torch.cat(list(states), dim=-1)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
