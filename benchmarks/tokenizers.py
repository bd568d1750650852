"""Encoding beside the wrapped libraries' own batch calls, and the leaderboard over 100 MB of text. ::

    python -m benchmarks.tokenizers --data FOLDER

Encoding: the ids of the same lines by ``OpenTokenizer.encode_batch`` and by the library that it wraps, in one process;
the two take turns batch by batch, and the ratio is the median of the batches' own. Ours must have 0.9 of the library's
speed. Leaderboard: the command in a process of
its own over the training texts, repeated to 100 MB; the greatest memory it held must be under 1,000 MB. Results go to
benchmarks/results/tokenizers.md and tokenizers.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import ROOT, corpus, machine, machine_text, median_ratio, merge, parser, table

WANTED = 0.9
MOST_MEMORY = 1000
"""Megabytes."""
MEGABYTE = 1_000_000
BATCH = 100_000
"""Bytes that each side encodes in its turn: short turns, so that other work on the machine disturbs both alike."""
Encode = Callable[[Sequence[str]], list[list[int]]]


@dataclass(frozen=True)
class Side:
    """A tokenizer's file, and how its own library encodes many texts."""

    name: str
    path: str
    """In the data's folder ``tokenizers``."""
    own: Callable[[Path], Encode]


def _hugging_face(path: Path) -> Encode:
    import tokenizers

    from atento.text.loading import library_of_folder

    is_file = path.name == "tokenizer.json"
    library = tokenizers.Tokenizer.from_file(str(path)) if is_file else library_of_folder(path)
    library.encode_special_tokens = True
    return lambda texts: [each.ids for each in library.encode_batch_fast(texts, add_special_tokens=False)]


def _sentence_piece(path: Path) -> Encode:
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return lambda texts: processor.encode(texts)


def _tiktoken(path: Path) -> Encode:
    import tiktoken

    from atento.text.opened.tiktoken_file import PRESETS, read_ranks

    encoding = tiktoken.Encoding(
        name=path.stem, pat_str=PRESETS["gpt2"].pattern, mergeable_ranks=read_ranks(path), special_tokens={}
    )
    return lambda texts: encoding.encode_ordinary_batch(texts, num_threads=os.cpu_count() or 1)


SIDES = (
    Side("bert-base-uncased", "bert-base-uncased", _hugging_face),
    Side("bertimbau-base-cased", "bertimbau-base-cased", _hugging_face),
    Side("gpt2", "gpt2", _hugging_face),
    Side("hf-tokenizer-json", "hf-tokenizer-json/tokenizer.json", _hugging_face),
    Side("unigram-1000", "sentencepiece/test_model.model", _sentence_piece),
    Side("mistral-v1", "sentencepiece/mistral_v1_bpe.model", _sentence_piece),
    Side("gpt2.tiktoken", "tiktoken/gpt2.tiktoken", _tiktoken),
    Side("multilingual.tiktoken", "tiktoken/multilingual.tiktoken", _tiktoken),
)
LARGE = ("gpt2", "unigram-1000", "mistral-v1", "multilingual.tiktoken")
"""Measured over the large text: each library, and one that loses text, which takes the longest."""


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    folder = Path(options.data or os.environ.get("ATENTO_DATA") or "") / "tokenizers"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is missing; benchmarks/README.md says where to get the tokenizers")
    results: dict[str, Any] = {"machine": machine()}
    if not options.only or options.only == "encoding":
        batches = list(_batches(options, options.megabytes * MEGABYTE, BATCH))
        results["encoding"] = {side.name: _encoding(side, folder, batches) for side in SIDES}
    if not options.only or options.only == "leaderboard":
        results["leaderboard"] = _leaderboard(options, folder)
    merged = merge(options.results / "tokenizers.json", results)
    text = report(merged)
    (options.results / "tokenizers.md").write_text(text, encoding="utf-8")
    print(text)


