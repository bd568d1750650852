"""How good the model is now: loss, perplexity, BLEU and chrF on held-out pairs, and a few translations to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sacrebleu
import torch

from atento.applications.translator import Translator
from atento.bundle import Bundle
from atento.data.batching import Batches
from atento.models.encoder_decoder import EncoderDecoder
from atento.training.objectives import TranslationObjective
from atento.training.precision import Precision, autocast

SAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Validation:
    """One validation's result."""

    loss: float
    """Nats a token, not smoothed."""
    bleu: float | None
    chrf: float | None
    samples: tuple[tuple[str, str, str], ...]
    """(source, reference, translation)."""

    @property
    def perplexity(self) -> float:
        """exp(loss)."""
        return math.exp(min(self.loss, 50.0))

    def __str__(self) -> str:
        parts = [f"loss {self.loss:.3f}", f"perplexity {self.perplexity:.2f}"]
        if self.bleu is not None and self.chrf is not None:
            parts += [f"BLEU {self.bleu:.1f}", f"chrF {self.chrf:.1f}"]
        return ", ".join(parts)


class Validator:
    """Holds the held-out pairs: encoded for the loss, as text for BLEU and chrF (sacreBLEU's defaults, greedy)."""

    def __init__(
        self, bundle: Bundle, batches: Batches, sources: Sequence[str], references: Sequence[str], precision: Precision
    ) -> None:
        self._bundle = bundle
        self._batches = batches
        self._sources = list(sources)
        self._references = list(references)
        self._precision = precision

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        model = self._bundle.model
        was_training = model.training
        model.eval()
        try:
            loss = mean_loss(model, self._batches, self._precision)
            if not self._sources:
                return Validation(loss=loss, bleu=None, chrf=None, samples=())
            settings = msgspec.structs.replace(self._bundle.decoding, beam_size=1, n_best=1)
            translations = [
                translation.text for translation in Translator(self._bundle).translate(self._sources, decoding=settings)
            ]
        finally:
            model.train(was_training)
        return Validation(
            loss=loss,
            bleu=sacrebleu.corpus_bleu(translations, [self._references]).score,
            chrf=sacrebleu.corpus_chrf(translations, [self._references]).score,
            samples=tuple(zip(self._sources, self._references, translations, strict=True))[:SAMPLES],
        )


def mean_loss(model: EncoderDecoder, batches: Batches, precision: Precision) -> float:
    """Negative log-likelihood a target token (``</s>`` included), in nats."""
    objective = TranslationObjective()
    device = next(model.parameters()).device
    total, count = 0.0, 0
    with torch.inference_mode(), autocast(precision, device):
        for batch in batches.epoch():
            loss = objective(model, batch.to(device))
            total += float(loss.likelihood)
            count += loss.count
    return total / count
