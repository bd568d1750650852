"""Target tokens a second in training, beside the plain Hugging Face Marian loop (``hf_marian``).

The Python documentation's training part, one shared BPE vocabulary of 8,000; batches of sentences × longest side
≤ 4096; real target tokens, </s> included; loading, forward and backward pass, clipping and AdamW are timed; dropout 0.1
and label smoothing 0.1 on every side. Ours is the real ``Trainer`` with validation off. Each measurement is a process
of its own, the sides in turn; the first side's speed is R, and the median of the rounds' ratios to it counts. ::

    python -m benchmarks.training_speed --data FOLDER

``--side NAME`` measures one side once; ``--profile`` shows where its time goes instead.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from atento.bundle import Bundle, vocabulary_of
from atento.core.allocator import keep_freed_memory
from atento.core.progress import Silent, Stop
from atento.data.batching import Batches
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import open_dataset
from atento.models.build import ModelConfig, build_model
from atento.models.recurrent import AdditiveAttentionConfig, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer
from atento.training.configuration import TrainingConfig
from atento.training.loop import Trainer
from atento.training.objectives import TranslationObjective
from atento.training.precision import resolve
from atento.training.validation import TranslationValidator
from benchmarks.common import (
    alternate,
    corpus,
    lines,
    machine,
    median_ratio,
    merge,
    parser,
    peak_memory,
    run_module,
    table,
)

LEFT_OUT = 4
"""First steps that are not timed: memory is claimed, kernels are chosen."""
SIDES = {
    "marian": "plain Hugging Face Marian loop, float32 (R)",
    "marian-bfloat16": "the same loop under bfloat16 autocast",
    "transformer": "Atento, Transformer of the same size, float32",
    "transformer-bfloat16": "Atento, Transformer, bfloat16",
    "recurrent": "Atento, LSTM (256 / 512) with Bahdanau's attention, float32",
    "recurrent-bfloat16": "Atento, LSTM with attention, bfloat16",
}
MODELS: dict[str, ModelConfig] = {
    "transformer": TransformerConfig(dropout=0.1),
    "recurrent": RecurrentConfig(dropout=0.1, attention=AdditiveAttentionConfig(size=512)),
}
WANTED = {"transformer": 1.3, "transformer-bfloat16": 1.9, "recurrent": 0.9}


def tokenizer_file(options: argparse.Namespace, name: str = "python-docs") -> Path:
    """A shared tokenizer of 8,000 entries of a corpus's training part; trained once."""
    path: Path = options.work / f"{name}.tokenizer.json"
    if not path.exists():
        texts = (line for file in corpus(options, name, "train") for line in lines(file))
        train_tokenizer(texts, TokenizerConfig(vocab_size=8000, shared=True)).save(path)
    return path


class Stopwatch:
    """Counts tokens from the first timed step to the last one."""

    def __init__(self, steps: int) -> None:
        self._steps = LEFT_OUT + steps
        self._number = self.tokens = 0
        self._begun = self._ended = 0.0

    def step(self, tokens: int) -> bool:
        """Take note of a step that is done; whether it was the last one."""
        self._number += 1
        self._ended = time.perf_counter()
        if self._number == LEFT_OUT:
            self._begun = self._ended
        if self._number > LEFT_OUT:
            self.tokens += tokens
        return self._number >= self._steps

    @property
    def speed(self) -> float:
        """Tokens a second."""
        return self.tokens / (self._ended - self._begun)


def run_marian(options: argparse.Namespace, watch: Stopwatch) -> int:
    """Train by the plain loop; gives the model's number of parameters."""
    import transformers

    from benchmarks import hf_marian

    settings = hf_marian.Settings(bfloat16=options.side.endswith("bfloat16"))
    tokenizer = hf_marian.load_tokenizer(tokenizer_file(options))
    pairs = hf_marian.read_corpus(tokenizer, corpus(options, "python-docs", "train"))
    transformers.set_seed(options.seed)
    model = hf_marian.build(tokenizer, settings.dropout)
    for tokens, _ in hf_marian.training_steps(model, pairs, settings, peak_rate=5e-4, seed=options.seed):
        if watch.step(tokens):
            break
    return int(model.num_parameters())


