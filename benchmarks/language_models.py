"""Language models: GPT beside nanoGPT's recipe and a plain loop, and GPT and BERT on Portuguese beside Kneser–Ney.

shakespeare   the recipe ``gpt-char`` on tiny Shakespeare: held-out loss, at its own learning rate and (one seed) at
              nanoGPT's, which is half of it; and the time of a step in turns with a plain loop (``plain_gpt``), eager
              and compiled
generation    tokens a second with the cache, one text alone and eight together, in turns with Hugging Face's
              ``generate`` on the same weights; and how the time grows with the length
novels        a GPT on three novels by Machado de Assis, of which the ends are held out, beside a 5-gram model on the
              same tokens
sentences     a BERT on the Portuguese sides of pt-es: pseudo-perplexity, gaps filled; a 5-gram model's perplexity for
              the scale

Parts may be run one at a time; each adds to the results. ::

    python -m benchmarks.language_models --data FOLDER [--parts shakespeare generation novels sentences]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atento.training.shipped import shipped_recipes
from benchmarks.common import (
    alternate,
    machine,
    machine_text,
    median_ratio,
    merge,
    parser,
    run,
    run_module,
    shown,
    table,
)

RESULT = "language-models"
NOVELS = ("dom_casmurro", "memorias_postumas_de_bras_cubas", "quincas_borba")
DOMAINS = ("tatoeba", "bible", "python-docs", "mozilla-www", "tldr")
PROMPTS = ("Capitu olhou", "O defunto", "A vida")
GAPS = ("A vida é [MASK].", "Onde fica a [MASK]?", "O céu e a [MASK].", "Amigos [MASK].")
NANOGPT_RATE = 1e-3
"""The learning rate of nanoGPT's recipe for processors, which ``plain_gpt`` has, too; ``gpt-char`` has twice of it."""
SIDES = {"plain": "plain loop, eager", "plain-compiled": "plain loop, torch.compile", "atento": "Atento"}


def atento(name: str) -> list[str | Path]:
    return [sys.executable, "-m", "atento", name]


def data(options: argparse.Namespace, *parts: str) -> Path:
    """A file below the folder of corpora; ends the process where it is missing."""
    path = Path(options.data or os.environ.get("ATENTO_DATA", "."), *parts)
    if not path.exists():
        raise SystemExit(f"{path} is missing; benchmarks/README.md says where to get the corpora")
    return path


def trained(options: argparse.Namespace, name: str, words: list[str | Path], found: dict[str, Any]) -> Path:
    """A run of ``atento train``, made anew unless ``--keep``; its card and command go into ``found``."""
    folder: Path = options.work / RESULT / name
    command = [*atento("train"), *words, "-o", folder]
    if not (options.keep and (folder / "bundle").is_dir()):
        shutil.rmtree(folder, ignore_errors=True)
        run(command)
    card = json.loads((folder / "bundle" / "card.json").read_text(encoding="utf-8"))
    read = {key: value for key, value in card["data"].items() if key not in ("train", "valid")}  # paths of this machine
    facts = {"parameters": card["model"]["parameters"], "data": read}
    found.setdefault("training", {})[name] = card["training"] | facts
    found.setdefault("commands", []).append(shown(command, data(options)))
    return folder


def shipped_rate(recipe: str) -> float:
    """The learning rate of a shipped recipe."""
    return float(tomllib.loads(shipped_recipes()[recipe])["training"]["learning_rate"])


