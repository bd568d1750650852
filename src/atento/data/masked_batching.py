"""Batches for masked language models: a chunk of a text a row, or two of them, framed and with some tokens hidden.

A row is ``<s> text </s>``, as RoBERTa's DOC-SENTENCES (Liu et al. 2019, section 4.2), or, for the next-sentence
objective, ``<s> first </s> second </s>`` (Devlin et al. 2019): a chunk parted at a random place, whose second part
is in every second row replaced by one from another document. Rows of like length stand together. What is hidden is
drawn from (seed, epoch, batch), so a run can leave and enter again anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.data.batch_plan import SPECIALS, Int64s, plan_batches
from atento.data.chunks import Bools, Chunks, plan_chunks, read_chunks
from atento.data.masking import MaskingConfig, choose, hide, words_of_rows
from atento.data.text_dataset import TextDataset
from atento.text.word_parts import WordParts

FRAME = 2
"""``<s>`` before a text and ``</s>`` after it."""
_MASKS = 5  # one random stream for each use


@dataclass(frozen=True, kw_only=True)
class MaskedBatch:
    """Texts with hidden tokens; padding stands at the end of a row."""

    inputs: Int[Tensor, "batch steps"]
    mask: Bool[Tensor, "batch steps"]
    """True where a real token stands, special ones included."""
    types: Int[Tensor, "batch steps"] | None
    """0 for the first text of a pair and 1 for the second; None where every row is one text."""
    chosen: Bool[Tensor, "batch steps"]
    """The tokens to be predicted."""
    labels: Int[Tensor, " chosen"]
    """What they are, row by row."""
    follows: Int[Tensor, " batch"] | None
    """Of pairs: 0 where the second text follows the first, 1 where it does not."""
    tokens: int
    """Real tokens, special ones included."""

    @property
    def count(self) -> int:
        """What the loss of the hidden tokens is divided by."""
        return len(self.labels)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> MaskedBatch:
        """The same batch on another device."""
        names = ("inputs", "mask", "types", "chosen", "labels", "follows")
        moved: dict[str, Any] = {
            name: part.to(device, non_blocking=non_blocking)
            for name in names
            if (part := getattr(self, name)) is not None
        }
        return replace(self, **moved)


@dataclass(frozen=True, kw_only=True)
class Portion:
    """What one batch is made of."""

    chunks: Chunks
    every: Chunks
    """All chunks of the epoch; second texts that do not follow come from them."""
    key: tuple[int, ...]
    """What its random numbers are drawn from."""


class MaskedBatches:
    """All batches of a dataset, epoch after epoch; see ``stream.BatchSource``.

    Args:
        dataset: the texts.
        vocabulary: sizes and special ids.
        masking: what is hidden.
        context: tokens of a row, special ones included, at most.
        budget: rows × longest row of a batch, at most.
        seed: of everything random.
        pairs: make rows of two texts for the next-sentence objective.
        separators: how many ``</s>`` stand between two texts.
        has_types: whether two texts are counted to two types.
        words: which tokens are parts of words; needed for whole words.
        moved: cut long documents at other places in every epoch.

    Raises:
        DataError: the budget holds no row, or the context no text.
    """

    rank, world_size = 0, 1

    def __init__(
        self,
        dataset: TextDataset,
        vocabulary: Vocabulary,
        masking: MaskingConfig,
        *,
        context: int,
        budget: int,
        seed: int,
        pairs: bool = False,
        separators: int = 1,
        has_types: bool = True,
        words: WordParts | None = None,
        moved: bool = True,
    ) -> None:
        self.frame = FRAME + separators if pairs else FRAME
        if budget < context:
            raise DataError(
                f"a context of {context} tokens does not fit into a batch of {budget}; "
                "allow larger batches or give a shorter context"
            )
        if context <= self.frame:
            raise DataError(f"a context of {context} tokens holds no text beside its special tokens; give a longer one")
        self.dataset, self.vocabulary, self.masking = dataset, vocabulary, masking
        self.context, self.budget, self.seed = context, budget, seed
        self.pairs, self.separators, self.has_types, self.moved = pairs, separators, has_types, moved
        self.words = words if masking.whole_words else None

    def plan(self, epoch: int) -> Sequence[Portion]:
        """The chunks of each batch of an epoch."""
        chunks = plan_chunks(self.dataset, self.context - self.frame, seed=self.seed, epoch=epoch, moved=self.moved)
        if self.pairs:
            chunks = chunks.select(chunks.lengths >= 2)
            if not len(chunks):
                raise DataError("no document has two tokens to make a pair of; bring longer documents")
        lengths = chunks.lengths + self.frame - SPECIALS
        batches = plan_batches(lengths, lengths, budget=self.budget, seed=self.seed, epoch=epoch)
        return [
            Portion(chunks=chunks.select(rows), every=chunks, key=(self.seed, epoch, _MASKS, number))
            for number, rows in enumerate(batches)
        ]

    def collate(self, entry: Portion) -> MaskedBatch:
        """These chunks as a batch."""
        generator = np.random.Generator(np.random.PCG64(entry.key))
        types: Int64s | None = None
        follows: Int64s | None = None
        if self.pairs:
            tokens, real, types, follows = self._pairs(entry, generator)
        else:
            tokens, real = read_chunks(self.dataset, entry.chunks, self.vocabulary.pad)
            tokens, real = framed(tokens, real, self.vocabulary)
        special = [self.vocabulary.pad, self.vocabulary.bos, self.vocabulary.eos]
        candidates = real & ~np.isin(tokens, special)
        words = None
        if self.words is not None:
            words = words_of_rows(tokens, self.words.begins_inside, self.words.ends_inside)
        chosen = choose(candidates, words, self.masking.rate, generator)
        inputs = hide(tokens, chosen, self.vocabulary, self.masking, generator)
        return MaskedBatch(
            inputs=torch.from_numpy(inputs),
            mask=torch.from_numpy(real),
            types=torch.from_numpy(types) if types is not None and self.has_types else None,
            chosen=torch.from_numpy(chosen),
            labels=torch.from_numpy(tokens[chosen]),
            follows=None if follows is None else torch.from_numpy(follows),
            tokens=int(real.sum()),
        )

    def epoch(self, epoch: int = 0) -> Iterator[MaskedBatch]:
        """The batches of one epoch."""
        return (self.collate(entry) for entry in self.plan(epoch))

    def _pairs(self, entry: Portion, generator: np.random.Generator) -> tuple[Int64s, Bools, Int64s, Int64s]:
        """Rows of two texts each: tokens, where they are real, types, and which second text does not follow."""
        chunks = entry.chunks
        cuts = _cuts(chunks, generator)
        first, second = replace(chunks, ends=cuts), replace(chunks, begins=cuts)
        drawn = entry.every.select(generator.integers(len(entry.every), size=len(chunks)))
        foreign = (generator.random(len(chunks)) < 0.5) & _apart(chunks, drawn, self.dataset)
        begins = _cuts(drawn, generator)  # as the texts that follow, so that no beginning tells them apart
        second = Chunks(
            corpus=np.where(foreign, drawn.corpus, second.corpus),
            document=np.where(foreign, drawn.document, second.document),
            begins=np.where(foreign, begins, second.begins),
            ends=np.where(foreign, np.minimum(drawn.ends, begins + second.lengths), second.ends),
        )
        sides = [read_chunks(self.dataset, side, self.vocabulary.pad) for side in (first, second)]
        tokens, real, types = paired(*sides[0], *sides[1], self.vocabulary, self.separators)
        return tokens, real, types, foreign.astype(np.int64)


def framed(tokens: Int64s, real: Bools, vocabulary: Vocabulary) -> tuple[Int64s, Bools]:
    """``<s> text </s>`` of padded texts, [rows, length] → [rows, length + 2]; and where real tokens stand."""
    rows = np.arange(len(tokens))
    lengths = real.sum(axis=1)
    result = np.full((len(tokens), tokens.shape[1] + FRAME), vocabulary.pad, np.int64)
    result[:, 1:-1] = tokens
    result[:, 0] = vocabulary.bos
    result[rows, lengths + 1] = vocabulary.eos
    return result, np.arange(result.shape[1]) < (lengths + FRAME)[:, None]


def paired(
    first: Int64s, first_real: Bools, second: Int64s, second_real: Bools, vocabulary: Vocabulary, separators: int = 1
) -> tuple[Int64s, Bools, Int64s]:
    """``<s> first </s> second </s>`` of padded texts: tokens, where real ones stand, and types (0 up to </s>)."""
    lengths = first_real.sum(axis=1), second_real.sum(axis=1)
    ends = lengths[0] + 1 + separators, lengths[0] + 1 + separators + lengths[1] + 1
    places = np.broadcast_to(np.arange(int(ends[1].max())), (len(first), int(ends[1].max())))
    in_first = (places >= 1) & (places <= lengths[0][:, None])
    in_second = (places >= ends[0][:, None]) & (places < ends[1][:, None] - 1)
    result = np.full(places.shape, vocabulary.eos, np.int64)
    result[:, 0] = vocabulary.bos
    result[in_first] = first[first_real]
    result[in_second] = second[second_real]
    real = places < ends[1][:, None]
    return (
        np.where(real, result, vocabulary.pad),
        real,
        ((places >= ends[0][:, None]) & real).astype(np.int64),
    )


def _cuts(chunks: Chunks, generator: np.random.Generator) -> Int64s:
    """A place inside each chunk, where its second part begins."""
    return chunks.begins + 1 + (generator.random(len(chunks)) * (chunks.lengths - 1)).astype(np.int64)


def _apart(chunks: Chunks, drawn: Chunks, dataset: TextDataset) -> Bools:
    """Whether a drawn chunk is no neighbour: of another document, or, where there is one only, another chunk."""
    same: Bools = (chunks.corpus == drawn.corpus) & (chunks.document == drawn.document)
    if dataset.documents == 1:
        same &= chunks.begins == drawn.begins
    return np.logical_not(same)
