"""A run that is killed and resumed ends with the bits of one that was not: two kills of a Transformer.

Ten kills of both families are in ``tests/acceptance``; ``test_loop`` stops and resumes both within one process.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from atento.core.configuration import to_toml
from atento.core.files import sha256
from atento.training.recipe import Recipe
from atento.training.run import train

Make = Callable[..., Recipe]
SECONDS = 60


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "atento", "train", *map(str, arguments)]
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)


def kill_when(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """Kill the process (on POSIX by SIGKILL) at the instant when the condition first holds."""
    latest = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < latest
    process.kill()
    process.communicate()


def names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  (the fastest way to look)


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, tiny_recipe: Make) -> None:
    recipe = tiny_recipe("transformer", "training.steps=24", "training.keep=average", "training.validate_every=8")
    train(recipe, tmp_path / "whole")
    (tmp_path / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")
    run = tmp_path / "parts"

    before_the_first = start(tmp_path / "recipe.toml", "-o", run)
    kill_when(before_the_first, lambda: (run / "metrics.jsonl").exists())
    assert not any(name.startswith("step-") for name in names(run / "checkpoints"))

    while_writing = start("--resume", "-o", run)
    kill_when(while_writing, lambda: any(name.startswith(".step-") for name in names(run / "checkpoints")))
    assert not (run / "bundle").exists()

    last = start("--resume", "-o", run)
    _, errors = last.communicate(timeout=SECONDS)
    assert last.returncode == 0, errors.decode()
    whole, parts = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts"))
    assert whole == parts
    assert not any(name.startswith(".") for name in names(run / "checkpoints"))