def shakespeare(options: argparse.Namespace) -> dict[str, Any]:
    """Loss and time of a step."""
    text, found = data(options, "lm", "tinyshakespeare", "input.txt"), dict[str, Any]()

    def loss(name: str, *settings: str) -> float:
        words: list[str | Path] = ["gpt-char", "--train", text, *(f"--set={setting}" for setting in settings)]
        folder = trained(options, name, words, found)
        held_out = folder / "held-out" / "0" / "dev.txt"
        command = [*atento("evaluate"), folder, held_out, "--context", "64", "--stride", "64", "--json"]
        return float(json.loads(run(command))["loss"])

    found["losses"] = [loss(f"shakespeare-{seed}", f"training.seed={seed}") for seed in options.seeds]
    seed = options.seeds[0]
    settings = f"training.seed={seed}", f"training.learning_rate={NANOGPT_RATE}"
    found["loss_at_nanogpts_rate"] = loss(f"shakespeare-{seed}-nanogpts-rate", *settings)
    found["rate"] = shipped_rate("gpt-char")
    plain = ["--text", str(text)]
    found["plain_loss"] = run_module("benchmarks.plain_gpt", *plain, ours=False)["loss"]

    def one(side: str, number: int) -> dict[str, Any]:
        if side == "atento":
            arguments = ["--text", str(text), "--seed", str(number), "--work", str(options.work)]
            return run_module("benchmarks.gpt_step", *arguments, ours=True)
        compiled = ["--compiled"] if side.endswith("compiled") else []
        timed = [*plain, "--timed", "300", "--seed", str(number), *compiled]
        return run_module("benchmarks.plain_gpt", *timed, ours=False)

    steps = alternate(list(SIDES), options.rounds, one)
    times = {side: [each["milliseconds"] for each in runs] for side, runs in steps.items()}
    found["milliseconds"] = {side: statistics.median(values) for side, values in times.items()}
    found["ratios"] = {side: median_ratio(times["atento"], times[side]) for side in SIDES if side != "atento"}
    return found


def generation(options: argparse.Namespace) -> dict[str, Any]:
    """Tokens a second."""
    sides = ("transformers", "atento")

    def one(side: str, number: int) -> dict[str, Any]:
        arguments = ["--side", side, "--seed", str(number), "--work", str(options.work)]
        return run_module("benchmarks.gpt_generation", *arguments, ours=side == "atento")

    runs = alternate(sides, options.rounds, one)
    tasks = [name for name in runs["atento"][0] if name.endswith("tokens_per_second")]
    return {
        "runs": {side: list(each) for side, each in runs.items()},
        "ratios": {task: median_ratio(*([run[task] for run in runs[side]] for side in sides[::-1])) for task in tasks},
        "seconds_by_length": runs["atento"][0]["seconds_by_length"],
    }


def novels(options: argparse.Namespace) -> dict[str, Any]:
    """GPT and 5-grams on three novels."""
    found: dict[str, Any] = {}
    folder = options.work / RESULT / "novels"
    parts = {name: folder / f"{name}.txt" for name in ("train", "test")}
    if not all(path.exists() for path in parts.values()):
        folder.mkdir(parents=True, exist_ok=True)
        texts = [data(options, "lm", "machado-pt", f"{name}.txt").read_text(encoding="utf-8") for name in NOVELS]
        split = [(text, text.rfind("\n", 0, round(0.95 * len(text))) + 1) for text in texts]
        parts["train"].write_text("".join(text[:place] for text, place in split), encoding="utf-8")
        parts["test"].write_text("".join(text[place:] for text, place in split), encoding="utf-8")
    words: list[str | Path] = ["gpt-small", "--train", parts["train"], "--set", f"training.minutes={options.minutes}"]
    gpt = trained(options, "gpt", words, found)
    found["gpt"] = _evaluated(options, gpt, parts["test"], found)
    found["kneser_ney"] = _kneser_ney(options, gpt, [parts["train"]], parts["test"], "file", found)
    command = [*atento("write"), gpt, *PROMPTS, "--seed", "1", "--max-tokens", "40", "--json"]
    found["samples"] = [
        line["prompt"] + line["continuations"][0]["text"] for line in map(json.loads, run(command).splitlines())
    ]
    text = parts["train"].read_text(encoding="utf-8")
    found["copied_words"] = max(_copied(sample, text) for sample in found["samples"])
    found["commands"].append(shown(command, data(options)))
    return found


