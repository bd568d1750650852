"""The batches of a run, one after the other, from any position on."""

from __future__ import annotations

from atento.data.batching import Batch, Batches
from atento.data.dataset import Int64s


class BatchStream:
    """Walks through the global plan of each epoch; rank ``r`` takes the batches at ``r``, ``r + world_size``, …."""

    def __init__(self, batches: Batches, epoch: int, batch: int) -> None:
        self._batches = batches
        self.epoch = epoch
        self.batch = batch
        """The next batch of the epoch's plan, the same number on every rank."""
        self._plan: list[Int64s] = batches.plan(epoch)

    @property
    def epochs(self) -> float:
        """Epochs read so far, with the fraction of the present one."""
        return self.epoch + self.batch / len(self._plan)

    def next(self) -> Batch:
        """This rank's next batch."""
        batch = self._batches.collate(self._plan[self.batch + self._batches.rank])
        self.batch += self._batches.world_size
        if self.batch >= len(self._plan):
            self.epoch, self.batch = self.epoch + 1, 0
            self._plan = self._batches.plan(self.epoch)
        return batch
