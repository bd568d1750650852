"""One alignment out of two directions' (Och and Ney 2003, section 4; Koehn, Och and Marcu, "Statistical phrase-based
translation", NAACL 2003, section 4.5; Koehn et al., "Edinburgh system description", IWSLT 2005).

*Forward* links say for each target word which source words it comes from, *backward* ones for each source word where
it went; both are written (source, target) here. Their intersection is precise, their union complete. The heuristics
between begin with the intersection and

    grow-diag             add neighbours (the eight around a link) that are in the union and join at least one word that
                          is still unlinked, until nothing changes;
    grow-diag-final       then add any other link, forward ones first, that joins at least one unlinked word;
    grow-diag-final-and   … or rather that joins two unlinked words.

What is added decides what may be added next, so the order counts. It is that of Moses' ``symal``: by target word, then
by source word, added links included; neighbours in the order of ``_NEIGHBOURS``. Intersection ⊆ grow-diag ⊆ both finals
⊆ union always holds; grow-diag-final-and is nearly always a part of grow-diag-final, but need not be.

Some programs grow by links between two unlinked words only (NLTK; the published outputs of alignment-scripts, Zenkel,
Wuebker and DeNero 2019, whose "grow-diagonal-final" is a "final-and" besides): ``free="both"`` does so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal, get_args

from atento.core.errors import DataError
from atento.data.pharaoh import Link, Links

Method = Literal["intersection", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
Free = Literal["either", "both"]
"""Which of a link's words must be unlinked for it to be added."""

_NEIGHBOURS: Final = ((0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (1, -1), (-1, 1), (1, 1))
"""(source, target) steps; ``symal`` writes the target first."""


def symmetrise(forward: AbstractSet[Link], backward: AbstractSet[Link], method: Method) -> Links:
    """The links of one sentence pair, from those of two directions.

    Args:
        forward: (source, target), a source word for each target word.
        backward: (source, target) as well, a target word for each source word.
        method: see the module.
    """
    match method:
        case "intersection":
            return frozenset(forward & backward)
        case "union":
            return frozenset(forward | backward)
        case "grow-diag":
            return grow_diag(forward, backward)
        case "grow-diag-final":
            return final(grow_diag(forward, backward), forward, backward)
        case "grow-diag-final-and":
            return final(grow_diag(forward, backward), forward, backward, free="both")


def symmetrise_corpus(
    forward: Sequence[AbstractSet[Link]], backward: Sequence[AbstractSet[Link]], method: Method
) -> list[Links]:
    """``symmetrise`` for each sentence pair.

    Raises:
        DataError: unequal numbers of sentence pairs.
    """
    if len(forward) != len(backward):
        raise DataError(f"{len(forward)} forward and {len(backward)} backward alignments; give both of the same pairs")
    return [symmetrise(there, back, method) for there, back in zip(forward, backward, strict=True)]


def grow_diag(forward: AbstractSet[Link], backward: AbstractSet[Link], *, free: Free = "either") -> Links:
    """The intersection, and its neighbours in the union as long as they join unlinked words."""
    union = frozenset(forward | backward)
    grown = _Growing(forward & backward, free)
    scan = _ordered(union)
    size = -1
    while size != len(grown.links):
        size = len(grown.links)
        for source, target in scan:
            if (source, target) in grown.links:
                neighbours = ((source + right, target + down) for right, down in _NEIGHBOURS)
                grown.add(neighbour for neighbour in neighbours if neighbour in union)
    return frozenset(grown.links)


def final(
    links: AbstractSet[Link], forward: AbstractSet[Link], backward: AbstractSet[Link], *, free: Free = "either"
) -> Links:
    """Grown links, and what else of either direction joins unlinked words."""
    grown = _Growing(links, free)
    grown.add(_ordered(forward))
    grown.add(_ordered(backward))
    return frozenset(grown.links)


class _Growing:
    """Links that become more, and the words that they join."""

    def __init__(self, links: AbstractSet[Link], free: Free) -> None:
        self.links = set(links)
        self._sources = {source for source, _ in links}
        self._targets = {target for _, target in links}
        self._enough = all if free == "both" else any

    def add(self, candidates: Iterable[Link]) -> None:
        """Take in, one after the other, those whose words are free."""
        for source, target in candidates:
            if self._enough((source not in self._sources, target not in self._targets)):
                self.links.add((source, target))
                self._sources.add(source)
                self._targets.add(target)


def _ordered(links: AbstractSet[Link]) -> list[Link]:
    return sorted(links, key=lambda link: (link[1], link[0]))
