"""Matrix products of our models' sizes: PyTorch's own (MKL) beside ``atento.nn.linear`` (oneDNN where it pays).

For each size, the two run in turns; the median of the rounds' ratios is printed, forward alone and, for training's
numbers of rows, forward and backward. ::

    python -m benchmarks.linear_products
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.nn.linear import linear
from benchmarks.common import machine, machine_text, table

MATRICES = {
    "queries, keys, values": (768, 256),
    "attention's output": (256, 256),
    "feed-forward, first": (1024, 256),
    "feed-forward, second": (256, 1024),
    "vocabulary": (8000, 256),
}
DECODING = (1, 5, 64, 320)
TRAINING = (512, 3800)
Multiply = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def ratio(rows: int, size: tuple[int, int], rounds: int, *, learning: bool) -> tuple[float, float]:
    """Microseconds of PyTorch's product, and how many times faster ours is."""
    outputs, inputs = size
    x = torch.randn(rows, inputs, requires_grad=learning)
    w, b = torch.randn(outputs, inputs, requires_grad=learning), torch.randn(outputs, requires_grad=learning)
    gradient = torch.randn(rows, outputs)
    repeats = max(3, int(2e9 / (rows * outputs * inputs + 1e6)))

    def seconds(multiply: Multiply) -> float:
        begun = time.perf_counter()
        for _ in range(repeats):
            found = multiply(x, w, b)
            if learning:
                torch.autograd.grad(found, (x, w, b), gradient)
        return (time.perf_counter() - begun) / repeats

    with torch.inference_mode(not learning):
        seconds(linear)
        pairs = [(seconds(F.linear), seconds(linear)) for _ in range(rounds)]
    theirs = statistics.median(usual for usual, _ in pairs)
    return 1e6 * theirs, statistics.median(usual / ours for usual, ours in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="alternations (default: %(default)s)")
    rounds = parser.parse_args().rounds
    rows = []
    for learning, numbers in ((False, DECODING), (True, TRAINING)):
        for name, size in MATRICES.items():
            for number in numbers:
                microseconds, faster = ratio(number, size, rounds, learning=learning)
                what = "forward and backward" if learning else "forward"
                rows.append((name, f"{size[1]} → {size[0]}", number, what, f"{microseconds:,.0f}", f"{faster:.2f}"))
    print(table(("matrix", "size", "rows", "pass", "PyTorch, µs", "times as fast"), rows))
    print(f"Machine: {machine_text(machine())}.")


if __name__ == "__main__":
    main()
