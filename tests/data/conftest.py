"""A tokenizer that needs no training, for everything that encodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # how long an example takes says nothing on a shared machine
settings.load_profile("unhurried")


class WordEncoder:
    """Each distinct word gets the next id; counts how often it was asked."""

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self.calls = 0

    @property
    def checksum(self) -> str:
        return hashlib.sha256(f"words {self.size}".encode()).hexdigest()

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        self.calls += 1
        return [[self.id(word) for word in text.split()] for text in texts]

    def id(self, word: str) -> int:
        return 4 + int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little") % (self.size - 4)


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def make_encoder() -> type[WordEncoder]:
    return WordEncoder
