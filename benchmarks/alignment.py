"""Word alignments read off attention, beside a statistical aligner that learned from the same training pairs.

Two corpora. *builtin*: the built-in corpus, whose links are exact; the model is trained by the recipe ``demo``. *real*:
the training parts of pt-es in five domains as lower-case words, and the test pairs ``golden.pt-es.derived`` of the
golden collection, whose links are composed of English-Portuguese and English-Spanish ones: derived, not gold. eflomal
learns from the same pairs and the test pairs, in both directions. Both are scored by ``atento align --gold``. Nothing
is chosen on test. Parts may be run one at a time; each adds to the results::

    python -m benchmarks.alignment --data FOLDER
    python -m benchmarks.alignment --corpora builtin --only eflomal --seeds 1 2 3
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atento.data.builtin.corpus import write_builtin
from atento.text.words import words_of
from benchmarks.common import corpus, lines, machine, machine_text, merge, parser, run, shown, table

RESULT = "alignment"
DOMAINS = ("tatoeba", "bible", "python-docs", "mozilla-www", "tldr")
METHODS = ("intersection", "grow-diag-final-and", "union")
ROWS = ("forward", "reverse", *METHODS)
RATES = ("aer", "precision", "recall")


@dataclass(frozen=True, kw_only=True)
class TestSet:
    """Test pairs for a model, the same as words for an aligner, and the links that count these words."""

    texts: tuple[Path, Path]
    words: tuple[Path, Path]
    gold: Path
    options: tuple[str, ...]
    """Of ``atento align``, so that the texts' words are those."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What is trained on and tested on; ``train`` is text for a model, ``words`` the same for an aligner."""

    train: tuple[Path, Path]
    dev: tuple[Path, Path]
    words: tuple[Path, Path]
    tests: dict[str, TestSet]
    recipe: str


def builtin(options: argparse.Namespace) -> Corpus:
    """The built-in corpus, with its words and links."""
    folder = options.work / RESULT / "builtin"
    if not (folder / "dev.es").exists():  # the last file of all
        write_builtin(folder)
        for side in ("pt", "es"):
            parts = (lines(folder / f"dev.{kind}.{side}") for kind in ("handwritten", "composed"))
            _write(folder / f"dev.{side}", [line for part in parts for line in part])

    def both(name: str) -> tuple[Path, Path]:
        return folder / f"{name}.pt", folder / f"{name}.es"

    tests = {
        kind: TestSet(
            texts=both(f"test.{kind}"),
            words=both(f"test.{kind}.words"),
            gold=folder / f"test.{kind}.align",
            options=("--words",),
        )
        for kind in ("handwritten", "composed")
    }
    return Corpus(
        train=both("train"), dev=both("dev"), words=both("train.words"), tests=tests, recipe=options.recipes[0]
    )


def real(options: argparse.Namespace) -> Corpus:
    """Five domains as lower-case words, and the derived links of the golden collection."""
    folder = options.work / RESULT / "real"
    for part in ("train", "dev"):
        for number, side in enumerate(("pt", "es")):
            path = folder / f"{part}.{side}"
            if not path.exists():
                texts = (line for name in DOMAINS for line in lines(corpus(options, name, part)[number]))
                _write(path, [_words(line) for line in texts])
    golden = (_data(options) or Path()) / "word-alignment" / "golden-collection"
    texts = golden / "golden.pt-es.derived.test.pt", golden / "golden.pt-es.derived.test.es"
    gold = golden / "golden.pt-es.derived.test.align"
    if not gold.is_file():
        raise SystemExit(f"{gold} is missing; benchmarks/README.md says where to get it")
    train, dev = ((folder / f"{part}.pt", folder / f"{part}.es") for part in ("train", "dev"))
    test = TestSet(texts=texts, words=texts, gold=gold, options=("--whitespace",))
    return Corpus(train=train, dev=dev, words=train, tests={"derived": test}, recipe=options.recipes[1])


CORPORA: dict[str, Callable[[argparse.Namespace], Corpus]] = {"builtin": builtin, "real": real}


def align_statistically(options: argparse.Namespace, name: str, data: Corpus, seed: int) -> dict[str, Any]:
    """Both directions by eflomal, trained once for each test set, and their combinations."""
    found: dict[str, Any] = {"commands": [], "seconds": 0.0, "scores": {}}
    for test_name, test in data.tests.items():
        prefix = options.work / RESULT / f"{name}-eflomal-{seed}-{test_name}"
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.statistical_aligner"]
        command += ["--train", *data.words, "--test", *test.words, "-o", prefix]
        result = json.loads(run(command).splitlines()[-1])
        found["commands"].append(shown(command, _data(options)))
        found["seconds"] += result["seconds"]
        found["pairs"] = result["pairs"]
        there, back = Path(f"{prefix}.forward"), Path(f"{prefix}.reverse")
        rows: dict[str, list[str | Path]] = {"forward": [there], "reverse": [back]}
        rows |= {method: [there, "--reverse", back, "--symmetrise", method] for method in METHODS}
        found["scores"][test_name] = {row: _score(words, test) for row, words in rows.items()}
    return found


