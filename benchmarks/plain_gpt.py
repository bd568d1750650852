"""A plain GPT-2 in PyTorch, trained as nanoGPT trains: what our GPT is measured beside. Written for this comparison.

Layer normalisation before each sub-layer, no biases, exact GELU, tied embeddings, scaled dot-product attention by the
fused kernel, AdamW with decay on matrices alone, warm-up and cosine, clipping; batches are random crops. ::

    python -m benchmarks.plain_gpt --text FILE --steps 2000
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The defaults are nanoGPT's recipe for processors and tiny Shakespeare."""

    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 64
    batch: int = 12
    steps: int = 2000
    rate: float = 1e-3
    warmup: int = 100
    held_out: float = 0.1


class Layer(nn.Module):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        width = settings.width
        self.heads = settings.heads
        self.first_norm, self.second_norm = (nn.LayerNorm(width, bias=False) for _ in range(2))
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        rows, steps, width = hidden.shape
        parts = self.queries_keys_values(self.first_norm(hidden)).split(width, dim=2)
        queries, keys, values = (part.view(rows, steps, self.heads, -1).transpose(1, 2) for part in parts)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        hidden = hidden + self.joined(mixed.transpose(1, 2).reshape(rows, steps, width))
        return hidden + self.down(functional.gelu(self.up(self.second_norm(hidden))))


class PlainGPT(nn.Module):
    def __init__(self, settings: Settings, vocab_size: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, settings.width)
        self.positions = nn.Embedding(settings.context, settings.width)
        self.layers = nn.ModuleList(Layer(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width, bias=False)
        self.output = nn.Linear(settings.width, vocab_size, bias=False)
        self.output.weight = self.tokens.weight
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if name.endswith(("joined.weight", "down.weight")):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * settings.layers))

    def forward(self, tokens: Tensor, labels: Tensor) -> Tensor:
        hidden = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        for layer in self.layers:
            hidden = layer(hidden)
        logits = self.output(self.norm(hidden))
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


def train(model: PlainGPT, ids: Tensor, settings: Settings, *, compiled: bool = False) -> Iterator[tuple[int, float]]:
    """Train; gives each step's number and loss."""
    forward = torch.compile(model) if compiled else model
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.99))
    for step in range(1, settings.steps + 1):
        part = min(1.0, max(0.0, (step - settings.warmup) / (settings.steps - settings.warmup)))
        rate = settings.rate * (0.1 + 0.45 * (1 + math.cos(math.pi * part)))
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, step / settings.warmup)
        places = torch.randint(len(ids) - settings.context, (settings.batch,)).tolist()
        crops = torch.stack([ids[place : place + settings.context + 1] for place in places])
        loss = forward(crops[:, :-1], crops[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        yield step, float(loss.detach())


@torch.inference_mode()
def held_out_loss(model: PlainGPT, ids: Tensor, settings: Settings) -> float:
    """Nats a token over all windows of the held-out text, side by side."""
    count = (len(ids) - 1) // settings.context
    rows = ids[: count * settings.context].view(count, -1), ids[1 : count * settings.context + 1].view(count, -1)
    losses = [float(model(*pair)) * len(pair[0]) for pair in zip(*(part.split(64) for part in rows), strict=True)]
    return sum(losses) / count


def read_characters(path: Path, held_out: float) -> tuple[Tensor, Tensor, int]:
    """The text's characters as ids: what is trained on, what is held out, and how many different ones there are."""
    text = path.read_text(encoding="utf-8")
    known = {character: number for number, character in enumerate(sorted(set(text)))}
    ids = torch.tensor([known[character] for character in text])
    first = round((1 - held_out) * len(ids))
    return ids[:first], ids[first:], len(known)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--text", type=Path, required=True)
    options.add_argument("--steps", type=int, default=2000)
    options.add_argument("--timed", type=int, default=0, help="stop after so many timed steps, and give no loss")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--compiled", action="store_true")
    chosen = options.parse_args()
    settings = Settings(steps=chosen.steps)
    torch.manual_seed(chosen.seed)
    ids, held_out, size = read_characters(chosen.text, settings.held_out)
    model = PlainGPT(settings, size)
    times = [time.perf_counter()]
    for step, _ in train(model, ids, settings, compiled=chosen.compiled):
        times.append(time.perf_counter())
        if chosen.timed and step >= chosen.timed:
            break
    seconds = sorted(later - earlier for earlier, later in itertools.pairwise(times))
    found: dict[str, float] = {
        "milliseconds": 1000 * seconds[len(seconds) // 2],
        "steps": len(seconds),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    if not chosen.timed:
        found["loss"] = held_out_loss(model.eval(), held_out, settings)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
