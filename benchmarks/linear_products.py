"""Matrix products of our models' sizes: PyTorch's own (MKL) beside ``atento.nn.linear`` (oneDNN where it pays).

*Decoding*: all products of one step of a decoder of three layers, in their order, so that the weights come from where
they lie and not from the nearest cache. *Training*: one matrix at a time, forward and backward. The two run in turns;
the median of the rounds' ratios is printed. ::

    python -m benchmarks.linear_products
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from atento.nn.linear import Linear, Product, linear
from benchmarks.common import machine, machine_text, table

MATRICES = {
    "queries, keys, values": (768, 256),
    "attention's output": (256, 256),
    "feed-forward, first": (1024, 256),
    "feed-forward, second": (256, 1024),
    "vocabulary": (8000, 256),
}
LAYER = ((768, 256), (256, 256), (256, 256), (256, 256), (1024, 256), (256, 1024))
STEP = (*LAYER * 3, (8000, 256))
DECODING = (1, 5, 64, 320)
TRAINING = (512, 3800)
Multiply = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def decoding(rows: int, rounds: int) -> tuple[float, float]:
    """Microseconds of PyTorch's products in one step, and how many times faster ours are."""
    layers = [Linear(inputs, outputs).requires_grad_(False) for outputs, inputs in STEP]
    vectors = [torch.randn(rows, layer.in_features) for layer in layers]

    def usual(layer: Linear) -> Product:
        return lambda inputs: F.linear(inputs, layer.weight, layer.bias)

    def seconds(products: Iterable[Product]) -> float:
        together = list(zip(products, vectors, strict=True))
        repeats = 4 + 200 // rows
        for number in range(repeats + 2):
            if number == 2:  # the first ones bring the weights nearer
                begun = time.perf_counter()
            for product, inputs in together:
                product(inputs)
        return (time.perf_counter() - begun) / repeats

    with torch.inference_mode():
        theirs, ours = [usual(layer) for layer in layers], [layer.bind() for layer in layers]
        return _summary([(seconds(theirs), seconds(ours)) for _ in range(rounds)])


def training(rows: int, size: tuple[int, int], rounds: int) -> tuple[float, float]:
    """The same of one product, forward and backward."""
    outputs, inputs = size
    x, w, b = (torch.randn(*shape, requires_grad=True) for shape in ((rows, inputs), (outputs, inputs), (outputs,)))
    gradient = torch.randn(rows, outputs)
    repeats = max(3, int(2e9 / (rows * outputs * inputs)))

    def seconds(multiply: Multiply) -> float:
        begun = time.perf_counter()
        for _ in range(repeats):
            torch.autograd.grad(multiply(x, w, b), (x, w, b), gradient)
        return (time.perf_counter() - begun) / repeats

    seconds(linear)
    return _summary([(seconds(F.linear), seconds(linear)) for _ in range(rounds)])


def _summary(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    theirs = statistics.median(usual for usual, _ in pairs)
    return 1e6 * theirs, statistics.median(usual / ours for usual, ours in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="alternations (default: %(default)s)")
    rounds = parser.parse_args().rounds
    rows = []
    for number in DECODING:
        microseconds, faster = decoding(number, rounds)
        rows.append((f"{len(STEP)} of a decoding step", number, f"{microseconds:,.0f}", f"{faster:.2f}"))
    for name, size in MATRICES.items():
        for number in TRAINING:
            microseconds, faster = training(number, size, rounds)
            what = f"{name}, {size[1]} → {size[0]}, forward and backward"
            rows.append((what, number, f"{microseconds:,.0f}", f"{faster:.2f}"))
    print(table(("products", "rows", "PyTorch, µs", "times as fast"), rows))
    print(f"Machine: {machine_text(machine())}.")


if __name__ == "__main__":
    main()