def run_ours(options: argparse.Namespace, watch: Stopwatch) -> int:
    """Train by Atento's Trainer; gives the model's number of parameters."""
    keep_freed_memory()
    family, _, bfloat16 = options.side.partition("-")
    config = MODELS[family]
    tokenizer = Tokenizer.load(tokenizer_file(options))
    files = CorpusFiles.of(corpus(options, "python-docs", "train"))
    dataset = open_dataset([files], tokenizer, tokenizer, max_length=128, cache=options.work / "cache")
    settings = TrainingConfig(
        steps=10**9, seed=options.seed, learning_rate=5e-4, warmup_steps=200, precision=bfloat16 or "float32",
        schedule="inverse-square-root", label_smoothing=0.1, validate_every=10**9, save_every_minutes=0, keep="last",
    )  # fmt: skip
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=options.seed)
    precision = resolve(settings.precision, torch.device("cpu"))
    batches = Batches(dataset, model.vocabulary, budget=settings.batch_tokens, seed=settings.seed)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    progress = _Watched(watch)
    with tempfile.TemporaryDirectory() as run:
        progress.trainer = Trainer(
            model,
            TranslationObjective(label_smoothing=settings.label_smoothing),
            batches,
            TranslationValidator(bundle, batches, [], [], precision),
            settings,
            run=Path(run),
            precision=precision,
            progress=progress,
            stop=progress.stop,
        )
        progress.trainer.run()
    return model.num_parameters


class _Watched(Silent):
    """Hears of every step of the trainer, and stops it after the last one."""

    trainer: Trainer[Any, Any, Any]

    def __init__(self, watch: Stopwatch) -> None:
        self.stop = Stop()
        self._watch = watch
        self._tokens = 0

    def advance(self, amount: float = 1, *, note: str = "") -> None:  # noqa: ARG002
        state = self.trainer.state
        if state.step and self._watch.step(state.tokens - self._tokens):
            self.stop.set()
        self._tokens = state.tokens


def measure(options: argparse.Namespace) -> None:
    """Measure one side in this process; prints JSON."""
    watch = Stopwatch(options.steps)
    run = run_marian if options.side.startswith("marian") else run_ours
    if options.profile:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as record:
            run(options, watch)
        print(record.key_averages().table(sort_by="self_cpu_time_total", row_limit=40, max_name_column_width=50))
        return
    parameters = run(options, watch)
    found = {"tokens_per_second": round(watch.speed, 1), "tokens": watch.tokens, "parameters": parameters}
    print(json.dumps({**found, "peak_memory_mib": round(peak_memory())}))


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    if options.side:
        measure(options)
        return
    tokenizer_file(options)
    own = ["--steps", str(options.steps), "--work", str(options.work)]
    own += ["--data", str(options.data)] if options.data else []

    def one(side: str, number: int) -> dict[str, Any]:
        arguments = ["--side", side, "--seed", str(number), *own]
        return run_module("benchmarks.training_speed", *arguments, ours=not side.startswith("marian"))

    found = alternate(["marian", *options.sides], options.rounds, one)
    speeds = {side: [run["tokens_per_second"] for run in runs] for side, runs in found.items()}
    results = merge(
        options.results / "speed.json",
        {
            "machine": machine(),
            "training": {
                side: {
                    "what": SIDES[side],
                    "tokens_per_second": statistics.median(speeds[side]),
                    "ratio": round(median_ratio(speeds[side], speeds["marian"]), 3),
                    "wanted": WANTED.get(side),
                    "runs": runs,
                }
                for side, runs in found.items()
            },
        },
    )
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The table of a speed.json's part on training."""
    rows = [
        (
            part["what"],
            f"{part['runs'][0]['parameters'] / 1e6:.1f} M",
            f"{part['tokens_per_second']:,.0f}",
            f"{part['ratio']:.2f} R",
            f"{part['wanted']} R" if part["wanted"] else "",
            f"{part['runs'][0]['peak_memory_mib']:,} MiB",
        )
        for side in SIDES
        if (part := results.get("training", {}).get(side))
    ]
    return table(("Training", "parameters", "target tokens/s", "ratio", "wanted", "peak memory"), rows)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--side", choices=list(SIDES), help="measure this one once, in this process")
    options.add_argument("--sides", nargs="+", choices=list(SIDES)[1:], default=list(SIDES)[1:], help="beside marian")
    options.add_argument("--steps", type=int, default=40, help="timed steps (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="alternations (default: %(default)s)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--profile", action="store_true", help="with --side: show where the time goes")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
