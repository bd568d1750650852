"""UMAP, whose library takes long to compile itself: the same seed gives the same map, and groups stay together."""

import numpy as np
import pytest

from atento.inspection.maps import map_vectors

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("count", [4, 12, 150])
def test_umap_draws_by_its_seed(count: int) -> None:
    draw = np.random.default_rng(1)
    groups = np.arange(count) * 3 // count
    directions = np.eye(6)[groups] + draw.normal(size=(count, 6)) * 0.05
    values = (directions * draw.uniform(1, 9, size=(count, 1))).astype(np.float32)
    found, again = map_vectors(values, "umap", seed=3), map_vectors(values, "umap", seed=3)
    assert found.points.shape == (count, 2)
    assert np.isfinite(found.points).all()
    assert np.array_equal(found.points, again.points)
    assert not np.array_equal(found.points, map_vectors(values, "umap", seed=4).points)
    assert "UMAP" in found.note
    assert "seed 3" in found.note
    if count == 150:
        middles = np.stack([found.points[groups == group].mean(0) for group in range(3)])
        nearest = np.linalg.norm(found.points[:, None] - middles, axis=2).argmin(1)
        assert (nearest == groups).mean() > 0.95
