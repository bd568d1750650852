"""Which inputs are decoded together, and how results find back to the user's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def plan_batches(lengths: Sequence[int], *, batch_tokens: int, batch_size: int) -> list[list[int]]:
    """Group inputs of similar length; gives the inputs' numbers, every one once.

    The longest come first (so that memory, if it does not suffice, fails at once); count × longest stays within
    ``batch_tokens`` and count within ``batch_size``, but an input longer than the budget is still decoded, alone.
    Inputs of equal length keep their order.
    """
    batches: list[list[int]] = []
    longest = 0
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if not batches or len(batches[-1]) == batch_size or (len(batches[-1]) + 1) * longest > batch_tokens:
            batches.append([])
            longest = lengths[number]
        batches[-1].append(number)
    return batches


def in_order(batches: Iterable[Sequence[int]], results: Iterable[Sequence[Result]]) -> list[Result]:
    """The results of each batch's inputs, in the order of the inputs' numbers 0, 1, …."""
    numbered = [pair for batch, found in zip(batches, results, strict=True) for pair in zip(batch, found, strict=True)]
    numbered.sort(key=lambda pair: pair[0])
    return [result for _, result in numbered]
