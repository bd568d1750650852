"""Bytes that are parts of characters: whether they can stand in UTF-8 at all, and texts that have them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

_LEADS: Final = {2: range(0xC2, 0xE0), 3: range(0xE0, 0xF0), 4: range(0xF0, 0xF5)}
"""First bytes of characters of 2, 3 and 4 bytes (Unicode Standard, table 3-7)."""
CONTINUATIONS: Final = range(0x80, 0xC0)
_TURNS: Final = (0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF)
"""Ends of the ranges that the second byte of a character may be bound to: if none of these will do, no byte does."""

Choices = tuple[Sequence[int], ...]


def is_partial(raw: bytes) -> bool:
    """Whether bytes are no whole characters."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


def stands_in_utf8(raw: bytes) -> bool:
    """Whether any text in UTF-8 has these bytes side by side."""
    return any(
        not is_partial(bytes(before) + raw + bytes(after))
        for left, right in _ways(raw, continuations=_TURNS)
        for before in itertools.product(*left)
        for after in itertools.product(*right)
    )


def texts_with(raw: bytes, most: int) -> Iterator[str]:
    """Texts that are these bytes with what is lacking at both ends to make whole characters of them.

    All ways of completing them take turns, and each goes through its bytes in large steps, so that the first texts
    are of many kinds. Bytes that are whole characters give themselves.

    Args:
        raw: the bytes.
        most: how many texts at most; all there are, if there are no more.
    """
    ways = [_completions(raw, left, right, most) for left, right in _ways(raw, continuations=CONTINUATIONS)]
    taken = (text for turn in itertools.zip_longest(*ways) for text in turn if text is not None)
    return itertools.islice(taken, most)


def lacking(raw: bytes) -> int:
    """How many bytes the last character lacks whose first byte is among these; 0 if none does."""
    for back, byte in enumerate(reversed(raw[-3:]), 1):
        length = next((length for length, leads in _LEADS.items() if byte in leads), 0)
        if length:
            return max(length - back, 0)
    return 0


def _completions(raw: bytes, left: Choices, right: Choices, most: int) -> Iterator[str]:
    sizes = [len(choice) for choice in (*left, *right)]
    total = math.prod(sizes)
    step = next(n for n in itertools.count(int(total * 0.618) or 1) if math.gcd(n, total) == 1)  # the golden section
    for count in range(min(total, 8 * most)):  # some ways, such as surrogates, are no characters
        rest, chosen = count * step % total, bytearray()
        for choice in (*left, *right):
            rest, place = divmod(rest, len(choice))
            chosen.append(choice[place])
        try:
            yield (bytes(chosen[: len(left)]) + raw + bytes(chosen[len(left) :])).decode()
        except UnicodeDecodeError:
            continue


def _ways(raw: bytes, *, continuations: Sequence[int]) -> Iterator[tuple[Choices, Choices]]:
    """What may stand in each place before and after the bytes."""
    head = len(raw) - len(raw.lstrip(bytes(CONTINUATIONS)))
    if head > 3:
        return
    if head == len(raw) and raw:  # inside one character
        for length, leads in _LEADS.items():
            for before in range(1, length - head + 1):
                yield (leads, *[continuations] * (before - 1)), (continuations,) * (length - before - head)
        return
    after = (continuations,) * lacking(raw)
    if not head:
        yield (), after
    for length, leads in _LEADS.items():
        if 0 < head < length:
            yield (leads, *[continuations] * (length - head - 1)), after
