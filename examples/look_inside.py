"""What `capture` shows of a trained Transformer while it reads a sentence pair.

python examples/look_inside.py RUN
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from atento.bundle import load_bundle
from atento.nn.capture import capture


def main(run: Path) -> None:
    """Print the shapes of everything that one captured pass reports, and the cross-attention's sharpest heads."""
    bundle = load_bundle(run)
    model, vocabulary = bundle.model, bundle.vocabulary
    source = torch.tensor([[*bundle.source_tokenizer.encode("A menina comprou um livro novo.").ids, vocabulary.eos]])
    target = torch.tensor([[vocabulary.decoder_start, *bundle.target_tokenizer.encode("La niña compró un libro.").ids]])

    with torch.inference_mode(), capture(model, kinds=["queries", "keys", "scores", "weights", "contexts"]) as trace:
        memory = model.decoder.prepare(model.encoder(source, torch.ones_like(source, dtype=torch.bool)))
        model.decoder(target, memory, model.decoder.start(memory))

    for name in trace.names("weights"):
        weights = trace.last(name, "weights")  # [B, H, T, S]
        entropy = -(weights * weights.clamp_min(1e-9).log()).sum(-1).mean((0, 2))  # [H]
        print(f"{name}: weights {tuple(weights.shape)}, entropy by head {[round(float(e), 2) for e in entropy]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
