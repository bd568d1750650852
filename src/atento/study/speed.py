"""How fast a model trains and decodes, and how much memory it takes, by the length of its sentences.

Tokens and weights are random; the arithmetic is that of a trained model. A training batch holds equally
many sentences at every length. (Were it equally many tokens, long sentences would leave a recurrent step a thin matrix
product, and what that costs would be taken for the length's.) Decoding is greedy, one sentence at a time, and writes
exactly as many tokens as the source has.

Disturbances only make a round slower, so the fastest round counts; and as they may last for a while, each length's
rounds are spread over several passes, at least one in each.
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
from atento.models.build import TranslatorConfig, build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.study.configuration import RandomData
from atento.study.metrics import Metric
from atento.study.plan import RunPlan
from atento.study.results import TestResult
from atento.training.objectives import TranslationObjective
from atento.training.optimiser import build_optimiser


def measure_speed(
    plan: RunPlan, data: RandomData, device: str, progress: Progress, stop: Stop
) -> dict[str, TestResult] | None:
    """Length → speeds and memory; None where it was stopped."""
    torch.manual_seed(plan.seed)
    vocabulary = plan.prepared.vocabulary
    config = plan.recipe.model
    assert isinstance(config, TranslatorConfig), "random tokens are translated"
    learning = build_model(config, vocabulary, seed=plan.seed).to(device)
    loaded = build_model(config, vocabulary, seed=plan.seed).to(device).eval().requires_grad_(False)
    optimiser = build_optimiser(learning, plan.recipe.training)
    measured: dict[int, tuple[Stopwatch, Stopwatch | None]] = {}
    progress.start("measuring", len(data.lengths) * data.passes, stoppable=True)
    for number in range(1, data.passes + 1):
        for length in data.lengths:
            if stop.wanted:
                progress.finish()
                return None
            if length not in measured:
                batch = _batch(data.sentences, length, vocabulary).to(device)
                fresh = build_optimiser(learning, plan.recipe.training)  # its memory is the step's, at every length
                measured[length] = (
                    Stopwatch(
                        _step(learning, plan, batch, optimiser), device, first=_step(learning, plan, batch, fresh)
                    ),
                    Stopwatch(_decoding(loaded, vocabulary, length), device) if data.writes(length) else None,
                )
            for watch in measured[length]:
                if watch is not None:
                    watch.run(data.seconds * number / data.passes, rounds=number)
            progress.advance()
    progress.finish()
    return {
        str(length): TestResult(
            sentences=data.sentences,
            metrics=_training_metrics(training, data.sentences * length)
            | ({} if decoding is None else _decoding_metrics(decoding, length)),
        )
        for length, (training, decoding) in measured.items()
    }


class Stopwatch:
    """Times some work, again and again; ``first`` is the round that warms up and is not timed."""

    def __init__(self, work: Callable[[], None], device: str, *, first: Callable[[], None] | None = None) -> None:
        self._work, self._device = work, torch.device(device)
        self._rounds: list[float] = []
        self.memory = _memory_of(first or work, self._device)
        """MiB that the first round took above what was held; None where the system does not tell."""

    @property
    def seconds(self) -> float:
        """Of the fastest round."""
        return min(self._rounds)

    def run(self, seconds: float, *, rounds: int) -> None:
        """Go on until so many seconds and rounds have been timed, over all calls."""
        while len(self._rounds) < rounds or sum(self._rounds) < seconds:
            began = time.perf_counter()
            self._work()
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            self._rounds.append(time.perf_counter() - began)


def _step(model: EncoderDecoder, plan: RunPlan, batch: Batch, optimiser: torch.optim.Optimizer) -> Callable[[], None]:
    """Forwards, backwards, optimiser."""
    objective = TranslationObjective(label_smoothing=plan.recipe.training.label_smoothing)
    model.train()

    def step() -> None:
        loss = objective(model, batch)
        (loss.total / loss.count).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return step


def _training_metrics(watch: Stopwatch, tokens: int) -> dict[Metric, float]:
    metrics: dict[Metric, float] = {
        "training_tokens_per_second": tokens / watch.seconds,
        "training_milliseconds_per_token": 1000 * watch.seconds / tokens,
    }
    return metrics if watch.memory is None else {**metrics, "training_memory": watch.memory}


def _decoding(model: EncoderDecoder, vocabulary: Vocabulary, length: int) -> Callable[[], None]:
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

    return sentence


def _decoding_metrics(watch: Stopwatch, tokens: int) -> dict[Metric, float]:
    metrics: dict[Metric, float] = {
        "decoding_tokens_per_second": tokens / watch.seconds,
        "decoding_milliseconds_per_token": 1000 * watch.seconds / tokens,
    }
    return metrics if watch.memory is None else {**metrics, "decoding_memory": watch.memory}


def _memory_of(work: Callable[[], None], device: torch.device) -> float | None:
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