def align_by_attention(options: argparse.Namespace, name: str, data: Corpus, seed: int) -> dict[str, Any]:
    """A model, and one of the other direction if that is wanted, trained by a recipe; links by its defaults."""
    found: dict[str, Any] = {"commands": [], "training": [], "minutes": options.minutes, "scores": {}}
    found["settings"] = options.set
    runs: list[Path] = []
    for direction in ("forward", "reverse")[: options.directions]:
        turn = slice(None) if direction == "forward" else slice(None, None, -1)
        runs.append(options.work / RESULT / f"{name}-{data.recipe}-{seed}-{direction}")
        if runs[-1].exists():
            shutil.rmtree(runs[-1])
        command = [*_atento("train"), data.recipe, "--train", *data.train[turn], "--valid", *data.dev[turn]]
        command += ["--set", f"training.seed={seed}", "--set", f"training.minutes={options.minutes}"]
        command += [*(word for setting in options.set for word in ("--set", setting)), "-o", runs[-1], "--json"]
        found["training"].append(json.loads(run(command))["training"])
        found["commands"].append(shown(command, _data(options)))
    for test_name, test in data.tests.items():
        prefix = options.work / RESULT / f"{name}-ours-{seed}-{test_name}"
        files = [prefix.with_name(f"{prefix.name}.{direction}") for direction in ("forward", "reverse")]
        for number, model in enumerate(runs):
            texts = test.texts[:: -1 if number else 1]
            command = [*_atento("align"), model, *texts, *test.options, "-o", files[number]]
            run(command)
            found["commands"].append(shown(command, _data(options)))
        rows: dict[str, list[str | Path]] = {"forward": [files[0]]}
        if len(runs) > 1:
            rows["reverse"] = [files[1], "--inverted"]
            both = [files[0], "--reverse", files[1], "--reverse-inverted", "--symmetrise"]
            rows |= {method: [*both, method] for method in METHODS}
        found["scores"][test_name] = {row: _score(words, test) for row, words in rows.items()}
    return found


PARTS = {"eflomal": align_statistically, "attention": align_by_attention}


def _atento(name: str) -> list[str | Path]:
    return [sys.executable, "-m", "atento", name]


def _score(words: list[str | Path], test: TestSet) -> dict[str, float]:
    score = json.loads(run([*_atento("align"), *words, "--gold", test.gold, "--json"], quiet=True))
    return {name: score[name] for name in (*RATES, "links", "sure", "sentences")}


def _write(path: Path, texts: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")


def _words(text: str) -> str:
    return " ".join(words_of(text)).lower()


def _data(options: argparse.Namespace) -> Path | None:
    found = options.data or os.environ.get("ATENTO_DATA")
    return None if found is None else Path(found)


def _refuse_others(runs: dict[str, Any], options: argparse.Namespace) -> None:
    """Seeds are averaged, so all of them must have been trained alike."""
    for seed, found in runs.items():
        if (found.get("minutes", options.minutes), found.get("settings", [])) != (options.minutes, options.set):
            settings = found.get("settings") or "no settings"
            raise SystemExit(
                f"seed {seed} was trained for {found['minutes']:g} minutes with {settings}; give the same, or another "
                "--results"
            )


def main() -> None:
    options = _options()
    (options.work / RESULT).mkdir(parents=True, exist_ok=True)
    path = options.results / f"{RESULT}.json"
    results = merge(path, {"machine": machine()})
    for name in options.corpora:
        data = CORPORA[name](options)
        for part in options.only:
            for seed in options.seeds:
                key = f"{name}, {part}"
                if part == "attention":
                    _refuse_others(results.get(key, {}), options)
                results = merge(path, {key: {str(seed): PARTS[part](options, name, data, seed)}})
                (options.results / f"{RESULT}.md").write_text(report(results), encoding="utf-8")
                print(f"{key}, {seed}: done", file=sys.stderr, flush=True)
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    parts = [
        "# Word alignment: attention beside eflomal",
        "Written by `python -m benchmarks.alignment`; what is compared is told in `benchmarks/README.md`. Percent.",
        f"Machine: {machine_text(results['machine'])}.",
    ]
    measured = {key: runs for key, runs in results.items() if key != "machine"}
    for key, runs in sorted(measured.items()):
        rows = []
        first = next(iter(runs.values()))
        for test, scores in first["scores"].items():
            for row in (name for name in ROWS if name in scores):
                means = {rate: [100 * each["scores"][test][row][rate] for each in runs.values()] for rate in RATES}
                figures = [f"{statistics.mean(means[rate]):.1f}" for rate in RATES]
                spread = f"{min(means['aer']):.1f}–{max(means['aer']):.1f}"
                rows.append((test, row, len(runs), figures[0], spread, *figures[1:]))
        parts += [f"## {key}", _effort(runs)]
        parts.append(table(("test set", "links", "runs", "mean AER", "lowest–highest", "precision", "recall"), rows))
    commands = "\n".join(dict.fromkeys(_commands(measured)))
    parts += ["## Commands", f"```sh\n{commands}\n```"]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _commands(measured: dict[str, Any]) -> list[str]:
    return [command for runs in measured.values() for found in runs.values() for command in found["commands"]]


def _effort(runs: dict[str, Any]) -> str:
    first = next(iter(runs.values()))
    if "training" in first:
        steps = ", ".join(f"{each['steps']:,} steps" for each in first["training"])
        return f"{first['minutes']:g} minutes a direction ({steps})."
    seconds = statistics.mean(found["seconds"] for found in runs.values()) / len(first["scores"])
    return f"{first['pairs']:,} pairs, {seconds:.0f} seconds for both directions."


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--corpora", nargs="+", choices=list(CORPORA), default=list(CORPORA))
    options.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    options.add_argument("--minutes", type=float, default=15, help="of each training (default: %(default)s)")
    options.add_argument(
        "--directions", type=int, choices=(1, 2), default=2, help="models trained (default: %(default)s)"
    )
    options.add_argument(
        "--seeds", type=int, nargs="+", default=[1, 2], help="of trainings; eflomal just runs so often"
    )
    options.add_argument("--recipes", nargs=2, default=["demo", "pt-es-small-recurrent"], metavar=("BUILTIN", "REAL"))
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of `atento train`")
    return options.parse_args()


if __name__ == "__main__":
    main()
