"""Three ways to run a bidirectional recurrent layer over ragged rows on CPU, forwards and backwards.

``ours``     the packed kernel of ``nn.recurrent``: no padding, hand-written derivatives;
``packed``   ``torch.nn.LSTM`` (or ``GRU``, ``RNN``) on a ``PackedSequence``: no padding, autograd over every step;
``padded``   the same module on padded rows, each reversed inside its own length by a gather for the second direction
             (the oneDNN kernel, which is the LSTM's alone and wants equal lengths).

The ways take turns on the same batch, and processor time is counted, so that other work on the machine disturbs the
ratios little::

    python benchmarks/recurrent_encoder.py --threads 1 --rounds 10
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from atento.core.allocator import keep_freed_memory
from atento.nn.recurrent.cells import CellKind
from atento.nn.recurrent.layers import RecurrentLayer
from atento.nn.recurrent.packing import Packing

INPUT, UNITS, ROWS = 256, 512, 100
MODULES: dict[CellKind, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def ours(kind: CellKind) -> Callable[[Tensor, Tensor], Tensor]:
    layers = [RecurrentLayer(kind, INPUT, UNITS) for _ in range(2)]

    def run(inputs: Tensor, lengths: Tensor) -> Tensor:
        rows, steps, _ = inputs.shape
        packing = Packing.of((rows, steps), torch.arange(steps) < lengths.unsqueeze(1), inputs.device)
        packed, turned = packing.pack(inputs), packing.reversal()
        there = layers[0](packed, packing, layers[0].initial_state(rows)).hidden
        back = layers[1](packed[turned], packing, layers[1].initial_state(rows)).hidden[turned]
        return packing.unpack(torch.cat([there, back], dim=-1))

    return run


def packed(kind: CellKind) -> Callable[[Tensor, Tensor], Tensor]:
    module = MODULES[kind](INPUT, UNITS, batch_first=True, bidirectional=True)

    def run(inputs: Tensor, lengths: Tensor) -> Tensor:
        sequence = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(module(sequence)[0], batch_first=True)[0]

    return run


def padded(kind: CellKind) -> Callable[[Tensor, Tensor], Tensor]:
    modules = [MODULES[kind](INPUT, UNITS, batch_first=True) for _ in range(2)]

    def run(inputs: Tensor, lengths: Tensor) -> Tensor:
        steps = torch.arange(inputs.shape[1])
        mirrored = lengths.unsqueeze(1) - 1 - steps
        turned = torch.where(mirrored >= 0, mirrored, steps).unsqueeze(2)
        there = modules[0](inputs)[0]
        back = modules[1](inputs.gather(1, turned.expand(-1, -1, INPUT)))[0]
        return torch.cat([there, back.gather(1, turned.expand(-1, -1, UNITS))], dim=-1)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--spread", type=float, default=0.15, help="of the lengths, as a share of 28")
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    for kind in MODULES:
        ways = {way.__name__: way(kind) for way in (ours, packed, padded)}
        times: dict[str, list[float]] = {name: [] for name in ways}
        lengths = (torch.randn(ROWS) * options.spread * 28 + 28).clamp(1, 60).long()
        inputs = torch.randn(ROWS, int(lengths.max()), INPUT, requires_grad=True)
        for number in range(options.rounds + 2):
            for name, way in ways.items():
                began = time.process_time()
                way(inputs, lengths).sum().backward()
                if number >= 2:
                    times[name].append(time.process_time() - began)
        figures = {name: statistics.median(found) * 1000 for name, found in times.items()}
        print(kind, "  ".join(f"{name} {figure:.0f} ms" for name, figure in figures.items()), flush=True)


if __name__ == "__main__":
    main()
