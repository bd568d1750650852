"""The recurrent encoder: one or both directions, any number of layers (S2, S3 and S6 of the course).

Sutskever et al. 2014 read the source backwards in one direction; Cho et al. 2014 forwards; Bahdanau et al. 2015 in
both, an annotation being hⱼ = [→hⱼ; ←hⱼ] (A.2.1). Padding never reaches a state: see ``nn.recurrent.packing``.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from atento.models.recurrent.configuration import RecurrentConfig
from atento.nn.capture import Stack
from atento.nn.dropout import Dropout
from atento.nn.protocols import Encoding, FinalStates
from atento.nn.recurrent.cells import CellState
from atento.nn.recurrent.layers import RecurrentLayer
from atento.nn.recurrent.packing import Packing


class EncoderLayer(nn.Module):
    """One layer: a forward direction and perhaps a backward one."""

    def __init__(self, config: RecurrentConfig, input_size: int) -> None:
        super().__init__()
        count = 2 if config.bidirectional else 1
        self.directions = nn.ModuleList(
            RecurrentLayer(config.cell, input_size, config.encoder_units, "encoder") for _ in range(count)
        )

    def forward(self, inputs: Tensor, packing: Packing, reading: Tensor | None, turned: Tensor | None) -> _LayerRun:
        """Run the directions over packed inputs.

        Args:
            inputs: [real, input] in the order of reading.
            packing: where each element stands.
            reading: from the user's order to the order of reading (a permutation that is its own inverse).
            turned: from the order of reading to that of the backward direction.
        """
        outputs, finals = [], []
        for index, layer in enumerate(self.directions):
            initial = layer.initial_state(packing.rows)  # type: ignore[operator]
            if index == 0:
                run = layer(inputs, packing, initial, reading=reading)
                outputs.append(run.hidden)
            else:
                assert turned is not None
                back = turned if reading is None else turned[reading]
                run = layer(inputs[turned], packing, initial, reading=back)
                outputs.append(run.hidden[turned])
            finals.append(run.final)
        return (outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)), finals


_LayerRun = tuple[Tensor, list[CellState]]


class RecurrentEncoder(Stack):
    """Implements ``nn.protocols.Encoder``."""

    def __init__(self, config: RecurrentConfig, tokens: nn.Embedding, eos: int) -> None:
        super().__init__()
        self.config = config
        self.eos = eos
        self.embedding = tokens
        sizes = [config.embedding_size] + [config.annotation_size] * (config.num_encoder_layers - 1)
        self.layers = nn.ModuleList(EncoderLayer(config, size) for size in sizes)
        self.dropout = Dropout(config.dropout)

    def forward(self, tokens: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Encoding:
        """Encode; annotations and final states are those of each row alone, whatever its neighbours."""
        rows, steps = tokens.shape
        packing = Packing.of((rows, steps), mask, tokens.device)
        packed = packing.pack(tokens)
        reading = self._reading(tokens, packing) if self.config.reverse_source else None
        turned = packing.reversal() if self.config.bidirectional else None
        hidden = self.dropout(self.embedding(packed if reading is None else packed[reading]))
        self._report(hidden, packing, reading)
        finals = []
        for index, layer in enumerate(self.layers):
            hidden, final = layer(hidden if index == 0 else self.dropout(hidden), packing, reading, turned)
            self._report(hidden, packing, reading)
            finals.append([CellState(*(packing.unsort(t) for t in _tensors(state))) for state in final])
        annotations = packing.unpack(hidden if reading is None else hidden[reading])
        positions = None if reading is None else packing.unpack(packing.step_of[reading])
        return Encoding(annotations=self.dropout(annotations), mask=mask, final=_stack(finals), positions=positions)

    def _report(self, hidden: Tensor, packing: Packing, reading: Tensor | None) -> None:
        """Tell the listener, in the user's order."""
        if self.listener is not None:
            self.report_hidden(packing.unpack(hidden if reading is None else hidden[reading]))

    def _reading(self, tokens: Int[Tensor, "batch source"], packing: Packing) -> Int[Tensor, " real"]:
        """The reversal of each row, its </s> staying last."""
        lengths = packing.row_lengths
        last = tokens[:, -1:] if lengths is None else tokens.gather(1, (lengths - 1).clamp(min=0).unsqueeze(1))
        return packing.reversal(kept=(last == self.eos).long().squeeze(1))


def _tensors(state: CellState) -> list[Tensor]:
    return [state.hidden] if state.cell is None else [state.hidden, state.cell]


def _stack(finals: list[list[CellState]]) -> FinalStates:
    hidden = torch.stack([torch.stack([state.hidden for state in layer]) for layer in finals])
    if finals[0][0].cell is None:
        return FinalStates(hidden=hidden)
    cells = [torch.stack([state.cell for state in layer if state.cell is not None]) for layer in finals]
    return FinalStates(hidden=hidden, cell=torch.stack(cells))
