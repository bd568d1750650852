"""The batches of a run, one after the other, from any position on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, Self, TypeVar

import torch


class TrainingBatch(Protocol):
    """What training asks of a batch of any kind."""

    @property
    def count(self) -> int:
        """How many predictions its loss sums up."""
        ...

    @property
    def tokens(self) -> int:
        """How many tokens count as read."""
        ...

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        ...


BatchType = TypeVar("BatchType", bound=TrainingBatch)
BatchType_co = TypeVar("BatchType_co", bound=TrainingBatch, covariant=True)
EntryType = TypeVar("EntryType")


class BatchSource(Protocol[EntryType, BatchType_co]):
    """All batches of a dataset, epoch after epoch, planned from (seed, epoch) alone."""

    @property
    def rank(self) -> int:
        """Which of ``world_size`` readers this is."""
        ...

    @property
    def world_size(self) -> int:
        """How many read side by side."""
        ...

    def plan(self, epoch: int) -> Sequence[EntryType]:
        """What each batch of an epoch is made of, over all ranks."""
        ...

    def collate(self, entry: EntryType) -> BatchType_co:
        """The batch of one entry of a plan."""
        ...


class BatchStream(Generic[EntryType, BatchType]):
    """Walks through the global plan of each epoch; rank ``r`` takes the batches at ``r``, ``r + world_size``, …."""

    def __init__(self, batches: BatchSource[EntryType, BatchType], epoch: int, batch: int) -> None:
        self._batches = batches
        self.epoch = epoch
        self.batch = batch
        """The next batch of the epoch's plan, the same number on every rank."""
        self._plan = batches.plan(epoch)

    @property
    def epochs(self) -> float:
        """Epochs read so far, with the fraction of the present one."""
        return self.epoch + self.batch / len(self._plan)

    def next(self) -> BatchType:
        """This rank's next batch."""
        batch = self._batches.collate(self._plan[self.batch + self._batches.rank])
        self.batch += self._batches.world_size
        if self.batch >= len(self._plan):
            self.epoch, self.batch = self.epoch + 1, 0
            self._plan = self._batches.plan(self.epoch)
        return batch
