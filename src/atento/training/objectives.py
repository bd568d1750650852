"""What a step minimises: an objective turns a model and a batch into sums over predictions.

Sums and not means, so that gradients accumulated over batches (and, later, over machines) are normalised by the global
number of predictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from atento.data.batching import Batch
from atento.data.labelled_batching import LabelledBatch
from atento.data.masked_batching import MaskedBatch
from atento.data.text_batching import TextBatch
from atento.models.classifier import Classifier
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.models.model import Model
from atento.nn.cross_entropy import linear_cross_entropy
from atento.training.stream import TrainingBatch

ModelType_contra = TypeVar("ModelType_contra", bound=Model, contravariant=True)
BatchType_contra = TypeVar("BatchType_contra", bound=TrainingBatch, contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Sums over the predictions of a batch, in nats."""

    total: Float[Tensor, ""]
    """What is differentiated (label smoothing included)."""
    likelihood: Float[Tensor, ""]
    """Plain negative log-likelihood, for reports."""
    count: int
    parts: Mapping[str, Float[Tensor, ""]] = field(default_factory=dict)
    """Sums that ``total`` also holds, not weighted, for reports: name → sum."""


class Objective(Protocol[ModelType_contra, BatchType_contra]):
    """A training signal."""

    def __call__(self, model: ModelType_contra, batch: BatchType_contra) -> Loss:
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
        return Loss(total=total, likelihood=likelihood, count=batch.count)


@dataclass(frozen=True, kw_only=True)
class LanguageObjective:
    """−Σₜ log P(yₜ | y₍<t₎) of packed documents (Radford et al. 2018, eq. 1), label-smoothed."""

    label_smoothing: float = 0.0

    def __call__(self, model: LanguageModel, batch: TextBatch) -> Loss:
        """The loss of a batch of packed text."""
        decoder = model.decoder
        memory = decoder.prepare(nothing_to_read(len(batch.inputs), batch.inputs.device))
        whole = bool(batch.mask.all())
        hidden, _ = decoder(
            batch.inputs,
            memory,
            decoder.start(memory),
            valid=None if whole or batch.segments is not None else batch.mask,
            segments=batch.segments,
        )
        rows, labels = (
            (hidden.flatten(0, 1), batch.labels.flatten()) if whole else (hidden[batch.mask], batch.labels[batch.mask])
        )
        total, likelihood = linear_cross_entropy(rows, decoder.output, labels, self.label_smoothing)
        return Loss(total=total, likelihood=likelihood, count=batch.count)


@dataclass(frozen=True, kw_only=True)
class MaskedObjective:
    """−Σ log P(hidden token | the rest of the text), label-smoothed, and which second texts follow.

    Devlin et al. 2019, section 3.1: the two losses are means over hidden tokens and over pairs, added up. In a sum over
    tokens, as it is here, a batch's pairs so weigh as much together as its hidden tokens.
    """

    label_smoothing: float = 0.0

    def __call__(self, model: MaskedLanguageModel, batch: MaskedBatch) -> Loss:
        """The loss of a batch of texts with hidden tokens."""
        annotations = model.encoder(batch.inputs, batch.mask, types=batch.types).annotations
        hidden = model.head.transform(annotations[batch.chosen])
        total, likelihood = linear_cross_entropy(hidden, model.head.output, batch.labels, self.label_smoothing)
        if model.next_sentence is None or batch.follows is None:
            return Loss(total=total, likelihood=likelihood, count=batch.count)
        logits = model.next_sentence.logits(annotations)
        following = functional.cross_entropy(logits.float(), batch.follows) * batch.count
        return Loss(
            total=total + following,
            likelihood=likelihood,
            count=batch.count,
            parts={"next_sentence_loss": following.detach()},
        )


@dataclass(frozen=True, kw_only=True)
class ClassificationObjective:
    """−Σ log P(class | text), label-smoothed."""

    label_smoothing: float = 0.0

    def __call__(self, model: Classifier, batch: LabelledBatch) -> Loss:
        """The loss of a batch of labelled texts."""
        rows = batch.rows
        logits = model.logits(rows.tokens, rows.mask, rows.types).float()
        total = functional.cross_entropy(logits, batch.labels, reduction="sum", label_smoothing=self.label_smoothing)
        likelihood = functional.cross_entropy(logits.detach(), batch.labels, reduction="sum")
        return Loss(total=total, likelihood=likelihood, count=batch.count)
