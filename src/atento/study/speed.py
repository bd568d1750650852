"""How fast a model trains and decodes, and how much memory it takes, by the length of its sentences.

Tokens and weights are random; the arithmetic is that of a trained model. A training batch holds equally
many sentences at every length. (Were it equally many tokens, long sentences would leave a recurrent step a thin matrix
product, and what that costs would be taken for the length's.) Decoding is greedy, one sentence at a time, and writes
exactly as many tokens as the source has. Disturbances only make a round slower, so the fastest round counts.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

from atento.core.allocator import release_freed_memory
from atento.core.machine import forget_peak_memory, peak_memory
from atento.core.progress import Progress, Stop
from atento.core.vocabulary import SPECIAL_TOKENS, Vocabulary
from atento.data.batching import Batch
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.study.configuration import RandomData
from atento.study.metrics import Metric
from atento.study.plan import RunPlan
from atento.study.results import TestResult
from atento.training.objectives import TranslationObjective
from atento.training.optimiser import build_optimiser

_LEAST_ROUNDS = 2


def measure_speed(
    plan: RunPlan, data: RandomData, device: str, progress: Progress, stop: Stop
) -> dict[str, TestResult] | None:
    """Length → speeds and memory; None where it was stopped."""
    results = {}
    progress.start("measuring", len(data.lengths), stoppable=True)
    for length in data.lengths:
        if stop.wanted:
            progress.finish()
            return None
        torch.manual_seed(plan.seed)
        model = build_model(plan.recipe.model, plan.prepared.vocabulary, seed=plan.seed).to(device)
        metrics = _training(model, plan, data, length)
        metrics |= _decoding(model.eval().requires_grad_(False), plan.prepared.vocabulary, data, length)  # as loaded
        results[str(length)] = TestResult(sentences=data.sentences, metrics=metrics)
        progress.advance()
    progress.finish()
    return results


def _training(model: EncoderDecoder, plan: RunPlan, data: RandomData, length: int) -> dict[Metric, float]:
    """Whole steps: forwards, backwards, optimiser."""
    rows = data.sentences
    device = next(model.parameters()).device
    batch = _batch(rows, length, plan.prepared.vocabulary).to(device)
    objective = TranslationObjective(label_smoothing=plan.recipe.training.label_smoothing)
    optimiser = build_optimiser(model, plan.recipe.training)
    model.train()

    def step() -> None:
        loss = objective(model, batch)
        (loss.total / loss.count).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    seconds, memory = _measured(step, data.seconds, device)
    metrics: dict[Metric, float] = {
        "training_tokens_per_second": rows * length / seconds,
        "training_milliseconds_per_token": 1000 * seconds / (rows * length),
    }
    if memory is not None:
        metrics["training_memory"] = memory
    return metrics


def _decoding(model: EncoderDecoder, vocabulary: Vocabulary, data: RandomData, length: int) -> dict[Metric, float]:
    """Greedy, without search's bookkeeping, so that it is the model that is timed."""
    device = next(model.parameters()).device
    source = _tokens(1, length, vocabulary).to(device)
    mask = torch.ones_like(source, dtype=torch.bool)
    first = len(SPECIAL_TOKENS)

    @torch.inference_mode()
    def sentence() -> None:
        memory = model.decoder.prepare(model.encoder(source, mask))
        state = model.decoder.start(memory)
        token = torch.full((1, 1), vocabulary.decoder_start, device=device)
        for _ in range(length):
            hidden, state = model.decoder(token, memory, state)
            token = model.decoder.logits(hidden)[:, -1, first:].argmax(-1, keepdim=True) + first

    seconds, memory = _measured(sentence, data.seconds, device)
    metrics: dict[Metric, float] = {
        "decoding_tokens_per_second": length / seconds,
        "decoding_milliseconds_per_token": 1000 * seconds / length,
    }
    if memory is not None:
        metrics["decoding_memory"] = memory
    return metrics


def _measured(work: Callable[[], None], least: float, device: torch.device) -> tuple[float, float | None]:
    """The seconds of the fastest round, and the memory (MiB) that one before took above what was held."""
    memory = _memory_of(work, device)
    rounds: list[float] = []
    while len(rounds) < _LEAST_ROUNDS or sum(rounds) < least:
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        rounds.append(time.perf_counter() - began)
    return min(rounds), memory


def _memory_of(work: Callable[[], None], device: torch.device) -> float | None:
    """MiB that a first round takes; None where the system does not tell."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        work()
        return float(torch.cuda.max_memory_allocated(device) - held) / 2**20
    release_freed_memory()
    before = peak_memory() if forget_peak_memory() else None
    work()
    after = peak_memory()
    return None if before is None or after is None else after - before


def _batch(rows: int, length: int, vocabulary: Vocabulary) -> Batch:
    source, labels = (_tokens(rows, length, vocabulary) for _ in range(2))
    decoder_input = torch.cat([torch.full((rows, 1), vocabulary.decoder_start), labels[:, :-1]], dim=1)
    mask = torch.ones(rows, length, dtype=torch.bool)
    return Batch(
        source=source,
        source_mask=mask,
        decoder_input=decoder_input,
        labels=labels,
        target_mask=mask,
        indices=torch.arange(rows),
        source_tokens=rows * length,
        target_tokens=rows * length,
    )


def _tokens(rows: int, length: int, vocabulary: Vocabulary) -> Int[Tensor, "rows length"]:
    return torch.randint(len(SPECIAL_TOKENS), vocabulary.source_size, (rows, length))
