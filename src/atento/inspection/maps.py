"""Vectors as points of a plane: PCA, t-SNE and UMAP. A map is a picture; distances are read in the original space.

PCA (Pearson 1901) is the projection that keeps most variance, and says how much. t-SNE (van der Maaten and Hinton 2008)
and UMAP (McInnes et al. 2018) keep neighbours together, by their cosine, and nothing else: distances between groups,
their sizes and the axes mean nothing, and another seed gives another picture.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from atento.core.errors import ConfigurationError, DataError
from atento.inspection.neighbours import unit
from atento.inspection.vectors import Matrix

Method = Literal["pca", "tsne", "umap"]
Points = NDArray[np.float64]
"""[count, 2]."""

NAMES: Final[dict[Method, str]] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_LARGEST_SEED: Final = 2**32 - 1
_PERPLEXITY: Final = 30.0
_NEIGHBOURS: Final = 15
_FEWEST: Final[dict[Method, int]] = {"pca": 2, "tsne": 4, "umap": 4}


@dataclass(frozen=True, kw_only=True)
class Map:
    """Points of a plane that stand for vectors."""

    points: Points
    method: Method
    size: int
    """Of the vectors."""
    seed: int | None = None
    """None: nothing was drawn."""
    explained: tuple[float, float] | None = None
    """Shares of the variance that PCA's two axes keep."""
    neighbours: float | None = None
    """t-SNE's perplexity, UMAP's number of neighbours."""

    @property
    def axes(self) -> tuple[str, str]:
        """Names of the axes; those of t-SNE and UMAP have no meaning, and no name."""
        if self.explained is None:
            return "", ""
        first, second = (f"PC {number} ({100 * share:.1f} %)" for number, share in enumerate(self.explained, 1))
        return first, second

    @property
    def note(self) -> str:
        """How it was made, and what it may be used for, in a line or two."""
        match self.method:
            case "pca":
                how = f"PCA: the plane keeps {100 * sum(self.explained or ()):.1f} % of the variance"
            case "tsne":
                how = f"t-SNE, perplexity {self.neighbours:.3g}, seed {self.seed}"
            case "umap":
                how = f"UMAP, {self.neighbours:g} neighbours, seed {self.seed}"
        return f"{how}. A picture only: read distances in the {self.size} original dimensions."


def map_vectors(values: Matrix, method: Method = "pca", seed: int = 1) -> Map:
    """Lay vectors out in a plane.

    Args:
        values: [count, size].
        method: see the module's text.
        seed: of t-SNE and UMAP, which draw.

    Raises:
        DataError: too few vectors.
        ConfigurationError: a library is missing, or the seed is out of its range.
    """
    check_seed(seed)
    if len(values) < _FEWEST[method]:
        raise DataError(
            f"{NAMES[method]} needs at least {_FEWEST[method]} vectors, and here are {len(values)}; give more"
        )
    match method:
        case "pca":
            points, explained = principal_components(values)
            return Map(points=points, method=method, size=values.shape[1], explained=explained)
        case "tsne":
            perplexity = min(_PERPLEXITY, (len(values) - 1) / 3)
            points = _tsne(values, perplexity, seed)
            return Map(points=points, method=method, size=values.shape[1], seed=seed, neighbours=perplexity)
        case "umap":
            near = min(_NEIGHBOURS, len(values) - 1)
            return Map(
                points=_umap(values, near, seed), method=method, size=values.shape[1], seed=seed, neighbours=near
            )


def check_seed(seed: int) -> None:
    """Refuse a seed that NumPy's generators, which t-SNE and UMAP draw with, do not take.

    Raises:
        ConfigurationError: it is out of their range.
    """
    if not 0 <= seed <= _LARGEST_SEED:
        raise ConfigurationError(f"seed {seed}: give a number from 0 to {_LARGEST_SEED:,}")


def principal_components(values: Matrix) -> tuple[Points, tuple[float, float]]:
    """The coordinates of vectors along the two directions of most variance, and its shares.

    From the singular values of the centred vectors. A direction's sign is free: the largest weight is positive.
    """
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((2, values.shape[1]))
    plane[: min(2, len(directions))] = directions[:2]
    largest = np.abs(plane).argmax(axis=1)
    plane *= np.where(plane[np.arange(2), largest] < 0, -1.0, 1.0)[:, None]
    variance = np.zeros(2)
    variance[: min(2, len(singular))] = singular[:2] ** 2
    total = float((singular**2).sum())
    first, second = (float(share) for share in (variance / total if total > 0 else variance))
    return centred @ plane.T, (first, second)


def _tsne(values: Matrix, perplexity: float, seed: int) -> Points:
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise _missing("t-SNE", "scikit-learn") from error
    model = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    return _points(model.fit_transform(unit(values)))


def _umap(values: Matrix, neighbours: int, seed: int) -> Points:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # it says that TensorFlow, which we do not use, is missing
            from umap import UMAP
    except ImportError as error:
        raise _missing("UMAP", "umap-learn") from error
    few = len(values) < 4 * neighbours  # its spectral start needs more points than it has directions
    model = UMAP(
        n_neighbors=neighbours,
        metric="cosine",
        init="random" if few else "spectral",
        random_state=seed,
        n_jobs=1,
    )
    return _points(model.fit_transform(unit(values)))


def _points(found: Any) -> Points:
    return np.asarray(found, dtype=np.float64)


def _missing(method: str, library: str) -> ConfigurationError:
    return ConfigurationError(
        f"{method} needs {library}, which is not installed: pip install 'atento[embeddings]', or take --method pca"
    )
