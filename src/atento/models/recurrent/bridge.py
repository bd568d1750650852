"""How the decoder's first state is made of the encoder's last states (S3 of the course: h₀ᵈ from c = hₙᵉ).

"copy" is Sutskever et al. 2014's; "final" is the general one, tanh(W [→hₙ; ←h₁]) for each decoder layer (Cho et al.'s
h₀ = tanh(V′ c), with one direction); "backward" is Bahdanau et al. 2015's s₀ = tanh(W_s ←h₁) (A.2.2). An LSTM's cell
state gets a matrix of its own, without the tanh, because cells are not bounded. Decoder layer l reads encoder layer l
where both have as many. A deeper encoder hands over its top layers; decoder layers above a shallower encoder's last one
all read that one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from atento.models.recurrent.configuration import RecurrentConfig
from atento.nn.protocols import FinalStates
from atento.nn.recurrent.cells import CellState


class Bridge(nn.Module):
    """From the encoder's final states to the decoder's initial ones, one a layer."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.hidden = nn.ModuleList()
        self.cell = nn.ModuleList()
        if config.bridge == "copy":
            return
        size = config.encoder_units if config.bridge == "backward" else config.annotation_size
        for _ in range(config.num_decoder_layers):
            self.hidden.append(_linear(size, config.hidden_size))
            if config.cell == "lstm":
                self.cell.append(_linear(size, config.hidden_size))

    def forward(self, final: FinalStates) -> tuple[CellState, ...]:
        """The decoder's initial states, rows as the encoder's."""
        states = []
        for layer in range(self.config.num_decoder_layers):
            source = self._source(layer)
            hidden = self._read(final.hidden[source])
            cell = None if final.cell is None else self._read(final.cell[source])
            if self.config.bridge != "copy":
                hidden = torch.tanh(self.hidden[layer](hidden))
                cell = None if cell is None else self.cell[layer](cell)
            states.append(CellState(hidden, cell))
        return tuple(states)

    def _source(self, layer: int) -> int:
        encoder, decoder = self.config.num_encoder_layers, self.config.num_decoder_layers
        return min(layer + max(0, encoder - decoder), encoder - 1)

    def _read(self, states: Tensor) -> Tensor:
        """[directions, batch, units] as one vector a row."""
        return states[-1] if self.config.bridge == "backward" else torch.cat(list(states), dim=-1)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
