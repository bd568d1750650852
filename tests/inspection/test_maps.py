"""Maps: PCA against the singular value decomposition by hand and scikit-learn, the others by what they promise."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA

from atento.core.errors import ConfigurationError, DataError
from atento.inspection.maps import Method, map_vectors, principal_components

RANDOM = (np.random.default_rng(5).normal(size=(60, 8)) * [5, 3, 1, 1, 1, 1, 1, 0.5]).astype(np.float32)


def test_pca_is_the_projection_on_the_first_singular_vectors() -> None:
    points, explained = principal_components(RANDOM)
    centred = RANDOM.astype(float) - RANDOM.astype(float).mean(0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(points), np.abs(left[:, :2] * singular[:2]), atol=1e-6)
    reference = PCA(n_components=2).fit(centred)
    np.testing.assert_allclose(np.abs(points), np.abs(reference.transform(centred)), atol=1e-6)
    np.testing.assert_allclose(explained, reference.explained_variance_ratio_, rtol=1e-6)
    assert np.abs(points.mean(0)).max() < 1e-6


def test_pca_of_few_or_equal_vectors() -> None:
    points, explained = principal_components(np.array([[1, 2, 3], [3, 2, 1]], dtype=np.float32))
    assert explained == (pytest.approx(1.0), pytest.approx(0.0))
    np.testing.assert_allclose(np.linalg.norm(points[0] - points[1]), np.sqrt(8))
    equal, nothing = principal_components(np.ones((3, 4), dtype=np.float32))
    assert nothing == (0.0, 0.0)
    assert not equal.any()
    flat, _ = principal_components(np.array([[1.0], [2.0], [4.0]], dtype=np.float32))
    assert not flat[:, 1].any()


def test_a_map_says_what_it_is() -> None:
    found = map_vectors(RANDOM)
    assert found.seed is None
    assert found.axes[0].startswith("PC 1 (")
    assert "of the variance" in found.note
    assert "8 original dimensions" in found.note
    with pytest.raises(DataError, match="at least 2 vectors"):
        map_vectors(RANDOM[:1])
    with pytest.raises(DataError, match="t-SNE needs at least 4 vectors"):
        map_vectors(RANDOM[:3], "tsne")


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_nothing_draws_with_is_refused(method: Method, seed: int) -> None:
    with pytest.raises(ConfigurationError, match=f"seed {seed}: give a number from 0 to 4,294,967,295"):
        map_vectors(RANDOM, method, seed)


def test_tsne_draws_by_its_seed_and_keeps_groups_together() -> None:
    """Two groups that point in other directions, whatever their lengths: the cosine is what counts."""
    draw = np.random.default_rng(1)
    directions = np.repeat([[1, 0, 0], [0, 1, 0]], 12, axis=0) + draw.normal(size=(24, 3)) * 0.05
    values = (directions * draw.uniform(1, 9, size=(24, 1))).astype(np.float32)
    found, again = map_vectors(values, "tsne", seed=3), map_vectors(values, "tsne", seed=3)
    assert np.array_equal(found.points, again.points)
    assert "seed 3" in found.note
    assert "perplexity 7.67" in found.note
    assert found.axes == ("", "")
    one, two = found.points[:12], found.points[12:]
    gap = np.linalg.norm(one.mean(0) - two.mean(0))
    assert gap > 2 * max(
        np.linalg.norm(one - one.mean(0), axis=1).max(), np.linalg.norm(two - two.mean(0), axis=1).max()
    )


@pytest.mark.parametrize(
    ("method", "library", "name"), [("tsne", "sklearn.manifold", "scikit-learn"), ("umap", "umap", "umap-learn")]
)
def test_a_missing_library_is_one_line(method, library: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=f"{name}.*pip install 'atento\\[embeddings\\]'"):
        map_vectors(RANDOM, method)
