"""Batches for masked language models: a chunk of a text a row, or two of them, framed and with some tokens hidden.

A row is ``<s> text </s>``, as RoBERTa's DOC-SENTENCES (Liu et al. 2019, section 4.2), or, for the next-sentence
objective, ``<s> first </s> second </s>`` (Devlin et al. 2019): a chunk parted at a random place, whose second part
is in every second row replaced by one from another document. Both kinds of second parts are equally long and end where
a chunk ends, so only what they say tells them apart. Rows of like length stand together. What is hidden is drawn from
(seed, epoch, batch), so a run can leave and enter again anywhere.
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
from atento.data.masking import MaskingConfig, choose, hide, ordinary_tokens, words_of_rows
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
class Pool:
    """All chunks of an epoch, document by document, to draw second texts from."""

    chunks: Chunks
    owners: Int64s
    """Each chunk's document, counted over all texts; ascending."""
    firsts: Int64s
    """The number of each text's first document."""

    @classmethod
    def of(cls, chunks: Chunks, dataset: TextDataset) -> Pool:
        """Of these chunks."""
        firsts = np.cumsum([0, *(len(corpus.begins) - 1 for corpus in dataset.corpora)])[:-1].astype(np.int64)
        owners = firsts[chunks.corpus] + chunks.document
        order = np.lexsort((chunks.begins, owners))
        return cls(chunks=chunks.select(order), owners=owners[order], firsts=firsts)

    def draw(self, own: Chunks, generator: np.random.Generator) -> tuple[Chunks, Bools]:
        """For each chunk one of another document, or, where there is one document only, another one of it.

        Also whether there is such a one at all; else its own stands there.
        """
        if self.owners[0] != self.owners[-1]:
            known, wanted = self.owners, self.firsts[own.corpus] + own.document
        else:
            known, wanted = self.chunks.begins, own.begins
        first, last = np.searchsorted(known, wanted), np.searchsorted(known, wanted, side="right")
        others = len(known) - (last - first)
        place = (generator.random(len(own)) * others).astype(np.int64)
        place += np.where(place >= first, last - first, 0)  # past its own
        return self.chunks.select(np.where(others > 0, place, first)), others > 0


@dataclass(frozen=True, kw_only=True)
class Portion:
    """What one batch is made of."""

    chunks: Chunks
    pool: Pool | None
    """Of rows of two texts: where second texts that do not follow come from."""
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
                "allow larger batches (training.batch_tokens) or give a shorter context (data.context)"
            )
        if context <= self.frame:
            raise DataError(
                f"a context of {context} tokens holds no text beside its special tokens; give a longer data.context"
            )
        self.dataset, self.vocabulary, self.masking = dataset, vocabulary, masking
        self.context, self.budget, self.seed = context, budget, seed
        self.pairs, self.separators, self.has_types, self.moved = pairs, separators, has_types, moved
        self.words = words if masking.whole_words else None
        self.ordinary = ordinary_tokens(vocabulary)

    def plan(self, epoch: int) -> Sequence[Portion]:
        """The chunks of each batch of an epoch."""
        chunks = plan_chunks(self.dataset, self.context - self.frame, seed=self.seed, epoch=epoch, moved=self.moved)
        if self.pairs:
            chunks = chunks.select(chunks.lengths >= 2)
            if not len(chunks):
                raise DataError("no document has two tokens to make a pair of; bring longer documents")
        lengths = chunks.lengths + self.frame - SPECIALS
        batches = plan_batches(lengths, lengths, budget=self.budget, seed=self.seed, epoch=epoch)
        pool = Pool.of(chunks, self.dataset) if self.pairs else None
        return [
            Portion(chunks=chunks.select(rows), pool=pool, key=(self.seed, epoch, _MASKS, number))
            for number, rows in enumerate(batches)
        ]

    def collate(self, entry: Portion) -> MaskedBatch:
        """These chunks as a batch."""
        generator = np.random.Generator(np.random.PCG64(entry.key))
        types: Int64s | None = None
        follows: Int64s | None = None
        if entry.pool is not None:
            tokens, real, types, follows = self._pairs(entry.chunks, entry.pool, generator)
        else:
            tokens, real = read_chunks(self.dataset, entry.chunks, self.vocabulary.pad)
            tokens, real = framed(tokens, real, self.vocabulary)
        special = [self.vocabulary.pad, self.vocabulary.bos, self.vocabulary.eos]
        candidates = real & ~np.isin(tokens, special)
        words = None
        if self.words is not None:
            words = words_of_rows(tokens, self.words.begins_inside, self.words.ends_inside)
        chosen = choose(candidates, words, self.masking.rate, generator)
        inputs = hide(tokens, chosen, self.vocabulary, self.masking, generator, ordinary=self.ordinary)
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

    def _pairs(
        self, chunks: Chunks, pool: Pool, generator: np.random.Generator
    ) -> tuple[Int64s, Bools, Int64s, Int64s]:
        """Rows of two texts each: tokens, where they are real, types, and which second text does not follow."""
        drawn, apart = pool.draw(chunks, generator)
        foreign = (generator.random(len(chunks)) < 0.5) & apart
        seconds = np.minimum(chunks.ends - _cuts(chunks, generator), drawn.lengths - 1)
        cuts = chunks.ends - seconds
        first = replace(chunks, ends=cuts)
        second = Chunks(
            corpus=np.where(foreign, drawn.corpus, chunks.corpus),
            document=np.where(foreign, drawn.document, chunks.document),
            begins=np.where(foreign, drawn.ends - seconds, cuts),
            ends=np.where(foreign, drawn.ends, chunks.ends),
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
