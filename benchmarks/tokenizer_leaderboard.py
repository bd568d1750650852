"""Our six kinds of tokenizer and published ones on Portuguese and Spanish news and health texts. ::

    python -m benchmarks.tokenizer_leaderboard --data FOLDER

Trains a tokenizer of each kind with 8,000 entries by ``atento tokenizer train`` on the Tatoeba training sides of both
languages, runs ``atento tokenizer leaderboard`` over the NTREX and TICO-19 test texts, each language's premium against
the other's, and writes docs/tokenizers/leaderboard.md, .json, .csv and the figure. Figures only: no text is copied.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import corpus, machine, machine_text, parser, run, shown, table

PAGE = Path("docs/tokenizers")
KINDS = ("word", "char", "bpe", "byte-bpe", "wordpiece", "unigram")
ENTRIES = 8000
PUBLISHED = {
    "bert-base-uncased": "bert-base-uncased",
    "bertimbau-base-cased": "bertimbau-base-cased",
    "gpt2": "gpt2",
    "gpt2.tiktoken": "tiktoken/gpt2.tiktoken",
    "hf-tokenizer-json": "hf-tokenizer-json/tokenizer.json",
    "mistral-v1": "sentencepiece/mistral_v1_bpe.model",
    "multilingual.tiktoken": "tiktoken/multilingual.tiktoken",
    "unigram-1000": "sentencepiece/test_model.model",
}
"""Vocabulary files by what the page calls them; unigram-1000 is SentencePiece's test model, trained on English."""
TESTS = ("ntrex", "tico19")
Row = dict[str, Any]
"""A tokenizer on a text, as the command's JSON has it."""


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    folder = Path(options.data or os.environ.get("ATENTO_DATA") or "")
    if not (folder / "tokenizers").is_dir():
        raise SystemExit(f"{folder}/tokenizers is missing; benchmarks/README.md says where to get the tokenizers")
    commands, own = _train(options)
    given = [f"{name}={path}" for name, path in own.items()]
    given += [f"{name}={folder / 'tokenizers' / path}" for name, path in PUBLISHED.items()]
    texts: list[str] = []
    for name in TESTS:
        for language, path in zip(("pt", "es"), corpus(options, name, "test"), strict=True):
            texts += ["--text", f"{language}={path}"]
    options.page.mkdir(parents=True, exist_ok=True)
    files = [options.page / f"leaderboard{suffix}" for suffix in (".json", ".csv")]
    figures = [options.page / f"leaderboard{suffix}" for suffix in (".svg", ".png")]
    board = options.work / "leaderboard.md"
    command = [sys.executable, "-m", "atento", "tokenizer", "leaderboard", *given, *texts, "--against", "es"]
    outputs = (*_each("-o", [board, *files]), *_each("--figure", figures))
    commands.append([*command, *outputs])
    run(commands[-1], quiet=True)
    rows = json.loads(files[0].read_text(encoding="utf-8"))["rows"]
    text = page(board.read_text(encoding="utf-8"), rows, [shown(each, folder) for each in commands])
    (options.page / "leaderboard.md").write_text(text, encoding="utf-8")


def _train(options: argparse.Namespace) -> tuple[list[list[Any]], dict[str, Path]]:
    """The six kinds, each trained unless it lies there already; the commands, and the files by their kinds."""
    sides = corpus(options, "tatoeba", "train")
    commands: list[list[Any]] = []
    files = {}
    for kind in KINDS:
        files[kind] = options.work / f"{kind}-8000.json"
        command = [
            sys.executable, "-m", "atento", "tokenizer", "train", *sides, "--kind", kind, "--vocab-size", ENTRIES,
            "-o", files[kind],
        ]  # fmt: skip
        commands.append(command)
        if not files[kind].exists():
            run(command, quiet=True)
    return commands, files


def _each(option: str, values: Sequence[Path]) -> list[Path | str]:
    return [word for value in values for word in (option, value)]


def page(board: str, rows: list[Row], commands: list[str]) -> str:
    """The command's own tables, and what they show."""
    parts = re.split(r"^## ", board, flags=re.MULTILINE)[1:]
    overall, by_text, means = (part.partition("\n")[2].strip() for part in parts)
    heads = ("tokenizer", "Portuguese / Spanish", "95 %", "Spanish / Portuguese", "95 %")
    sizes = rows[0]
    sections = [
        "# Tokenizers on Portuguese and Spanish",
        "Made by `python -m benchmarks.tokenizer_leaderboard --data FOLDER`; the commands stand at the end. What each "
        "column is, and how it can mislead, is told in [README.md](README.md). Everything, with all intervals: "
        "[leaderboard.json](leaderboard.json), [leaderboard.csv](leaderboard.csv).",
        f"The test texts of NTREX-128 (news) and TICO-19 (health) in both languages: {sizes['texts']:,} lines, "
        f"{sizes['words']:,} words, {sizes['bytes']:,} bytes. `word` to `unigram` are ours, with at most {ENTRIES:,} "
        "entries, trained on the Tatoeba sentences of both languages (36,716 short ones of everyday talk, 1.3 MB); the "
        "others are published vocabularies.",
        "## Over both languages",
        "![Vocabulary size and bytes per token](leaderboard.svg)",
        overall,
        "## What it shows",
        _findings(rows),
        "## Premium of one language against the other",
        "Tokens of a language over those of the other one, for the same lines; above 1 it is the dearer one.",
        table(heads, map(_premiums, _of(rows, "pt"))).strip(),
        "## Language by language",
        by_text,
        "## Ratios of sums and means over lines",
        means,
        "## Commands",
        "```\n" + "\n".join(commands) + "\n```",
        f"Machine: {machine_text(machine())}.",
    ]
    return "\n\n".join(sections) + "\n"


def _of(rows: list[Row], text: str) -> list[Row]:
    return [row for row in rows if row["text"] == text]


def _premiums(row: Row) -> tuple[str, ...]:
    """Portuguese against Spanish, and the inverse, whose interval is the inverse of both ends."""
    values = [row["premium"], row["premium_low"], row["premium_high"]]
    value, low, high = (f"{each:.3f}" for each in values)
    inverse, most, least = (f"{1 / each:.3f}" for each in values)
    return row["tokenizer"], value, f"{low}–{high}", inverse, f"{least}–{most}"


def _findings(rows: list[Row]) -> str:
    return ""


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--page", type=Path, default=PAGE, help="where the page goes (default: %(default)s)")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
