"""Tokens gathered to words: whose is which, and the matrices that sum and average over each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The words that a text's tokens belong to, in the order of the tokens."""

    labels: tuple[str, ...]
    spans: tuple[Span | None, ...]
    places: tuple[int, ...]
    """Each token's group."""
    sum: NDArray[np.float32]
    mean: NDArray[np.float32]

    @classmethod
    def of(cls, labels: Sequence[str], spans: Sequence[Span | None], text: str, words: Sequence[Span]) -> Groups:
        """Gather tokens; one without a span stays alone, and one that shares no byte with a word joins the next one.

        Args:
            labels: the tokens'.
            spans: their byte spans in ``text``.
            text: where they stand.
            words: the words' byte spans, in order.
        """
        groups = _gather(spans, words)
        raw = text.encode()
        chosen = [None if word is None else words[word] for word, _ in groups]
        total = np.zeros((len(groups), len(labels)), dtype=np.float32)
        for row, (_, tokens) in enumerate(groups):
            total[row, tokens] = 1.0
        return cls(
            labels=tuple(
                labels[tokens[0]] if span is None else raw[slice(*span)].decode(errors="replace")
                for span, (_, tokens) in zip(chosen, groups, strict=True)
            ),
            spans=tuple(chosen),
            places=tuple(int(place) for place in total.argmax(axis=0)) if groups else (),
            sum=total,
            mean=total / np.maximum(total.sum(axis=1, keepdims=True), 1.0),
        )


def _gather(spans: Sequence[Span | None], words: Sequence[Span]) -> list[tuple[int | None, list[int]]]:
    """(word, its tokens) in the order of the tokens; words without a token are left out."""
    groups: list[tuple[int | None, list[int]]] = []
    places: dict[int, int] = {}
    for token, span in enumerate(spans):
        word = None if span is None or not words else _word_of(span, words)
        if word is not None and word in places:
            groups[places[word]][1].append(token)
            continue
        if word is not None:
            places[word] = len(groups)
        groups.append((word, [token]))
    return groups


def _word_of(span: Span, words: Sequence[Span]) -> int:
    """The word that shares most bytes with a token; else the first one that begins after it; else the last one."""
    shared = [min(stop, span[1]) - max(start, span[0]) for start, stop in words]
    best = max(range(len(words)), key=shared.__getitem__)
    if shared[best] > 0:
        return best
    return next((number for number, (start, _) in enumerate(words) if start >= span[1]), len(words) - 1)
