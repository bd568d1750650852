"""The time of a training step of the recipe ``gpt-char``, driven through the real trainer, validation off. ::

python -m benchmarks.gpt_step --text FILE
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from atento.core.progress import Silent, Stop
from atento.training.recipe import read_recipe
from atento.training.run import train
from benchmarks.common import parser

SETTINGS = ("training.steps=1000000000", "training.validate_every=1000000000", "training.save_every_minutes=0")


class Watch(Silent):
    """Takes the time of every step, and stops after the last one."""

    def __init__(self, steps: int) -> None:
        self.stop, self.times = Stop(), list[float]()
        self._steps, self._counts = steps, False

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:  # noqa: ARG002
        self._counts = stoppable

    def advance(self, amount: float = 1, *, note: str = "") -> None:  # noqa: ARG002
        if self._counts:
            self.times.append(time.perf_counter())
            if len(self.times) > self._steps:
                self.stop.set()


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--text", type=Path, required=True)
    options.add_argument("--steps", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of `atento train`")
    chosen = options.parse_args()
    watch = Watch(chosen.steps)
    overrides = (*SETTINGS, f"training.seed={chosen.seed}", *chosen.set)
    with tempfile.TemporaryDirectory() as folder:
        recipe = read_recipe("gpt-char", train=[chosen.text], overrides=overrides)
        report = train(recipe, Path(folder) / "run", progress=watch, stop=watch.stop)
    seconds = [later - earlier for earlier, later in pairwise(watch.times)]
    found = {"milliseconds": 1000 * statistics.median(seconds), "steps": len(seconds)}
    print(json.dumps(found | {"parameters": report.card["model"]["parameters"]}))


if __name__ == "__main__":
    main()
