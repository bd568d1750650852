"""``atento evaluate`` gives the figures of the ``sacrebleu`` command on the same files."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atento.data.builtin.corpus import builtin_corpus, write_builtin

pytestmark = pytest.mark.acceptance


def run(*command: str | Path) -> Any:
    done = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Sources, references, and translations that are references with some words lost or doubled."""
    folder = tmp_path_factory.mktemp("corpus")
    write_builtin(folder, builtin_corpus(composed=2000))
    source, reference = folder / "test.handwritten.pt", folder / "test.handwritten.es"
    draw = random.Random(3)
    lines = [
        " ".join(word for word in line.split() for _ in range(draw.choice((0, 1, 1, 1, 1, 1, 2))))
        for line in reference.read_text(encoding="utf-8").splitlines()
    ]
    translations = folder / "translations.es"
    translations.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return source, reference, translations


def test_figures_and_intervals_equal_those_of_the_command(files: tuple[Path, Path, Path]) -> None:
    source, reference, translations = files
    ours = run("atento", "evaluate", "--hypotheses", translations, source, reference, "--json")["evaluation"]
    theirs = run(
        "sacrebleu", reference, "-i", translations, "-m", "bleu", "chrf", "ter", "-w", "6", "--confidence",
        "--format", "json",
    )  # fmt: skip
    assert len(ours["scores"]) == len(theirs) == 3
    for own, other in zip(ours["scores"], theirs, strict=True):
        assert own["name"] == other["name"]
        assert own["value"] == pytest.approx(other["score"], abs=1e-6)
        assert own["interval"]["mean"] == pytest.approx(other["confidence_mean"], abs=1e-6)
        assert own["signature"] == other["signature"]
        half_width = (own["interval"]["high"] - own["interval"]["low"]) / 2
        assert half_width == pytest.approx(other["confidence_var"], abs=1e-4)