def report(results: Mapping[str, Any]) -> str:
    """Both tables."""
    parts = [
        "# Tokenizers",
        "Written by `python -m benchmarks.tokenizers`; what is measured is told there.",
        f"Machine: {machine_text(results['machine'])}.",
    ]
    if "encoding" in results:
        rows = [
            (
                name, each["library"], f"{each['ours']:.2f}", f"{each['theirs']:.2f}", f"{each['ratio']:.2f}",
                f"≥ {WANTED}", f"{each['processor_ratio']:.2f}",
            )
            for name, each in results["encoding"].items()
        ]  # fmt: skip
        head = (
            "Encoding",
            "library",
            "Atento, MB/s",
            "its own batch call, MB/s",
            "ratio",
            "wanted",
            "ratio of processor time",
        )
        parts.append(table(head, rows))
        some = next(iter(results["encoding"].values()))
        parts.append(
            f"MB/s are 10⁶ bytes a second over {some['megabytes']:.1f} MB; the ratio is the median of "
            f"{some['batches']} batches in turns. Processor time is disturbed less by other work on the machine. Both "
            "give lists of ids, which are equal."
        )
    if "leaderboard" in results:
        found = results["leaderboard"]
        rows = [
            ("text", f"{found['megabytes']:.1f} MB, {found['lines']:,} lines", ""),
            ("tokenizers", ", ".join(found["tokenizers"]), ""),
            ("time", f"{found['seconds']:.0f} s", ""),
            ("of it in encoding calls", f"{found['encoding_seconds']:.0f} s", ""),
            ("greatest memory", f"{found['peak_megabytes']:.0f} MB", f"< {MOST_MEMORY} MB"),
        ]
        parts.append(table(("Leaderboard", "", "wanted"), rows))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _encoding(side: Side, folder: Path, batches: Sequence[list[str]]) -> dict[str, Any]:
    from atento.text.opened.opening import open_tokenizer

    opened = open_tokenizer(folder / side.path)
    calls: dict[str, Encode] = {"ours": opened.encode_batch, "theirs": side.own(folder / side.path)}
    if calls["ours"](batches[0]) != calls["theirs"](batches[0]):
        raise SystemExit(f"{side.name}: both sides' ids differ")
    size = sum(len(text.encode()) for batch in batches for text in batch)

    seconds: dict[str, list[float]] = {which: [] for which in calls}
    processor = dict.fromkeys(calls, 0.0)
    for number, batch in enumerate(batches):
        for which in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
            begun, used = time.perf_counter(), time.process_time()
            calls[which](batch)
            seconds[which].append(time.perf_counter() - begun)
            processor[which] += time.process_time() - used
    found = {
        "library": opened.library,
        **{which: round(size / sum(values) / MEGABYTE, 3) for which, values in seconds.items()},
        "ratio": round(median_ratio(seconds["theirs"], seconds["ours"]), 3),
        "processor_ratio": round(processor["theirs"] / processor["ours"], 3),
        "batches": len(batches),
        "megabytes": size / MEGABYTE,
    }
    print(f"{side.name}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def _leaderboard(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The command over a large file: how long it takes, and the most memory that it holds."""
    text, board = options.work / "large.txt", options.work / "large.json"
    options.work.mkdir(parents=True, exist_ok=True)
    lines = 0
    with text.open("w", encoding="utf-8", newline="\n") as stream:
        for batch in _batches(options, options.large_megabytes * MEGABYTE, MEGABYTE):
            stream.writelines(f"{line}\n" for line in batch)
            lines += len(batch)
    given = [f"{side.name}={folder / side.path}" for side in SIDES if side.name in LARGE]
    command = [
        sys.executable,
        "-m",
        "atento",
        "tokenizer",
        "leaderboard",
        *given,
        "--text",
        str(text),
        "-o",
        str(board),
    ]
    begun = time.perf_counter()
    peak = _peak(command)
    seconds = time.perf_counter() - begun
    rows = json.loads(board.read_text(encoding="utf-8"))["rows"]
    return {
        "megabytes": text.stat().st_size / MEGABYTE,
        "lines": lines,
        "tokenizers": [row["tokenizer"] for row in rows],
        "seconds": round(seconds, 1),
        "encoding_seconds": round(sum(row["seconds"] for row in rows), 1),
        "peak_megabytes": round(peak / MEGABYTE, 1),
    }


def _peak(command: Sequence[str]) -> int:
    """Run a command; the greatest resident memory it was seen to hold, in bytes."""
    greatest = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                greatest = max(greatest, watched.memory_info().rss)
            except psutil.NoSuchProcess:  # it has just ended
                break
            time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return greatest


def _batches(options: argparse.Namespace, total: int, each: int) -> Iterator[list[str]]:
    """Lines of the training texts of both languages, over and over: ``total`` bytes in batches of ``each``."""
    paths = [path for name in ("python-docs", "bible") for path in corpus(options, name, "train")]
    done = size = 0
    batch: list[str] = []
    for line in _forever(paths):
        batch.append(line)
        size += len(line.encode())
        if size >= min(each, total - done):
            yield batch
            done, size, batch = done + size, 0, []
            if done >= total:
                return


def _forever(paths: Sequence[Path]) -> Iterator[str]:
    """A line of each file in turn; the shortest file ends a pass."""
    from atento.core.files import read_lines

    while True:
        for lines in zip(*map(read_lines, paths), strict=False):
            yield from itertools.filterfalse(str.isspace, filter(None, lines))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=5, help="to encode (default: %(default)s)")
    options.add_argument("--large-megabytes", type=int, default=100, help="of the leaderboard (default: %(default)s)")
    options.add_argument("--only", choices=("encoding", "leaderboard"), help="one part alone")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
