"""What the benchmarks share: where data lies, what machine it is, runs side by side, results that merge."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from atento.core import machine as machine_facts
from atento.core.environment import settings_for_libraries

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path("benchmarks/results")
WORK = Path(".cache/benchmarks")
"""Models, tokenizers and translations; both are relative to the repository, where the benchmarks run."""
PACKAGES = ("atento", "torch", "transformers", "tokenizers", "sacrebleu", "ctranslate2", "eflomal", "numpy")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of every benchmark."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--data", type=Path, help="folder of corpora with pt-es/ in it (default: ATENTO_DATA)")
    result.add_argument(
        "--work", type=Path, default=WORK, help="where models and translations go (default: %(default)s)"
    )
    result.add_argument("--results", type=Path, default=RESULTS, help="where results go (default: %(default)s)")
    return result


def corpus(options: argparse.Namespace, name: str, part: str) -> tuple[Path, Path]:
    """The Portuguese and the Spanish file of a part of a corpus; ends the process where they are missing."""
    folder = options.data or os.environ.get("ATENTO_DATA")
    if folder is None:
        raise SystemExit("give --data FOLDER or set ATENTO_DATA; benchmarks/README.md says where to get the corpora")
    paths = tuple(Path(folder) / "pt-es" / name / f"{name}.{part}.{language}" for language in ("pt", "es"))
    for path in paths:
        if not path.is_file():
            raise SystemExit(f"{path} is missing; benchmarks/README.md says where to get the corpora")
    return paths[0], paths[1]


def lines(path: Path) -> list[str]:
    """The lines of a text file."""
    return path.read_text(encoding="utf-8").splitlines()


def peak_memory() -> float:
    """The greatest memory that this process has held so far, in MiB."""
    if (found := machine_facts.peak_memory()) is not None:
        return found
    import psutil

    return float(psutil.Process().memory_info().peak_wset) / 2**20  # Windows


def machine() -> dict[str, Any]:
    """What figures depend on: the processor and the versions of everything."""
    import torch

    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": machine_facts.processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": versions,
        "measured": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
    }


def _commit() -> str:
    """The state of the code that is measured; ``+``: with changes since."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=10"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # no repository: a copy of the files
        return "unknown"


def run(command: Sequence[str | Path], *, quiet: bool = False, variables: Mapping[str, str] | None = None) -> str:
    """Run a command in the repository, perhaps with more environment variables, and give its output.

    What it says on stderr goes through unless ``quiet``.

    Raises:
        SystemExit: it failed.
    """
    words = [str(word) for word in command]
    errors = subprocess.PIPE if quiet else None
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)} failed with exit code {done.returncode}\n{done.stderr or ''}")
    return done.stdout


def run_module(module: str, *arguments: str | Path, ours: bool) -> dict[str, Any]:
    """Run one of the benchmarks' modules in a process of its own; its last line of output is a JSON object.

    ``ours`` gets the environment that Atento's command line makes for itself.
    """
    output = run([sys.executable, "-m", module, *arguments], variables=own_variables() if ours else None)
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def own_variables() -> dict[str, str]:
    """The environment variables that Atento's command line sets for itself."""
    return settings_for_libraries(os.environ)


def alternate(
    sides: Sequence[str], rounds: int, measure: Callable[[str, int], Mapping[str, Any]]
) -> dict[str, list[Mapping[str, Any]]]:
    """Measure each side in turn, A B C A B C …, so that other work on the machine disturbs all alike."""
    found: dict[str, list[Mapping[str, Any]]] = {side: [] for side in sides}
    for number in range(1, rounds + 1):
        for side in sides:
            found[side].append(measure(side, number))
            print(f"round {number}: {side} {json.dumps(found[side][-1])}", file=sys.stderr, flush=True)
    return found


def median_ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(own / other for own, other in zip(ours, theirs, strict=True))


def merge(path: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put entries into a JSON file of results, one level deep, and give all of it."""
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            table[key] = {**table[key], **value}
        else:
            table[key] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return table


def shown(command: Sequence[str | Path], data: Path | None) -> str:
    """A command as a reader would type it, without this machine's folders; ``data`` is that of the corpora."""
    words = [str(word) for word in command]
    if words[0] == sys.executable:
        words = words[2:] if words[1:3] == ["-m", "atento"] else ["python", *words[1:]]
    text = shlex.join(words)
    text = text if data is None else text.replace(str(data), "$ATENTO_DATA")
    return text.replace(f"{ROOT}{os.sep}", "")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    body = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in body) + "\n"


def machine_text(found: Mapping[str, Any]) -> str:
    """One line about the machine, for reports."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        f"{found['processor']} ({found['instructions']}), {found['threads']} threads of {found['cores']} cores, "
        f"{found['system']}, Python {found['python']}; {versions}"
        + (f"; commit {found['commit']}, {found['measured']}" if "commit" in found else "")
    )
