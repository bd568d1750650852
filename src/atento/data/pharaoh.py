"""Word alignments and the files they lie in: the Pharaoh format, one sentence pair a line.

``i-j`` is a sure link of source word i and target word j, ``i?j`` (or ``ipj``) a possible one, after Och and Ney, "A
systematic comparison of various statistical alignment models", Computational Linguistics 29 (2003).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from atento.core.errors import DataError
from atento.core.files import atomic_text, read_lines

Link = tuple[int, int]
"""(source word, target word), both counted from 0."""

Links = frozenset[Link]

_LINK = re.compile(r"([0-9]{1,9})([-?p])([0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A sentence pair's links; every sure link is also a possible one, whether it was given as such or not."""

    sure: Links = frozenset()
    possible: Links = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "possible", self.possible | self.sure)

    @classmethod
    def of(cls, links: Iterable[Link]) -> Alignment:
        """An alignment of sure links only."""
        return cls(sure=frozenset(links))

    def inverted(self) -> Alignment:
        """The alignment of the other direction: target and source change places."""
        return Alignment(sure=inverted(self.sure), possible=inverted(self.possible))


def inverted(links: Iterable[Link]) -> Links:
    """Links whose target and source have changed places."""
    return frozenset((target, source) for source, target in links)


def parse_links(line: str, *, one_based: bool = False) -> Alignment:
    """Read one Pharaoh line: ``i-j`` is sure, ``i?j`` or ``ipj`` possible, source word before target word.

    Args:
        line: links separated by spaces; a line without any is an empty alignment.
        one_based: whether the file counts words from 1.

    Raises:
        DataError: a link is not of this form, or is 0 where words count from 1 (the caller knows file and line).
    """
    links: dict[bool, set[Link]] = {True: set(), False: set()}
    first = int(one_based)
    for text in line.split():
        match = _LINK.fullmatch(text)
        if match is None:
            raise DataError(f"{text!r} is no link; write i-j (sure) or i?j (possible) with spaces between links")
        source, target = int(match[1]) - first, int(match[3]) - first
        if min(source, target) < 0:
            raise DataError(f"the link {text!r} counts from 0; read this file as counting from 0")
        links[match[2] == "-"].add((source, target))
    return Alignment(sure=frozenset(links[True]), possible=frozenset(links[False]))


def format_links(alignment: Alignment, *, one_based: bool = False) -> str:
    """One Pharaoh line, links in order; ``parse_links`` reads it back."""
    first = int(one_based)
    return " ".join(
        f"{source + first}{'-' if (source, target) in alignment.sure else '?'}{target + first}"
        for source, target in sorted(alignment.possible)
    )


def stream_alignments(path: Path, *, one_based: bool = False) -> Iterator[Alignment]:
    """Read a Pharaoh file line by line.

    Raises:
        DataError: the file cannot be read, or a line is not in the format (file and line are named).
    """
    for number, line in enumerate(read_lines(path), 1):
        try:
            yield parse_links(line, one_based=one_based)
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error


def read_alignments(path: Path, *, one_based: bool = False, invert: bool = False) -> list[Alignment]:
    """Read a Pharaoh file, one sentence pair a line.

    Args:
        path: the file, compressed or not.
        one_based: whether it counts words from 1.
        invert: whether its links are target-source; they are turned round.

    Raises:
        DataError: the file cannot be read, has no lines, or a line is not in the format (file and line are named).
    """
    alignments = list(stream_alignments(path, one_based=one_based))
    if not alignments:
        raise DataError(f"{path} is empty; give a file with one line of links for each sentence pair")
    return [each.inverted() for each in alignments] if invert else alignments


def write_alignments(path: Path, alignments: Iterable[Alignment], *, one_based: bool = False) -> None:
    """Write a Pharaoh file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_text(path) as stream:
        for alignment in alignments:
            stream.write(format_links(alignment, one_based=one_based) + "\n")


def check_links(alignments: Sequence[Alignment], source_lengths: Sequence[int], target_lengths: Sequence[int]) -> None:
    """Refuse links to words that are not there: a sign of other files, other word boundaries, or counting from 1.

    Args:
        alignments: one for each sentence pair.
        source_lengths: the words of each source sentence.
        target_lengths: the words of each target sentence.

    Raises:
        DataError: unequal numbers of sentences, or a link outside its sentence (its line is named).
    """
    if not len(alignments) == len(source_lengths) == len(target_lengths):
        raise DataError(
            f"{len(alignments)} lines of links for {len(source_lengths)} source and {len(target_lengths)} target "
            "sentences; give one for each pair"
        )
    for number, (alignment, source, target) in enumerate(
        zip(alignments, source_lengths, target_lengths, strict=True), 1
    ):
        check_inside(alignment, source, target, where=f"line {number}")


def check_inside(alignment: Alignment, source_length: int, target_length: int, *, where: str) -> None:
    """The same for one sentence pair; ``where`` names it.

    Raises:
        DataError: a link is outside its sentence.
    """
    for i, j in sorted(alignment.possible):
        if i >= source_length or j >= target_length:
            raise DataError(
                f"{where}: the link {i}-{j} (counted from 0) is outside its sentences of {source_length} and "
                f"{target_length} words; check the files, their word boundaries, whether the links count from 1, and "
                "which side comes first"
            )
