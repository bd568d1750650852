"""The built-in Portuguese–Spanish corpus: hand-written and composed pairs, parted, each with its gold word alignment.

Hand-written pairs lie in ``handwritten/*.tsv`` in the notation of ``markup``; composed ones come from ``grammar``.
Case and punctuation aside, no sentence stands in two of the parts: pairs that share a side are dealt out together. A
test sentence is therefore always a new combination of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from atento.core.errors import ConfigurationError
from atento.core.files import atomic_text
from atento.data.builtin import grammar, markup
from atento.data.builtin.markup import AlignedPair
from atento.data.hashes import hash_texts
from atento.data.split import DEV, TEST, TRAIN, SplitConfig, assign, connected_groups

LANGUAGES = ("pt", "es")
HANDWRITTEN_SHARES = SplitConfig(dev=0.06, test=0.1)
COMPOSED_SHARES = SplitConfig(dev=0.03, test=0.05)


@dataclass(frozen=True, kw_only=True)
class BuiltinPart:
    """Train, dev or test: its hand-written and its composed pairs, to be scored apart."""

    handwritten: tuple[AlignedPair, ...]
    composed: tuple[AlignedPair, ...]

    @property
    def pairs(self) -> tuple[AlignedPair, ...]:
        """Both, hand-written first."""
        return self.handwritten + self.composed


@dataclass(frozen=True, kw_only=True)
class BuiltinCorpus:
    """The three parts."""

    train: BuiltinPart
    dev: BuiltinPart
    test: BuiltinPart


def builtin_corpus(composed: int = 20_000, seed: int = 1) -> BuiltinCorpus:
    """The built-in corpus with so many composed pairs; the same arguments always give the same corpus.

    The parts of the hand-written pairs do not depend on ``composed`` (nor on the grammar). A composed pair that
    shares a side with a hand-written one is left out, so there may be slightly fewer.

    Raises:
        ConfigurationError: ``composed`` or ``seed`` is negative.
    """
    if composed < 0 or seed < 0:
        raise ConfigurationError(f"composed = {composed}, seed = {seed}: neither may be negative")
    written = list(handwritten_pairs())
    taken = {plain(pair.source) for pair in written}, {plain(pair.target) for pair in written}
    made = [
        pair
        for pair in (grammar.compose(composed, seed) if composed else ())
        if plain(pair.source) not in taken[0] and plain(pair.target) not in taken[1]
    ]
    written_parts = _parted(written, HANDWRITTEN_SHARES, seed)
    made_parts = _parted(made, COMPOSED_SHARES, seed)
    train, dev, test = (
        BuiltinPart(handwritten=tuple(written_parts[part]), composed=tuple(made_parts[part]))
        for part in (TRAIN, DEV, TEST)
    )
    return BuiltinCorpus(train=train, dev=dev, test=test)


def handwritten_pairs() -> Iterator[AlignedPair]:
    """All hand-written pairs, topic by topic."""
    folder = resources.files("atento.data.builtin") / "handwritten"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".tsv"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.strip() and not line.startswith("#"):
                    yield markup.parse(line)


def plain(text: str) -> str:
    """A text's words alone, case folded: what counts as the same sentence here."""
    return " ".join(word.casefold() for word in markup.words(text) if word[0].isalnum())


def pharaoh(pair: AlignedPair) -> str:
    """The gold links as ``i-j``, positions of ``markup.words`` from 0."""
    return " ".join(f"{i}-{j}" for i, j in pair.links)


def write_builtin(folder: Path, corpus: BuiltinCorpus | None = None) -> tuple[Path, ...]:
    """Write the corpus as text files, and return their paths.

    For each of ``train``, ``dev.handwritten``, ``dev.composed``, ``test.handwritten`` and ``test.composed``: the raw
    text in ``.pt`` and ``.es``, its words and punctuation marks divided by spaces in ``.words.pt`` and ``.words.es``,
    and in ``.align`` the gold links between those words (Pharaoh format). A part without pairs has no files.

    Raises:
        OutputError: a file cannot be written.
    """
    corpus = corpus if corpus is not None else builtin_corpus()
    parts = {
        "train": corpus.train.pairs,
        "dev.handwritten": corpus.dev.handwritten,
        "dev.composed": corpus.dev.composed,
        "test.handwritten": corpus.test.handwritten,
        "test.composed": corpus.test.composed,
    }
    return tuple(path for name, pairs in parts.items() if pairs for path in _write_part(folder, name, pairs))


def _write_part(folder: Path, name: str, pairs: Iterable[AlignedPair]) -> Iterator[Path]:
    suffixes = (*LANGUAGES, *(f"words.{language}" for language in LANGUAGES), "align")
    paths = [folder / f"{name}.{suffix}" for suffix in suffixes]
    with ExitStack() as stack:
        streams = [stack.enter_context(atomic_text(path)) for path in paths]
        for pair in pairs:
            words = (" ".join(markup.words(side)) for side in (pair.source, pair.target))
            for stream, line in zip(streams, (pair.source, pair.target, *words, pharaoh(pair)), strict=True):
                stream.write(f"{line}\n")
    yield from paths


def _parted(pairs: list[AlignedPair], shares: SplitConfig, seed: int) -> dict[int, list[AlignedPair]]:
    parts: dict[int, list[AlignedPair]] = {TRAIN: [], DEV: [], TEST: []}
    if pairs:
        source = hash_texts(plain(pair.source) for pair in pairs)
        target = hash_texts(plain(pair.target) for pair in pairs)
        assigned = assign(connected_groups(source, target), SplitConfig(dev=shares.dev, test=shares.test, seed=seed))
        for part, pair in zip(assigned.tolist(), pairs, strict=True):
            parts[part].append(pair)
    return parts
