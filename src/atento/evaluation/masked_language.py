"""How well a masked language model guesses the tokens of a text: pseudo-perplexity (Salazar et al. 2020).

Every token is masked in its turn and guessed from all the others of its chunk; long documents are read in chunks as
long as the model reads. The pseudo-perplexity is no perplexity: the guesses are not those of one joint distribution,
and a model sees both sides. It compares masked language models of one tokenizer.
"""

from __future__ import annotations

import math

import numpy as np

from atento.applications.reader import TOGETHER, pseudo_log_probabilities
from atento.bundle import Bundle
from atento.core.errors import ConfigurationError
from atento.core.progress import Progress, Silent
from atento.data.chunks import plan_chunks, read_chunks
from atento.data.masked_batching import FRAME
from atento.data.text_dataset import TextDataset
from atento.evaluation.report import Report
from atento.models.masked_language_model import MaskedLanguageModel

DEFAULT_CONTEXT = 256
"""Tokens of a chunk with its two ends where the model has no limit."""


class MaskedLanguageReport(Report, frozen=True, kw_only=True):
    """A model's guesses of a text, summed up."""

    nats: float
    """−Σ log P over all tokens, each guessed from the others."""
    tokens: int
    documents: int
    words: int
    size: int
    """Bytes of UTF-8."""
    context: int

    @property
    def loss(self) -> float:
        """Nats a token."""
        return self.nats / self.tokens

    def figures(self) -> dict[str, float]:
        """What is reported, by name."""
        return {
            "pseudo_loss": self.loss,
            "pseudo_perplexity": math.exp(min(self.loss, 700.0)),
            "pseudo_word_perplexity": math.exp(min(self.nats / max(1, self.words), 700.0)),
        }


def evaluate_masked_language(
    bundle: Bundle[MaskedLanguageModel],
    dataset: TextDataset,
    *,
    words: int,
    context: int | None = None,
    progress: Progress | None = None,
) -> MaskedLanguageReport:
    """Guess every token of the texts.

    Args:
        bundle: the model.
        dataset: the texts, encoded by its tokenizer.
        words: how many words they have.
        context: tokens of a chunk with its two ends; by default as many as the model reads at most, or 256.
        progress: told about every chunk.

    Raises:
        ConfigurationError: a context that the model cannot read.
        DataError: the tokenizer has no mask token.
    """
    most = bundle.model.max_length
    context = context if context is not None else most or DEFAULT_CONTEXT
    if context <= FRAME or (most is not None and context > most):
        raise ConfigurationError(
            f"context = {context}: give {FRAME + 1} to {most if most is not None else 'any number'}"
        )
    chunks = plan_chunks(dataset, context - FRAME, seed=0, epoch=0, moved=False)
    bar = progress or Silent()
    nats = 0.0
    bar.start("guessing", float(chunks.lengths.sum()))
    try:
        for part in np.split(np.arange(len(chunks)), range(TOGETHER, len(chunks), TOGETHER)):
            tokens, real = read_chunks(dataset, chunks.select(part), bundle.vocabulary.pad)
            texts = [row[mask].tolist() for row, mask in zip(tokens, real, strict=True)]
            nats -= math.fsum(value for values in pseudo_log_probabilities(bundle, texts) for value in values)
            bar.advance(int(real.sum()))
    finally:
        bar.finish()
    return MaskedLanguageReport(
        nats=nats,
        tokens=int(chunks.lengths.sum()),
        documents=dataset.documents,
        words=words,
        size=dataset.size,
        context=context,
    )
