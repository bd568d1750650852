"""How well a language model predicts a text: perplexity and bits per byte, with a sliding window.

Every token is predicted once. Windows of ``context`` tokens overlap, so that every token but the first of a document
has at least ``context − stride`` tokens before it (where its document has so many). With ``stride = context`` they do
not overlap, which is faster and gives a higher perplexity.

Perplexities of models with different tokenizers cannot be compared, as they count different tokens; bits per byte and
perplexities per word can.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from atento.bundle import Bundle
from atento.core.errors import ConfigurationError
from atento.core.progress import Progress, Silent
from atento.data.batch_plan import Int64s
from atento.data.text_batching import Windows, collate_text
from atento.data.text_dataset import TextDataset
from atento.evaluation.report import Report
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.nn.cross_entropy import linear_cross_entropy

DEFAULT_CONTEXT = 256
"""Tokens of a window where the model has no limit."""


class LanguageReport(Report, frozen=True, kw_only=True):
    """A model's predictions of a text, summed up."""

    nats: float
    """−Σ log P over all tokens and ends of documents."""
    tokens: int
    """Of the text, and an end for each document."""
    documents: int
    words: int
    size: int
    """Bytes of UTF-8."""
    context: int
    stride: int

    @property
    def loss(self) -> float:
        """Nats a token."""
        return self.nats / self.tokens

    @property
    def perplexity(self) -> float:
        """Of a token."""
        return math.exp(min(self.loss, 700.0))

    @property
    def bits_per_byte(self) -> float:
        """Which does not depend on the tokenizer."""
        return self.nats / math.log(2) / self.size

    @property
    def word_perplexity(self) -> float:
        """Of a word (punctuation marks are words), which does not depend on the tokenizer either."""
        return math.exp(min(self.nats / max(1, self.words), 700.0))

    def figures(self) -> dict[str, float]:
        """What is reported, by name."""
        return {
            "loss": self.loss,
            "perplexity": self.perplexity,
            "bits_per_byte": self.bits_per_byte,
            "word_perplexity": self.word_perplexity,
        }


def evaluate_language(
    bundle: Bundle[LanguageModel],
    dataset: TextDataset,
    *,
    words: int,
    context: int | None = None,
    stride: int | None = None,
    batch_tokens: int = 8192,
    progress: Progress | None = None,
) -> LanguageReport:
    """Predict every token of the texts.

    Args:
        bundle: the model.
        dataset: the texts, encoded by its tokenizer.
        words: how many words they have, for the perplexity of a word.
        context: tokens of a window; by default as many as the model reads at most, or 256.
        stride: tokens by which a window moves on; by default half of the context.
        batch_tokens: windows read together times the context, at most.
        progress: told about every batch.

    Raises:
        ConfigurationError: a context that the model cannot read, or a stride that does not fit.
    """
    most = bundle.model.max_length
    context = context if context is not None else most or DEFAULT_CONTEXT
    if context < 1 or (most is not None and context > most):
        raise ConfigurationError(f"context = {context}: give 1 to {most if most is not None else 'any number'}")
    stride = stride if stride is not None else max(1, context // 2)
    if not 1 <= stride <= context:
        raise ConfigurationError(f"stride = {stride}: give 1 to the context, {context}")
    bar = progress or Silent()
    windows, counted = _sliding(dataset, context, stride)
    rows = max(1, batch_tokens // context)
    nats, tokens = 0.0, 0
    bar.start("predicting", len(windows))
    try:
        for part in np.split(np.arange(len(windows)), range(rows, len(windows), rows)):
            batch_nats, batch_tokens_read = _predict(bundle, dataset, windows.select(part), counted[part])
            nats, tokens = nats + batch_nats, tokens + batch_tokens_read
            bar.advance(len(part))
    finally:
        bar.finish()
    return LanguageReport(
        nats=nats,
        tokens=tokens,
        documents=dataset.documents,
        words=words,
        size=dataset.size,
        context=context,
        stride=stride,
    )


def _sliding(dataset: TextDataset, context: int, stride: int) -> tuple[Windows, Int64s]:
    """Windows, and how many places at the end of each are counted."""
    parts = list(_sliding_of(dataset, context, stride))
    windows = Windows(
        corpus=np.concatenate([np.full(len(begins), number) for number, (begins, _, _) in enumerate(parts)]),
        begins=np.concatenate([begins for begins, _, _ in parts]),
        ends=np.concatenate([ends for _, ends, _ in parts]),
    )
    return windows, np.concatenate([counted for _, _, counted in parts])


def _sliding_of(dataset: TextDataset, context: int, stride: int) -> Iterator[tuple[Int64s, Int64s, Int64s]]:
    for corpus in dataset.corpora:
        first = min(context, corpus.places)
        ends = np.minimum(np.arange(first, corpus.places + stride, stride), corpus.places)
        ends = np.unique(ends)
        before = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
        yield np.maximum(ends - context, 0), ends, ends - before


def _predict(
    bundle: Bundle[LanguageModel], dataset: TextDataset, windows: Windows, counted: Int64s
) -> tuple[float, int]:
    model = bundle.model
    device = next(model.parameters()).device
    batch = collate_text(dataset, windows, bundle.vocabulary).to(device)
    lengths = torch.from_numpy(windows.ends - windows.begins)
    places = torch.arange(batch.inputs.shape[1])
    chosen = (places >= (lengths - torch.from_numpy(counted)).unsqueeze(1)) & (places < lengths.unsqueeze(1))
    chosen = chosen.to(device)
    with torch.inference_mode():
        memory = model.decoder.prepare(nothing_to_read(len(windows), device))
        hidden, _ = model.decoder(
            batch.inputs,
            memory,
            model.decoder.start(memory),
            valid=None if batch.segments is not None or bool(batch.mask.all()) else batch.mask,
            segments=batch.segments,
        )
        _, likelihood = linear_cross_entropy(hidden[chosen], model.decoder.output, batch.labels[chosen])
    return float(likelihood), int(chosen.sum())
