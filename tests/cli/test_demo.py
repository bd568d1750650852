from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atento.cli import demo
from atento.data.builtin.corpus import BuiltinCorpus, BuiltinPart, builtin_corpus
from atento.data.builtin.course import SENTENCE, WANTED

Atento = Callable[..., Any]
QUICK = (
    "tokenizer.vocab_size=500", "model.embedding_size=8", "model.hidden_size=8", "training.steps=3",
    "training.batch_tokens=300", "training.validation_sentences=0", "decoding.max_length=8",
)  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> BuiltinCorpus:
    """The built-in corpus, cut down to what trains in a second."""
    whole = builtin_corpus(40)

    def part(which: BuiltinPart, count: int) -> BuiltinPart:
        return BuiltinPart(handwritten=which.handwritten[:count], composed=which.composed[:count])

    corpus = BuiltinCorpus(train=part(whole.train, 200), dev=part(whole.dev, 5), test=part(whole.test, 4))
    monkeypatch.setattr("atento.data.builtin.corpus.builtin_corpus", lambda composed: corpus)
    return corpus


def _quick(*more: str) -> list[str]:
    return [word for setting in (*QUICK, *more) for word in ("--set", setting)]


def test_lesson_one(atento: Atento, small: BuiltinCorpus) -> None:
    first = atento("demo", *_quick())
    assert first.code == 0, first.err
    run = Path("runs/demo")
    for words in (
        "hand-written", "composed", "AER", "BLEU|nrefs:1", "chrF2|nrefs:1", SENTENCE, WANTED,
        "That is not the translation that was wanted", "┌ irmão", "Next:", f"atento translate {run}",
    ):  # fmt: skip
        assert words in first.out
    assert (run / "alignment.png").read_bytes().startswith(b"\x89PNG")
    lines = (Path("runs/demo-corpus") / "dev.pt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(small.dev.pairs)
    weights = (run / "bundle" / "model.safetensors").read_bytes()
    again = atento("demo")
    assert again.out == first.out
    assert "used again" in again.err
    assert (run / "bundle" / "model.safetensors").read_bytes() == weights
    fresh = atento("demo", "--fresh", *_quick("training.seed=2"))
    assert fresh.code == 0
    assert (run / "bundle" / "model.safetensors").read_bytes() != weights


def test_an_interrupted_demo_goes_on(atento: Atento, small: BuiltinCorpus) -> None:
    assert atento("demo", *_quick()).code == 0
    for name in ("model.safetensors", "config.json"):
        (Path("runs/demo/bundle") / name).unlink()
    result = atento("demo")
    assert result.code == 0
    assert "Going on with" in result.err


def test_another_corpus_is_not_scored_as_unseen(
    atento: Atento, small: BuiltinCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert atento("demo", *_quick()).code == 0
    train = BuiltinPart(handwritten=small.train.handwritten[1:], composed=small.train.composed)
    other = BuiltinCorpus(train=train, dev=small.dev, test=small.test)
    monkeypatch.setattr("atento.data.builtin.corpus.builtin_corpus", lambda composed: other)
    assert "--fresh" in atento("demo").error
    assert atento("demo", "--fresh", *_quick()).code == 0


def test_a_translation_as_wanted_is_said_to_be_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    class Wanted:
        """Stands for a translator and its translation."""

        text = WANTED
        attention = None

        def translate(self, text: str, *, attention: bool) -> Wanted:
            assert text == SENTENCE
            return self

    demo._course(Wanted(), tmp_path / "none.png")
    assert "That is the translation that was wanted." in capsys.readouterr().out


def test_another_run_is_left_alone(atento: Atento, small: BuiltinCorpus, run: Path) -> None:
    before = sorted(run.rglob("*"))
    assert "no demo" in atento("demo", "-o", run).error
    assert "no demo" in atento("demo", "-o", run, "--fresh").error
    assert sorted(run.rglob("*")) == before
