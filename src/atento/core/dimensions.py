"""The legend of dimensions: the only single letters that the code uses.

In shape annotations the words stand (``Float[Tensor, "batch source model"]``), in trailing comments the letters
(``# [B, S, D]``).
"""

from __future__ import annotations

LEGEND = {
    "batch": "B",
    "source": "S",
    "target": "T",
    "model": "D",
    "heads": "H",
    "head": "K",
    "vocab": "V",
    "layers": "L",
    "rows": "R",
}
"""Dimension → letter. ``D = H · K``; ``rows`` are the hypotheses alive in a search."""
