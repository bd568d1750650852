"""Which entries of a vocabulary a text can give, each with such a text, and why the others cannot be given.

Land and Bartolo (2024, "Fishing for Magikarp") decode an entry, encode what they get, and see whether the entry comes
back. That says nothing of entries that are parts of characters, and it misjudges those that stand only inside a word
(``##sa``), need something before their space, or are a byte of a character that has no entry. Here an entry is

- **reached** if the tokenizer's own library gives it for one text at least, which is kept: this is never mistaken;
- **unreachable, proved** if there is a reason that holds for every text (``reasons.PROVED``);
- **not given** otherwise, by any text among those tried. These are what the entry stands for, alone and between
  letters, digits, punctuation, white space, a character that no entry has, and one character of every script and
  general category of the vocabulary. For pre-tokenizers that go by classes of characters these are all the cases.

A part of a character is completed in up to some thousand ways, and an entry inside words is put behind entries that no
longer entry joins it to, ending with characters of the 64 commonest scripts and categories. The reason ``cut`` rests on
this: inside the bounds of a token nothing depends on what stands outside, for merges that have been made there are
inside them, and the most probable segmentation is so in every part; so what is cut when it stands alone is cut
everywhere.

Special, unknown and unused tokens are not asked about: no text is meant to give them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from atento.core.progress import Progress, Silent
from atento.text.opened.protocol import Entry, LongestMatch, OpenTokenizer
from atento.text.vocabularies import candidates
from atento.text.vocabularies.candidates import Heads, between, is_inner
from atento.text.vocabularies.overlap import APART
from atento.text.vocabularies.reasons import PROVED, Reason, Reasons

_BATCH = 1 << 14
_COMPLETIONS = (1, 16, 256, 4096)
"""How many texts are tried, in rounds, for an entry that is a part of a character."""
_MOST_HEADS = 64
"""Beginnings of words that end with a character of the commonest scripts and categories."""

Texts = Callable[[Entry], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whether a text can give an entry."""

    number: int
    witness: str | None
    """A text that gives it."""
    reason: Reason | None
    """Why none does; None if one does."""

    @property
    def proved(self) -> bool:
        """Whether the reason holds for every text."""
        return self.reason in PROVED


def reach(tokenizer: OpenTokenizer, progress: Progress | None = None) -> list[Reach]:
    """Look for a text for every entry, in the order of ids; special, unknown and unused ones are left out."""
    entries = [entry for entry in map(tokenizer.entry, tokenizer.numbers) if entry.role not in APART]
    texts = [text for entry in entries if entry.role != "byte" and (text := candidates.text_of(entry))]
    single = frozenset(text for text in texts if len(text) == 1)
    characters = sorted(set("".join(texts)))
    unknown = candidates.stranger(tokenizer, characters)
    reasons = Reasons(tokenizer, entries, single, unknown)

    search = _Search(tokenizer, entries, progress or Silent())
    search.run("alone", candidates.alone)
    if isinstance(tokenizer.algorithm, LongestMatch):
        search.in_words(tokenizer.algorithm, 1)
        search.in_words(tokenizer.algorithm, 8)
        search.run("as words", functools.partial(candidates.spelled, algorithm=tokenizer.algorithm))
    search.settle(reasons.proved)
    for most in _COMPLETIONS:
        search.run("in characters", functools.partial(candidates.completed, most=most, single=single))
    search.between(candidates.edges(unknown))
    search.between(candidates.near_sides(unknown))
    if isinstance(tokenizer.algorithm, LongestMatch):
        search.in_words(tokenizer.algorithm, _MOST_HEADS)
    else:
        search.between(candidates.far_sides(characters))
    search.settle(reasons.last)
    return search.result()


class _Search:
    """What has been found so far."""

    def __init__(self, tokenizer: OpenTokenizer, entries: Sequence[Entry], progress: Progress) -> None:
        self._tokenizer = tokenizer
        self._entries = entries
        self._witnesses: dict[int, str] = {}
        self._reasons: dict[int, Reason] = {}
        self._progress = progress

    def run(self, where: str, texts: Texts) -> None:
        """Try texts for all entries that are left; the first that gives an entry is kept."""
        pending = self._pending()
        self._progress.start(f"finding entries {where}", len(pending))
        tries = ((entry.number, text) for entry in pending for text in self._untried(entry, texts))
        while batch := list(itertools.islice(tries, _BATCH)):
            rows = self._tokenizer.encode_batch([text for _, text in batch])
            for (number, text), ids in zip(batch, rows, strict=True):
                if number in ids:
                    self._witnesses.setdefault(number, text)
            self._progress.advance(len({number for number, _ in batch}))
        self._progress.finish()

    def in_words(self, algorithm: LongestMatch, most: int) -> None:
        """Try entries inside words behind those that have been found."""
        heads = Heads(self._entries, self._witnesses, algorithm)
        self.run("in words", functools.partial(heads.texts, most=most))

    def between(self, sides: Sequence[tuple[str, str]]) -> None:
        """Try entries between neighbours; those inside words have been tried behind beginnings of words."""
        algorithm = self._tokenizer.algorithm
        self.run(
            "between neighbours",
            lambda entry: (
                () if isinstance(algorithm, LongestMatch) and is_inner(entry, algorithm) else between(entry, sides)
            ),
        )

    def settle(self, reason: Callable[[Entry], Reason | None]) -> None:
        """Give up entries for which there is a reason."""
        for entry in self._pending():
            found = reason(entry)
            if found is not None:
                self._reasons[entry.number] = found

    def result(self) -> list[Reach]:
        """All entries."""
        return [
            Reach(number=e.number, witness=self._witnesses.get(e.number), reason=self._reasons.get(e.number))
            for e in self._entries
        ]

    def _pending(self) -> list[Entry]:
        return [e for e in self._entries if e.number not in self._witnesses and e.number not in self._reasons]

    def _untried(self, entry: Entry, texts: Texts) -> Iterator[str]:
        """An entry's texts, until one of an earlier batch has given it."""
        return itertools.takewhile(lambda _: entry.number not in self._witnesses, texts(entry))
