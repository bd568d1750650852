"""Guided alignment: training attention itself on known word links, beside translation.

With A_t the source tokens that target token t is linked to, and α_ts the attention of one head, the loss is

    Σ_t −log P(y_t | y_<t, X)  +  weight · Σ_linked t Σ_s∈A_t −(1 / |A_t|) log α_ts

(Chen et al., "Guided alignment training for topic-aware neural machine translation", AMTA 2016, for recurrent
attention; Garg et al., "Jointly learning to align and translate with Transformer models", EMNLP 2019, for one head of
the penultimate layer with the weight 0.05). Tokens of unlinked words, and ``</s>``, have no part in the second sum.
Both sums are divided by the step's number of target tokens, so that accumulated batches weigh as one large batch does.

The supervised row is by default that of the step that *predicts* the token, as in Chen et al.: the model learns where
to look before it knows the word, which is what translation needs. ``rows = "input"`` takes the next step, at which a
Transformer's decoder reads the token and so knows it, an easier task (Chen et al., "Accurate word alignment induction
from neural machine translation", EMNLP 2020). Garg et al.'s second pass that sees the whole target is left out: it
doubles the time of a step.

The weights come from a listener (``nn.capture``), so models know nothing of this. Only the chosen layer leaves its fast
kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.data.batching import Batch, TokenLinks
from atento.figures.attention import Rows
from atento.models.encoder_decoder import EncoderDecoder
from atento.nn.capture import capture, observable_names
from atento.training.objectives import Loss, TranslationObjective


class GuidedAlignmentConfig(Configuration, frozen=True, kw_only=True):
    """Which attention is trained on the links of ``[[data.train]] alignment``, and how much that counts.

    Raises:
        ConfigurationError: the weight is not above 0.
    """

    weight: float = 0.05
    """What the loss of alignment is multiplied by before it is added to that of translation."""
    layer: int | Literal["penultimate"] = "penultimate"
    """The decoder's layer, from 0; ``penultimate`` is the last but one, or the only one; negative numbers count from
    the last."""
    head: int | Literal["mean"] = 0
    """One head, so that the others stay free; ``mean`` trains the mean of the layer's heads."""
    rows: Rows = "predicted"
    """Train the step that predicts a token, or the one that reads it."""

    def __post_init__(self) -> None:
        if not 0.0 < self.weight < float("inf"):
            raise ConfigurationError(f"training.guided_alignment.weight = {self.weight}: give a number above 0")


def alignment_loss(weights: Float[Tensor, "batch target source"], links: TokenLinks) -> Float[Tensor, ""]:
    """Σ −share · log α over all links: the cross-entropy of each linked target token's attention, summed, in nats.

    Args:
        weights: α, a row for each target token.
        links: which source tokens each target token is linked to, with shares that sum to one.
    """
    chosen = weights[links.rows, links.targets, links.sources].float()
    return -(links.shares * chosen.clamp_min(torch.finfo(torch.float32).tiny).log()).sum()


@dataclass(frozen=True, kw_only=True)
class GuidedObjective:
    """The translation objective with the loss of guided alignment added, for batches that have links."""

    translation: TranslationObjective
    config: GuidedAlignmentConfig
    module: str
    """The name of the attention that is listened to."""

    @classmethod
    def of(
        cls, translation: TranslationObjective, config: GuidedAlignmentConfig, model: EncoderDecoder
    ) -> GuidedObjective:
        """For this model.

        Raises:
            ConfigurationError: it has no attention over the source, or not this layer.
        """
        layers = observable_names(model, "cross")
        if not layers:
            raise ConfigurationError(
                "training.guided_alignment trains attention over the source, and this model has none; choose another "
                "model, or leave it out"
            )
        number = max(0, len(layers) - 2) if config.layer == "penultimate" else config.layer
        if not -len(layers) <= number < len(layers):
            raise ConfigurationError(
                f"training.guided_alignment.layer = {number}: the model has the layers 0 to {len(layers) - 1}"
            )
        return cls(translation=translation, config=config, module=layers[number])

    def __call__(self, model: EncoderDecoder, batch: Batch) -> Loss:
        """The loss of a batch of sentence pairs."""
        links = batch.links
        if links is None or not len(links.rows):
            return self.translation(model, batch)
        with capture(model, names=[self.module], detach=False) as trace:
            loss = self.translation(model, batch)
        weights = self._rows(trace.last(self.module, "weights"))
        alignment = alignment_loss(weights, links)
        return Loss(
            total=loss.total + self.config.weight * alignment,
            likelihood=loss.likelihood,
            count=loss.count,
            parts={"alignment_loss": alignment.detach()},
        )

    def check(self, model: EncoderDecoder, batch: Batch) -> None:
        """Read a batch to see that there is such a head; leaves the model and every random generator as they were.

        Raises:
            ConfigurationError: there is none.
        """
        was_training = model.training
        model.eval()
        try:
            with torch.inference_mode(), capture(model, names=[self.module]) as trace:
                self.translation(model, batch)
        finally:
            model.train(was_training)
        heads = trace.last(self.module, "weights").shape[1]
        head = self.config.head
        if head != "mean" and not -heads <= head < heads:
            raise ConfigurationError(
                f"training.guided_alignment.head = {head}: the layer has the heads 0 to {heads - 1}"
            )

    def _rows(self, weights: Float[Tensor, "batch heads target source"]) -> Float[Tensor, "batch target source"]:
        """Row t belongs to target token t. The step after it reads it; there is one, as ``</s>`` is predicted last."""
        chosen = weights.mean(dim=1) if self.config.head == "mean" else weights[:, self.config.head]
        return chosen if self.config.rows == "predicted" else chosen[:, 1:]
