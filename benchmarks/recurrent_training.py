"""Target tokens a second in training: our attentional LSTM beside a plain Hugging Face Marian loop.

Random tokens with lengths like 28 ± 15, the same length-sorted batches (sentences × longest side ≤ 4096) on both sides;
forward pass, loss with label smoothing, backward pass, clipping and AdamW are timed. Each side runs in a process of its
own, in turns, because other work on the machine disturbs both; the median ratio counts::

    python benchmarks/recurrent_training.py --rounds 3

``--side`` runs one side alone; ``--profile`` shows where the time goes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.core.allocator import keep_freed_memory
from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig

VOCABULARY = 8000
Batch = tuple[Tensor, Tensor]

CONFIGURATIONS = {
    # 512 units in all (256 in each direction of the encoder), as OpenNMT counts them; three matrices of embeddings
    "untied": RecurrentConfig(encoder_hidden_size=256, tied_embeddings="none", output="maxout", dropout=0.1),
    # 512 units in each direction, as Bahdanau and JoeyNMT count them; one matrix of embeddings
    "wide": RecurrentConfig(output="maxout", dropout=0.1, attention=AdditiveAttentionConfig(size=512)),
    "gru": RecurrentConfig(cell="gru", output="maxout", dropout=0.1, attention=AdditiveAttentionConfig(size=512)),
    # global general attention after the state; with input feeding, and without it, all steps at once
    "luong": RecurrentConfig(encoder_hidden_size=256, attention=LuongAttentionConfig(), dropout=0.1),
    "unfed": RecurrentConfig(encoder_hidden_size=256, attention=LuongAttentionConfig(input_feeding=False), dropout=0.1),
    "fixed": RecurrentConfig(attention=NoAttention(), output="maxout", dropout=0.1),
}


def make_batches(sentences: int, tokens: int) -> list[Batch]:
    """Length-sorted batches of (source, target), 0 = padding, targets a little unlike sources in length."""
    generator = torch.Generator().manual_seed(1)
    source = (torch.randn(sentences, generator=generator) * 15 + 28).clamp(3, 100).long()
    target = (source * (1 + 0.15 * torch.randn(sentences, generator=generator))).clamp(3, 110).long()
    longest = torch.maximum(source, target)
    batches, members = [], list[int]()
    for index in longest.argsort().tolist():
        if members and (len(members) + 1) * int(longest[index]) > tokens:
            batches.append(_batch(source[members], target[members], generator))
            members = []
        members.append(index)
    order = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[place] for place in order]


def _batch(source: Tensor, target: Tensor, generator: torch.Generator) -> Batch:
    def rows(lengths: Tensor) -> Tensor:
        width = int(lengths.max())
        ids = torch.randint(4, VOCABULARY, (len(lengths), width), generator=generator)
        return ids.masked_fill(torch.arange(width) >= lengths.unsqueeze(1), 0)

    return rows(source), rows(target)


def ours(name: str) -> tuple[torch.nn.Module, Callable[[Tensor, Tensor], None]]:
    vocabulary = Vocabulary(source_size=VOCABULARY, target_size=VOCABULARY, shared=True)
    model = build_model(CONFIGURATIONS[name], vocabulary, seed=1)

    def step(source: Tensor, labels: Tensor) -> None:
        real = labels != 0
        inputs = torch.cat([torch.full_like(labels[:, :1], 2), labels[:, :-1]], dim=1)
        memory = model.decoder.prepare(model.encoder(source, source != 0))
        hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory), valid=real)
        chosen, wanted = hidden[real], labels[real]
        leaf = chosen.detach().requires_grad_()
        for part, goal in zip(leaf.split(1024), wanted.split(1024), strict=True):
            logits = model.decoder.logits(part)
            (F.cross_entropy(logits, goal, label_smoothing=0.1, reduction="sum") / len(wanted)).backward()
        chosen.backward(leaf.grad)

    return model, step


def marian() -> tuple[torch.nn.Module, Callable[[Tensor, Tensor], None]]:
    from transformers import MarianConfig, MarianMTModel  # type: ignore[attr-defined]

    model: Any = MarianMTModel(
        MarianConfig(
            vocab_size=VOCABULARY, d_model=256, encoder_layers=3, decoder_layers=3, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=1024, decoder_ffn_dim=1024, dropout=0.1, attention_dropout=0.0,
            activation_dropout=0.0, pad_token_id=0, eos_token_id=3, decoder_start_token_id=2, forced_eos_token_id=3,
        )
    )  # fmt: skip

    def step(source: Tensor, labels: Tensor) -> None:
        inputs = torch.cat([torch.full_like(labels[:, :1], 2), labels[:, :-1]], dim=1)
        logits = model(input_ids=source, attention_mask=(source != 0).long(), decoder_input_ids=inputs).logits
        goal = labels.masked_fill(labels == 0, -100).flatten()
        F.cross_entropy(logits.flatten(0, 1), goal, label_smoothing=0.1).backward()

    return model, step


def measure(side: str, seconds: float, threads: int, processor_time: bool, profile: bool) -> float:
    """Target tokens a second of wall-clock or processor time."""
    clock = time.process_time if processor_time else time.perf_counter
    if side != "marian":
        keep_freed_memory()
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model, step = marian() if side == "marian" else ours(side)
    print(f"{side}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", file=sys.stderr)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-4, fused=True)
    batches = make_batches(20_000, 4096)

    def train(batch: Batch) -> int:
        optimiser.zero_grad()
        step(*batch)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return int((batch[1] != 0).sum())

    for batch in batches[:3]:
        train(batch)
    if profile:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as record:
            for batch in batches[3:6]:
                train(batch)
        print(record.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=40))
    tokens, began, place = 0, clock(), 3
    while clock() - began < seconds:
        tokens += train(batches[place % len(batches)])
        place += 1
    return tokens / (clock() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", choices=["marian", *CONFIGURATIONS])
    parser.add_argument("--against", nargs="+", choices=list(CONFIGURATIONS), default=["untied", "wide"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="for a busy machine, with --threads 1")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.side:
        print(f"{measure(options.side, options.seconds, options.threads, options.processor_time, options.profile):.0f}")
        return
    ratios: dict[str, list[float]] = {name: [] for name in options.against}
    for _ in range(options.rounds):
        reference = _run("marian", options)
        for name in options.against:
            speed = _run(name, options)
            ratios[name].append(speed / reference)
            print(f"marian {reference:.0f}  {name} {speed:.0f}  ratio {speed / reference:.2f}", flush=True)
    for name, found in ratios.items():
        print(f"{name}: median ratio {statistics.median(found):.2f}")


def _run(side: str, options: argparse.Namespace) -> float:
    command = [sys.executable, __file__, "--side", side, "--seconds", str(options.seconds)]
    command += ["--threads", str(options.threads)] + ["--processor-time"] * options.processor_time
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    main()
