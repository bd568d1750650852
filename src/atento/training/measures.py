"""What a validation measures beside the loss: names for files, labels for people."""

from __future__ import annotations

from collections.abc import Mapping

MEASURES: dict[str, tuple[str, str]] = {
    "bleu": ("BLEU", ".1f"),
    "chrf": ("chrF", ".1f"),
    "bits_per_byte": ("bits per byte", ".3f"),
    "accuracy": ("accuracy", ".1f"),
    "macro_f1": ("macro-F1", ".1f"),
    "next_sentence": ("next sentence", ".1f"),
}
"""Name → label and format. All but bits per byte are in per cent, and more is better."""


def readable(measures: Mapping[str, float]) -> list[str]:
    """``BLEU 31.2``, …, in the order of ``MEASURES``."""
    return [f"{label} {measures[name]:{form}}" for name, (label, form) in MEASURES.items() if name in measures]
