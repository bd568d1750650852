"""Built-in sentences in one of two languages, or half in each: what a classifier can learn to tell apart.

A mixed sentence changes its language once, as near its middle as both halves stay each other's translation: no link
crosses the change, so nothing is said twice and nothing is lost (*O gato duerme encima de la televisión*).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from atento.data.builtin.markup import WORD, AlignedPair

Label = Literal["pt", "es", "mixed"]
LABELS: tuple[Label, ...] = ("pt", "es", "mixed")


def dealt(pairs: Sequence[AlignedPair]) -> Iterator[tuple[str, Label]]:
    """One text of each pair, in each language and mixed by turns, with what it is.

    A pair that reads the same in both languages is left out, as is one that cannot be mixed in its turn.
    """
    for number, pair in enumerate(pairs):
        label = LABELS[number % len(LABELS)]
        text = {"pt": pair.source, "es": pair.target}.get(label) or mixed(pair, turned=number // len(LABELS) % 2 == 1)
        if text is not None and pair.source != pair.target and (label != "mixed" or text not in _sides(pair)):
            yield text, label


def mixed(pair: AlignedPair, *, turned: bool = False) -> str | None:
    """The first half in Portuguese and the second in Spanish, or the other way round (``turned``).

    None: the sentence cannot be changed from one language to the other.
    """
    first, second = _sides(pair)[::-1] if turned else _sides(pair)
    links = [(j, i) for i, j in pair.links] if turned else list(pair.links)
    spans = [match.span() for match in WORD.finditer(first)], [match.span() for match in WORD.finditer(second)]
    sizes = len(spans[0]), len(spans[1])
    changes = [
        (i, j)
        for i in range(1, sizes[0])
        for j in range(1, sizes[1])
        if all((a < i) == (b < j) for a, b in links) and _says(first, spans[0][:i]) and _says(second, spans[1][j:])
    ]
    if not changes:
        return None
    i, j = min(changes, key=lambda change: abs(change[0] / sizes[0] - 0.5) + abs(change[1] / sizes[1] - 0.5))
    begin = spans[1][j][0]
    space = " " if second[begin - 1].isspace() else ""  # none before a comma
    return first[: spans[0][i - 1][1]] + space + second[begin:]


def _sides(pair: AlignedPair) -> tuple[str, str]:
    return pair.source, pair.target


def _says(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether there is a word among these words and marks."""
    return any(text[begin].isalnum() for begin, _ in spans)
