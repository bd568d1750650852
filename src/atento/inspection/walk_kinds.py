"""The kinds of walks, beside the package that makes them: what asks for one by name need not import torch for it."""

from __future__ import annotations

from typing import Literal

Kind = Literal["reading", "generation", "attention", "encoding", "decoding", "head", "block", "positions"]
"""What a walk goes through; a file each in ``inspection.walks``."""
