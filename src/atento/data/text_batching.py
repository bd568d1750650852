"""Batches of packed text for language models: windows of equal length, cut anew in every epoch.

A window is ``context`` places of a text (see ``text_dataset``). Each epoch moves the cuts by a random amount, so that
tokens meet other contexts, and shuffles the windows; the first and last of a text may be shorter. Every random number
comes from NumPy's PCG64 seeded with (seed, epoch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.data.batch_plan import Int64s, draw_rows
from atento.data.text_dataset import TextCorpus, TextDataset

Bools = npt.NDArray[np.bool_]
_CUTS, _ORDER = 2, 3  # one random stream for each use


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Some windows of a dataset: of which text each is, and its places."""

    corpus: Int64s
    begins: Int64s
    ends: Int64s

    def __len__(self) -> int:
        return len(self.corpus)

    def select(self, rows: Int64s) -> Windows:
        """Those at ``rows``."""
        return Windows(corpus=self.corpus[rows], begins=self.begins[rows], ends=self.ends[rows])


@dataclass(frozen=True, kw_only=True)
class TextBatch:
    """Packed rows; padding stands at the end of a row."""

    inputs: Int[Tensor, "batch steps"]
    """What the decoder reads: a document begins with the vocabulary's ``decoder_start``."""
    labels: Int[Tensor, "batch steps"]
    """The token after each; a document ends with ``</s>``."""
    mask: Bool[Tensor, "batch steps"]
    """True where a real token stands."""
    segments: Int[Tensor, "batch steps"] | None
    """Which document each token belongs to; None where no row has several."""
    count: int
    """Real labels: what a loss sum is divided by."""

    @property
    def tokens(self) -> int:
        """Tokens read."""
        return self.count

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> TextBatch:
        """The same batch on another device."""
        names = ("inputs", "labels", "mask", "segments")
        moved: dict[str, Any] = {
            name: part.to(device, non_blocking=non_blocking)
            for name in names
            if (part := getattr(self, name)) is not None
        }
        return replace(self, **moved)


def plan_windows(dataset: TextDataset, context: int, *, seed: int, epoch: int, moved: bool = True) -> Windows:
    """The windows of an epoch, in order; each text as often as its weight says.

    ``moved`` moves the cuts by a random amount; without it they stand at multiples of ``context``.
    """
    parts = []
    for number, corpus in enumerate(dataset.corpora):
        generator = np.random.Generator(np.random.PCG64([seed, epoch, _CUTS, number]))
        first = int(generator.integers(context)) if moved and corpus.places > context else 0
        begins = np.arange(first - context if first else 0, corpus.places, context)
        ends = np.minimum(begins + context, corpus.places)
        parts.append(Windows(corpus=np.full(len(begins), number, np.int64), begins=np.maximum(begins, 0), ends=ends))
    every = Windows(
        corpus=np.concatenate([part.corpus for part in parts]),
        begins=np.concatenate([part.begins for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
    )
    rows = draw_rows([len(part) for part in parts], dataset.weights, seed=seed, epoch=epoch)
    return every.select(rows)


def shuffled_batches(windows: Windows, rows: int, *, seed: int, epoch: int) -> list[Windows]:
    """The windows in random order, ``rows`` a batch; short windows stand together, so that little is padded."""
    generator = np.random.Generator(np.random.PCG64([seed, epoch, _ORDER]))
    order = generator.permutation(len(windows))
    lengths = (windows.ends - windows.begins)[order]
    order = order[np.argsort(-lengths, kind="stable")]  # whole windows are equally long and stay shuffled
    batches = [windows.select(part) for part in np.split(order, range(rows, len(order), rows))]
    return [batches[number] for number in generator.permutation(len(batches))]


def read_windows(dataset: TextDataset, windows: Windows) -> Iterator[tuple[Int64s, TextCorpus, Int64s, Int64s, Bools]]:
    """Group by group of one text: rows in ``windows``, the text, and [rows, width] places, documents, which are real.

    The width is that of the longest window.
    """
    width = int((windows.ends - windows.begins).max())
    for number in np.unique(windows.corpus):
        rows = np.flatnonzero(windows.corpus == number)
        corpus = dataset.corpora[number]
        places = windows.begins[rows, None] + np.arange(width)
        real = places < windows.ends[rows, None]
        places = np.where(real, places, 0)
        yield rows, corpus, places, corpus.owners(places), real


def collate_text(dataset: TextDataset, windows: Windows, vocabulary: Vocabulary) -> TextBatch:
    """These windows as a batch."""
    width = int((windows.ends - windows.begins).max())
    shape = (len(windows), width)
    inputs, labels = np.full(shape, vocabulary.pad, np.int64), np.full(shape, vocabulary.pad, np.int64)
    segments, mask = np.full(shape, -1, np.int64), np.zeros(shape, bool)
    for rows, corpus, places, documents, real in read_windows(dataset, windows):
        begins = places == corpus.begins[documents]
        before = np.where(begins, places, places - 1)
        read = np.where(begins, vocabulary.decoder_start, corpus.tokens(before, documents, vocabulary.eos))
        inputs[rows] = np.where(real, read, vocabulary.pad)
        labels[rows] = np.where(real, corpus.tokens(places, documents, vocabulary.eos), vocabulary.pad)
        segments[rows] = np.where(real, documents, -1)
        mask[rows] = real
    several = bool(((segments != segments[:, :1]) & mask).any())
    return TextBatch(
        inputs=torch.from_numpy(inputs),
        labels=torch.from_numpy(labels),
        mask=torch.from_numpy(mask),
        segments=torch.from_numpy(segments) if several else None,
        count=int(mask.sum()),
    )


class TextBatches:
    """All batches of a dataset, epoch after epoch; see ``stream.BatchSource``.

    Args:
        dataset: the texts.
        vocabulary: its special ids.
        context: places of a window.
        budget: rows × context of a batch, at most (one row at least).
        seed: of the cuts and the order.
        moved: move the cuts in every epoch, and shuffle.

    Raises:
        DataError: the budget holds no window.
    """

    rank, world_size = 0, 1

    def __init__(
        self,
        dataset: TextDataset,
        vocabulary: Vocabulary,
        *,
        context: int,
        budget: int,
        seed: int,
        moved: bool = True,
    ) -> None:
        if budget < context:
            raise DataError(
                f"a context of {context} tokens does not fit into a batch of {budget}; "
                "allow larger batches (training.batch_tokens) or give a shorter context (data.context)"
            )
        self.dataset, self.vocabulary = dataset, vocabulary
        self.context, self.rows = context, budget // context
        self.seed, self.moved = seed, moved

    def plan(self, epoch: int) -> Sequence[Windows]:
        """The windows of each batch of an epoch."""
        windows = plan_windows(self.dataset, self.context, seed=self.seed, epoch=epoch, moved=self.moved)
        if not self.moved:
            return [
                windows.select(part)
                for part in np.split(np.arange(len(windows)), range(self.rows, len(windows), self.rows))
            ]
        return shuffled_batches(windows, self.rows, seed=self.seed, epoch=epoch)

    def collate(self, entry: Windows) -> TextBatch:
        """These windows as a batch."""
        return collate_text(self.dataset, entry, self.vocabulary)

    def epoch(self, epoch: int = 0) -> Iterator[TextBatch]:
        """The batches of one epoch."""
        return (self.collate(entry) for entry in self.plan(epoch))
