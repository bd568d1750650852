"""Runs killed at ten instants and resumed each time end with the same ``model.safetensors`` as an uninterrupted one.

The instants are drawn: one before the first checkpoint, three inside checkpoint writing (told by the temporary folder
that is written), six at random steps; and, beyond the ten, one while the bundle is written. The command line is driven
as a user drives it, with the process's own number of threads.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from atento.core.files import sha256
from atento.data.builtin.corpus import builtin_corpus, write_builtin

pytestmark = pytest.mark.acceptance

STEPS = 360
SECONDS = 900
SEED = 20261123
FAMILIES = {
    "transformer": (
        "small", "model.kind=transformer", "model.model_size=64", "model.num_heads=2", "model.feed_forward_size=128",
        "model.num_encoder_layers=2", "model.num_decoder_layers=2", "training.keep=ema",
    ),
    "recurrent": (
        "small", "model.kind=recurrent", "model.embedding_size=48", "model.hidden_size=64",
        "model.attention.kind=additive", "model.attention.size=48", "training.keep=average",
    ),
    "luong": (
        "small", "model.kind=recurrent", "model.embedding_size=48", "model.hidden_size=64",
        "model.attention.kind=luong", "training.keep=best",
    ),
    "gpt": (
        "gpt-small", "model.model_size=64", "model.num_heads=2", "model.feed_forward_size=128", "model.num_layers=2",
        "model.max_positions=64", "data.documents=line", "training.keep=ema",
    ),
    "bert": (
        "bert-small", "model.model_size=64", "model.num_heads=2", "model.feed_forward_size=128", "model.num_layers=2",
        "model.max_positions=64", "model.next_sentence=true", "training.masking.whole_words=true",
        "training.keep=average",
    ),
    "classifier": (
        "classify", "model.model_size=64", "model.num_heads=2", "model.feed_forward_size=128", "model.num_layers=2",
        "model.max_positions=64",
    ),
}  # fmt: skip
"""The recipe and its settings."""
COMMON = (
    "tokenizer.vocab_size=1500", f"training.steps={STEPS}", "training.batch_tokens=1024", "training.validate_every=60",
    "training.validation_sentences=20", "training.log_every=1", "training.save_every_minutes=0.05",
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs in files of one language each and, for a classifier, every sentence with the name of its language."""
    folder = tmp_path_factory.mktemp("corpus")
    write_builtin(folder, builtin_corpus(composed=2000))
    for part in ("train", "dev.composed"):
        rows = [
            f"{line}\t{side}\n"
            for side in ("pt", "es")
            for line in (folder / f"{part}.{side}").read_text(encoding="utf-8").splitlines()
        ]
        (folder / f"{part}.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


class Run:
    """A run that is begun, killed and resumed through the command line."""

    def __init__(self, folder: Path, corpus: Path, settings: tuple[str, ...]) -> None:
        self.folder = folder
        recipe, *rest = settings
        sides = {"small": ("pt", "es"), "classify": ("tsv",)}.get(recipe, ("pt",))
        self._begin: list[str | Path] = [recipe, "--train", *(corpus / f"train.{side}" for side in sides)]
        self._begin += ["--valid", *(corpus / f"dev.composed.{side}" for side in sides)]
        for setting in (*rest, *COMMON):
            self._begin += ["--set", setting]

    def start(self) -> subprocess.Popen[bytes]:
        """Begin the run, or resume it where it has begun."""
        arguments = ["--resume"] if (self.folder / "recipe.toml").exists() else self._begin
        command = [sys.executable, "-m", "atento", "train", *map(str, arguments), "-o", str(self.folder)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self) -> str:
        process = self.start()
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors.decode()
        return sha256(self.folder / "bundle" / "model.safetensors")

    def kill_when(self, condition: Callable[[], bool], delay: float = 0.0) -> None:
        """Go on with the run, and kill it (on POSIX by SIGKILL) when the condition first holds."""
        process = self.start()
        latest = time.monotonic() + SECONDS
        while not condition():
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < latest
        time.sleep(delay)
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
        process.communicate()

    @property
    def step(self) -> int:
        """The last step that the log tells of."""
        path = self.folder / "metrics.jsonl"
        whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return int(json.loads(whole[-1])["step"]) if whole else 0

    def writes(self, folder: Path, name: str) -> bool:
        """Whether the temporary folder of ``name`` is there."""
        found = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  (the fastest way to look)
        return any(entry.startswith(f".{name}") for entry in found)

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"


def kill_ten_times(run: Run, draw: random.Random) -> int:
    """Kill and resume; gives how many of the kills met a checkpoint half-written."""
    run.kill_when(lambda: run.step >= 1)
    assert not list(run.checkpoints.glob("step-*")), "a checkpoint was there already"
    instants = sorted(draw.sample(range(5, STEPS - 20), 9))
    writing = set(draw.sample(instants, 3))
    half_written = 0
    for step in instants:
        if step in writing:
            for _ in range(5):  # the write may be over before the kill arrives
                run.kill_when(lambda step=step: run.step >= step and run.writes(run.checkpoints, "step-"))
                if run.writes(run.checkpoints, "step-"):
                    half_written += 1
                    break
        else:
            run.kill_when(lambda step=step: run.step >= step, delay=draw.uniform(0, 0.1))
    return half_written


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_ten_kills_change_no_bit(tmp_path: Path, corpus: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    whole = Run(tmp_path / "whole", corpus, FAMILIES[family]).finish()
    parts = Run(tmp_path / "parts", corpus, FAMILIES[family])
    half_written = kill_ten_times(parts, random.Random(SEED))
    assert half_written >= 2
    parts.kill_when(lambda: parts.writes(parts.folder, "bundle"))
    assert parts.finish() == whole
    assert not parts.writes(parts.checkpoints, "step-")
