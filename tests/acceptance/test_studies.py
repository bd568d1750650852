"""Every shipped study runs from its name to its report in its small form, with a few steps a run.

What the small forms come to with their own budgets is in ``docs/studies``. A study that is killed at drawn instants,
again and again, repeats no finished run and comes to the same report as one that was left alone.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from atento.study.results import RunResult, StudyReport
from atento.study.shipped import shipped_studies

pytestmark = pytest.mark.acceptance

SEED = 20261124
KILLS = 6
TINY = (
    "--set", "recipe.training.steps=3", "--set", "recipe.training.validate_every=3", "--set", "learning_rates=[1e-3]",
)  # fmt: skip
SPEED = (
    "--set", "data.seconds=0.01", "--set", "data.passes=1", "--set", "data.lengths=[16, 32, 128, 512, 1024, 2048]",
)  # fmt: skip


def command(name: str, folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "atento", "study", name, "--small", "-o", str(folder), *options]


def read(folder: Path) -> StudyReport:
    return msgspec.json.decode((folder / "report" / "report.json").read_bytes(), type=StudyReport)


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_a_shipped_study_runs_to_its_report(name: str, tmp_path: Path) -> None:
    options = SPEED if name == "speed" else TINY
    if name == "tokenizers":
        options = ("--set", "recipe.training.epochs=0.01", *TINY[2:])
    subprocess.run(command(name, tmp_path, *options), check=True)
    report = read(tmp_path)
    assert report.finished
    assert len(report.verdicts) >= 1
    assert all(len(variant.runs) == len(report.seeds) for variant in report.variants)
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "report" / "report.md").exists()
    for suffix in ("svg", "png"):
        assert list((tmp_path / "report" / "figures").glob(f"*.{suffix}"))


def timeless(report: StudyReport) -> dict[str, object]:
    """What does not depend on the clock or on memory."""

    def stilled(run: RunResult) -> dict[str, object]:
        table: dict[str, object] = msgspec.to_builtins(run)
        table["cost"] = (run.cost.parameters, run.cost.steps, run.cost.target_tokens)
        return table

    return {
        "variants": [
            ([stilled(run) for run in (*variant.runs, *variant.other_runs)], variant.learning_rate, variant.rates)
            for variant in report.variants
        ],
        "verdicts": msgspec.to_builtins(report.verdicts),
    }


def test_killed_again_and_again_it_comes_to_the_same_report(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    options = ("--jobs", "2", "--set", "recipe.training.steps=60", "--set", "recipe.training.validate_every=20")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command("reversal", whole, *options), check=True)
    stamps: dict[Path, int] = {}
    for _ in range(KILLS):
        process = subprocess.Popen(command("reversal", killed, *options))
        time.sleep(draw.uniform(8, 25))
        process.kill()
        process.wait()
        now = {path: path.stat().st_mtime_ns for path in killed.glob("runs/*/result.json")}
        assert stamps.items() <= now.items(), "a finished run was repeated"
        stamps = now
    subprocess.run(command("reversal", killed, *options), check=True)
    assert stamps.items() <= {path: path.stat().st_mtime_ns for path in killed.glob("runs/*/result.json")}.items()
    assert timeless(read(killed)) == timeless(read(whole))
