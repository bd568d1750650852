"""Texts cut into chunks that never reach from one document into the next, for models that read both directions.

A document that fits is one chunk. A longer one is cut into equal pieces, in training at other places in every epoch, so
that its tokens meet other neighbours; its first and last chunk may be shorter then. Every random number comes from
NumPy's PCG64 seeded with (seed, epoch).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atento.data.batch_plan import Int64s, draw_rows
from atento.data.text_dataset import TextCorpus, TextDataset

Bools = npt.NDArray[np.bool_]
_CUTS = 4  # this use's own random stream, beside those of ``batch_plan`` and ``text_batching``


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """Some parts of documents: tokens ``begins`` to ``ends`` of a document of a text."""

    corpus: Int64s
    document: Int64s
    begins: Int64s
    ends: Int64s

    def __len__(self) -> int:
        return len(self.corpus)

    @property
    def lengths(self) -> Int64s:
        """Tokens of each."""
        return self.ends - self.begins

    def select(self, rows: Int64s | Bools) -> Chunks:
        """Those at ``rows``."""
        return Chunks(
            corpus=self.corpus[rows], document=self.document[rows], begins=self.begins[rows], ends=self.ends[rows]
        )


def plan_chunks(dataset: TextDataset, longest: int, *, seed: int, epoch: int, moved: bool = True) -> Chunks:
    """The chunks of an epoch, in order, none longer than ``longest`` tokens; each text as often as its weight says.

    ``moved`` moves the cuts of long documents by random amounts; without it their pieces are as equal as can be, so
    that none has next to no text around it.
    """
    parts = []
    for number, corpus in enumerate(dataset.corpora):
        generator = np.random.Generator(np.random.PCG64([seed, epoch, _CUTS, number]))
        parts.append(_chunks_of(corpus, number, longest, generator if moved else None))
    every = _joined(parts)
    rows = draw_rows([len(part) for part in parts], dataset.weights, seed=seed, epoch=epoch)
    return every.select(rows)


def _chunks_of(corpus: TextCorpus, number: int, longest: int, generator: np.random.Generator | None) -> Chunks:
    lengths = np.diff(corpus.begins) - 1
    shifts = np.zeros_like(lengths)
    if generator is not None:
        shifts = np.where(lengths > longest, generator.integers(longest, size=len(lengths)), 0)
    counts = -(-(lengths + shifts) // longest) * (lengths > 0)
    owners = np.repeat(np.arange(len(lengths)), counts)
    places = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    if generator is None:
        begins, ends = (lengths[owners] * each // counts[owners] for each in (places, places + 1))
    else:
        begins = places * longest - shifts[owners]
        begins, ends = np.maximum(begins, 0), np.minimum(begins + longest, lengths[owners])
    return Chunks(corpus=np.full(len(owners), number, np.int64), document=owners, begins=begins, ends=ends)


def _joined(parts: list[Chunks]) -> Chunks:
    return Chunks(
        corpus=np.concatenate([part.corpus for part in parts]),
        document=np.concatenate([part.document for part in parts]),
        begins=np.concatenate([part.begins for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
    )


def read_chunks(dataset: TextDataset, chunks: Chunks, pad: int) -> tuple[Int64s, Bools]:
    """The tokens of chunks, [chunks, longest], filled up with ``pad`` at the end; and where real ones stand."""
    width = int(chunks.lengths.max(initial=0))
    tokens = np.full((len(chunks), width), pad, np.int64)
    real = np.arange(width) < chunks.lengths[:, None]
    for number in np.unique(chunks.corpus):
        corpus = dataset.corpora[number]
        rows = np.flatnonzero(chunks.corpus == number)
        first = corpus.begins[chunks.document[rows]] - chunks.document[rows] + chunks.begins[rows]
        places = np.where(real[rows], first[:, None] + np.arange(width), 0)
        tokens[rows] = np.where(real[rows], corpus.ids[places].astype(np.int64), pad)
    return tokens, real
