"""Why no text gives an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from atento.text.opened.protocol import Entry, LongestMatch, Merges, OpenTokenizer, Scores
from atento.text.spans import byte_level_table
from atento.text.traces.replay import merged
from atento.text.vocabularies.candidates import is_inner, text_of
from atento.text.vocabularies.cutting import beaten, longer_entry
from atento.text.vocabularies.utf8 import CONTINUATIONS, is_partial, lacking, stands_in_utf8, texts_with

Reason = Literal["empty", "no UTF-8", "misspelled", "cut", "never bytes", "normalised", "parted", "not found"]

REASONS: Final[dict[Reason, str]] = {
    "empty": "it stands for nothing",
    "no UTF-8": "no text in UTF-8 has its bytes",
    "misspelled": "its string has characters that are no byte in the spelling of bytes that the algorithm reads",
    "cut": "the algorithm cuts it wherever it stands: its own merges or its probability make it several, or a longer "
    "entry always takes its place",
    "never bytes": "every character that has this byte has an entry of its own",
    "normalised": "normalisation changes it before it is looked for",
    "parted": "the text is always parted inside it, or before it, among the neighbours that were tried",
    "not found": "no text that was tried gave it, for no reason that we know",
}
PROVED: Final[frozenset[Reason]] = frozenset({"empty", "no UTF-8", "misspelled", "cut", "never bytes", "normalised"})
"""Reasons that hold for every text. ``normalised`` takes it that normalisation gives normal forms, which it leaves
alone, and so their parts: true of NFC, NFKC, small letters, removed accents, and SentencePiece's tables."""


class Reasons:
    """Looks for reasons, once texts did not give an entry."""

    def __init__(
        self, tokenizer: OpenTokenizer, entries: Sequence[Entry], single: frozenset[str], unknown: str
    ) -> None:
        self._tokenizer = tokenizer
        self._algorithm = tokenizer.algorithm
        self._entries = [entry for entry in entries if entry.raw]
        self._single = single
        self._unknown = unknown

    def proved(self, entry: Entry) -> Reason | None:
        """A reason that holds for every text and needs none."""
        if not entry.raw:
            return "empty"
        if is_partial(entry.raw) and not stands_in_utf8(entry.raw):
            return "no UTF-8"
        if entry.role == "byte":
            return "never bytes" if self._always_entries(entry.raw) else None
        if self._tokenizer.kind == "byte-bpe" and not set(entry.piece) <= byte_level_table().keys():
            return "misspelled"
        return "cut" if self._cut(entry) else None

    def last(self, entry: Entry) -> Reason:
        """What can be said when all texts have failed."""
        text = text_of(entry)
        if text is None:
            return "cut" if self._joined(entry) else "not found"
        cuts = [self._tokenizer.cut(beside + text + beside) for beside in ("", "a", self._unknown)]
        if all(text.strip(" ") not in cut.normalised.replace("▁", " ") for cut in cuts):
            return "normalised"
        return "parted" if entry.role != "byte" else "not found"

    def _cut(self, entry: Entry) -> bool:
        match self._algorithm:
            case Merges() as merges if _is_spelled(entry) and (not merges.whole or is_partial(entry.raw)):
                return len(_pieces(entry.piece, merges.ranks)) > 1  # words looked up whole are no parts of characters
            case Scores() as scores:
                return beaten(entry.piece, scores)
            case LongestMatch() as longest if is_inner(entry, longest):
                rest = entry.piece.removeprefix(longest.continuation)
                return not rest or all(longer_entry(begin, rest, longest) for begin in longest.entries)
        return False

    def _joined(self, entry: Entry) -> bool:
        """Whether a part of a character is merged with whatever completes it.

        Two tokens stand side by side in an encoding only if the two alone are encoded so, for merges inside their
        bounds are the same there. So an entry whose character goes on is given only if that holds with one of the
        entries that begin inside a character; likewise before it.
        """
        if not isinstance(self._algorithm, Merges):
            return False
        ranks = self._algorithm.ranks
        after = [other.piece for other in self._entries if other.raw[0] in CONTINUATIONS]
        before = [other.piece for other in self._entries if lacking(other.raw) or set(other.raw) <= set(CONTINUATIONS)]
        goes_on, was_begun = lacking(entry.raw) > 0, entry.raw[0] in CONTINUATIONS
        return (goes_on and not any(_stay_apart(entry.piece, piece, ranks) for piece in after)) or (
            was_begun and not any(_stay_apart(piece, entry.piece, ranks) for piece in before)
        )

    def _always_entries(self, raw: bytes) -> bool:
        return all(text in self._single for text in texts_with(raw, len(self._single) + 1))


def _is_spelled(entry: Entry) -> bool:
    """Whether an entry's string has a symbol for each of its bytes or characters, and no mark beside them."""
    text = text_of(entry)
    return len(entry.piece) in (len(entry.raw), len(entry.raw if text is None else text))


def _stay_apart(left: str, right: str, ranks: Mapping[tuple[str, str], float]) -> bool:
    return _pieces(left + right, ranks) == (left, right)


def _pieces(symbols: str, ranks: Mapping[tuple[str, str], float]) -> tuple[str, ...]:
    """What merges alone make of symbols in the midst of a pre-token, where no mark of its ends is added."""
    return merged(Merges(ranks=ranks, entries={}), symbols).pieces
