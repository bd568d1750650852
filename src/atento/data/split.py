"""Splitting a corpus into train, dev and test so that no sentence stands on two sides.

Pairs that share a source or a target sentence (case and amount of white space aside) are connected; whole connected
groups are dealt out, so neither side of a dev or test pair occurs in another part. Groups are drawn with NumPy's PCG64
from the seed: the same corpus and seed give the same parts on every machine. The corpus is read twice and streamed;
memory holds some forty bytes a pair.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.data.corpus_files import CorpusFiles
from atento.data.hashes import Hashes, hash_texts
from atento.data.pharaoh import check_inside, parse_links
from atento.data.readers import read_pairs
from atento.data.records import Pair, chunked, sides_of
from atento.data.token_links import lines_of_links
from atento.data.writers import pair_writer, text_writer
from atento.text.words import segment

Int64s = npt.NDArray[np.int64]

TRAIN, DEV, TEST = 0, 1, 2


class SplitConfig(Configuration, frozen=True, kw_only=True):
    """How large the held-out parts are: from 1 on a number of pairs, below 1 a fraction of the corpus, 0 for none."""

    dev: float = 0.05
    test: float = 0.05
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("dev", "test"):
            size = getattr(self, name)
            if not 0 <= size < float("inf") or (size > 1 and size != int(size)):
                raise ConfigurationError(f"{name} = {size}: give a number of pairs, or a fraction below 1")
        if self.seed < 0:
            raise ConfigurationError(f"seed = {self.seed}: it must not be negative")


class SplitOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts go; a part of size 0 needs no place."""

    train: CorpusFiles
    dev: CorpusFiles | None = None
    test: CorpusFiles | None = None

    @classmethod
    def in_folder(cls, folder: Path, source_suffix: str, target_suffix: str) -> SplitOutput:
        """``train.pt`` and ``train.es``, ``dev.pt`` … in a folder, for the suffixes ``pt`` and ``es``."""
        train, dev, test = (
            CorpusFiles.of([folder / f"{part}.{suffix}" for suffix in (source_suffix, target_suffix)])
            for part in ("train", "dev", "test")
        )
        return cls(train=train, dev=dev, test=test)


