"""What a step minimises: an objective turns a model and a batch into sums over tokens.

Sums and not means, so that gradients accumulated over batches (and, later, over machines) are normalised by the global
number of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Float
from torch import Tensor

from atento.data.batching import Batch
from atento.models.encoder_decoder import EncoderDecoder
from atento.nn.cross_entropy import linear_cross_entropy


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Sums over the real target tokens of a batch, in nats."""

    total: Float[Tensor, ""]
    """What is differentiated (label smoothing included)."""
    likelihood: Float[Tensor, ""]
    """Plain negative log-likelihood, for reports."""
    count: int
    alignment: Float[Tensor, ""] | None = None
    """The part of guided alignment, not weighted, for reports."""


class Objective(Protocol):
    """A training signal."""

    def __call__(self, model: EncoderDecoder, batch: Batch) -> Loss:
        """The loss of a batch."""
        ...


@dataclass(frozen=True, kw_only=True)
class TranslationObjective:
    """−Σₜ log P(yₜ | y₍<t₎, X) with teacher forcing, label-smoothed; logits are made at real target positions only."""

    label_smoothing: float = 0.0

    def __call__(self, model: EncoderDecoder, batch: Batch) -> Loss:
        """The loss of a batch of sentence pairs."""
        decoder = model.decoder
        memory = decoder.prepare(model.encoder(batch.source, batch.source_mask))
        hidden, _ = decoder(batch.decoder_input, memory, decoder.start(memory), valid=batch.target_mask)
        real = batch.target_mask
        total, likelihood = linear_cross_entropy(hidden[real], decoder.output, batch.labels[real], self.label_smoothing)
        return Loss(total=total, likelihood=likelihood, count=batch.target_tokens)
