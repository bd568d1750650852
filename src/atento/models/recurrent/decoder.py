"""The recurrent decoder (S2, S3, S6 of the course): with or without attention, one call for any number of steps.

Work is kept out of the loop over the steps: the words' part of the gates is one matrix product before it, the deep
output one after it; a fixed context is projected once a source; layers above the first run over all steps at once.
"""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.recurrent.bridge import Bridge
from atento.models.recurrent.configuration import AdditiveAttentionConfig, RecurrentConfig
from atento.models.recurrent.output import OutputLayer
from atento.models.recurrent.state import RecurrentMemory, RecurrentState
from atento.nn.dropout import Dropout
from atento.nn.linear import linear
from atento.nn.protocols import Encoding
from atento.nn.recurrent.cells import GATES, CellState
from atento.nn.recurrent.layers import AttentionalLayer, RecurrentLayer
from atento.nn.recurrent.packing import Packing


class RecurrentDecoder(nn.Module):
    """Implements ``nn.protocols.Decoder``."""

    def __init__(self, config: RecurrentConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.embedding = tokens
        self.bridge = Bridge(config)
        self.layers = nn.ModuleList([_first_layer(config)])
        self.layers.extend(
            RecurrentLayer(config.cell, config.hidden_size, config.hidden_size, "decoder")
            for _ in range(config.num_decoder_layers - 1)
        )
        self.weight_context: nn.Parameter | None = None
        if config.context_in_state and not self._attends:
            self.weight_context = nn.Parameter(
                torch.empty(GATES[config.cell] * config.hidden_size, config.annotation_size)
            )
            nn.init.xavier_uniform_(self.weight_context)
        self.output_layer = OutputLayer(config)
        self.output = nn.Linear(config.predicting_size, tokens.num_embeddings, bias=config.output_bias)
        if config.tied_embeddings == "none":
            nn.init.normal_(self.output.weight, std=config.predicting_size**-0.5)
        else:
            self.output.weight = tokens.weight
        if self.output.bias is not None:
            nn.init.zeros_(self.output.bias)
        self.dropout = Dropout(config.dropout)

    @property
    def _attends(self) -> bool:
        return isinstance(self.config.attention, AdditiveAttentionConfig)

    def prepare(self, encoding: Encoding) -> RecurrentMemory:
        """Make the initial states, and the keys or the projected context.

        Raises:
            ValueError: the encoding has no final states; it was not made by a recurrent encoder.
        """
        if encoding.final is None:
            raise ValueError(
                "a recurrent decoder starts from a recurrent encoder's final states; this encoding has none"
            )
        context = self.bridge.context(encoding.final)
        initial = self.bridge(encoding.final, context)
        first = self.layers[0]
        if isinstance(first, AttentionalLayer):
            return RecurrentMemory(
                initial=initial,
                annotations=encoding.annotations,
                keys=first.attention.prepare(encoding.annotations),
                mask=None if bool(encoding.mask.all()) else encoding.mask,
            )
        return RecurrentMemory(
            initial=initial,
            context=context if self.config.context_in_output else None,
            drive=None if self.weight_context is None else linear(context, self.weight_context, None),
        )

    def start(self, memory: RecurrentMemory) -> RecurrentState:
        """The bridge's states, one row a source."""
        lengths = torch.zeros(memory.sources, dtype=torch.long, device=memory.initial[0].hidden.device)
        return RecurrentState(memory.initial, lengths)

    def forward(
        self,
        tokens: Int[Tensor, "rows steps"],
        memory: RecurrentMemory,
        state: RecurrentState,
        *,
        valid: Bool[Tensor, "rows steps"] | None = None,
        segments: Int[Tensor, "rows steps"] | None = None,
    ) -> tuple[Float[Tensor, "rows steps predicting"], RecurrentState]:
        """Read tokens; see ``nn.protocols.Decoder``.

        Raises:
            ValueError: ``segments`` are given; a translation's target is one document.
        """
        if segments is not None:
            raise ValueError("segments are for language models: a translator's rows hold one target each")
        rows, steps = tokens.shape
        packing = Packing.of((rows, steps), valid, tokens.device)
        if packing.real == 0:
            return self.output.weight.new_zeros(rows, steps, self.config.predicting_size), state
        if not packing.uniform:
            memory = _one_source_a_row(memory, packing)
        words = self.dropout(self.embedding(packing.pack(tokens)))
        before = [_sort(layer, packing) for layer in state.layers]
        hidden, contexts, first = self._first_layer(words, packing, before[0], memory)
        after = [first]
        for layer, initial in zip(self.layers[1:], before[1:], strict=True):
            run = layer(self.dropout(hidden), packing, initial)
            hidden = run.hidden
            after.append(run.final)
        if self.config.output_reads == "previous":
            hidden = packing.previous(hidden, before[-1].hidden)
        predicting = self.dropout(self.output_layer(hidden, words, contexts))
        lengths = state.lengths + (steps if packing.row_lengths is None else packing.row_lengths)
        layers = tuple(_unsort(layer, packing) for layer in after)
        return packing.unpack(predicting), RecurrentState(layers, lengths, state.width)

    def logits(self, hidden: Float[Tensor, "*any predicting"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return linear(hidden, self.output.weight, self.output.bias)

    def _first_layer(
        self, words: Float[Tensor, "real embedding"], packing: Packing, initial: CellState, memory: RecurrentMemory
    ) -> tuple[Tensor, Tensor | None, CellState]:
        """The layer that the context drives: its states, the contexts if the output reads them, its last state."""
        layer = cast("RecurrentLayer", self.layers[0])
        if isinstance(layer, AttentionalLayer):
            assert memory.keys is not None
            assert memory.annotations is not None
            reader = layer.reader(memory.keys, memory.annotations, memory.mask)
            run = layer.attend(words, packing, initial, reader)
            return run.hidden, run.contexts if self.config.context_in_output else None, run.final
        group = packing.rows // memory.sources
        drive = None if memory.drive is None else memory.drive.repeat_interleave(group, dim=0)
        fixed = layer(words, packing, initial, drive)
        contexts = None
        if memory.context is not None:
            each_row = packing.unsort(memory.context.repeat_interleave(group, dim=0))
            contexts = each_row[packing.row_of]
        return fixed.hidden, contexts, fixed.final


def _first_layer(config: RecurrentConfig) -> RecurrentLayer:
    if isinstance(config.attention, AdditiveAttentionConfig):
        return AttentionalLayer(
            config.cell, config.embedding_size, config.hidden_size, config.annotation_size, config.attention.size
        )
    return RecurrentLayer(config.cell, config.embedding_size, config.hidden_size, "decoder")


def _one_source_a_row(memory: RecurrentMemory, packing: Packing) -> RecurrentMemory:
    """The memory in the order of ragged rows, which are sorted by length and so not grouped by source."""
    group = packing.rows // memory.sources
    if packing.order is None and group == 1:
        return memory
    order = torch.arange(packing.rows, device=packing.device) if packing.order is None else packing.order
    return memory.select(order // group)


def _sort(state: CellState, packing: Packing) -> CellState:
    return CellState(packing.sort(state.hidden), None if state.cell is None else packing.sort(state.cell))


def _unsort(state: CellState, packing: Packing) -> CellState:
    return CellState(packing.unsort(state.hidden), None if state.cell is None else packing.unsort(state.cell))