class SplitReport(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs of each part, and how the corpus hangs together."""

    train: int
    dev: int
    test: int
    groups: int
    largest_group: int


def split_corpus(
    corpus: CorpusFiles, output: SplitOutput, config: SplitConfig | None = None, *, progress: Progress | None = None
) -> SplitReport:
    """Write the parts of a corpus, each in the corpus's order; also its links, for parts that name a place for them.

    Raises:
        DataError: the corpus cannot be read (file and line are named), or cannot give parts of these sizes, or its
            links have another number of lines, are malformed or outside their sentences.
        ConfigurationError: a part that is wanted has no place.
        OutputError: a file cannot be written.
    """
    config = config or SplitConfig()
    progress = progress or Silent()
    places = {TRAIN: output.train}
    for part, size, place in ((DEV, config.dev, output.dev), (TEST, config.test, output.test)):
        if size:
            if place is None:
                raise ConfigurationError("name a file for every part whose size is not 0")
            places[part] = place
    progress.start(f"Splitting {corpus.name}", None)
    try:
        groups = _groups_of(corpus, progress)
        parts = assign(groups, config)
        with contextlib.ExitStack() as stack:
            writers = {part: stack.enter_context(pair_writer(place)) for part, place in places.items()}
            for part, pair in zip(map(int, parts), read_pairs(corpus), strict=True):
                writers[part].write(pair.source, pair.target)
        _split_links(corpus, places, parts)
    finally:
        progress.finish()
    sizes = np.bincount(parts, minlength=3).tolist()
    members = np.bincount(groups)
    return SplitReport(
        train=sizes[TRAIN], dev=sizes[DEV], test=sizes[TEST], groups=len(members), largest_group=int(members.max())
    )


def _split_links(corpus: CorpusFiles, places: dict[int, CorpusFiles], parts: npt.NDArray[np.int8]) -> None:
    """Deal the lines of links out as the pairs were, to the parts that have a place for them."""
    wanted = {part: Path(place.alignment) for part, place in places.items() if place.alignment is not None}
    if corpus.alignment is None or not wanted:
        return
    with contextlib.ExitStack() as stack:
        streams = {part: stack.enter_context(text_writer(path)) for part, path in wanted.items()}
        for line, part in zip(lines_of_links(Path(corpus.alignment), len(parts)), parts.tolist(), strict=True):
            if part in streams:
                streams[part].write(f"{line}\n")
        lines = zip(lines_of_links(Path(corpus.alignment), len(parts)), read_pairs(corpus), strict=True)
        for number, (line, pair) in enumerate(lines, 1):  # here, where the user's own file can be named
            _check_links(line, pair, corpus, number)


def _check_links(line: str, pair: Pair, corpus: CorpusFiles, number: int) -> None:
    where = f"{corpus.alignment}, line {number}"
    try:
        links = parse_links(line, one_based=corpus.alignment_one_based)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    check_inside(
        links, *(len(segment(text, corpus.alignment_words)) for text in (pair.source, pair.target)), where=where
    )


def connected_groups(source: Hashes, target: Hashes) -> Int64s:
    """Numbers from 0, the same for pairs that share a side, directly or through others; by first occurrence."""
    source_ids, target_ids = (np.unique(side, return_inverse=True)[1].reshape(-1) for side in (source, target))
    label = np.arange(len(source_ids))
    while True:
        before = label
        for ids in (source_ids, target_ids):  # every pair takes the smallest label among those that share a side
            smallest = np.full(len(label), len(label))
            np.minimum.at(smallest, ids, label)
            label = smallest[ids]
        label = label[label]  # and its label's label, which makes long chains short
        if np.array_equal(before, label):
            return np.unique(label, return_inverse=True)[1].reshape(-1)


def assign(groups: Int64s, config: SplitConfig) -> npt.NDArray[np.int8]:
    """The part (``TRAIN``, ``DEV``, ``TEST``) of each pair: groups in random order, as long as a part has room.

    Raises:
        DataError: no pair would be left to train on, or the groups are too large for the parts.
    """
    total = len(groups)
    wanted = {
        part: int(size) if size >= 1 else max(1, round(size * total))
        for part, size in ((TEST, config.test), (DEV, config.dev))
        if size
    }
    if sum(wanted.values()) >= total:
        raise DataError(
            f"a corpus of {total} pairs cannot give {wanted.get(DEV, 0)} for dev and {wanted.get(TEST, 0)} for test "
            "and leave some to train on; ask for fewer"
        )
    members = np.bincount(groups)
    part_of_group = np.zeros(len(members), np.int8)
    room = dict(wanted)
    for group in np.random.Generator(np.random.PCG64(config.seed)).permutation(len(members)).tolist():
        part = next((part for part, left in room.items() if left), None)
        if part is None:
            break
        if members[group] <= room[part]:
            part_of_group[group] = part
            room[part] -= int(members[group])
    if any(wanted[part] - room[part] < (wanted[part] + 1) // 2 for part in wanted):
        raise DataError(
            f"the largest group of pairs that share a sentence has {members.max()} of {total} pairs, too many to part "
            "the corpus without a sentence on two sides; clean duplicate sources and targets first, or ask for fewer"
        )
    result: npt.NDArray[np.int8] = part_of_group[groups]
    return result


def _groups_of(corpus: CorpusFiles, progress: Progress) -> Int64s:
    source: list[Hashes] = []
    target: list[Hashes] = []
    for chunk in chunked(read_pairs(corpus)):
        for side, texts in zip((source, target), sides_of(chunk), strict=True):
            side.append(hash_texts(texts, fold=True))
        progress.advance(len(chunk))
    return connected_groups(np.concatenate(source), np.concatenate(target))
