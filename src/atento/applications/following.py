"""What is looked for, and shown, in a text while it is written: stop strings, and the text itself piece by piece.

A stop string counts where it stands in what was written, as a whole: not in the prompt, nor half in it. OpenAI's
interface and vLLM's count so; Hugging Face's ``stop_strings`` end a text at one that the prompt began, too, and leave
it in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from atento.decoding.hypothesis import Step
from atento.text.stepwise import Tail, grow, tail_of
from atento.text.tokenizer import Tokenizer


def first_of(text: str, stop: Sequence[str]) -> int:
    """Where the first stop string begins, or the text's end."""
    return min([place for each in stop if (place := text.find(each)) >= 0], default=len(text))


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is kept of one row."""

    tail: Tail
    end: str
    """The last characters that were written, in which a stop string may have begun."""


class StopStrings:
    """Ends a row once one of the stop strings stands in what it has written; implements ``hypothesis.StopRule``."""

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str]) -> None:
        self._tokenizer, self._stop = tokenizer, stop
        self._kept = max(map(len, stop)) - 1

    def start(self, prefix: Sequence[int]) -> object:
        """What is known of a row before it writes."""
        return _Watched(tail_of(self._tokenizer, prefix), "")

    def read(self, rows: Sequence[object], tokens: Sequence[int]) -> tuple[list[object], list[bool]]:
        """What is known after one more token of each row, and whether it ends with it."""
        watched = [cast("_Watched", row) for row in rows]
        grown = grow(self._tokenizer, [each.tail for each in watched], tokens, unsettled=True)
        known: list[object] = []
        ended = []
        for each, new in zip(watched, grown, strict=True):
            text = each.end + new.settled
            ended.append(any(stop in text + new.unsettled for stop in self._stop))
            known.append(_Watched(new.tail, text[max(0, len(text) - self._kept) :]))
        return known, ended


class Follow:
    """Hands a continuation on while it is written, but for what may still change or become a stop string."""

    def __init__(
        self, tokenizer: Tokenizer, prefix: Sequence[int], stop: Sequence[str], on_text: Callable[[str], None]
    ) -> None:
        self._tokenizer, self._stop, self._on_text = tokenizer, stop, on_text
        self._tail = tail_of(tokenizer, prefix)
        self._held = max((len(each) - 1 for each in stop), default=0)
        self._waiting = ""
        self._shown = 0

    def __call__(self, step: Step) -> None:
        """Take in the newest token."""
        [grown] = grow(self._tokenizer, [self._tail], [int(step.tokens[0, 0])], unsettled=False)
        self._tail = grown.tail
        self._waiting += grown.settled
        ready = min(first_of(self._waiting, self._stop), max(0, len(self._waiting) - self._held))
        self._show(self._waiting[:ready])
        self._waiting = self._waiting[ready:]

    def finish(self, text: str) -> None:
        """Hand on what is left of the whole continuation."""
        self._show(text[self._shown :])

    def _show(self, text: str) -> None:
        if text:
            self._on_text(text)
            self._shown += len(text)
