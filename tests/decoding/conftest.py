"""Tiny table-driven decoders for the tests of search; they raise where search breaks the decoder protocol."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType

import pytest
import torch
from torch import Tensor

from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.nn.protocols import Encoding

torch.set_num_threads(1)

EOS = 3
FIRST = 4
"""The first id that is no special token."""


@dataclass
class FakeMemory:
    identities: Tensor
    log: list[int] = field(default_factory=list)

    @property
    def sources(self) -> int:
        return len(self.identities)

    def select(self, sources: Tensor) -> FakeMemory:
        assert 0 < len(sources) < self.sources, "select is for leaving sources alone"
        assert torch.equal(sources, sources.unique()), "sources must keep their order"
        self.log.append(len(sources))
        return FakeMemory(self.identities[sources], self.log)


@dataclass
class FakeState:
    owners: Tensor
    read: Tensor
    last: Tensor
    consumed: bool = False

    def consume(self) -> None:
        assert not self.consumed, "a consumed state was used again"
        self.consumed = True

    @property
    def lengths(self) -> Tensor:
        assert not self.consumed, "a consumed state was used again"
        return self.read

    def reorder(self, parents: Tensor) -> FakeState:
        assert len(self.owners) % len(parents) == 0, "rows must be a multiple of the sources"
        width = len(self.owners) // len(parents)
        assert bool(((parents >= 0) & (parents < width)).all())
        return self._of((parents + width * torch.arange(len(parents)).unsqueeze(1)).flatten())

    def select(self, sources: Tensor) -> FakeState:
        width = len(self.owners) // len(self.owners.unique())
        return self._of((sources.unsqueeze(1) * width + torch.arange(width)).flatten())

    def _of(self, rows: Tensor) -> FakeState:
        self.consume()
        return FakeState(self.owners[rows], self.read[rows], self.last[rows])


class MarkovDecoder:
    """Next-token logits from ``table[source, position, last token]``; a hidden vector is that address."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.rows: list[int] = []
        self.calls: list[tuple[int, int]] = []
        self.selected: list[int] = []

    def prepare(self, encoding: Encoding) -> FakeMemory:
        return FakeMemory(encoding.annotations[:, 0, 0].long(), self.selected)

    def start(self, memory: FakeMemory) -> FakeState:
        zeros = torch.zeros_like(memory.identities)
        return FakeState(memory.identities.clone(), zeros, zeros - 1)

    def __call__(
        self,
        tokens: Tensor,
        memory: FakeMemory,
        state: FakeState,
        *,
        valid: Tensor | None = None,
        segments: Tensor | None = None,
    ) -> tuple[Tensor, FakeState]:
        rows, steps = tokens.shape
        assert rows == len(state.lengths)
        state.consume()
        assert rows % memory.sources == 0, "rows must be a multiple of the sources"
        assert torch.equal(state.owners, memory.identities.repeat_interleave(rows // memory.sources))
        assert bool(((tokens >= 0) & (tokens < self.table.shape[-1])).all())
        assert segments is None
        self.calls.append((rows, steps))
        real = torch.ones_like(tokens, dtype=torch.bool) if valid is None else valid
        positions = (state.read.unsqueeze(1) + torch.arange(steps)).clamp(max=self.table.shape[1] - 1)
        hidden = torch.stack([state.owners.unsqueeze(1).expand_as(tokens), positions, tokens], dim=-1).float()
        hidden[~real] = torch.nan
        lengths = real.sum(1)
        last = tokens.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)
        return hidden, FakeState(state.owners, state.read + lengths, last)

    def logits(self, hidden: Tensor) -> Tensor:
        assert not bool(hidden.isnan().any()), "a padded position was looked at"
        source, position, last = hidden.long().unbind(-1)
        return self.table[source, position, last]


def vocabulary(size: int) -> Vocabulary:
    return Vocabulary(source_size=size, target_size=size)


def encoding(sources: Sequence[int], lengths: Sequence[int] | None = None) -> Encoding:
    """Sources named by their rows of the table, of the given lengths."""
    lengths = [1] * len(sources) if lengths is None else lengths
    longest = max(lengths, default=1)
    annotations = torch.tensor(sources, dtype=torch.float32).view(-1, 1, 1).expand(-1, longest, 1)
    mask = torch.arange(longest) < torch.tensor(lengths, dtype=torch.long).unsqueeze(1)
    return Encoding(annotations=annotations, mask=mask)


def random_table(sources: int, positions: int, size: int, seed: int = 0, sharpness: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(sources, positions, size, size, generator=generator) * sharpness


def log_probabilities_of(table: Tensor, source: int, tokens: Sequence[int], start: int = 2) -> list[float]:
    """The definition: read the tokens one by one."""
    values, last = [], start
    for position, token in enumerate(tokens):
        where = min(position, table.shape[1] - 1)
        values.append(float(table[source, where, last].log_softmax(-1)[token]))
        last = token
    return values


def score_of(values: Sequence[float], alpha: float) -> float:
    return sum(values) / max(len(values), 1) ** alpha


def every_hypothesis(size: int, max_length: int, min_length: int = 0) -> list[tuple[int, ...]]:
    """All finished sequences, and the unfinished ones of the greatest length."""
    words = [1, *range(FIRST, size)]  # <unk> may be written
    found: list[tuple[int, ...]] = []
    for length in range(max_length):
        if length + 1 >= min_length:
            found += [(*body, EOS) for body in itertools.product(words, repeat=length)]
    return found + list(itertools.product(words, repeat=max_length))


def brute_force(
    table: Tensor, source: int, config: DecodingConfig, max_length: int, prefix: tuple[int, ...] = ()
) -> list[tuple[tuple[int, ...], float]]:
    """The n best of all hypotheses (with the prefix), finished ones first, with their scores."""
    found = [
        (tokens, score_of(log_probabilities_of(table, source, tokens), config.length_penalty))
        for tokens in every_hypothesis(table.shape[-1], max_length, config.min_length)
        if tokens[: len(prefix)] == prefix
    ]
    found.sort(key=lambda pair: (pair[0][-1] != EOS, -pair[1]))
    return found[: config.n_best]


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]
