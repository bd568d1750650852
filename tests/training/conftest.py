"""A corpus of forty made-up pairs and recipes that train in a second."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.core.progress import Silent, Stop
from atento.training.recipe import Recipe, read_recipe

_PAIRS = {"o": "el", "gato": "gato", "cão": "perro", "vê": "ve", "come": "come", "peixe": "pescado", "grande": "grande"}

TINY = {
    "transformer": (
        "model.kind=transformer", "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32",
        "model.num_encoder_layers=1", "model.num_decoder_layers=1", "model.dropout=0.1",
    ),
    "recurrent": (
        "model.kind=recurrent", "model.embedding_size=12", "model.hidden_size=16", "model.attention.kind=additive",
        "model.attention.size=8", "model.dropout=0.1",
    ),
    "luong": (
        "model.kind=recurrent", "model.embedding_size=12", "model.hidden_size=16", "model.attention.kind=luong",
        "model.attention.window=local-p", "model.attention.half_width=2", "model.num_decoder_layers=2",
        "model.reverse_source=true", "model.dropout=0.1",
    ),
}  # fmt: skip
COMMON = (
    "tokenizer.kind=word", "tokenizer.vocab_size=15", "tokenizer.min_frequency=1", "training.steps=8",
    "training.batch_tokens=120", "training.validate_every=4", "training.validation_sentences=3",
    "training.warmup_steps=2", "training.log_every=2", "training.precision=float32", "data.held_out=4",
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))


class _StopAt(Silent):
    """Asks to stop once training has come this far."""

    def __init__(self, stop: Stop, share: float) -> None:
        self._stop, self._share, self._done = stop, share, -math.inf

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        self._done = 0.0 if stoppable else -math.inf

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        self._done += amount
        if self._done >= self._share:
            self._stop.set()


@pytest.fixture
def stop_at() -> Callable[[float], dict[str, Any]]:
    """Arguments of ``train`` that stop it when it has used a share of its budget."""

    def make(share: float) -> dict[str, Any]:
        stop = Stop()
        return {"progress": _StopAt(stop, share), "stop": stop}

    return make


@pytest.fixture
def corpus(tmp_path: Path) -> tuple[Path, Path]:
    draw = random.Random(7)
    lines = [draw.choices(list(_PAIRS), k=draw.randint(2, 7)) for _ in range(40)]
    source, target = tmp_path / "train.pt", tmp_path / "train.es"
    source.write_text("".join(" ".join(line) + "\n" for line in lines), encoding="utf-8")
    target.write_text("".join(" ".join(_PAIRS[word] for word in line) + "\n" for line in lines), encoding="utf-8")
    return source, target


@pytest.fixture(params=sorted(TINY))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tiny_recipe(corpus: tuple[Path, Path]) -> Callable[..., Recipe]:
    """A recipe of a family on the corpus; later overrides win."""

    def make(family: str, *overrides: str) -> Recipe:
        return read_recipe("small", train=corpus, overrides=(*TINY[family], *COMMON, *overrides))

    return make
