"""How good the model is now, on held-out data: loss, perplexity, what else there is to measure, and samples to read."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec
import sacrebleu
import torch
from torch import nn

from atento.applications.translator import Translator
from atento.bundle import TranslationBundle
from atento.data.batching import Batches
from atento.models.model import Model
from atento.training.measures import readable
from atento.training.objectives import Objective, TranslationObjective
from atento.training.precision import Precision, autocast
from atento.training.stream import BatchType

SAMPLES = 3
ModelType = TypeVar("ModelType", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """One validation's result."""

    loss: float
    """Nats a prediction, not smoothed."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """See ``measures.MEASURES``."""
    samples: tuple[str, ...] = ()
    """What the model writes now, to be read by people."""

    @property
    def perplexity(self) -> float:
        """exp(loss)."""
        return math.exp(min(self.loss, 50.0))

    def __str__(self) -> str:
        return ", ".join([f"loss {self.loss:.3f}", f"perplexity {self.perplexity:.2f}", *readable(self.measures)])


class Validator(Protocol):
    """Measures a model on held-out data."""

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        ...


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model without dropout while the block runs."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


class TranslationValidator:
    """Holds the held-out pairs: encoded for the loss, as text for BLEU and chrF (sacreBLEU's defaults, greedy)."""

    def __init__(
        self,
        bundle: TranslationBundle,
        batches: Batches,
        sources: Sequence[str],
        references: Sequence[str],
        precision: Precision,
    ) -> None:
        self._bundle = bundle
        self._batches = batches
        self._sources = list(sources)
        self._references = list(references)
        self._precision = precision

    def run(self) -> Validation:
        """Validate the model as it is; leaves it, and every random generator, as it was."""
        with evaluating(self._bundle.model):
            loss = mean_loss(self._bundle.model, TranslationObjective(), self._batches.epoch(), self._precision)
            if not self._sources:
                return Validation(loss=loss)
            settings = msgspec.structs.replace(self._bundle.decoding, beam_size=1, n_best=1)
            translations = [
                translation.text for translation in Translator(self._bundle).translate(self._sources, decoding=settings)
            ]
        triples = zip(self._sources, self._references, translations, strict=True)
        return Validation(
            loss=loss,
            measures={
                "bleu": sacrebleu.corpus_bleu(translations, [self._references]).score,
                "chrf": sacrebleu.corpus_chrf(translations, [self._references]).score,
            },
            samples=tuple(
                f"    {source}\n      → {translation}\n      = {reference}"
                for source, reference, translation in itertools.islice(triples, SAMPLES)
            ),
        )


def mean_loss(
    model: ModelType,
    objective: Objective[ModelType, BatchType],
    batches: Iterable[BatchType],
    precision: Precision,
) -> float:
    """Negative log-likelihood a prediction (of a translator: a target token, ``</s>`` included), in nats."""
    device = next(model.parameters()).device
    total, count = 0.0, 0
    with torch.inference_mode(), autocast(precision, device):
        for batch in batches:
            loss = objective(model, batch.to(device))
            total += float(loss.likelihood)
            count += loss.count
    return total / count
