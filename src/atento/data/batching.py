"""Batches of tensors from encoded pairs, in an order that a run can leave and enter again at any point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.core.vocabulary import Vocabulary
from atento.data.batch_plan import SPECIALS, Int64s, draw_rows, plan_batches
from atento.data.dataset import ParallelDataset
from atento.data.token_links import shares


@dataclass(frozen=True, kw_only=True)
class TokenLinks:
    """Which source tokens a batch's target tokens are translations of, where that is known."""

    rows: Int[Tensor, " links"]
    targets: Int[Tensor, " links"]
    """Places in ``labels``."""
    sources: Int[Tensor, " links"]
    """Places in ``source``."""
    shares: Float[Tensor, " links"]
    """1 / how many links the target token has."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Sentence pairs as padded rows; padding stands at the end of a row and holds the vocabulary's ``pad``."""

    source: Int[Tensor, "batch source"]
    """Each row ends with ``</s>``."""
    source_mask: Bool[Tensor, "batch source"]
    """True where a real token stands, ``</s>`` included."""
    decoder_input: Int[Tensor, "batch target"]
    """Each row begins with the vocabulary's ``decoder_start``: the labels, moved one to the right."""
    labels: Int[Tensor, "batch target"]
    """Each row ends with ``</s>``."""
    target_mask: Bool[Tensor, "batch target"]
    """True where ``labels`` (and ``decoder_input``) hold a real token."""
    indices: Int[Tensor, " batch"]
    """Which pairs of the dataset these are; always on the CPU."""
    source_tokens: int
    """Real source tokens, ``</s>`` included."""
    target_tokens: int
    """Real labels, ``</s>`` included: what a loss sum is divided by."""
    links: TokenLinks | None = None
    """None where no corpus of the dataset has an alignment."""

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def count(self) -> int:
        """What a loss sum is divided by: target tokens."""
        return self.target_tokens

    @property
    def tokens(self) -> int:
        """What counts as read: target tokens."""
        return self.target_tokens

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Batch:
        """The same batch on another device."""
        names = ("source", "source_mask", "decoder_input", "labels", "target_mask")
        moved: dict[str, Any] = {name: getattr(self, name).to(device, non_blocking=non_blocking) for name in names}
        if self.links is not None:
            parts = {field.name: getattr(self.links, field.name) for field in fields(self.links)}
            links = {name: part.to(device, non_blocking=non_blocking) for name, part in parts.items()}
            moved["links"] = TokenLinks(**links)
        return replace(self, **moved)


@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """How far a run has read: the next batch of the epoch's global plan. The same for every rank."""

    epoch: int = 0
    batch: int = 0


def collate(dataset: ParallelDataset, indices: Int64s, vocabulary: Vocabulary, *, round_to: int = 1) -> Batch:
    """Pairs of a dataset as a batch whose widths are rounded up to ``round_to``."""
    source_ends = dataset.source_lengths[indices]
    target_ends = dataset.target_lengths[indices]
    source = _with_end(
        dataset.padded(0, indices, _width(source_ends, round_to), vocabulary.pad), source_ends, vocabulary
    )
    target = dataset.padded(1, indices, _width(target_ends, round_to), vocabulary.pad)
    decoder_input = np.concatenate([np.full((len(indices), 1), vocabulary.decoder_start), target[:, :-1]], axis=1)
    labels = _with_end(target, target_ends, vocabulary)
    return Batch(
        source=torch.from_numpy(source),
        source_mask=torch.from_numpy(np.arange(source.shape[1]) <= source_ends[:, None]),
        decoder_input=torch.from_numpy(decoder_input),
        labels=torch.from_numpy(labels),
        target_mask=torch.from_numpy(np.arange(labels.shape[1]) <= target_ends[:, None]),
        indices=torch.from_numpy(indices),
        source_tokens=int(source_ends.sum()) + len(indices),
        target_tokens=int(target_ends.sum()) + len(indices),
        links=_links(dataset, indices) if dataset.has_links else None,
    )


class Batches:
    """All batches of a dataset, epoch after epoch.

    ``budget`` bounds sentences × longest side (special tokens counted). Rank ``rank`` of ``world_size`` gets the
    batches at ``rank``, ``rank + world_size``, … of the epoch's plan, every rank equally many.

    Raises (from every method):
        DataError: the dataset has fewer pairs than ranks, or a pair that is longer than the budget.
    """

    def __init__(
        self,
        dataset: ParallelDataset,
        vocabulary: Vocabulary,
        *,
        budget: int,
        seed: int,
        round_to: int = 1,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.dataset = dataset
        self.vocabulary = vocabulary
        self.budget = budget
        self.seed = seed
        self.round_to = round_to
        self.rank = rank
        self.world_size = world_size

    def plan(self, epoch: int) -> list[Int64s]:
        """The pairs of each batch of an epoch, over all ranks."""
        dataset = self.dataset
        sizes = [len(corpus) for corpus in dataset.corpora]
        rows = draw_rows(sizes, dataset.weights, seed=self.seed, epoch=epoch)
        batches = plan_batches(
            dataset.source_lengths[rows],
            dataset.target_lengths[rows],
            budget=self.budget,
            seed=self.seed,
            epoch=epoch,
            round_to=self.round_to,
            multiple_of=self.world_size,
        )
        return [rows[batch] for batch in batches]

    def collate(self, indices: Int64s) -> Batch:
        """These pairs as a batch."""
        return collate(self.dataset, indices, self.vocabulary, round_to=self.round_to)

    def epoch(self, epoch: int = 0) -> Iterator[Batch]:
        """This rank's batches of one epoch."""
        for indices in self.plan(epoch)[self.rank :: self.world_size]:
            yield self.collate(indices)

    def stream(self, position: Position | None = None) -> Iterator[tuple[Batch, Position]]:
        """This rank's batches without end, from ``position`` on, each with the position to go on from after it."""
        epoch, begin = (position.epoch, position.batch) if position is not None else (0, 0)
        while True:
            plan = self.plan(epoch)
            for first in range(begin, len(plan), self.world_size):
                after = first + self.world_size
                following = Position(epoch=epoch, batch=after) if after < len(plan) else Position(epoch=epoch + 1)
                yield self.collate(plan[first + self.rank]), following
            epoch, begin = epoch + 1, 0


def _links(dataset: ParallelDataset, indices: Int64s) -> TokenLinks:
    links = dataset.links(indices)
    rows, targets, sources = (torch.from_numpy(column.copy()) for column in links.T)
    return TokenLinks(rows=rows, targets=targets, sources=sources, shares=torch.from_numpy(shares(links)))


def _width(lengths: Int64s, round_to: int) -> int:
    return -(-(int(lengths.max()) + SPECIALS) // round_to) * round_to


def _with_end(rows: Int64s, ends: Int64s, vocabulary: Vocabulary) -> Int64s:
    rows[np.arange(len(rows)), ends] = vocabulary.eos
    return rows
