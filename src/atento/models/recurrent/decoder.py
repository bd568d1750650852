"""The frame of every recurrent decoder (S2, S3, S6, S7 of the course): one call for any number of steps.

Where the context comes in differs: ``context_decoder.py`` has the models in which it drives the state,
``luong_decoder.py`` those that attend after the state is made. Work is kept out of the loop over the steps: the words'
part of the gates is one matrix product before it, and what predicts the words, where nothing is fed back, one after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.recurrent.bridge import Bridge
from atento.models.recurrent.configuration import RecurrentConfig
from atento.models.recurrent.state import RecurrentMemory, RecurrentState
from atento.nn.capture import Stack
from atento.nn.dropout import Dropout
from atento.nn.linear import linear
from atento.nn.protocols import Encoding
from atento.nn.recurrent.cells import CellState
from atento.nn.recurrent.packing import Packing


class RecurrentDecoder(Stack, ABC):
    """Implements ``nn.protocols.Decoder``.

    Subclasses say what they keep of the sources (``_remember``) and how they read words (``_read``).
    """

    def __init__(self, config: RecurrentConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.embedding = tokens
        self.bridge = Bridge(config)
        self.output = nn.Linear(config.predicting_size, tokens.num_embeddings, bias=config.output_bias)
        if config.tied_embeddings == "none":
            nn.init.normal_(self.output.weight, std=config.predicting_size**-0.5)
        else:
            self.output.weight = tokens.weight
        if self.output.bias is not None:
            nn.init.zeros_(self.output.bias)
        self.dropout = Dropout(config.dropout)

    def prepare(self, encoding: Encoding) -> RecurrentMemory:
        """Make the initial states, and what is read of the sources.

        Raises:
            ValueError: the encoding has no final states; it was not made by a recurrent encoder.
        """
        if encoding.final is None:
            raise ValueError(
                "a recurrent decoder starts from a recurrent encoder's final states; this encoding has none"
            )
        context = self.bridge.context(encoding.final)
        return self._remember(encoding, self.bridge(encoding.final, context), context)

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
        words = self.dropout(self.embedding(packing.pack(tokens)))
        self.report_packed(words, packing)
        before = state if packing.order is None else state.of_rows(packing.order, state.width)
        predicting, after = self._read(words, packing, memory, before)
        if packing.order is not None:
            after = after.of_rows(packing.order.argsort(), state.width)
        lengths = state.lengths + (steps if packing.row_lengths is None else packing.row_lengths)
        return packing.unpack(self.dropout(predicting)), replace(after, lengths=lengths)

    def logits(self, hidden: Float[Tensor, "*any predicting"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return linear(hidden, self.output.weight, self.output.bias)

    def report_packed(self, hidden: Float[Tensor, "real units"], packing: Packing) -> None:
        """Tell the listener, if there is one, what enters the first layer or leaves one."""
        if self.listener is not None:
            self.report_hidden(packing.unpack(hidden))

    @abstractmethod
    def _remember(
        self, encoding: Encoding, initial: tuple[CellState, ...], context: Float[Tensor, "batch annotation"]
    ) -> RecurrentMemory:
        """The memory of an encoding, its decoder's first states and its source in one vector given."""

    @abstractmethod
    def _read(
        self,
        words: Float[Tensor, "real embedding"],
        packing: Packing,
        memory: RecurrentMemory,
        before: RecurrentState,
    ) -> tuple[Float[Tensor, "real predicting"], RecurrentState]:
        """What predicts the next words, packed, and the layers' last states.

        Args:
            words: embeddings, packed.
            packing: where each element stands.
            memory: the sources in the caller's order, rows grouped by source.
            before: the state, rows in the packing's order, as are those of the state returned (whose lengths do not
                count).
        """


def one_source_a_row(memory: RecurrentMemory, packing: Packing) -> RecurrentMemory:
    """The memory for a loop over the steps: of ragged rows, which are sorted by length and so not grouped by source."""
    group = packing.rows // memory.sources
    if packing.uniform or (packing.order is None and group == 1):
        return memory
    order = torch.arange(packing.rows, device=packing.device) if packing.order is None else packing.order
    return memory.select(order // group)
