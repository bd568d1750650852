"""Nearest neighbours and analogies, in the space that the model works in and not in a map of it.

Exact: every vector is compared, by one matrix product a batch of queries. An analogy is the sum of unit vectors
a − b + c, whose nearest neighbours are sought among all but the three words (Mikolov, Yih and Zweig 2013, "Linguistic
regularities in continuous space word representations", section 4).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atento.core.errors import ConfigurationError
from atento.inspection.vectors import Matrix, Vectors

Metric = Literal["cosine", "dot"]
_BATCH = 256
_CLOSE = 1e-5
"""Scores may differ by rounding; only what scores as high as the query itself is compared with it number by number."""


@dataclass(frozen=True)
class Neighbour:
    """An entry near a query."""

    label: str
    score: float
    """Cosine, or dot product."""
    place: int
    """Its number among the vectors."""


class Space:
    """Vectors among which neighbours are sought."""

    def __init__(self, vectors: Vectors, metric: Metric = "cosine", hidden: Collection[int] = ()) -> None:
        """Prepare the search.

        Args:
            vectors: all of them.
            metric: what is near: a large cosine, or a large dot product, which prefers long vectors.
            hidden: numbers of entries that are never shown, such as special tokens.
        """
        self.vectors = vectors
        self.metric = metric
        self._compared = unit(vectors.values) if metric == "cosine" else vectors.values
        self._hidden = np.array(sorted(hidden), dtype=np.int64)

    def nearest(
        self, queries: Matrix, number: int = 10, without: Sequence[Collection[int]] | None = None
    ) -> list[list[Neighbour]]:
        """The entries nearest to each query, best first, equals in their own order.

        An entry whose vector is the query's, number by number, is left out: it is the query itself or a copy.

        Args:
            queries: [queries, size].
            number: how many to give, at most.
            without: of each query, the numbers of further entries to leave out.

        Raises:
            ConfigurationError: a number below 1.
        """
        if number < 1:
            raise ConfigurationError(f"{number} neighbours: ask for at least 1")
        left_out = without if without is not None else [()] * len(queries)
        found: list[list[Neighbour]] = []
        for start in range(0, len(queries), _BATCH):
            batch = queries[start : start + _BATCH]
            scores = (unit(batch) if self.metric == "cosine" else batch) @ self._compared.T
            scores[:, self._hidden] = -np.inf
            for query, its, excluded in zip(batch, scores, left_out[start : start + _BATCH], strict=True):
                its[list(excluded)] = -np.inf
                its[self._copies(query, its)] = -np.inf
                found.append([Neighbour(self.vectors.labels[n], float(its[n]), int(n)) for n in _best(its, number)])
        return found

    def analogy(
        self, a: Matrix, b: Matrix, c: Matrix, number: int = 10, without: Collection[int] = ()
    ) -> list[Neighbour]:
        """What is nearest to a − b + c, each of unit length for the cosine.

        ``without`` are the entries of the three words themselves.
        """
        parts = [unit(part[None])[0] if self.metric == "cosine" else part for part in (a, b, c)]
        return self.nearest((parts[0] - parts[1] + parts[2])[None], number, [without])[0]

    def _copies(self, query: Matrix, scores: Matrix) -> NDArray[np.int64]:
        own = 1.0 if self.metric == "cosine" else float(query @ query)
        close = np.flatnonzero(np.abs(scores - own) <= _CLOSE * max(own, 1.0))
        copies: NDArray[np.int64] = close[(self.vectors.values[close] == query).all(axis=1)]
        return copies


def unit(values: Matrix) -> Matrix:
    """Vectors of length one in the same directions; a vector of zeros stays one."""
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    return (values / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def cosines(values: Matrix) -> NDArray[np.float64]:
    """The cosine of every pair, [count, count], with ones where a vector meets itself."""
    directions = unit(values).astype(np.float64)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    table: NDArray[np.float64] = np.clip(directions @ directions.T, -1.0, 1.0)
    return table


def _best(scores: Matrix, number: int) -> NDArray[np.int64]:
    """The places of the largest scores, in falling order, and of equals the first ones."""
    shown = int(np.isfinite(scores).sum())
    number = min(number, shown)
    if number == 0:
        return np.empty(0, dtype=np.int64)
    least = np.partition(scores, len(scores) - number)[len(scores) - number]
    enough = np.flatnonzero(scores >= least)
    return enough[np.argsort(-scores[enough], kind="stable")][:number]
