"""The text of ids that come one by one: exactly what decoding them all at once gives, in linear time.

Only a tail is decoded at each step: ids whose text is out already, as context (whether a space stands before a word,
whether a sign touches it), and those after them. A tail ends where nothing that follows can change its text any more:
not within a character, and not within a run of single bytes, which show as characters only if all of them fit. So
nothing of the text has to be taken back. A run of single bytes is decoded anew with every byte, if its text is wanted
before it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from atento.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Tail:
    """What must be known of ids to decode the next ones; for any number of continuations."""

    context: tuple[int, ...]
    """Ids whose text is out, as many as it takes."""
    before: str
    """What the tail's beginning is decoded to."""
    pending: tuple[int, ...] = ()
    """Ids whose text may still change."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A tail after one more id, and what that added."""

    tail: Tail
    settled: str
    """Text that nothing can change any more."""
    unsettled: str
    """Text after it that could come out otherwise; left empty if it was not wanted."""


def after(tokenizer: Tokenizer, prefix: Sequence[int], ids: Sequence[int]) -> str:
    """What ``ids`` add to the text of ``prefix``; a character that both share belongs to the addition."""
    return _addition(tokenizer.decode(prefix), tokenizer.decode([*prefix, *ids]))


def tail_of(tokenizer: Tokenizer, ids: Sequence[int]) -> Tail:
    """Where the ids of a prompt end."""
    end = len(ids)
    while end and tokenizer.unfinished(ids[:end]):
        end -= 1
    size = 1
    while size < end and not tokenizer.decode(ids[end - size : end]):
        size *= 2
    context, pending = tuple(ids[max(0, end - size) : end]), tuple(ids[end:])
    return Tail(context, tokenizer.decode((*context, *pending)), pending)


def grow(tokenizer: Tokenizer, tails: Sequence[Tail], ids: Sequence[int], *, unsettled: bool) -> list[Grown]:
    """One more id for each tail; ``unsettled``: whether text that may still change is wanted."""
    windows = [(*tail.context, *tail.pending, number) for tail, number in zip(tails, ids, strict=True)]
    open_ended = [tokenizer.unfinished(window) for window in windows]
    texts = tokenizer.decode_batch(
        [() if open_end and not unsettled else window for window, open_end in zip(windows, open_ended, strict=True)]
    )
    alone = tokenizer.decode_batch([[number] for number in ids])
    grown = []
    for tail, number, window, open_end, text, its_own in zip(
        tails, ids, windows, open_ended, texts, alone, strict=True
    ):
        added = _addition(tail.before, text)
        if tokenizer.hides(number):
            grown.append(Grown(tail, "", ""))
        elif open_end:
            grown.append(Grown(replace(tail, pending=window[len(tail.context) :]), "", added))
        elif its_own:
            grown.append(Grown(Tail((number,), its_own), added, ""))
        else:  # it shows nothing by itself: what stands before it is still wanted
            grown.append(Grown(Tail(window, text), added, ""))
    return grown


def _addition(before: str, whole: str) -> str:
    if whole.startswith(before):
        return whole[len(before) :]
    differing = (place for place, (a, b) in enumerate(zip(before, whole, strict=False)) if a != b)
    return whole[next(differing, len(whole)) :]
