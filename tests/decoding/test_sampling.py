"""Sampling: frequencies, truncation, and draws that depend on (seed, input, sample, step) alone."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import pytest
import torch

from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Hypothesis
from atento.decoding.randomness import stream_keys, uniforms
from atento.decoding.search import search

SIZE = 12


def sample(
    fake: ModuleType, table: torch.Tensor, sources: list[int], indices: list[int] | None = None, **keys: Any
) -> list[list[Hypothesis]]:
    config = DecodingConfig(**{"sampling": True, "max_length": 6, "max_length_ratio": None, **keys})
    vocabulary = fake.vocabulary(table.shape[-1])
    return search(fake.MarkovDecoder(table), fake.encoding(sources), config, vocabulary, indices=indices)


def chi_square(observed: list[int], expected: list[float]) -> float:
    """In standard deviations from its mean (degrees of freedom: categories − 1)."""
    used = [(o, e) for o, e in zip(observed, expected, strict=True) if e > 0]
    statistic = sum((o - e) ** 2 / e for o, e in used)
    degrees = len(used) - 1
    return (statistic - degrees) / math.sqrt(2 * degrees)


@pytest.mark.parametrize(
    "keys", [{}, {"temperature": 0.6}, {"temperature": 2.0}, {"top_k": 4}, {"top_p": 0.7}, {"top_k": 6, "top_p": 0.6}]
)
def test_frequencies_follow_the_distribution(fake: ModuleType, keys: dict[str, Any]) -> None:
    table = fake.random_table(1, 2, SIZE, seed=3, sharpness=1.0)
    draws = 4000
    (found,) = sample(fake, table, [0], samples=draws, max_length=1, seed=11, **keys)
    observed = [sum(h.tokens[0] == token for h in found) for token in range(SIZE)]
    logits = table[0, 0, 2].double() / keys.get("temperature", 1.0)
    logits[[0, 2]] = -math.inf
    ranked = logits.argsort(descending=True).tolist()
    allowed = set(ranked[: keys.get("top_k") or SIZE])
    reached = torch.where(torch.tensor([token in allowed for token in range(SIZE)]), logits, -math.inf).softmax(0)
    mass, nucleus = 0.0, set()
    for token in ranked:
        if mass < keys.get("top_p", 1.0) and token in allowed:
            nucleus.add(token)
            mass += float(reached[token])
    chances = torch.tensor([float(reached[token]) if token in nucleus else 0.0 for token in range(SIZE)])
    expected = (chances / chances.sum() * draws).tolist()
    assert sum(observed) == draws
    assert all(count == 0 for count, wanted in zip(observed, expected, strict=True) if wanted == 0)
    assert chi_square(observed, expected) < 4


def test_log_probabilities_are_the_models_own(fake: ModuleType) -> None:
    table = fake.random_table(3, 8, SIZE)
    for source, found in enumerate(sample(fake, table, [0, 1, 2], samples=5, temperature=0.5, top_k=4)):
        assert len(found) == 5
        for h in found:
            torch.testing.assert_close(list(h.log_probabilities), fake.log_probabilities_of(table, source, h.tokens))


def test_draws_follow_the_inputs_number_and_the_seed(fake: ModuleType) -> None:
    table = fake.random_table(1, 8, 40, sharpness=0.5)
    first = sample(fake, table, [0, 0, 0], [7, 8, 9])
    assert sample(fake, table, [0, 0], [9, 7]) == [first[2], first[0]]
    assert len({found[0].tokens for found in first}) == 3
    assert sample(fake, table, [0], [7], seed=1) != first[:1]


def test_more_samples_contain_the_fewer(fake: ModuleType) -> None:
    table = fake.random_table(1, 8, 40, sharpness=0.5)
    (few,), (many,) = (sample(fake, table, [0], samples=count) for count in (2, 6))
    assert {h.tokens for h in few} < {h.tokens for h in many}


def test_a_tiny_temperature_is_greedy(fake: ModuleType) -> None:
    table = fake.random_table(6, 8, SIZE)
    greedy = DecodingConfig(beam_size=1, max_length=6, max_length_ratio=None)
    best = search(fake.MarkovDecoder(table), fake.encoding(range(6)), greedy, fake.vocabulary(SIZE))
    for keys in ({"temperature": 1e-4}, {"top_k": 1}, {"top_p": 1e-6}):
        drawn = sample(fake, table, list(range(6)), **keys)
        assert [h.tokens for (h,) in drawn] == [h.tokens for (h,) in best]


def test_uniform_numbers_are_uniform_and_uncorrelated() -> None:
    keys = stream_keys(5, torch.arange(100), torch.arange(4))
    assert len(keys.unique()) == 400
    numbers = torch.stack([uniforms(keys, step).flatten() for step in range(1, 101)])  # [100, 400]
    assert float(numbers.min()) >= 0
    assert float(numbers.max()) < 1
    counts = numbers.flatten().histc(bins=50, min=0, max=1).long().tolist()
    assert abs(chi_square(counts, [numbers.numel() / 50] * 50)) < 4
    centred = numbers - 0.5
    for shifted in (centred.roll(1, 0), centred.roll(1, 1)):  # the next step, and the next sample
        assert abs(float((centred * shifted).mean()) * 12) < 4 / math.sqrt(numbers.numel())


def test_uniform_numbers_are_splitmix64() -> None:
    """Against the definition in integers of Python."""

    def mix(value: int) -> int:
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
        return value ^ value >> 31

    gamma = 0x9E3779B97F4A7C15
    for seed, index, draw, step in ((0, 0, 0, 1), (2**63 - 1, 12345, 7, 200), (42, 10**6, 3, 5)):
        key = mix((mix((mix((seed + gamma) % 2**64) + (index + 1) * gamma) % 2**64) + (draw + 1) * gamma) % 2**64)
        expected = (mix((key + step * gamma) % 2**64) >> 12) / 2**52
        keys = stream_keys(seed, torch.tensor([index]), torch.tensor([draw]))
        assert float(uniforms(keys, step)) == expected
