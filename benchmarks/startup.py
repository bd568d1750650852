"""How long ``atento --help`` takes: wall time of the whole process, the median of several. ::

python -m benchmarks.startup
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common import machine, merge, parser, table

WANTED = 0.3


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    script = shutil.which("atento", path=str(Path(sys.executable).parent))
    command = [script, "--help"] if script else [sys.executable, "-m", "atento", "--help"]
    seconds = []
    for number in range(options.times + 1):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if number:  # the first one fills the file cache
            seconds.append(time.perf_counter() - begun)
    found = {"median": statistics.median(seconds), "least": min(seconds), "greatest": max(seconds)}
    results = merge(
        options.results / "speed.json",
        {"machine": machine(), "startup": {name: round(value, 3) for name, value in found.items()}},
    )
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The table of a speed.json's part on starting."""
    part = results.get("startup")
    rows = [("`atento --help`", *(f"{part[name]:.2f} s" for name in ("median", "least", "greatest")))] if part else []
    return table(("Starting", "median", "least", "greatest", "wanted"), [(*row, f"< {WANTED} s") for row in rows])


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--times", type=int, default=15, help="(default: %(default)s)")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
