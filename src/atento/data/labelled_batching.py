"""Batches of framed texts with their classes; ``<s> text </s>`` or ``<s> first </s> second </s>``, cut to what fits."""

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
from atento.data.batch_plan import SPECIALS, Int64s, draw_rows, plan_batches
from atento.data.labelled_dataset import LabelledDataset


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How texts become rows of a model."""

    vocabulary: Vocabulary
    longest: int | None
    """Tokens of a row, special ones included, at most; None: any number."""
    separators: int = 1
    """``</s>`` between the two texts of a pair."""
    has_types: bool = True
    """Whether the model tells the two texts of a pair apart by types."""

    def room(self, paired: bool) -> int | None:
        """Tokens of text in a row, at most."""
        return None if self.longest is None else self.longest - 2 - (self.separators if paired else 0)

    def frame(self, first: Sequence[int], second: Sequence[int] | None) -> tuple[list[int], int]:
        """A row's tokens, and how many of them are of type 0; a text that is too long loses its end.

        Of a pair the longer text loses tokens first.
        """
        room, vocabulary = self.room(second is not None), self.vocabulary
        if second is None:
            kept = list(first if room is None else first[:room])
            return [vocabulary.bos, *kept, vocabulary.eos], len(kept) + 2
        sizes = _shared_out(len(first), len(second), room)
        head = [vocabulary.bos, *first[: sizes[0]], *[vocabulary.eos] * self.separators]
        return [*head, *second[: sizes[1]], vocabulary.eos], len(head)


@dataclass(frozen=True, kw_only=True)
class TextRows:
    """Framed texts as padded rows; padding stands at the end."""

    tokens: Int[Tensor, "batch steps"]
    mask: Bool[Tensor, "batch steps"]
    """True where a real token stands, special ones included."""
    types: Int[Tensor, "batch steps"] | None
    """0 for the first text of a pair and 1 for the second; None where the model does without."""

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> TextRows:
        """The same rows on another device."""
        moved: dict[str, Any] = {
            name: part.to(device, non_blocking=non_blocking)
            for name in ("tokens", "mask", "types")
            if (part := getattr(self, name)) is not None
        }
        return replace(self, **moved)


@dataclass(frozen=True, kw_only=True)
class LabelledBatch:
    """Texts with their classes."""

    rows: TextRows
    labels: Int[Tensor, " batch"]

    @property
    def count(self) -> int:
        """Texts: what a loss sum is divided by."""
        return len(self.labels)

    @property
    def tokens(self) -> int:
        """Real tokens read."""
        return int(self.rows.mask.sum())

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> LabelledBatch:
        """The same batch on another device."""
        return LabelledBatch(
            rows=self.rows.to(device, non_blocking=non_blocking),
            labels=self.labels.to(device, non_blocking=non_blocking),
        )


def text_rows(texts: Sequence[tuple[Sequence[int], Sequence[int] | None]], framing: Framing) -> TextRows:
    """Texts, or pairs of them, as rows."""
    framed = [framing.frame(*each) for each in texts]
    lengths = torch.tensor([len(row) for row, _ in framed])
    places = torch.arange(int(lengths.max()))
    mask = places < lengths.unsqueeze(1)
    tokens = torch.full(mask.shape, framing.vocabulary.pad)
    tokens[mask] = torch.tensor([token for row, _ in framed for token in row])
    types = None
    if framing.has_types and any(second is not None for _, second in texts):
        ends = torch.tensor([end for _, end in framed]).unsqueeze(1)
        types = ((places >= ends) & mask).long()
    return TextRows(tokens=tokens, mask=mask, types=types)


class LabelledBatches:
    """All batches of a dataset, epoch after epoch; see ``stream.BatchSource``.

    Args:
        dataset: the texts.
        framing: how they become rows.
        budget: rows × longest row of a batch, at most.
        seed: of the order.

    Raises:
        DataError: the budget does not hold the longest row.
    """

    rank, world_size = 0, 1

    def __init__(self, dataset: LabelledDataset, framing: Framing, *, budget: int, seed: int) -> None:
        self.dataset, self.framing, self.budget, self.seed = dataset, framing, budget, seed
        paired = dataset.second is not None
        room, lengths = framing.room(paired), dataset.first.lengths
        if dataset.second is not None:
            lengths = lengths + dataset.second.lengths
        self.cut = 0 if room is None else int((lengths > room).sum())
        """How many texts are too long for the model, and lose their ends."""
        self._lengths = (lengths if room is None else np.minimum(lengths, room)) + 2 + framing.separators * paired
        if self._lengths.max() > budget:
            raise DataError(
                f"a text of {self._lengths.max()} tokens does not fit into a batch of {budget}; allow larger batches "
                "(training.batch_tokens), or cut texts shorter (data.context)"
            )

    def plan(self, epoch: int) -> Sequence[Int64s]:
        """The texts of each batch of an epoch."""
        rows = draw_rows(self.dataset.counts, self.dataset.weights, seed=self.seed, epoch=epoch)
        lengths = self._lengths[rows] - SPECIALS
        batches = plan_batches(lengths, lengths, budget=self.budget, seed=self.seed, epoch=epoch)
        return [rows[batch] for batch in batches]

    def collate(self, entry: Int64s) -> LabelledBatch:
        """These texts as a batch."""
        first, second = self.dataset.first, self.dataset.second
        texts = [(first.row(number), None if second is None else second.row(number)) for number in entry.tolist()]
        return LabelledBatch(rows=text_rows(texts, self.framing), labels=torch.from_numpy(self.dataset.labels[entry]))

    def epoch(self, epoch: int = 0) -> Iterator[LabelledBatch]:
        """The batches of one epoch."""
        return (self.collate(entry) for entry in self.plan(epoch))


def _shared_out(first: int, second: int, room: int | None) -> tuple[int, int]:
    """How much of two texts stays, the longer one losing tokens until both are equally long, then each in turn."""
    if room is None or first + second <= room:
        return first, second
    half = room // 2
    if first <= half:
        return first, room - first
    if second <= room - half:
        return room - second, second
    return half, room - half