def sentences(options: argparse.Namespace) -> dict[str, Any]:
    """BERT on sentences of five domains."""
    found: dict[str, Any] = {}
    folder = options.work / RESULT / "sentences"
    folder.mkdir(parents=True, exist_ok=True)
    files = {part: folder / f"{part}.pt" for part in ("train", "dev", "test")}
    for part, path in files.items():
        texts = [data(options, "pt-es", name, f"{name}.{part}.pt").read_text(encoding="utf-8") for name in DOMAINS]
        path.write_text("".join(texts), encoding="utf-8")
    words: list[str | Path] = ["bert-small", "--train", files["train"], "--valid", files["dev"]]
    bert = trained(options, "bert", [*words, "--set", f"training.minutes={options.minutes}"], found)
    test = folder / "test-500.pt"
    lines = files["test"].read_text(encoding="utf-8").splitlines()
    test.write_text("".join(f"{line}\n" for line in lines[:: max(1, len(lines) // 500)]), encoding="utf-8")
    found["bert"] = _evaluated(options, bert, test, found)
    found["kneser_ney"] = _kneser_ney(options, bert, [files["train"]], test, "line", found)
    command = [*atento("fill"), bert, *GAPS, "--json"]
    found["filled"] = [
        {
            "source": line["source"],
            "candidates": [(each["token"], round(each["probability"], 3)) for each in line["gaps"][0]],
        }
        for line in map(json.loads, run(command).splitlines())
    ]
    found["commands"].append(shown(command, data(options)))
    return found


def _copied(sample: str, text: str) -> int:
    """The most words in a row that a sample has from a text."""
    words, spaced, most = sample.split(), f" {' '.join(text.split())} ", 0
    for start in range(len(words)):
        while f" {' '.join(words[start : start + most + 1])} " in spaced and start + most < len(words):
            most += 1
    return most


def _evaluated(options: argparse.Namespace, folder: Path, test: Path, found: dict[str, Any]) -> dict[str, Any]:
    command = [*atento("evaluate"), folder, test, "--json"]
    found["commands"].append(shown(command, data(options)))
    report: dict[str, Any] = json.loads(run(command))
    return report


def _kneser_ney(
    options: argparse.Namespace, folder: Path, train: list[Path], test: Path, documents: str, found: dict[str, Any]
) -> dict[str, Any]:
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.kneser_ney", "--run", folder]
    command += ["--train", *train, "--test", test, "--documents", documents]
    found["commands"].append(shown(command, data(options)))
    report: dict[str, Any] = json.loads(run(command).splitlines()[-1])
    return report


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "shakespeare": shakespeare,
    "generation": generation,
    "novels": novels,
    "sentences": sentences,
}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="of trainings on tiny Shakespeare")
    options.add_argument("--rounds", type=int, default=9, help="alternations (default: %(default)s)")
    options.add_argument("--minutes", type=float, default=15, help="of the Portuguese trainings (default: %(default)s)")
    options.add_argument("--keep", action="store_true", help="take trained runs that are there")
    chosen = options.parse_args()
    (chosen.work / RESULT).mkdir(parents=True, exist_ok=True)
    path = chosen.results / f"{RESULT}.json"
    results = merge(path, {"machine": machine()})
    for part in chosen.parts:
        results = merge(path, {part: PARTS[part](chosen)})
        (chosen.results / f"{RESULT}.md").write_text(report(results), encoding="utf-8")
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    parts = [
        "# Language models",
        "Written by `python -m benchmarks.language_models`; what is compared is told in `benchmarks/README.md`.",
        f"Machine: {machine_text(results['machine'])}.",
    ]
    makers = {
        "shakespeare": _shakespeare_text,
        "generation": _generation_text,
        "novels": _novels_text,
        "sentences": _sentences_text,
    }
    commands: list[str] = []
    for name, make in makers.items():
        if name in results:
            parts += make(results[name])
            commands += results[name].get("commands", [])
    if commands:
        parts += ["## Commands", "```sh\n" + "\n".join(dict.fromkeys(commands)) + "\n```"]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _shakespeare_text(found: dict[str, Any]) -> list[str]:
    own, theirs = f"{found['rate']:g}", f"{NANOGPT_RATE:g}"
    losses = [
        ("Atento, `gpt-char`", own, ", ".join(f"{loss:.3f}" for loss in found["losses"])),
        ("Atento, `gpt-char` at nanoGPT's rate", theirs, f"{found['loss_at_nanogpts_rate']:.3f}"),
        ("plain loop", theirs, f"{found['plain_loss']:.3f}"),
        ("nanoGPT, as its page says", theirs, "1.88"),
    ]
    rows = [
        (what, f"{found['milliseconds'][side]:.1f}", f"{found['ratios'][side]:.2f}" if side in found["ratios"] else "")
        for side, what in SIDES.items()
    ]
    return [
        "## Tiny Shakespeare, nanoGPT's sizes for processors",
        f"The recipe `gpt-char` has nanoGPT's model, size of batches and 2,000 steps, but a learning rate of {own}; "
        f"nanoGPT's is {theirs}. The first row against the second is what the rate does, the second against the others "
        "what the code does. Held-out loss, a figure a seed:",
        table(("side", "learning rate", "nats a character"), losses),
        table(("side", "ms a step", "Atento's time / its time"), rows),
    ]


def _generation_text(found: dict[str, Any]) -> list[str]:
    runs = found["runs"]
    rows = [
        (
            task.removesuffix("_tokens_per_second").replace("_", " "),
            *(f"{statistics.median(run[task] for run in runs[side]):,.0f}" for side in ("transformers", "atento")),
            f"{ratio:.2f}",
        )
        for task, ratio in found["ratios"].items()
    ]
    lengths = ", ".join(f"{length} tokens {seconds:.2f} s" for length, seconds in found["seconds_by_length"])
    return [
        "## Generation with the cache, the same weights",
        table(("texts together", "`generate`, tokens/s", "Atento, tokens/s", "ratio"), rows),
        f"Atento, one text, by length: {lengths}.",
    ]


def _novels_text(found: dict[str, Any]) -> list[str]:
    rows = [
        (what, *(f"{found[key][name]:.3f}" for name in ("loss", "perplexity", "bits_per_byte", "word_perplexity")))
        for key, what in (("gpt", "GPT"), ("kneser_ney", "5-grams, Kneser–Ney"))
    ]
    training = found["training"]["gpt"]
    return [
        "## Three novels by Machado de Assis",
        f"{training['parameters']:,} parameters, {training['steps']:,} steps in {training['minutes']:.1f} minutes.",
        table(("model", "nats a token", "perplexity", "bits per byte", "perplexity a word"), rows),
        f"What it writes (seed 1); at most {found['copied_words']} words in a row stand in the training text:",
        "\n".join(f"- {sample!r}" for sample in found["samples"]),
    ]


def _sentences_text(found: dict[str, Any]) -> list[str]:
    training, bert, grams = found["training"]["bert"], found["bert"], found["kneser_ney"]
    filled = "\n".join(
        f"- {each['source']}: " + ", ".join(f"{token} {value:.1%}" for token, value in each["candidates"])
        for each in found["filled"]
    )
    return [
        "## Portuguese sentences of five domains",
        f"{training['parameters']:,} parameters, {training['steps']:,} steps in {training['minutes']:.1f} minutes. "
        f"BERT's pseudo-perplexity of a token, both sides seen: {bert['pseudo_perplexity']:.2f}. A 5-gram model's "
        f"perplexity on the same tokens, the left side seen: {grams['perplexity']:.2f}. The two are different things; "
        "the second only gives the scale.",
        filled,
    ]


if __name__ == "__main__":
    main()
