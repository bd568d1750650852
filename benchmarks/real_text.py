"""Translation quality on real text: our two recipes beside the plain Hugging Face Marian loop, in equal minutes.

Portuguese → Spanish on the Tatoeba sentences. For each seed: ``atento train`` with the recipe pt-es-small (Transformer)
and pt-es-small-recurrent, and ``hf_marian`` with the same vocabulary, data and minutes, whose peak rate is the best of
three by pilots on dev. All translate the test part with a beam of 5; the ``sacrebleu`` command scores them. Nothing is
chosen on test. Parts may be run one at a time and in any order; each adds to the results::

    python -m benchmarks.real_text --data FOLDER
    python -m benchmarks.real_text --only transformer marian --seeds 2

A part that was measured before is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import corpus, machine, machine_text, merge, parser, run, shown, table
from benchmarks.training_speed import tokenizer_file

Part = Callable[[argparse.Namespace, int], dict[str, Any]]
RECIPES = {"transformer": "pt-es-small", "recurrent": "pt-es-small-recurrent"}
PARTS = {
    "transformer": "Atento, recipe `pt-es-small` (Transformer)",
    "recurrent": "Atento, recipe `pt-es-small-recurrent`",
    "marian": "plain Hugging Face Marian loop, float32",
    "marian-bfloat16": "the same loop under bfloat16 autocast",
}
RESULT = "real-text"


def train_ours(options: argparse.Namespace, part: str, seed: int) -> dict[str, Any]:
    """Train by a shipped recipe and translate the test part."""
    folder = options.work / RESULT / f"{part}-{seed}"
    if folder.exists():
        shutil.rmtree(folder)
    atento: list[str | Path] = [sys.executable, "-m", "atento"]
    train = [*atento, "train", RECIPES[part], "--train", *corpus(options, "tatoeba", "train")]
    train += ["--valid", *corpus(options, "tatoeba", "dev"), "--set", f"training.seed={seed}"]
    train += ["--set", f"training.minutes={options.minutes}", "-o", folder, "--json"]
    card = json.loads(run(train))
    translations = options.work / RESULT / f"{part}-{seed}.es"
    evaluate = [*atento, "evaluate", folder, *corpus(options, "tatoeba", "test"), "-o", translations, "--json"]
    own = json.loads(run(evaluate))
    ours = (folder / "bundle" / "tokenizer.json").read_bytes()
    return {
        "commands": [shown(command, _data(options)) for command in (train, evaluate)],
        "training": card["training"],
        "parameters": card["model"]["parameters"],
        "validation": card["validation"],
        "same_vocabulary": ours == tokenizer_file(options, "tatoeba").read_bytes(),
        "evaluate": {score["metric"]: score["value"] for score in own["evaluation"]["scores"]},
        **sacrebleu(options, translations),
    }


def train_marian(options: argparse.Namespace, part: str, seed: int) -> dict[str, Any]:
    """Train by the plain loop, at the rate that its pilots chose, and translate the test part."""
    folder = options.work / RESULT / f"{part}-{seed}"
    rate, pilots = pilot_rate(options, part)
    command = [*_marian(options, part), "--seed", str(seed), "--minutes", str(options.minutes), "--rates", str(rate)]
    command += ["--test", *corpus(options, "tatoeba", "test"), "-o", folder]
    found = json.loads(run(command).splitlines()[-1])
    kept = ("rate", "steps", "epochs", "target_tokens", "seconds", "tokens_per_second", "dev_loss", "dropout", "warmup")
    return {
        "commands": [*pilots["commands"], shown(command, _data(options))],
        "training": {name: found[name] for name in kept},
        "pilots": {name: pilot["dev_loss"] for name, pilot in pilots["found"].items()},
        "parameters": found["parameters"],
        "peak_memory_mib": found["training_peak_memory_mib"],
        **sacrebleu(options, Path(found["translations"])),
    }


def pilot_rate(options: argparse.Namespace, part: str) -> tuple[float, dict[str, Any]]:
    """The peak rate of the least loss on dev after short pilots, which are run once for all seeds."""
    path = options.work / RESULT / f"{part}-pilots.json"
    command = [*_marian(options, part), "--pilots-only", "--pilot-minutes", str(options.pilot_minutes)]
    command += ["-o", options.work / RESULT / f"{part}-pilots"]
    wanted = [shown(command, _data(options))]
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["commands"] == wanted:
            return kept["rate"], kept
    found = json.loads(run(command).splitlines()[-1])
    kept = {"rate": found["rate"], "found": found["pilots"], "commands": wanted}
    path.write_text(json.dumps(kept, indent=2), encoding="utf-8")
    return kept["rate"], kept


def _marian(options: argparse.Namespace, part: str) -> list[str | Path]:
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.hf_marian"]
    command += ["--tokenizer", tokenizer_file(options, "tatoeba")]
    for name in ("train", "dev"):
        command += [f"--{name}", *corpus(options, "tatoeba", name)]
    return [*command, "--bfloat16"] if part.endswith("bfloat16") else command


def sacrebleu(options: argparse.Namespace, translations: Path) -> dict[str, Any]:
    """BLEU and chrF of the test part, by the sacrebleu command."""
    _, reference = corpus(options, "tatoeba", "test")
    command = [sys.executable, "-m", "sacrebleu", reference, "-i", translations, "-m", "bleu", "chrf", "-w", "6"]
    bleu, chrf = json.loads(run([*command, "--format", "json"], quiet=True))
    return {
        name: {"score": found["score"], "signature": found["signature"]}
        for name, found in (("bleu", bleu), ("chrf", chrf))
    } | {"sacrebleu_command": shown(command, _data(options))}


def _data(options: argparse.Namespace) -> Path:
    return Path(options.data or os.environ["ATENTO_DATA"])


def main() -> None:
    options = _options()
    (options.work / RESULT).mkdir(parents=True, exist_ok=True)
    path = options.results / f"{RESULT}.json"
    results = merge(path, {"machine": machine(), "minutes": options.minutes})
    for seed in options.seeds:
        for part in options.only:
            train = train_ours if part in RECIPES else train_marian
            found = train(options, part, seed) | {"minutes": options.minutes}
            results = merge(path, {part: {str(seed): found}})
            (options.results / f"{RESULT}.md").write_text(report(results), encoding="utf-8")
            print(
                f"{part}, seed {seed}: BLEU {found['bleu']['score']:.2f}, chrF {found['chrf']['score']:.2f}", flush=True
            )
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    rows, means = [], {}
    for part, what in PARTS.items():
        runs = results.get(part, {})
        for seed, found in sorted(runs.items()):
            training = found["training"]
            tokens = f"{training['tokens'] / 1e6:.2f} M"
            scores = [f"{found[name]['score']:.2f}" for name in ("bleu", "chrf")]
            rows.append((what, seed, f"{found['minutes']:g}", f"{training['steps']:,}", tokens, *scores))
        if runs:
            means[part] = [statistics.mean(run[name]["score"] for run in runs.values()) for name in ("bleu", "chrf")]
            rows.append((what, f"mean of {len(runs)}", "", "", "", *(f"**{mean:.2f}**" for mean in means[part])))
    parts = [
        "# Portuguese → Spanish on the Tatoeba test part",
        "Written by `python -m benchmarks.real_text`; what is compared is told in `benchmarks/README.md`.",
        f"Machine: {machine_text(results['machine'])}.",
        table(("model", "seed", "minutes", "steps", "target tokens read", "BLEU", "chrF"), rows),
        *_differences(means, results),
        "## Commands and signatures",
        *(_details(part, results[part]) for part in PARTS if part in results),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _differences(means: dict[str, list[float]], results: dict[str, Any]) -> list[str]:
    """How far each model's means lie above the plain loop's best run, and above its mean, which a failed run lowers."""
    if "marian" not in means:
        return []
    best = [max(run[name]["score"] for run in results["marian"].values()) for name in ("bleu", "chrf")]
    found = []
    for part, (bleu, chrf) in means.items():
        if part != "marian":
            above = f"{bleu - means['marian'][0]:+.2f} BLEU and {chrf - means['marian'][1]:+.2f} chrF"
            above_best = f"{bleu - best[0]:+.2f} BLEU and {chrf - best[1]:+.2f} chrF"
            found.append(f"{PARTS[part]}: {above_best} to the best run of the {PARTS['marian']}; {above} to its mean.")
    return found


def _details(part: str, runs: dict[str, Any]) -> str:
    first = next(iter(runs.values()))
    lines = [f"### {PARTS[part]}", "", f"{first['parameters']:,} parameters.", "", "```sh"]
    for _, found in sorted(runs.items()):
        lines += [command for command in (*found["commands"], found["sacrebleu_command"]) if command not in lines]
    lines += ["```", "", *(f"- {first[name]['signature']}" for name in ("bleu", "chrf"))]
    if "pilots" in first:
        losses = ", ".join(f"{loss:.3f} at {rate}" for rate, loss in first["pilots"].items())
        lines += ["", f"Loss on dev after the pilots: {losses}; the best was taken."]
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=15, help="of each training (default: %(default)s)")
    options.add_argument("--pilot-minutes", type=float, default=4, help="of each pilot (default: %(default)s)")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    options.add_argument("--only", nargs="+", choices=list(PARTS), default=["transformer", "marian", "recurrent"])
    return options.parse_args()


if __name__ == "__main__":
    main()
