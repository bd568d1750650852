"""The recurrent decoder whose context drives the state (S2, S3, S6 of the course): attentional, or one fixed context.

A fixed context is projected once a source. Layers above the first, which reads the context, run over all steps at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from atento.models.recurrent.configuration import AdditiveAttentionConfig, RecurrentConfig
from atento.models.recurrent.decoder import RecurrentDecoder, one_source_a_row
from atento.models.recurrent.output import OutputLayer
from atento.models.recurrent.state import RecurrentMemory, RecurrentState
from atento.nn.linear import linear
from atento.nn.protocols import Encoding
from atento.nn.recurrent.cells import GATES, CellState
from atento.nn.recurrent.layers import AttentionalLayer, RecurrentLayer
from atento.nn.recurrent.packing import Packing


class ContextDecoder(RecurrentDecoder):
    """A decoder whose state is driven by a context: Bahdanau's additive attention, or one fixed vector."""

    def __init__(self, config: RecurrentConfig, tokens: nn.Embedding) -> None:
        super().__init__(config, tokens)
        self.layers = nn.ModuleList([_first_layer(config)])
        self.layers.extend(
            RecurrentLayer(config.cell, config.hidden_size, config.hidden_size, "decoder")
            for _ in range(config.num_decoder_layers - 1)
        )
        self.weight_context: nn.Parameter | None = None
        if config.context_in_state and not isinstance(config.attention, AdditiveAttentionConfig):
            self.weight_context = nn.Parameter(
                torch.empty(GATES[config.cell] * config.hidden_size, config.annotation_size)
            )
            nn.init.xavier_uniform_(self.weight_context)
        self.output_layer = OutputLayer(config)

    def _remember(
        self, encoding: Encoding, initial: tuple[CellState, ...], context: Float[Tensor, "batch annotation"]
    ) -> RecurrentMemory:
        """Keys, or the projected context."""
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

    def _read(
        self,
        words: Float[Tensor, "real embedding"],
        packing: Packing,
        memory: RecurrentMemory,
        before: RecurrentState,
    ) -> tuple[Float[Tensor, "real predicting"], RecurrentState]:
        memory = one_source_a_row(memory, packing)
        hidden, contexts, first = self._first_layer(words, packing, before.layers[0], memory)
        after = [first]
        self.report_packed(hidden, packing)
        for layer, initial in zip(self.layers[1:], before.layers[1:], strict=True):
            run = layer(self.dropout(hidden), packing, initial)
            hidden = run.hidden
            self.report_packed(hidden, packing)
            after.append(run.final)
        if self.config.output_reads == "previous":
            hidden = packing.previous(hidden, before.layers[-1].hidden)
        return self.output_layer(hidden, words, contexts), replace(before, layers=tuple(after))

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
            contexts = packing.spread(memory.context.repeat_interleave(group, dim=0))
        return fixed.hidden, contexts, fixed.final


def _first_layer(config: RecurrentConfig) -> RecurrentLayer:
    if isinstance(config.attention, AdditiveAttentionConfig):
        return AttentionalLayer(
            config.cell, config.embedding_size, config.hidden_size, config.annotation_size, config.attention.size
        )
    return RecurrentLayer(config.cell, config.embedding_size, config.hidden_size, "decoder")
