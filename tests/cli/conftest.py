"""A made-up corpus, two tiny runs trained once, and ways to call the command line."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from atento.cli import main

PAIRS = {"o": "el", "gato": "gato", "cão": "perro", "vê": "ve", "come": "come", "peixe": "pescado", "grande": "grande"}
TINY = (
    "tokenizer.kind=word", "tokenizer.vocab_size=15", "tokenizer.min_frequency=1", "model.kind=recurrent",
    "model.embedding_size=12", "model.hidden_size=16", "model.attention.kind=additive", "model.attention.size=8",
    "model.dropout=0.1", "training.steps=20", "training.batch_tokens=120", "training.validate_every=10",
    "training.validation_sentences=3", "training.warmup_steps=2", "training.log_every=2",
    "training.precision=float32", "decoding.max_length=12", "decoding.min_length=3", "data.held_out=4",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error: code 2, nothing else on standard error, no traceback."""
        lines = self.err.splitlines()
        assert self.code == 2, (self.code, self.err)
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        return lines[0]


Atento = Callable[..., Result]


def _options(*more: str) -> list[str]:
    return [word for setting in (*TINY, *more) for word in ("--set", setting)]


@pytest.fixture
def tiny() -> Callable[..., list[str]]:
    """Makes the options of a tiny recipe; later settings win."""
    return _options


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    draw = random.Random(7)
    lines = [draw.choices(list(PAIRS), k=draw.randint(2, 7)) for _ in range(60)]
    folder = tmp_path_factory.mktemp("corpus")
    source, target = folder / "train.pt", folder / "train.es"
    source.write_text("".join(" ".join(line) + "\n" for line in lines), encoding="utf-8")
    target.write_text("".join(" ".join(PAIRS[word] for word in line) + "\n" for line in lines), encoding="utf-8")
    return source, target


@pytest.fixture(scope="session")
def run(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a tiny recurrent model with attention."""
    return _trained(corpus, tmp_path_factory)


@pytest.fixture(scope="session")
def reverse_run(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other direction."""
    return _trained(corpus[::-1], tmp_path_factory)


@pytest.fixture(scope="session")
def transformer_run(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Transformer of two layers and two heads, hardly trained."""
    model = (
        "model.kind=transformer", "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=16",
        "model.num_encoder_layers=1", "model.num_decoder_layers=2", "training.steps=4",
    )  # fmt: skip
    rest = [setting for setting in TINY if not setting.startswith("model.")]
    return _trained(corpus, tmp_path_factory, [word for each in (*rest, *model) for word in ("--set", each)])


def _trained(
    corpus: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory, options: list[str] | None = None
) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATENTO_CACHE", str(folder.with_name("cache")))
        words = ["train", "small", *(options or _options()), "--train", *map(str, corpus), "-o", str(folder)]
        assert main(words) == 0
    return folder


SMALL = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=24", "training.steps=8", "training.batch_tokens=96", "training.warmup_steps=2",
)  # fmt: skip
SENTENCES = ["a vida é bela", "o que é a vida?", "diga lá, meu irmão", "onde fica a casa?"]


@pytest.fixture(scope="session")
def gpt_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a tiny GPT that has read a document a line."""
    settings = ("tokenizer.vocab_size=280", "training.validate_every=4", "data.documents=line")
    return _small(tmp_path_factory.mktemp("gpt"), "gpt-small", "text.txt", SENTENCES * 12, *settings)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a tiny BERT."""
    settings = ("tokenizer.kind=wordpiece", "tokenizer.vocab_size=50", "training.validate_every=4")
    return _small(tmp_path_factory.mktemp("bert"), "bert-small", "text.txt", SENTENCES * 12, *settings)


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a tiny classifier of texts."""
    lines = [line for n in range(24) for line in (f"a vida é bela {n}\tpt", f"la vida es bella {n}\tes")]
    settings = ("tokenizer.kind=char", "training.steps=6")
    return _small(tmp_path_factory.mktemp("classifier"), "classify", "train.tsv", lines, *settings)


def _small(folder: Path, recipe: str, name: str, lines: list[str], *settings: str) -> Path:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    options = [word for setting in (*SMALL, *settings) for word in ("--set", setting)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATENTO_CACHE", str(folder / "cache"))
        assert main(["train", recipe, "--train", str(folder / name), *options, "-o", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean place for the cache and for files with relative names; eighty columns."""
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def atento(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Atento:
    """Run a command in this process; ``stdin`` is what a pipe would bring."""

    def call(*words: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """For subprocesses."""
    return {**os.environ, "ATENTO_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text file of the lines given."""

    def write(name: str, *lines: str) -> Path:
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def here(tmp_path: Path) -> Callable[[], list[str]]:
    """Lists everything in the present folder, hidden files included."""
    return lambda: sorted(str(path.relative_to(tmp_path / "here")) for path in (tmp_path / "here").rglob("*"))
