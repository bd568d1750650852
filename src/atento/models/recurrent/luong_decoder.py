"""Luong et al. 2015 (S7 of the course): attention with the new state of the last layer, h̃ₜ = tanh(W_c [cₜ; hₜ]).

With input feeding all layers and the attention go step by step, and the first layer reads h̃₍t₋₁₎ beside the word.
Without it the layers run over all steps with the fused kernels, and then one look serves all steps. h̃ is dropped where
it predicts a word, not where it is fed back: as Zaremba et al. 2014, whom the paper follows, we drop nothing that goes
from step to step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from atento.models.recurrent.configuration import LuongAttentionConfig, RecurrentConfig
from atento.models.recurrent.decoder import RecurrentDecoder, one_source_a_row
from atento.models.recurrent.state import RecurrentMemory, RecurrentState
from atento.nn.linear import linear
from atento.nn.luong import LuongReader
from atento.nn.protocols import Encoding
from atento.nn.recurrent.cells import GATES, CellState
from atento.nn.recurrent.feeding import FeedingState
from atento.nn.recurrent.layers import RecurrentLayer
from atento.nn.recurrent.luong_layers import LuongAttention, feed
from atento.nn.recurrent.packing import Packing


class LuongDecoder(RecurrentDecoder):
    """Any score, any window, with and without input feeding."""

    def __init__(self, config: RecurrentConfig, attention: LuongAttentionConfig, tokens: nn.Embedding) -> None:
        super().__init__(config, tokens)
        units = config.hidden_size
        sizes = [config.embedding_size] + [units] * (config.num_decoder_layers - 1)
        self.layers = nn.ModuleList(RecurrentLayer(config.cell, size, units, "decoder") for size in sizes)
        self.attention = LuongAttention(
            attention.score,
            attention.window,
            half_width=attention.half_width,
            units=units,
            annotation_size=config.annotation_size,
            size=units if attention.size is None else attention.size,
            max_source_length=attention.max_source_length,
        )
        self.weight_attentional = nn.Parameter(torch.empty(config.predicting_size, config.annotation_size + units))
        nn.init.xavier_uniform_(self.weight_attentional)
        self.weight_feeding: nn.Parameter | None = None
        if attention.input_feeding:
            self.weight_feeding = nn.Parameter(torch.empty(GATES[config.cell] * units, config.predicting_size))
            for block in torch.split(self.weight_feeding.detach(), units):
                nn.init.xavier_uniform_(block)

    def start(self, memory: RecurrentMemory) -> RecurrentState:
        """The bridge's states, one row a source; nothing has been fed back yet."""
        state = super().start(memory)
        if self.weight_feeding is None:
            return state
        zeros = self.weight_feeding.new_zeros(memory.sources, self.config.predicting_size)
        return replace(state, attentional=zeros)

    def _remember(
        self,
        encoding: Encoding,
        initial: tuple[CellState, ...],
        context: Float[Tensor, "batch annotation"],  # noqa: ARG002 (attention reads no fixed context)
    ) -> RecurrentMemory:
        """Keys, and where each token stands in the order of reading."""
        lengths = encoding.mask.sum(dim=1)
        self.attention.check_lengths(lengths)
        positions = encoding.positions
        if positions is None:
            positions = torch.arange(encoding.mask.shape[1], device=encoding.mask.device).expand_as(encoding.mask)
        return RecurrentMemory(
            initial=initial,
            annotations=encoding.annotations,
            keys=self.attention.keys(encoding.annotations),
            mask=None if bool(encoding.mask.all()) else encoding.mask,
            positions=positions.masked_fill(~encoding.mask, 0),
            lengths=lengths,
        )

    def _read(
        self,
        words: Float[Tensor, "real embedding"],
        packing: Packing,
        memory: RecurrentMemory,
        before: RecurrentState,
    ) -> tuple[Float[Tensor, "real predicting"], RecurrentState]:
        if self.weight_feeding is not None:
            return self._read_feeding(words, packing, memory, before, self.weight_feeding)
        hidden, after = words, []
        for index, (layer, initial) in enumerate(zip(self.layers, before.layers, strict=True)):
            run = layer(hidden if index == 0 else self.dropout(hidden), packing, initial)
            hidden = run.hidden
            self.report_packed(hidden, packing)
            after.append(run.final)
        contexts = self.attention(hidden, self._reader(memory), packing.unsort(before.lengths), packing)
        vectors = torch.tanh(linear(torch.cat([contexts, hidden], dim=-1), self.weight_attentional, None))
        return vectors, replace(before, layers=tuple(after))

    def _read_feeding(
        self, words: Tensor, packing: Packing, memory: RecurrentMemory, before: RecurrentState, weight_feeding: Tensor
    ) -> tuple[Float[Tensor, "real predicting"], RecurrentState]:
        assert before.attentional is not None
        run = feed(
            [cast("RecurrentLayer", layer) for layer in self.layers],
            self.attention,
            words,
            (weight_feeding, self.weight_attentional),
            self._reader(one_source_a_row(memory, packing)),
            FeedingState(layers=before.layers, attentional=before.attentional, times=before.lengths),
            packing,
            self._dropped(packing),
        )
        for layer in run.layers:
            self.report_packed(layer.hidden, packing)
        return run.attentional, replace(
            before, layers=tuple(layer.final for layer in run.layers), attentional=run.final_attentional
        )

    def _reader(self, memory: RecurrentMemory) -> LuongReader:
        assert memory.annotations is not None
        assert memory.positions is not None
        assert memory.lengths is not None
        return self.attention.reader(memory.annotations, memory.keys, memory.mask, memory.positions, memory.lengths)

    def _dropped(self, packing: Packing) -> tuple[Float[Tensor, "real units"], ...] | None:
        """What multiplies the states between the layers; None where nothing is dropped."""
        if not self.training or self.config.dropout == 0.0:
            return None
        ones = self.weight_attentional.new_ones(packing.real, self.config.hidden_size)
        return tuple(self.dropout(ones) for _ in self.layers[1:])
