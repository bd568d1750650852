"""Positions against their formulas, and the property that rotary ones are made for."""

import math

import pytest
import torch

from atento.nn.positions import Layout, rotate, rotation, sinusoidal


@pytest.mark.parametrize("layout", ["interleaved", "halves"])
@pytest.mark.parametrize("size", [2, 6, 16])
def test_sinusoidal_is_the_formula(layout: Layout, size: int) -> None:
    positions = [0, 1, 7, 1000]
    table = sinusoidal(torch.tensor(positions), size, layout)
    assert table.shape == (4, size)
    for row, position in enumerate(positions):
        for pair in range(size // 2):
            angle = position / 10000 ** (2 * pair / size)
            sine, cosine = (2 * pair, 2 * pair + 1) if layout == "interleaved" else (pair, size // 2 + pair)
            assert math.isclose(float(table[row, sine]), math.sin(angle), abs_tol=2e-4)
            assert math.isclose(float(table[row, cosine]), math.cos(angle), abs_tol=2e-4)


def test_positions_may_have_any_shape() -> None:
    positions = torch.tensor([[3, 4], [0, 9]])
    table = sinusoidal(torch.arange(10), 8)
    torch.testing.assert_close(sinusoidal(positions, 8), table[positions], atol=0, rtol=0)


def test_an_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even size, not 7"):
        sinusoidal(torch.arange(3), 7)


def test_rotary_scores_depend_on_the_distance_only() -> None:
    query, key = torch.randn(2, 8).double()
    places = torch.arange(40)
    cosine, sine = (angles.double() for angles in rotation(places, 8))
    scores = rotate(query.expand(40, 8), cosine, sine) @ rotate(key.expand(40, 8), cosine, sine).T
    for distance in range(-39, 40):
        along = scores.diagonal(distance)
        torch.testing.assert_close(along, along[:1].expand_as(along), atol=1e-5, rtol=0)
    torch.testing.assert_close(scores[0, 0], query @ key)
    assert (scores[0] - scores[0, 0]).abs()[1:].max() > 0.1, "and do depend on it"


def test_rotating_turns_pairs_by_the_papers_angles() -> None:
    vector = torch.randn(6)
    cosine, sine = rotation(torch.tensor(5), 6)
    turned = rotate(vector, cosine, sine)
    for pair in range(3):
        angle = 5 / 10000 ** (2 * pair / 6)
        wanted = complex(vector[pair], vector[pair + 3]) * complex(math.cos(angle), math.sin(angle))
        assert abs(complex(turned[pair], turned[pair + 3]) - wanted) < 1e-6
    torch.testing.assert_close(turned.norm(), vector.norm())
