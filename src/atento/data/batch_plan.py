"""Which pairs make up which batch: a pure function of lengths, budget, seed and epoch.

Pairs are sorted by their longer side, and among equals by the difference of the sides, up and down in turn, so that
neighbours are alike on both sides. The order is then cut greedily where sentences × longest side would pass the budget,
and the batches are shuffled. Epochs differ because equals are ordered at random and a random fifth of the pairs counts
as one token longer; this costs about one per cent of padding and halves how many pairs meet again.

Every random number comes from NumPy's PCG64 seeded with (seed, epoch): the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atento.core.errors import DataError

Int64s = npt.NDArray[np.int64]

SPECIALS = 1
"""Special tokens on each side: ``</s>`` ends a source and a target; the decoder's first token takes no extra column."""
_JITTER = 0.2
_BATCHES, _ROWS = 0, 1  # one random stream for each use


def plan_batches(
    source_lengths: Int64s,
    target_lengths: Int64s,
    *,
    budget: int,
    seed: int,
    epoch: int,
    round_to: int = 1,
    multiple_of: int = 1,
) -> list[Int64s]:
    """Batches as arrays of positions in ``source_lengths`` (and ``target_lengths``), each position in exactly one.

    Lengths count tokens without special ones. In every batch sentences × longest side, special tokens counted and
    lengths rounded up to ``round_to``, is at most ``budget``. The number of batches is a multiple of ``multiple_of``
    (the largest are halved to reach it).

    Raises:
        DataError: there is no pair, fewer than ``multiple_of``, or one that is longer than the budget.
    """
    if len(source_lengths) < max(1, multiple_of):
        raise DataError(f"{len(source_lengths)} sentence pairs are too few for {multiple_of} batches; give more data")
    longest = np.maximum(source_lengths, target_lengths) + SPECIALS
    widths = -(-longest // round_to) * round_to
    if widths.max() > budget:
        raise DataError(
            f"a sentence of {longest.max()} tokens does not fit into a batch of {budget} tokens; "
            "allow larger batches or only shorter sentences"
        )
    generator = _generator(seed, epoch, _BATCHES)
    order = _order(source_lengths - target_lengths, longest, generator)
    cuts = _cuts(widths[order], budget)
    batches = np.split(order, cuts)
    _make_multiple(batches, multiple_of)
    return [batches[index] for index in generator.permutation(len(batches))]


def draw_rows(sizes: Sequence[int], weights: Sequence[float], *, seed: int, epoch: int) -> Int64s:
    """The pairs of an epoch over several corpora, numbered through: each corpus as often as its weight says.

    Of a fractional part every epoch takes the next slice of one fixed random order, so that over the epochs all pairs
    come equally often. A corpus of any weight gives at least one pair.
    """
    parts: list[Int64s] = []
    start = 0
    for number, (size, weight) in enumerate(zip(sizes, weights, strict=True)):
        whole = int(weight)
        parts.extend([np.arange(start, start + size)] * whole)
        count = round((weight - whole) * size) if whole else max(1, round(weight * size))
        if count and size:
            order = _generator(seed, number, _ROWS).permutation(size)
            parts.append(start + order[(epoch * count + np.arange(min(count, size))) % size])
        start += size
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _generator(seed: int, epoch: int, use: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, epoch, use]))


def _order(difference: Int64s, longest: Int64s, generator: np.random.Generator) -> Int64s:
    level = longest + (generator.random(len(longest)) < _JITTER)
    turned = np.where(level % 2 == 0, difference, -difference)
    return np.lexsort((generator.random(len(longest)), turned, level))


def _cuts(widths: Int64s, budget: int) -> list[int]:
    """Where the next batch begins. One step a batch: the running maximum over at most budget / width sentences."""
    cuts: list[int] = []
    begin = 0
    while begin < len(widths):
        ahead = np.maximum.accumulate(widths[begin : begin + budget // int(widths[begin])])
        taken = int(np.searchsorted(ahead * np.arange(1, len(ahead) + 1), budget, side="right"))
        begin += taken
        cuts.append(begin)
    return cuts[:-1]


def _make_multiple(batches: list[Int64s], multiple: int) -> None:
    while len(batches) % multiple:
        largest = max(range(len(batches)), key=lambda index: len(batches[index]))
        if len(batches[largest]) == 1:
            raise DataError(
                f"{len(batches)} single sentences cannot be dealt evenly to {multiple}; allow larger batches"
            )
        first, second = np.array_split(batches[largest], 2)
        batches[largest] = first
        batches.append(second)
